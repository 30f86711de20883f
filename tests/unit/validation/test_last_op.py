from __future__ import annotations

import numpy as np
import pytest

from tests import models
from tests.models import behaving
from tests.unit.validation.conftest import LITERT
from tfedge.modelfile.graph import read_graph
from tfedge.runtime.environments import find_environment
from tfedge.validation import last_op
from tfedge.validation.lane import Lane
from tfedge.validation.last_op import Failure, find_last_op, refused_op

X = {"x": np.ones((1, 8), np.float32)}


def find(lane, file, failure):
    return find_last_op(lane, file.data, file.graph, failure)


def test_last_op_when_an_op_crashes_is_named_with_its_layer(tflite, checked):
    found = find(tflite, checked(behaving.slices(behaving.FAR)), Failure("crashed", "serving_default", X))
    assert str(found) == "at op 1 SLICE in subgraph 0 (decoder/cut)"
    assert not found.needs_delegates


def test_last_op_when_nothing_crashes_says_that_it_did_not_happen_again(tflite, checked):
    found = find(tflite, checked(behaving.slices(2)), Failure("crashed", "serving_default", X))
    assert found.place == "" and "did not happen again" in str(found)


def test_last_op_when_a_loop_never_ends_is_the_loop_with_its_body(checked):
    with Lane(find_environment(LITERT), timeout_s=0.5) as lane:
        found = find(lane, checked(behaving.endless()), Failure("timed_out", "serving_default", X))
    assert str(found) == "at op 1 WHILE in subgraph 0; which runs subgraphs 1 and 2"


def test_last_op_when_memory_runs_out_at_load_is_the_op_that_asks_for_it(tflite, checked):
    found = find(tflite, checked(behaving.tiles(2**14)), Failure("out_of_memory"))
    assert "op 0 TILE in subgraph 0 (blocks)" in str(found)


def test_last_op_when_tries_run_out_says_after_how_many(tflite, checked, monkeypatch):
    monkeypatch.setattr(last_op, "MAX_TRIES", 2)
    found = find(tflite, checked(behaving.slices(behaving.FAR)), Failure("crashed", "serving_default", X))
    assert str(found) == "(at which op is not known: gave up after 2 tries)"


def test_last_op_when_the_file_is_large_is_not_searched(tflite, checked, monkeypatch):
    monkeypatch.setattr(last_op, "MAX_BYTES", 100)
    found = find(tflite, checked(behaving.slices(behaving.FAR)), Failure("crashed", "serving_default", X))
    assert "is not tried in parts" in str(found)


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("Node number 1 (FULLY_CONNECTED) failed to prepare.", "op 1 FULLY_CONNECTED in subgraph 0"),
        ("Node number 0 (FULLY_CONNECTED) failed to prepare.", ""),  # Renumbered by a delegate: the name is another's.
        ("Node number 7 (GATHER) failed to invoke.", ""),
        ("Encountered unresolved custom op: MyOp.", ""),
    ],
)
def test_refused_op_when_named_by_number_is_looked_up_if_its_name_fits(words, place):
    assert refused_op(words, read_graph(models.gather_dense())) == place
