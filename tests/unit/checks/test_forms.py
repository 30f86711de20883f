"""The form of an op names what its kernel sees, and nothing else."""

from __future__ import annotations

import pytest

from tests import models
from tests.models.dense import dense
from tfedge.checks.forms import FIXED_OUTPUTS, KEEPING_OPS, REQUIRED_INPUTS, kernel_form
from tfedge.modelfile.builder import ModelBuilder
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.schema import load_schema


def forms(data: bytes) -> list[str]:
    return [kernel_form(op) for op in read_graph(data).ops]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (dense(), "FULLY_CONNECTED float32,float32,float32->float32"),
        (dense(bias=False), "FULLY_CONNECTED float32,float32->float32"),
        (dense("int8_dynamic", per_channel=True), "FULLY_CONNECTED float32,qint8~,float32->float32"),
        (dense("int8_static"), "FULLY_CONNECTED qint8,qint8,qint32->qint8"),
        (dense("int16x8", per_channel=True), "FULLY_CONNECTED qint16,qint8~,qint64~->qint16"),
        (models.loop(), "WHILE int32,float32->int32,float32"),
    ],
)
def test_kernel_form_when_read_from_a_file_names_dtypes_and_scales(data: bytes, expected: str) -> None:
    assert forms(data)[0] == expected


def test_kernel_form_when_an_op_takes_any_number_of_inputs_shortens_them() -> None:
    builder = ModelBuilder()
    parts = [builder.tensor(f"x{index}", (1, 2)) for index in range(5)]
    builder.op("CONCATENATION", parts, [builder.tensor("y", (5, 2))])
    builder.op("UNPACK", [parts[0]], [builder.tensor(f"z{index}", (2,)) for index in range(3)], options={"num": 3})

    assert forms(builder.build()) == ["CONCATENATION float32,float32->float32", "UNPACK float32->float32,float32"]


def test_tables_name_ops_of_the_schema() -> None:
    ops = set(vars(load_schema().BuiltinOperator))
    assert {*FIXED_OUTPUTS, *KEEPING_OPS, *REQUIRED_INPUTS} <= ops
