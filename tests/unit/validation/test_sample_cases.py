from __future__ import annotations

import numpy as np
import pytest

from tfedge.errors import MeasurementError
from tfedge.runtime.signatures import SignatureSpec, TensorSpec
from tfedge.validation.input_roles import Role
from tfedge.validation.sample_cases import STEPS, chains, profiles, sample_cases

IDS, TOKEN = TensorSpec("source_ids", (1, 4), "int32"), TensorSpec("token_ids", (1, 1), "int32")
STATES, CACHE = TensorSpec("states", (1, 4), "float32"), TensorSpec("cache", (1, 6, 4), "float32")
INT8_STATES = TensorSpec("states", (1, 4), "int8", (0.5,), (0,))
INDEX, LOGITS = TensorSpec("index", (1,), "int32"), TensorSpec("logits", (1, 8), "float32")


def signature(name, inputs, outputs):
    return SignatureSpec(name, {spec.name: spec for spec in inputs}, {spec.name: spec for spec in outputs})


def seq2seq(states=STATES):
    return {
        "decode_step": signature("decode_step", [TOKEN, INDEX, states, CACHE], [LOGITS, CACHE]),
        "encode": signature("encode", [IDS], [STATES]),
    }


ROLES = {
    ("encode", "source_ids"): Role("ids", 8),
    ("decode_step", "token_ids"): Role("ids", 8),
    ("decode_step", "index"): Role("position", 6),
    ("decode_step", "states"): Role("number"),
    ("decode_step", "cache"): Role("number"),
}


def cases_by_name(signatures, seed=1):
    (chain,) = chains(signatures)
    return {case.name: case for case in sample_cases(chain, signatures, ROLES, seed)}


@pytest.mark.parametrize("states", [STATES, INT8_STATES])
def test_chains_when_names_fit_put_the_encoder_first_whatever_its_form(states):
    (chain,) = chains(seq2seq(states))
    assert chain.names == ("encode", "decode_step")
    assert chain.feeds == {("decode_step", "states"): "encode"}
    assert chain.states == {"cache"} and chain.steps == STEPS


def test_chains_when_shapes_differ_stand_alone():
    signatures = seq2seq(TensorSpec("states", (1, 5), "float32"))
    assert sorted(chain.names for chain in chains(signatures)) == [("decode_step",), ("encode",)]


def test_chains_when_two_feed_each_other_are_not_a_circle():
    one = signature("one", [TensorSpec("a", (1,), "float32")], [TensorSpec("b", (1,), "float32")])
    two = signature("two", [TensorSpec("b", (1,), "float32")], [TensorSpec("a", (1,), "float32")])
    (chain,) = chains({"one": one, "two": two})
    assert len(chain.names) == 2


def test_cases_when_a_decoder_steps_feed_states_and_caches_and_count_positions():
    case = cases_by_name(seq2seq())["full_1"]
    assert [call.signature for call in case.calls] == ["encode"] + ["decode_step"] * STEPS
    assert [int(call.inputs["index"][0]) for call in case.calls[1:]] == [0, 1, 2]
    assert not case.calls[1].inputs["cache"].any()
    assert case.calls[1].fed == {"states": (0, "states")}
    assert case.calls[3].fed == {"states": (0, "states"), "cache": (2, "cache")}


def test_cases_when_texts_go_in_are_full_padded_and_empty():
    cases = cases_by_name(seq2seq())
    assert {"full_1", "full_2", "full_3", "padded_1", "padded_2", "all_padding"} <= set(cases)
    assert [name for name, case in cases.items() if case.is_empty] == ["all_padding"]
    assert np.count_nonzero(cases["padded_1"].calls[0].inputs["source_ids"]) == 2


def test_cases_when_twins_differ_from_the_first_in_one_input_alone():
    cases = cases_by_name(seq2seq())
    first = cases["full_1"]
    for changed in (("encode", "source_ids"), ("decode_step", "token_ids")):
        twin = cases[f"other {'/'.join(changed)}"]
        differing = {
            (call.signature, name)
            for call, other in zip(first.calls, twin.calls, strict=True)
            for name in call.inputs
            if not np.array_equal(call.inputs[name], other.inputs[name])
        }
        assert (twin.twin, twin.changed, differing) == ("full_1", changed, {changed})


def test_cases_when_an_input_has_one_value_alone_have_no_twin_for_it():
    (chain,) = chains(seq2seq())
    roles = {**ROLES, ("decode_step", "token_ids"): Role("ids", 1)}
    changed = {case.changed for case in sample_cases(chain, seq2seq(), roles, seed=1)}
    assert changed == {None, ("encode", "source_ids")}


def test_cases_when_seeds_differ_differ_and_else_not():
    ids = [cases_by_name(seq2seq(), seed)["full_2"].calls[0].inputs["source_ids"].tolist() for seed in (1, 1, 2)]
    assert ids[0] == ids[1] != ids[2]


def test_profiles_when_numbers_go_in_are_usual_zero_and_large():
    features = {"run": signature("run", [TensorSpec("x", (-1, 8), "float32")], [LOGITS])}
    (chain,) = chains(features)
    made = profiles(chain, features, {("run", "x"): Role("number")})
    assert [profile.name for profile in made] == ["full_1", "full_2", "full_3", "size_2", "size_3", "zeros", "large"]
    assert [profile.name for profile in made if profile.is_extreme] == ["zeros", "large"]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (TensorSpec("x", (1,), "bytes"), "tensors of numbers"),
        (TensorSpec("x", (1, 2**26), "float32"), "at most 64 MiB"),
    ],
)
def test_cases_when_an_input_cannot_be_made_up_say_why(spec, said):
    signatures = {"run": signature("run", [spec], [LOGITS])}
    (chain,) = chains(signatures)
    with pytest.raises(MeasurementError, match=said):
        sample_cases(chain, signatures, {("run", "x"): Role("number")}, seed=1)
