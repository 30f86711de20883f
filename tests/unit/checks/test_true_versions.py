"""Versions that per-channel scales ask for, and near twins that need none."""

from __future__ import annotations

import numpy as np
import pytest

from tests.golden import autokey
from tests.models import dense
from tfedge.checks.true_versions import is_hybrid, is_per_channel, one_scale_version, true_version, weights_of
from tfedge.modelfile.builder import ModelBuilder
from tfedge.modelfile.graph import OpSummary, read_graph


def only_op(model_bytes: bytes) -> OpSummary:
    (op,) = read_graph(model_bytes).ops
    return op


def with_scales(name: str, per_channel: bool, position: int, version: int = 1) -> OpSummary:
    """Returns an op whose input at `position` is an int8 table; position -1: its output."""
    builder = ModelBuilder()
    scales = [0.1, 0.2, 0.3] if per_channel else 0.1
    table = builder.tensor("table", (3, 2), "int8", None if position < 0 else np.ones((3, 2)), scales=scales)
    ids, values = builder.tensor("ids", (1,), "int32"), builder.tensor("values", (3, 2))
    inputs, output = {-1: ([values], table), 0: ([table], values), 1: ([ids, table], values)}[position]
    builder.op(name, inputs, [output], version)
    return only_op(builder.build())


@pytest.mark.parametrize(
    "dtype, per_channel, expected",
    [
        ("int8_dynamic", True, 12),
        ("int8_dynamic", False, 5),
        ("int8_static", True, 4),
        ("float32", False, 1),
        ("int4_dynamic", True, 13),
        ("int16x8", True, 7),
    ],
)
def test_true_version_when_a_product_has_scales_follows_the_published_table(
    dtype: str, per_channel: bool, expected: int
) -> None:
    op = only_op(dense(dtype, per_channel))

    assert true_version(op) == expected
    assert is_hybrid(op) == (dtype == "int8_dynamic")


def test_true_version_when_the_file_says_a_higher_one_keeps_it() -> None:
    assert true_version(only_op(dense("int8_dynamic", per_channel=True, version=13))) == 13
    assert true_version(read_graph(autokey.REFUSED_MODEL.read_bytes()).ops[-1]) == 12


@pytest.mark.parametrize(
    "name, position, needed", [("EMBEDDING_LOOKUP", 1, 4), ("DEQUANTIZE", 0, 5), ("QUANTIZE", -1, 3)]
)
def test_true_version_when_a_table_has_scales_a_row_asks_for_more(name: str, position: int, needed: int) -> None:
    assert true_version(with_scales(name, True, position)) == needed
    assert true_version(with_scales(name, False, position)) == 1


@pytest.mark.parametrize("name, needed", [("CONV_2D", 5), ("DEPTHWISE_CONV_2D", 6)])
def test_true_version_when_a_convolution_is_hybrid_per_channel_asks_for_more(name: str, needed: int) -> None:
    for scales, expected in (([0.1, 0.2], needed), (0.1, 1)):
        builder = ModelBuilder()
        x, y = builder.tensor("x", (1, 4, 4, 2)), builder.tensor("y", (1, 4, 4, 2))
        w = builder.tensor("w", (2, 1, 1, 2), "int8", np.ones((2, 1, 1, 2)), scales=scales)
        builder.op(name, [x, w], [y])
        assert true_version(only_op(builder.build())) == expected


def test_one_scale_version_when_it_was_lower_stays() -> None:
    assert one_scale_version(only_op(dense("int8_dynamic", per_channel=True, version=12))) == 9
    assert one_scale_version(only_op(dense("int8_dynamic", per_channel=True, version=5))) == 5


@pytest.mark.parametrize(
    "options, inputs, expected",
    [
        ({}, 3, 3),
        ({"keepNumDims": True}, 3, 5),
        ({"keepNumDims": True}, 2, 6),
        ({"asymmetricQuantizeInputs": True}, 2, 9),
    ],
)
def test_one_scale_version_when_options_differ_follows_them(
    options: dict[str, bool], inputs: int, expected: int
) -> None:
    builder = ModelBuilder()
    x, y = builder.tensor("x", (1, 2)), builder.tensor("y", (1, 2))
    w = builder.tensor("w", (2, 2), "int8", np.ones((2, 2)), scales=[0.1, 0.2])
    builder.op("FULLY_CONNECTED", [x, w, None][:inputs], [y], 12, options)

    assert one_scale_version(only_op(builder.build())) == expected


def test_weights_of_when_an_op_has_one_input_is_none() -> None:
    op = with_scales("DEQUANTIZE", True, 0)

    assert weights_of(op) is None and not is_per_channel(None) and is_per_channel(op.inputs[0])
