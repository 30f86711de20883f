from __future__ import annotations

import numpy as np
import pytest

from tests import models
from tests.models import behaving
from tfedge.errors import MeasurementError
from tfedge.runtime.signatures import SignatureSpec, TensorSpec
from tfedge.validation.cases import Call, Case
from tfedge.validation.expectation import expect_from_litert, made_up_cases, roles_of


def expect(litert, file, given=()):
    return expect_from_litert(file, litert, seed=1, given=given)


def test_expectation_when_kernels_agree_is_the_reference_with_two_others(litert, checked):
    found = expect(litert, checked(models.dense("int8_dynamic")))
    assert len(found.cases) == len(found.expected) == 5 and [len(other) for other in found.others] == [5, 5]
    assert (found.against, found.reason) == ("LiteRT's reference kernels", "")


def test_expectation_when_a_decoder_steps_gives_it_its_own_likeliest_tokens(litert, checked):
    found = expect(litert, checked(behaving.seq2seq()))
    by_name = dict(zip([case.name for case in found.cases], zip(found.cases, found.expected, strict=True), strict=True))
    case, outcome = by_name["full_1"]
    tokens = [int(call.inputs["token_ids"][0, 0]) for call in case.calls[1:]]
    assert tokens[1:] == [int(outputs["logits"].argmax()) for outputs in outcome[1:-1]]
    twin, _ = by_name["other encode/source_ids"]
    assert [int(call.inputs["token_ids"][0, 0]) for call in twin.calls[1:]] == tokens


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (models.with_custom_op(), "LiteRT cannot be the reference: refused: Encountered unresolved custom op: MyOp."),
        (behaving.noise(), "RANDOM_UNIFORM gives other numbers in every run"),
        (behaving.slices(behaving.FAR), "LiteRT cannot be the reference: refused: Invalid begin."),
    ],
    ids=["custom", "random", "refused"],
)
def test_expectation_when_litert_cannot_tell_says_why(litert, checked, model, reason):
    found = expect(litert, checked(model))
    assert found.expected is None and found.reason.startswith(reason)


def test_expectation_when_litert_hangs_says_so_and_keeps_the_cases(litert, checked, monkeypatch):
    monkeypatch.setattr(litert, "timeout_s", 0.3)
    found = expect(litert, checked(behaving.endless()))
    assert found.expected is None and "no answer within 0.3 s" in found.reason and len(found.cases) == 5


def test_expectation_when_a_user_s_case_is_refused_is_none_and_else_real(litert, checked):
    file = checked(models.gather_dense())
    cases = [Case("one", (Call("serving_default", {"token_ids": np.array([[1, 2, 3, 4]], np.int32)}),))]
    found = expect(litert, file, tuple(cases))
    assert found.is_real and len(found.expected) == 1
    wrong = Case("two", (Call("serving_default", {"token_ids": np.array([[1, 2, 3, 999]], np.int32)}),))
    found = expect(litert, file, (*cases, wrong))
    assert found.expected is None and "LiteRT refuses an input" in found.reason


def test_roles_when_a_name_is_unknown_to_the_graph_is_a_number(checked):
    spec = SignatureSpec("", {"?": TensorSpec("?", (1,), "float32")}, {})
    assert roles_of(checked(models.dense()).graph, {"": spec})["", "?"].kind == "number"


def test_made_up_cases_when_every_signature_needs_text_say_so(checked):
    spec = SignatureSpec("run", {"x": TensorSpec("x", (1,), "bytes")}, {})
    with pytest.raises(MeasurementError, match="tensors of numbers"):
        made_up_cases(checked(models.dense()).graph, {"run": spec}, seed=1)
