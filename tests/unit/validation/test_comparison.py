from __future__ import annotations

import numpy as np
import pytest

from tests import models
from tfedge.modelfile.graph import read_graph
from tfedge.runtime.signatures import SignatureSpec, TensorSpec
from tfedge.validation.cases import Call, Case
from tfedge.validation.comparison import compare, farthest

GRAPH = read_graph(models.dense())
SPEC = {"run": SignatureSpec("run", {}, {"y": TensorSpec("y", (1, 2), "float32")})}
IDS = {"run": SignatureSpec("run", {}, {"y": TensorSpec("y", (1, 2), "int32")})}
CASES = [Case(f"case_{number}", (Call("run", {}),)) for number in range(4)]
RIGHT = [({"y": np.array([[1.0, number]], np.float32)},) for number in range(4)]


def moved(by: float, places=range(4), key="y"):
    return [({key: outputs["y"] + by * (place in places)},) for place, (outputs,) in enumerate(RIGHT)]


def test_compare_when_as_near_as_a_rounding_passes_and_says_how_near():
    finding = compare(CASES, moved(1e-5), RIGHT, SPEC, GRAPH, [moved(1e-5)])
    assert finding.verdict == "pass" and finding.measured < finding.limit == 1e-3
    assert finding.message.startswith("4 cases agree with LiteRT's reference kernels; farthest: 'y' of 'run'")


def test_compare_when_one_case_is_off_fails_and_names_it():
    finding = compare(CASES, moved(1.0, [2]), RIGHT, SPEC, GRAPH, [RIGHT])
    assert finding.verdict == "fail" and "in case case_2" in finding.message
    assert finding.measured > finding.limit and finding.consequence and finding.fix


def test_compare_when_right_ones_differ_as_much_passes_what_another_may_do_too():
    assert compare(CASES, moved(0.1), RIGHT, SPEC, GRAPH, [moved(0.08)]).verdict == "pass"
    assert compare(CASES, moved(0.1), RIGHT, SPEC, GRAPH, [RIGHT]).verdict == "fail"


def test_compare_when_right_ones_are_far_apart_does_not_judge_another():
    finding = compare(CASES, moved(2.0), RIGHT, SPEC, GRAPH, [moved(1.0)])
    assert finding.verdict == "not_measured" and "--reference" in finding.fix


def test_compare_when_the_target_is_the_one_that_is_far_apart_fails():
    assert compare(CASES, moved(2.0), RIGHT, SPEC, GRAPH, [moved(2.0)], is_other=True).verdict == "fail"


def test_compare_when_shapes_differ_fails_with_both():
    actual = [({"y": np.zeros((1, 3), np.float32)},)] * 4
    finding = compare(CASES, actual, RIGHT, SPEC, GRAPH, [RIGHT])
    assert finding.verdict == "fail" and "shape (1, 3), expected (1, 2)" in finding.message


def test_compare_when_nothing_is_expected_is_not_measured():
    assert compare(CASES, RIGHT, [({},)] * 4, SPEC, GRAPH).verdict == "not_measured"


def test_compare_when_a_case_is_empty_leaves_it_out():
    cases = [*CASES[:3], Case("nothing", (Call("run", {}),), is_empty=True)]
    assert compare(cases, moved(9.0, [3]), RIGHT, SPEC, GRAPH, [RIGHT]).verdict == "pass"


@pytest.mark.parametrize(("flips", "verdict"), [(0, "pass"), (3, "fail")])
def test_compare_when_ids_flip_allows_the_share_that_right_ones_flip(flips, verdict):
    right = [({"y": np.array([[3, 4]], np.int32)},)] * 4
    actual = [({"y": np.array([[3, 4 + (place < flips)]], np.int32)},) for place in range(4)]
    finding = compare(CASES, actual, right, IDS, GRAPH, [right])
    assert finding.verdict == verdict and "of its values differ" in finding.message


def test_farthest_when_runs_differ_is_the_worst_output_and_infinite_for_other_shapes():
    assert farthest(CASES, moved(0.0), RIGHT, SPEC) == 0
    # Both numbers are 1 off; the mean of the cases explains all but 0.5 of the right answer in two of them.
    assert farthest(CASES, moved(1.0), RIGHT, SPEC) == pytest.approx(2**0.5 / 0.5)
    assert farthest(CASES, [({"y": np.zeros(1)},)] * 4, RIGHT, SPEC) == float("inf")
