"""Options of ops are read by the schema's names, and what they point to is never copied at length."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from tests import models
from tfedge.errors import ArtifactError
from tfedge.modelfile.builder import ModelBuilder
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.schema import load_schema
from tfedge.modelfile.tables import MAX_OPTION_TEXT_BYTES

schema: Any = load_schema()


def test_options_when_an_op_has_single_values_are_read_by_name() -> None:
    (op,) = read_graph(models.dense("int8_dynamic", activation=1)).ops

    assert op.options["fusedActivationFunction"] == 1
    assert op.options["asymmetricQuantizeInputs"] is True
    assert op.options["keepNumDims"] is False


def test_options_when_an_op_has_none_are_empty() -> None:
    assert [op.options for op in read_graph(models.with_custom_op()).ops] == [{}]


def test_options_when_they_are_of_the_second_union_are_read() -> None:
    builder = ModelBuilder()
    x, y = builder.tensor("x", (4,)), builder.tensor("y", (4,))
    builder.op("STABLEHLO_COMPOSITE", [x], [y], options={"name": "odml.gelu", "decompositionSubgraphIndex": 0})

    (op,) = read_graph(builder.build()).ops

    assert op.options["name"] == "odml.gelu" and op.options["decompositionSubgraphIndex"] == 0


def _variable(name: str) -> bytes:
    builder = ModelBuilder()
    handle = builder.tensor("handle", (1,), "resource")
    builder.op("VAR_HANDLE", [], [handle], options={"container": "", "sharedName": name})
    return builder.build()


def test_options_when_a_text_is_long_or_wild_are_cut_and_printable() -> None:
    assert read_graph(_variable("weights")).ops[0].options["sharedName"] == "weights"
    (op,) = read_graph(_variable("\x1b" + "a" * 10_000)).ops
    assert op.options["sharedName"] == "\\x1b" + "a" * (MAX_OPTION_TEXT_BYTES - 1)


def test_options_when_a_text_ends_behind_the_file_is_refused() -> None:
    data = bytearray(_variable("weights"))
    struct.pack_into("<I", data, data.index(b"weights") - 4, 2**31)

    with pytest.raises(ArtifactError, match="unreadable options of a VAR_HANDLE op"):
        read_graph(data)


def test_tables_when_compared_with_the_schema_have_room_for_every_field_of_every_table() -> None:
    from tfedge.modelfile.flatbuffer import MAX_FIELDS

    widest = max(len(vars(kind())) for name, kind in vars(schema).items() if name.endswith("T") and name[:1].isupper())
    assert 14 < widest <= MAX_FIELDS // 2
