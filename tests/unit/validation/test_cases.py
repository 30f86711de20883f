from __future__ import annotations

import numpy as np
import pytest

from tests import models
from tests.models import behaving
from tfedge.errors import ConfigError, WorkerError
from tfedge.validation.cases import Call, CallFailedError, Case, run_case, words_of

X = np.ones((1, 16), np.float32)


def test_run_case_when_a_call_feeds_the_next_hands_its_output_on(litert, checked):
    worker = litert.load(checked(models.two_signatures()).path)
    case = Case("one", (Call("encode", {"x": X}), Call("classify", {}, {"state": (0, "state")})))
    states, scores = run_case(worker, case)
    np.testing.assert_array_equal(scores["y"], worker.run("classify", states)["y"])


def test_run_case_when_a_call_fails_tells_which_with_its_inputs(tflite, checked):
    worker = tflite.load(checked(behaving.slices(behaving.FAR)).path)
    with pytest.raises(CallFailedError) as caught:
        run_case(worker, Case("far", (Call("serving_default", {"x": X[:, :8]}),)))
    failed = caught.value
    assert (failed.case, failed.signature, failed.error.kind) == ("far", "serving_default", "crashed")
    np.testing.assert_array_equal(failed.inputs["x"], X[:, :8])


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("rt: expected an answer to `load x`; it refused: no op FOO.; convert it", "refused: no op FOO."),
        (
            "rt: expected an answer to `run x`; it refused: no op FOO.Node number 3 (FOO) failed.; convert it",
            "refused: no op FOO. Node number 3 (FOO) failed.",
        ),
        ("rt: expected an answer to `load x`; it refused: no FOO. no FOO. ; convert it", "refused: no FOO."),
        ("rt: expected an answer to `run x`; the process died by SIGSEGV; look", "the process died by SIGSEGV"),
        (
            "rt: expected an answer to `run x`; the process died by SIGSEGV after printing 'qemu: uncaught target "
            "signal 11'; look",
            "the process died by SIGSEGV",
        ),
        (
            "rt: expected an answer to `run`, or progress, within 3 s; there was none and the process was killed; more",
            "no answer within 3 s, and the process was killed",
        ),
        ("without any form", "without any form"),
    ],
)
def test_words_of_when_an_error_is_long_keeps_what_happened(message, said):
    assert words_of(WorkerError(message)) == said


@pytest.mark.parametrize("fields", [{"name": ""}, {"calls": ()}, {"twin": "full"}, {"changed": ("run", "x")}])
def test_case_when_a_field_is_illegal_refuses(fields):
    with pytest.raises(ConfigError, match="case"):
        Case(**{"name": "one", "calls": (Call("run", {}),), **fields})
