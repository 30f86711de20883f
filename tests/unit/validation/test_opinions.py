from __future__ import annotations

import numpy as np
import pytest

from tests import models
from tests.models import behaving
from tfedge.runtime.signatures import SignatureSpec, TensorSpec
from tfedge.validation import opinions
from tfedge.validation.cases import Call, Case
from tfedge.validation.opinions import KERNELS, Opinion, ask, believed, run_cases

SPEC = {"run": SignatureSpec("run", {}, {"y": TensorSpec("y", (1, 2), "float32")})}
CASES = [Case(f"case_{number}", (Call("run", {}),)) for number in range(4)]
X = np.ones((1, 16), np.float32)


def opinion(kernels, off=0.0, cases=CASES):
    rows = {case.name: ({"y": np.array([[1.0 + off, place]], np.float32)},) for place, case in enumerate(CASES)}
    return Opinion(kernels, {case.name: rows[case.name] for case in cases})


def test_believed_when_all_agree_is_the_reference():
    chosen = believed([opinion(kernels) for kernels in KERNELS], CASES, SPEC)
    assert chosen.kernels == "reference"


@pytest.mark.parametrize(
    ("off", "kernels"),
    [
        ((5.0, 0.0, 0.0), "without_default_delegates"),  # The reference stands alone.
        ((0.0, 5.0, 0.0), "reference"),
        ((0.0, 0.0, 5.0), "reference"),
        ((0.0, 5.0, 9.0), "reference"),  # No two agree: nothing speaks against it more than against the others.
    ],
)
def test_believed_when_one_stands_alone_is_one_of_the_others(off, kernels):
    chosen = believed([opinion(*pair) for pair in zip(KERNELS, off, strict=True)], CASES, SPEC)
    assert chosen.kernels == kernels


def test_believed_when_the_reference_refuses_inputs_is_who_takes_them():
    made = [opinion(KERNELS[0], cases=CASES[:2]), opinion(KERNELS[1]), opinion(KERNELS[2])]
    assert believed(made, CASES, SPEC).kernels == "without_default_delegates"


def test_believed_when_only_one_ran_is_none():
    assert (
        believed([Opinion(KERNELS[0], {}, "refused"), Opinion(KERNELS[1], {}), opinion(KERNELS[2])], CASES, SPEC)
        is None
    )
    assert believed([], CASES, SPEC) is None


def test_ask_when_a_file_is_refused_or_hangs_tells_how(litert, checked, monkeypatch):
    case = [Case("one", (Call("serving_default", {"x": X[:, :8]}),))]
    refused = ask(litert, checked(models.with_custom_op()).path, case, "reference")
    assert (refused.outcomes, refused.is_fatal) == ({}, False) and "MyOp" in refused.refused
    monkeypatch.setattr(litert, "timeout_s", 0.3)
    hung = ask(litert, checked(behaving.endless()).path, case, "reference")
    assert (hung.outcomes, hung.is_fatal, hung.refused) == (
        {},
        True,
        "no answer within 0.3 s, and the process was killed",
    )


def test_run_cases_when_time_is_over_runs_the_least_that_tell_something(litert, checked):
    worker = litert.load(checked(models.dense()).path)
    cases = [Case(f"case_{number}", (Call("serving_default", {"x": X * number}),)) for number in range(6)]
    assert len(run_cases(worker, cases, budget_s=60)[0]) == 6
    kept, outcomes, refused = run_cases(worker, cases, budget_s=0)
    assert len(kept) == len(outcomes) == opinions.LEAST_CASES and refused == ""


def test_run_cases_when_one_is_refused_goes_on_and_keeps_the_words(litert, checked):
    worker = litert.load(checked(models.gather_dense()).path)
    ids = [np.array([[1, 2, 3, index]], np.int32) for index in (4, 1000, 5)]
    cases = [Case(f"case_{place}", (Call("serving_default", {"token_ids": row}),)) for place, row in enumerate(ids)]
    kept, _, refused = run_cases(worker, cases, budget_s=60)
    assert [case.name for case in kept] == ["case_0", "case_2"] and "out of bounds" in refused
