"""Masks in a file: what adds up, what is multiplied, and all that looks like a mask and is none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.models import scores
from tests.models.scores import CAUSAL, KEYS, QUERIES, Attention
from tests.unit.checks.rules.files import masked_scores
from tfedge.checks.rules import Subject, findings_for
from tfedge.modelfile.graph import read_graph
from tfedge.runtime.targets import RuntimeTarget

LITERT = RuntimeTarget.parse("ai-edge-litert==2.3.0@x86_64")
DISTANCES = -0.5 * np.abs(np.arange(QUERIES)[:, None] - np.arange(KEYS) * 8)  # 0 to -28, as ALiBi adds.
Change = Callable[[Attention, int], int]


def notes(data: bytes) -> dict[str, str]:
    """Returns the messages of the rules on masks by rule."""
    found = findings_for(Subject(read_graph(data), data), LITERT)
    return {one.gate: one.message for one in found if one.gate.startswith("mask_")}


def select(made: Attention, flags: int, scores_: int, size: float) -> int:
    return made.op("SELECT_V2", [flags, scores_, made.constant(size)])


def is_word(made: Attention) -> int:
    """The flags as the boolean that they were made of."""
    tensor = made.builder.tensor("word", (1, 1, KEYS), "bool")
    made.builder.op("NOT_EQUAL", [made.flags, made.constant(0.0)], [tensor])
    return tensor


DOUBLED: dict[str, Change] = {
    "padding and a causal table": lambda made, x: made.op(
        "ADD", [made.op("ADD", [x, made.mask(-30)]), made.constant(-30 * CAUSAL)]
    ),
    "added to each other first": lambda made, x: made.op("ADD", [x, made.op("ADD", [made.mask(-30), made.mask(-20)])]),
    "subtracted": lambda made, x: made.op("SUB", [made.op("SUB", [x, made.mask(30)]), made.constant(30 * CAUSAL)]),
    "scaled between": lambda made, x: made.op(
        "ADD", [made.op("MUL", [made.op("ADD", [x, made.mask(-30)]), made.constant(0.5)]), made.mask(-30)]
    ),
    "selected, then added": lambda made, x: made.op("ADD", [select(made, is_word(made), x, -30), made.mask(-30)]),
}
NOT_DOUBLED: dict[str, Change] = {
    "none": lambda made, x: x,
    "added, then selected": lambda made, x: select(made, is_word(made), made.op("ADD", [x, made.mask(-30)]), -30),
    "a mask and a bias by distance": lambda made, x: made.op(
        "ADD", [made.op("ADD", [x, made.mask(-30)]), made.constant(DISTANCES)]
    ),
    "a mask and small numbers": lambda made, x: made.op(
        "ADD", [made.op("ADD", [x, made.mask(-30)]), made.constant(np.linspace(-3, 3, KEYS)[None])]
    ),
    "a mask and one number for all": lambda made, x: made.op(
        "ADD", [made.op("ADD", [x, made.mask(-30)]), made.constant(-30.0)]
    ),
    "both in one": lambda made, x: made.op(
        "ADD", [x, made.op("MINIMUM", [made.mask(-30), made.constant(-30 * CAUSAL)])]
    ),
}


@pytest.mark.parametrize("change", DOUBLED.values(), ids=DOUBLED)
def test_mask_doubled_when_two_masks_meet_in_a_score_is_noted(change):
    assert set(notes(scores.masked(change))) == {"mask_doubled"}


@pytest.mark.parametrize("change", NOT_DOUBLED.values(), ids=NOT_DOUBLED)
def test_mask_doubled_when_no_score_takes_two_is_silent(change):
    assert notes(scores.masked(change)) == {}


def test_mask_doubled_when_said_names_the_layer_and_the_sum():
    message = notes(scores.added(-30, -20, -10))["mask_doubled"]
    assert "SOFTMAX in subgraph 0 (attention): 3 masks, together -60" in message


def test_mask_doubled_when_the_sum_is_beyond_float32_says_so_and_one_of_them_is_not():
    assert notes(scores.added(-3e38, -3e38))["mask_doubled"].endswith("which is -inf in float32")
    assert set(notes(scores.added(-3e38))) == {"mask_magnitude"}


def test_mask_doubled_when_masks_are_carried_into_a_loop_is_noted_there():
    assert "subgraph 2" in notes(scores.masks_in_loop(-30, -30))["mask_doubled"]
    assert notes(scores.masks_in_loop(-30)) == {}


def test_mask_doubled_when_a_mask_is_an_input_is_told_by_its_name():
    def change(name: str) -> Change:
        return lambda made, x: made.op(
            "ADD", [made.op("ADD", [x, made.builder.tensor(name, (1, 1, KEYS))]), made.mask(-30)]
        )

    assert notes(scores.masked(change("padding_mask")))["mask_doubled"].endswith("2 masks, together -30")
    assert notes(scores.masked(change("position_bias"))) == {}


def test_mask_doubled_when_the_rest_of_the_file_is_quantized_and_scores_are_float_is_silent():
    def change(made: Attention, x: int) -> int:
        small = made.builder.tensor("small", (1, 1, KEYS), "int8", np.ones((1, 1, KEYS)), scales=0.1, zero_points=0)
        read = made.op("DEQUANTIZE", [small], (1, 1, KEYS))
        return made.op("ADD", [made.op("ADD", [made.op("ADD", [x, read]), made.mask(-1e9)]), made.mask(-1e9)])

    assert notes(scores.masked(change)) == {}


@pytest.mark.parametrize(
    ("size", "is_noted"), [(-1e9, True), (-101.0, True), (-np.inf, True), (-100.0, False), (-30.0, False)]
)
def test_mask_magnitude_when_a_float_file_masks_by_more_than_100_is_noted(size, is_noted):
    def change(made: Attention, x: int) -> int:
        return select(made, is_word(made), x, size)

    assert ("mask_magnitude" in notes(scores.masked(change))) == is_noted


def test_mask_magnitude_when_the_file_is_quantized_leaves_it_to_the_range():
    assert set(notes(masked_scores(-1e9))) == {"mask_range"}


MULTIPLIED: dict[str, Change] = {
    "scaled before": lambda made, x: made.op("MUL", [made.op("MUL", [x, made.constant(0.25)]), made.flags]),
    "flags first": lambda made, x: made.op("MUL", [made.flags, x]),
    "a causal table": lambda made, x: made.op("MUL", [x, made.constant(1 - CAUSAL)]),
    "both": lambda made, x: made.op("MUL", [x, made.op("MUL", [made.flags, made.constant(1 - CAUSAL)])]),
    "one less": lambda made, x: made.op("MUL", [x, made.op("SUB", [made.constant(1.0), made.constant(CAUSAL)])]),
}
NOT_MULTIPLIED: dict[str, Change] = {
    "and added too, as GPT-2 does": lambda made, x: made.op("ADD", [made.op("MUL", [x, made.flags]), made.mask(-1e4)]),
    "by one flag a query": lambda made, x: made.op("MUL", [x, made.constant(np.array([[[1], [0], [1], [1]]]))]),
    "by numbers": lambda made, x: made.op("MUL", [x, made.constant(np.linspace(0, 1, KEYS)[None, None])]),
    "by ones": lambda made, x: made.op("MUL", [x, made.constant(np.ones((1, 1, KEYS)))]),
}


@pytest.mark.parametrize("change", MULTIPLIED.values(), ids=MULTIPLIED)
def test_mask_multiplied_when_scores_are_is_noted(change):
    message = notes(scores.masked(change))["mask_multiplied"]
    assert "scores, before op" in message and "(attention)" in message


@pytest.mark.parametrize("change", NOT_MULTIPLIED.values(), ids=NOT_MULTIPLIED)
def test_mask_multiplied_when_nothing_is_lost_is_silent(change):
    assert "mask_multiplied" not in notes(scores.masked(change))


def test_mask_multiplied_when_weights_are_is_noted_unless_they_are_divided_by_their_sum():
    assert "weights, after op" in notes(scores.weights_multiplied())["mask_multiplied"]
    assert notes(scores.weights_multiplied(renormalized=True)) == {}


def test_mask_multiplied_when_weights_were_masked_before_is_silent():
    made = Attention()
    weights = made.weights(made.op("ADD", [made.scores, made.mask(-30)]))
    assert notes(made.build(made.op("MUL", [weights, made.flags]))) == {}


def test_rules_when_the_graph_leads_in_a_circle_end():
    def change(made: Attention, x: int) -> int:
        back = made.builder.tensor("back", (1, QUERIES, KEYS))
        first = made.op("ADD", [x, back])
        made.builder.op("ADD", [first, made.mask(-30)], [back])
        return back

    assert "mask_range" not in notes(scores.masked(change))
