"""Layers in a file: which way they were written, and what that costs on the target."""

from __future__ import annotations

import pytest

from tests import models
from tests.models import layers
from tfedge.checks.rules import Subject, findings_for
from tfedge.checks.rules.layers import RULES
from tfedge.modelfile.graph import read_graph
from tfedge.runtime.targets import RuntimeTarget

LITERT = "ai-edge-litert==2.3.0@x86_64"
TFLITE = "tflite-runtime==2.14.0@x86_64"
TFLITE_ARM = "tflite-runtime==2.14.0@aarch64:cortex-a72"
NAMES = [rule.id for rule in RULES]


def notes(data: bytes, target: str = LITERT) -> dict[str, str]:
    """Returns the messages of these rules by rule."""
    found = findings_for(Subject(read_graph(data), data), RuntimeTarget.parse(target))
    return {one.gate: one.message for one in found if one.gate in NAMES}


@pytest.mark.parametrize(
    ("epsilon", "stored", "told"),
    [
        (1e-12, "float16", "epsilon of float16 is 0"),
        (1e-6, "float16", ""),
        (1e-12, "float32", ""),
        (0.0, "float32", "epsilon of float32 is 0"),
        (None, "float32", "no epsilon"),
    ],
)
def test_norm_epsilon_when_it_is_nothing_where_it_is_stored_is_noted(epsilon, stored, told):
    message = notes(layers.normalization(epsilon, stored)).get("norm_epsilon", "")
    assert message.endswith(f"(norm): {told}") if told else not message


@pytest.mark.parametrize(
    ("smallest", "largest", "float_root", "is_noted"),
    [(0.1, 100.0, False, True), (0.3, 100.0, False, False), (0.3, 100.0, True, True), (0.3, 0.2, True, False)],
    ids=["under half a step", "above", "root in float", "epsilon above half a step"],
)
def test_norm_epsilon_when_int8_variances_round_to_nothing_is_noted(smallest, largest, float_root, is_noted):
    found = notes(layers.int8_normalization(smallest, largest, float_root))  # A step is largest / 255.
    assert ("norm_epsilon" in found) == is_noted


@pytest.mark.parametrize(
    ("data", "target", "is_noted"),
    [
        (layers.gelu(), TFLITE, True),
        (layers.gelu(), LITERT, False),
        (layers.gelu(approximate=True), TFLITE, False),
        (layers.gelu(dtype="int8"), TFLITE, False),
        (models.with_flex_op(), LITERT, True),
        (layers.polynomial(layers.ERFC), LITERT, True),
        (layers.polynomial((*layers.ERFC[:-1], 1.13)), LITERT, False),
    ],
)
def test_gelu_exact_when_it_costs_something_on_the_target_is_noted(data, target, is_noted):
    assert ("gelu_exact" in notes(data, target)) == is_noted


@pytest.mark.parametrize(
    ("data", "is_noted"),
    [
        (layers.dense(), True),
        (layers.dense(bias=True), False),
        (layers.dense(rows=1), False),  # One row takes another kernel, which is right.
        (models.dense("int8_dynamic", bias=False), False),
        (models.dense("float16", bias=False, rows=2), True),
    ],
)
def test_dense_without_bias_when_int8_would_die_of_it_on_the_target_is_noted(data, is_noted):
    assert ("dense_without_bias" in notes(data, TFLITE_ARM)) == is_noted
    assert "dense_without_bias" not in {**notes(data, TFLITE), **notes(data)}


def test_dense_open_shape_when_the_bias_is_an_op_of_its_own_names_the_layer():
    assert notes(layers.dense_open())["dense_open_shape"].endswith("FULLY_CONNECTED in subgraph 0 (dense)")
    assert notes(layers.dense_open(computed_shape=False)) == {}


def test_none_indexing_when_a_flex_slice_adds_an_axis_is_noted_and_a_plain_one_is_not():
    assert "FlexStridedSlice" in notes(layers.sliced())["none_indexing"]
    assert notes(layers.sliced(more_axes=False)) == {}
    assert notes(layers.sliced(flex=False)) == {}
