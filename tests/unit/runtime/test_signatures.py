from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tfedge.errors import ConfigError, WorkerError
from tfedge.runtime import signatures
from tfedge.runtime.signatures import SignatureSpec, TensorSpec

SOURCE = TensorSpec("source_ids", (1, 10), "int32")
STATE = TensorSpec("encoded", (1, 10, 4), "float32")
CACHE = TensorSpec("cache_keys", (1, 8, 4), "float32")
STEP_INPUTS = [TensorSpec("token_ids", (1, 1), "int32"), TensorSpec("cache_update_index", (1,), "int32"), STATE, CACHE]
SOURCES = np.ones((3, 10), np.int32)


def signature(name, inputs, outputs):
    return SignatureSpec(name, {spec.name: spec for spec in inputs}, {spec.name: spec for spec in outputs})


def seq2seq(**changes):
    held = {
        "encode": signature("encode", [SOURCE], [STATE]),
        "decode_step": signature("decode_step", STEP_INPUTS, [TensorSpec("logits", (1, 5), "float32"), CACHE]),
        "greedy": signature("greedy", [SOURCE], [TensorSpec("target_ids", (1, 8), "int32")]),
    }
    return {name: spec for name, spec in {**held, **changes}.items() if spec is not None}


def refusal(call, *arguments):
    with pytest.raises(WorkerError) as caught:
        call(*arguments)
    assert caught.value.kind == "bad_request"
    return str(caught.value)


def test_check_inputs_when_all_fit_says_nothing():
    signatures.check_inputs(seq2seq()["encode"], {"source_ids": SOURCES[:1]})


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"source": SOURCES[:1]}, ["source_ids: expected, not received", "source: received, expected only source_ids"]),
        ({"source_ids": SOURCES[:1].astype(np.int64)}, ["expected int32 (1, 10), received int64 (1, 10)"]),
        ({"source_ids": SOURCES}, ["expected int32 (1, 10), received int32 (3, 10)"]),
        ({"source_ids": SOURCES[0]}, ["expected int32 (1, 10), received int32 (10,)"]),
    ],
    ids=["name", "dtype", "size", "rank"],
)
def test_check_inputs_when_one_differs_names_expected_and_received(arrays, said):
    message = refusal(signatures.check_inputs, seq2seq()["encode"], arrays)
    assert all(words in message for words in said)


def test_check_inputs_when_several_differ_names_all_at_once():
    wrong = {"token_ids": np.ones((1, 1)), "cache_update_index": np.zeros((2,), np.int32)}
    message = refusal(signatures.check_inputs, seq2seq()["decode_step"], wrong)
    assert all(name in message for name in ("token_ids", "cache_update_index", "encoded", "cache_keys"))


def test_check_inputs_when_a_size_is_free_takes_any():
    free = signature("classify", [TensorSpec("features", (-1, 4), "float32")], [])
    signatures.check_inputs(free, {"features": np.zeros((7, 4), np.float32)})
    assert "(7, 5)" in refusal(signatures.check_inputs, free, {"features": np.zeros((7, 5), np.float32)})


def test_find_when_signature_is_missing_lists_those_held():
    assert "decode_step" in refusal(signatures.find, seq2seq(), "beam")


@pytest.mark.parametrize("entry", ["greedy", "encode+decode_step"])
def test_check_decode_when_all_fits_takes_the_length_from_greedy(entry):
    assert signatures.check_decode(seq2seq(), entry, SOURCES, None) == 8
    assert signatures.check_decode(seq2seq(), entry, SOURCES, 5) == 5


def test_check_decode_when_there_is_no_greedy_needs_max_target_length():
    held = seq2seq(greedy=None)
    assert signatures.check_decode(held, "encode+decode_step", SOURCES, 6) == 6
    assert "max_target_length" in refusal(signatures.check_decode, held, "encode+decode_step", SOURCES, None)
    assert "'greedy'" in refusal(signatures.check_decode, held, "greedy", SOURCES, 6)


def test_check_decode_when_entry_is_misspelt_names_the_nearest():
    with pytest.raises(ConfigError, match="did you mean 'greedy'"):
        signatures.check_decode(seq2seq(), "gredy", SOURCES, None)


@pytest.mark.parametrize(
    "sources",
    [SOURCES[:0], SOURCES[0], SOURCES.astype(np.int64), SOURCES[:, :9]],
    ids=["none", "rank", "dtype", "size"],
)
def test_check_decode_when_sources_differ_refuses(sources):
    assert "int32" in refusal(signatures.check_decode, seq2seq(), "greedy", sources, None)


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        ([CACHE], "decode_step has no output logits"),
        ([TensorSpec("logits", (1, 5), "float32")], "decode_step has no output cache_keys"),
        (
            [TensorSpec("logits", (1, 5), "float32"), dataclasses.replace(CACHE, dtype="int8")],
            "cache_keys leaves decode_step",
        ),
    ],
)
def test_check_decode_when_caches_cannot_be_carried_refuses(outputs, said):
    held = seq2seq(decode_step=signature("decode_step", STEP_INPUTS, outputs))
    assert said in refusal(signatures.check_decode, held, "encode+decode_step", SOURCES, None)


def test_check_decode_when_a_state_changes_its_quantization_refuses():
    state = dataclasses.replace(STATE, dtype="float32", scales=(0.5,), zero_points=(3,))
    held = seq2seq(encode=signature("encode", [SOURCE], [state]))
    assert "encoded leaves encode" in refusal(signatures.check_decode, held, "encode+decode_step", SOURCES, None)


def test_check_decode_when_greedy_has_other_names_refuses():
    held = seq2seq(greedy=signature("greedy", [dataclasses.replace(SOURCE, name="tokens")], []))
    assert "greedy takes tokens" in refusal(signatures.check_decode, held, "greedy", SOURCES, None)
