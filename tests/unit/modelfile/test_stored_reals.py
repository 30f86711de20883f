from __future__ import annotations

import numpy as np
import pytest

from tests import models
from tests.models.dense import dense_weights
from tfedge.modelfile.builder import ModelBuilder
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.stored_reals import stored_reals
from tfedge.modelfile.stored_values import StoredValues


def kernel(data: bytes) -> np.ndarray:
    tensor = next(tensor for tensor in read_graph(data).weights if tensor.name.startswith("dense/kernel"))
    return stored_reals(StoredValues(data), tensor)


def test_reals_when_float32_are_the_numbers_themselves():
    np.testing.assert_array_equal(kernel(models.dense("float32")), dense_weights()[0])


@pytest.mark.parametrize(
    ("dtype", "steps"),
    # float16 keeps 11 bits; int8 127 steps of the largest, int4 7; a rounding is half a step.
    [("float16", 2048), ("int8_dynamic", 127), ("int4_dynamic", 7), ("uint8", 127), ("int8_static", 127)],
)
def test_reals_when_quantized_are_within_half_a_step(dtype, steps):
    weights = dense_weights()[0]
    error = np.abs(kernel(models.dense(dtype)) - weights)
    assert 0 < error.max() <= 0.51 * np.abs(weights).max() / steps


def test_reals_when_per_channel_each_row_has_its_own_step():
    weights = dense_weights(per_channel=True)[0]
    error = np.abs(kernel(models.dense("int8_dynamic", per_channel=True)) - weights).max(axis=1)
    assert np.all(error <= 0.51 * np.abs(weights).max(axis=1) / 127)


@pytest.mark.parametrize("scales", [0.5, [0.5, 0.25]])
def test_reals_when_there_is_a_zero_point_it_is_taken_off(scales):
    builder = ModelBuilder()
    points = [3] * np.size(scales)
    builder.tensor("w", (2, 2), "int8", [[3, 5], [1, 3]], scales=scales, zero_points=points)
    data = builder.build()
    values = stored_reals(StoredValues(data), read_graph(data).weights[0])
    second = 0.5 if scales == 0.5 else 0.25
    np.testing.assert_array_equal(values, [[0, 1], [-2 * second, 0]])


def test_reals_when_nothing_is_stored_or_it_is_no_number_are_none():
    builder = ModelBuilder()
    builder.tensor("made", (2,))
    builder.tensor("told", (1,), "string", ["word"])
    data = builder.build()
    graph = read_graph(data)
    values = StoredValues(data)
    assert [stored_reals(values, tensor) for tensor in graph.weights] == [None]
    assert stored_reals(values, graph.subgraphs[0].inputs[0]) is None
