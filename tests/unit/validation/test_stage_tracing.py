from __future__ import annotations

import dataclasses

import pytest

from tests.golden import autokey, packed_autokey
from tfedge.errors import ConfigError, InputError, WorkerError
from tfedge.runtime.client import Worker
from tfedge.runtime.targets import installed_targets
from tfedge.text.tokenizer import trimmed
from tfedge.validation.stage_tracing import (
    Asked,
    asked_of,
    golden_divergences,
    stages_not_shown,
    step_logits,
    trace_texts,
)

GOLDEN = packed_autokey.golden_cases("float32", count=4)


@pytest.fixture(scope="module", params=[target.name for target in installed_targets()])
def worker(request):
    """A worker of each installed runtime, with the autokey model."""
    with Worker(request.param) as started:
        started.load(autokey.MODEL)
        yield started


def test_trace_texts_then_six_stages_of_each_text_as_they_came(worker):
    asked = asked_of(GOLDEN, ["ABc"])
    traced = trace_texts(worker, packed_autokey.SPEC, asked)
    assert (traced.entry, dict(traced.not_shown)) == ("greedy", {})
    assert [each.name for each in traced.traces] == [*(case.name for case in GOLDEN), "text 1"]
    last = traced.traces[-1]
    assert (last.raw_bytes, last.ids, last.text) == (b"ABc", (3, 4, 5, 2), packed_autokey.cipher("abc"))
    assert list(last.encoder_output) == ["encoded_letters", "encoded_mask"]
    assert last.first_logits.array.shape == (1, 8)
    assert int(last.first_logits.array.argmax()) == last.tokens[0]
    assert golden_divergences(GOLDEN, traced.traces, "float32") == []


def test_step_logits_when_asked_along_the_answer_then_each_names_the_next_token(worker):
    source, answer = autokey.SOURCES[2], trimmed(autokey.EXPECTED[2].tolist())
    said = [int(step_logits(worker, source, answer[:place]).array.argmax()) for place in range(len(answer))]
    assert tuple(said) == answer


def test_trace_texts_when_one_cannot_be_read_then_nothing_is_run():
    with Worker("ai-edge-litert") as worker:  # No model is loaded: a call would be refused.
        with pytest.raises(InputError):
            trace_texts(worker, packed_autokey.SPEC, [Asked("a", "ab"), Asked("b", "xyz")])
        with pytest.raises(WorkerError):
            trace_texts(worker, packed_autokey.SPEC, [Asked("a", "ab")])


def test_asked_of_when_a_golden_case_has_the_name_of_a_text_then_config_error():
    with pytest.raises(ConfigError, match="'text 1'"):
        asked_of([dataclasses.replace(GOLDEN[0], name="text 1")], ["ab"])


def test_stages_not_shown_when_signatures_are_missing_then_each_stage_and_why(worker):
    signatures = dict(worker.describe())
    assert stages_not_shown(signatures) == {}
    alone = {"greedy": signatures["greedy"]}
    assert list(stages_not_shown(alone)) == ["encoder_output", "first_logits"]
    assert list(stages_not_shown({**alone, "encode": signatures["encode"]})) == ["first_logits"]
    step = signatures["decode_step"]
    unfed = dataclasses.replace(step, inputs={**step.inputs, "lost": step.inputs["encoded_mask"]})
    assert stages_not_shown({**signatures, "decode_step": unfed}) == {
        "first_logits": "nothing gives decode_step its input lost"
    }


@pytest.mark.parametrize(
    ("change", "stage"), [({"ids": (3, 2)}, "ids"), ({"tokens": (3, 3)}, "tokens"), ({"text": "A"}, "text")]
)
def test_golden_divergences_when_a_stage_differs_then_the_first_is_named(worker, change, stage):
    traces = trace_texts(worker, packed_autokey.SPEC, asked_of(GOLDEN[:2], [])).traces
    broken = [traces[0], dataclasses.replace(traces[1], **change)]
    (found,) = golden_divergences(GOLDEN[:2], broken, "float32")
    assert (found.case, found.stage) == (GOLDEN[1].name, stage)


def test_golden_divergences_when_one_answer_ends_then_the_other_side_is_none(worker):
    (trace,) = trace_texts(worker, packed_autokey.SPEC, asked_of(GOLDEN[:1], [])).traces
    (found,) = golden_divergences(GOLDEN[:1], [dataclasses.replace(trace, tokens=trace.tokens[:1])], "float32")
    assert (found.stage, found.index, found.actual) == ("tokens", 1, None)
    assert found.expected == str(trace.tokens[1])


def test_golden_divergences_when_a_recipe_answers_otherwise_than_keras_then_its_own_ids_count_and_no_text(worker):
    (trace,) = trace_texts(worker, packed_autokey.SPEC, asked_of(GOLDEN[:1], [])).traces
    case = dataclasses.replace(GOLDEN[0], expected_ids={"keras": (4, 2), "static_wi8_ai8": trace.tokens})
    assert golden_divergences([case], [trace], "static_wi8_ai8") == []
    assert golden_divergences([case], [trace], "float32")[0].stage == "tokens"
