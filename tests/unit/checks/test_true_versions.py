"""Versions that per-channel scales ask for, and near twins that need none."""

from __future__ import annotations

import numpy as np
import pytest

from tests.golden import autokey
from tests.models import dense
from tfedge.checks.true_versions import is_hybrid, is_per_channel, lowest_version, true_version, weights_of
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


def product(dtypes: tuple[str, str], options: dict[str, int], inputs: int = 3, per_channel: bool = True) -> OpSummary:
    """Returns a FULLY_CONNECTED of version 12 with activations and weights of `dtypes`."""
    builder = ModelBuilder()
    x, y = (builder.tensor(name, (1, 2), dtypes[0]) for name in ("x", "y"))
    scales = None if dtypes[1] == "float32" else [0.1, 0.2] if per_channel else 0.1
    w = builder.tensor("w", (2, 2), dtypes[1], np.ones((2, 2)), scales=scales)
    builder.op("FULLY_CONNECTED", [x, w, None][:inputs], [y], 12, options)
    return only_op(builder.build())


HYBRID = ("float32", "int8")


@pytest.mark.parametrize(
    "op, one_scale, expected",
    [
        (product(HYBRID, {}), False, 12),
        (product(HYBRID, {}), True, 3),
        (product(HYBRID, {}, per_channel=False), False, 3),
        (product(HYBRID, {"keepNumDims": True}), True, 5),
        (product(HYBRID, {"keepNumDims": True}, inputs=2), True, 6),
        (product(HYBRID, {"asymmetricQuantizeInputs": True}, inputs=2), True, 9),
        (product(("float32", "float32"), {}), False, 1),
        (product(("float32", "float32"), {"keepNumDims": True}), False, 5),
        (product(("float32", "float32"), {"weightsFormat": 1}), False, 2),
        (product(("int8", "int8"), {}), False, 4),
        (product(("int16", "int8"), {}), False, 7),
        (product(("int16", "int8"), {"quantizedBiasType": 4}), False, 11),
        (product(("float32", "int4"), {}), True, 12),
    ],
)
def test_lowest_version_when_a_product_means_less_follows_the_published_table(
    op: OpSummary, one_scale: bool, expected: int
) -> None:
    assert lowest_version(op, one_scale) == expected


def test_lowest_version_when_the_file_says_less_keeps_it() -> None:
    assert lowest_version(only_op(dense("int8_dynamic", per_channel=True, version=5)), one_scale=True) == 5


def test_lowest_version_when_a_table_gets_one_scale_takes_the_version_back() -> None:
    assert lowest_version(with_scales("EMBEDDING_LOOKUP", True, 1, version=4), one_scale=True) == 1
    assert lowest_version(with_scales("EMBEDDING_LOOKUP", True, 1, version=4)) == 4
    assert lowest_version(with_scales("DEQUANTIZE", True, 0, version=5), one_scale=True) == 5


def test_weights_of_when_an_op_has_one_input_is_none() -> None:
    op = with_scales("DEQUANTIZE", True, 0)

    assert weights_of(op) is None and not is_per_channel(None) and is_per_channel(op.inputs[0])
