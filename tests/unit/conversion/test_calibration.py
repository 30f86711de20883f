from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from tfedge.conversion.calibration import MIN_TEXTS, Calibration, choose_texts, trace
from tfedge.conversion.signatures import STEP_SIGNATURES, Seq2SeqSignatures
from tfedge.errors import CalibrationError
from tfedge.training.decoding import GreedyDecoder


def make_samples(count=MIN_TEXTS, width=4):
    """Samples by hand: sources of one to three tokens in four places, and one float input a step."""
    random = np.random.default_rng(1)
    sources = np.where(np.arange(width)[None] < random.integers(1, width, size=(count, 1)), 5, 0).astype(np.int32)
    sources[0] = 5  # One is full.
    steps = random.normal(size=(count, 1, 3)).astype(np.float32)
    return {
        "encode": tuple({"source_ids": row[None]} for row in sources),
        "decode_step": tuple({"cache_key_0": step} for step in steps),
    }


@pytest.fixture(scope="module")
def functions(trained_model):
    """Concrete functions of encode and decode_step."""
    return Seq2SeqSignatures(trained_model.network).functions(STEP_SIGNATURES)


@pytest.fixture(scope="module")
def texts(tiny_data):
    """Calibration texts."""
    return [example.text for example in tiny_data.train[:MIN_TEXTS]]


@pytest.fixture(scope="module")
def traced(functions, tiny_data, texts):
    """Calibration of `texts`."""
    return trace(functions, tiny_data.spec, texts, seed=7)


def test_trace_then_every_call_of_every_decode(traced, trained_model, tiny_data, texts):
    answers = GreedyDecoder(trained_model.network, 8)([tiny_data.spec.source_ids(text) for text in texts])
    assert traced.num_texts == len(traced.samples["encode"]) == MIN_TEXTS
    steps = list(traced.samples["decode_step"])
    assert len(steps) == sum(map(len, answers))
    for answer in answers:
        mine, steps = steps[: len(answer)], steps[len(answer) :]
        # Fed is what came before: the start token, then the answer without its last token.
        assert [int(step["token_ids"][0, 0]) for step in mine] == [1, *answer[:-1]]
        assert [int(step["cache_update_index"][0]) for step in mine] == list(range(len(answer)))
        for position, step in enumerate(mine):
            cache = step["cache_key_0"]
            assert np.any(cache[0, 0, :position], axis=-1).all() and not np.any(cache[0, 0, position:])


def test_trace_then_padding_is_in_it(traced):
    biases = np.concatenate([step["cross_bias"].ravel() for step in traced.samples["decode_step"]])
    assert set(np.unique(biases)) == {-30.0, 0.0}


def test_sha256_then_the_same_for_the_same_texts(traced, functions, tiny_data, texts):
    again = trace(functions, tiny_data.spec, texts, seed=7)
    assert again.sha256 == traced.sha256
    assert re.fullmatch("[0-9a-f]{64}", again.sha256)
    counts = {"encode": MIN_TEXTS, "decode_step": len(traced.samples["decode_step"])}
    told = again.to_json()
    ranges = told.pop("ranges")
    assert told == {"num_texts": MIN_TEXTS, "seed": 7, "num_samples": counts, "sha256": traced.sha256}
    assert ranges["decode_step"]["cross_bias"] == [-30.0, 0.0]
    assert ranges["encode"] == {}  # Ids have no range that a scale would come from.


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value + np.float32(1e-6),
        lambda value: value.reshape(3, 1),
        lambda value: value.astype(np.float64),
    ],
)
def test_sha256_when_a_sample_differs_then_another(change):
    one, other = make_samples(), make_samples()
    other["decode_step"][3]["cache_key_0"] = change(one["decode_step"][3]["cache_key_0"])
    assert Calibration(one, MIN_TEXTS, 7).sha256 != Calibration(other, MIN_TEXTS, 7).sha256


def test_sha256_when_the_order_differs_then_another():
    samples = make_samples()
    turned = {**samples, "decode_step": samples["decode_step"][::-1]}
    assert Calibration(samples, MIN_TEXTS, 7).sha256 != Calibration(turned, MIN_TEXTS, 7).sha256


def test_calibration_when_texts_are_few_then_refused():
    with pytest.raises(CalibrationError, match="expected 32 calibration texts or more; got 31; give more"):
        Calibration(make_samples(), MIN_TEXTS - 1, 7)
    Calibration(make_samples(), MIN_TEXTS, 7)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_calibration_when_a_value_is_not_finite_then_input_and_signature_are_named(value):
    samples = make_samples()
    samples["decode_step"][5]["cache_key_0"][0, 1] = value
    with pytest.raises(CalibrationError, match="expected finite values in `cache_key_0` of `decode_step`"):
        Calibration(samples, MIN_TEXTS, 7)


def test_calibration_when_an_input_is_constant_then_it_is_named():
    samples = make_samples()
    constant = tuple({"cache_key_0": np.full((1, 3), 0.5, np.float32)} for _ in samples["decode_step"])
    with pytest.raises(CalibrationError, match="expected `cache_key_0` of `decode_step` to vary; it is always 0.5"):
        Calibration({**samples, "decode_step": constant}, MIN_TEXTS, 7)


def test_calibration_when_no_source_is_padded_then_refused():
    samples = make_samples()
    full = tuple({"source_ids": np.array([[5, 6, index + 3, 2]], np.int32)} for index in range(MIN_TEXTS))
    with pytest.raises(CalibrationError, match="expected a padded source among the calibration texts; all are full"):
        Calibration({**samples, "encode": full}, MIN_TEXTS, 7)


@pytest.mark.parametrize(("full_length", "refused"), [(None, True), (4, True), (3, False)])
def test_calibration_when_no_source_is_full_then_refused_unless_none_is_that_long(full_length, refused):
    samples = make_samples()
    short = tuple({"source_ids": np.array([[5, 6, 2 * (index % 2), 0]], np.int32)} for index in range(MIN_TEXTS))
    samples["encode"] = short
    if refused:
        with pytest.raises(CalibrationError, match="a source of full length, 4 tokens, among .*; the longest has 3"):
            Calibration(samples, MIN_TEXTS, 7, full_length)
    else:
        assert Calibration(samples, MIN_TEXTS, 7, full_length).full_length == 3


@pytest.mark.parametrize("signature", ["encode", "decode_step"])
@pytest.mark.parametrize(
    "change", [lambda samples, name: samples.pop(name), lambda samples, name: samples.update({name: ()})]
)
def test_calibration_when_a_signature_is_never_called_then_its_inputs_are_never_fed(signature, change):
    samples = make_samples()
    change(samples, signature)
    with pytest.raises(CalibrationError, match=f"expected samples of `{signature}`; got none, so that its inputs"):
        Calibration(samples, MIN_TEXTS, 7)


def test_calibration_when_one_sample_lacks_an_input_then_it_is_named():
    samples = make_samples()
    steps = [
        {**step, "cross_bias": np.array([place % 2 - 1.0], np.float32)}
        for place, step in enumerate(samples["decode_step"])
    ]
    Calibration({**samples, "decode_step": tuple(steps)}, MIN_TEXTS, 7)
    del steps[9]["cross_bias"]
    with pytest.raises(CalibrationError, match="expected `cross_bias` of `decode_step` in every sample; sample 9 does"):
        Calibration({**samples, "decode_step": tuple(steps)}, MIN_TEXTS, 7)


def test_calibration_then_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Calibration(make_samples(), MIN_TEXTS, 7).seed = 8


def test_choose_texts_then_extremes_and_a_seeded_choice():
    texts = ["x" * length + letter for length in range(1, 21) for letter in "abcdefgh"]
    chosen = choose_texts(texts, 40, seed=7)
    assert len(chosen) == len(set(chosen)) == 40
    assert chosen[:5] == ["xa", "xb", "xc", "xd", "xe"]
    assert {len(text) for text in chosen[5:10]} == {21}
    assert chosen == choose_texts(texts, 40, seed=7)
    assert chosen != choose_texts(texts, 40, seed=8)
    assert set(chosen) <= set(texts)


def test_choose_texts_when_there_are_fewer_then_all():
    assert sorted(choose_texts(["c", "a", "b"], 40, seed=7)) == ["a", "b", "c"]
