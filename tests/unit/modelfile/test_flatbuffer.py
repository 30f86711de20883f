"""The table layouts agree with the published schema, and damage is refused before anything follows an offset."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import pytest

from tfedge.errors import ArtifactError
from tfedge.modelfile import flatbuffer
from tfedge.modelfile.flatbuffer import TABLES, verify_model
from tfedge.modelfile.schema import load_schema

schema: Any = load_schema()

_SCALARS = {"Bool": "u8", "Int8": "i8", "Uint8": "u8", "Int32": "i32", "Uint32": "u32", "Uint64": "u64"}


class _SlotRecorder:
    """Stands in for a flatbuffers builder and notes which slot a generated function fills, and with what."""

    def __init__(self) -> None:
        self.slot: int | None = None
        self.kind = ""
        self.element_size = 0

    def __getattr__(self, name: str) -> Any:
        assert name.startswith("Prepend") and name.endswith("Slot"), name

        def prepend(slot: int, *_: Any) -> None:
            self.slot, self.kind = slot, name.removeprefix("Prepend").removesuffix("Slot")

        return prepend

    def StartVector(self, size: int, count: int, alignment: int) -> None:  # noqa: N802 - flatbuffers' name
        self.element_size = size


def _generated_fields(table: str) -> Iterator[tuple[int, str, int]]:
    """Yields slot, kind and, of a vector, element size of each field of a table in the generated module."""
    for name, function in vars(schema).items():
        if not name.startswith(f"{table}Add") or not hasattr(schema, table):
            continue
        recorder = _SlotRecorder()
        function(recorder, 0)
        start_vector = getattr(schema, f"{table}Start{name.removeprefix(f'{table}Add')}Vector", None)
        if start_vector:
            start_vector(recorder, 0)
        assert recorder.slot is not None
        yield recorder.slot, recorder.kind, recorder.element_size


@pytest.mark.parametrize("table", TABLES)
def test_tables_when_compared_with_the_generated_schema_have_the_same_slots(table: str) -> None:
    generated = {slot: (kind, size) for slot, kind, size in _generated_fields(table)}

    assert len(TABLES[table]) == max(generated) + 1
    for slot, ours in enumerate(TABLES[table]):
        if ours is None:
            assert slot not in generated
            continue
        kind, element_size = generated[slot]
        if kind != "UOffsetTRelative":
            assert ours == _SCALARS[kind], (table, slot)
        elif ours.startswith("["):
            assert element_size == {"i64": 8, "u8": 1}.get(ours[1:-1], 4), (table, slot)
            assert ours[1:-1] in {*TABLES, "i32", "i64", "f32", "u8"}
        else:
            assert element_size == 0 and ours in {*TABLES, "string", "union"}, (table, slot)


def test_verify_model_when_models_are_whole_accepts_them(dense_bytes: bytes, seq2seq_bytes: bytes) -> None:
    for data in (dense_bytes, seq2seq_bytes, dense_bytes + b"a pack"):
        verify_model(data)


@pytest.mark.parametrize("data", [b"", b"TFL3", b"PK\x03\x04TFL3", b"\x00" * 100, b"\x1c\x00\x00\x00ONNX" * 9])
def test_verify_model_when_it_is_another_file_says_so(data: bytes) -> None:
    with pytest.raises(ArtifactError):
        verify_model(data)


def test_verify_model_when_cut_anywhere_refuses(dense_bytes: bytes) -> None:
    # The end of a buffer is an operator code or a string: nothing of it can be missing but padding.
    for length in range(0, len(dense_bytes) - 8, 3):
        with pytest.raises(ArtifactError):
            verify_model(dense_bytes[:length])


def test_verify_model_when_an_offset_points_back_outside_or_askew_refuses(dense_bytes: bytes) -> None:
    root = struct.unpack_from("<I", dense_bytes, 0)[0]
    for at, value in ((0, 2**31), (0, len(dense_bytes)), (0, root + 1), (root, 2**30), (root, -(2**30)), (root, root)):
        data = bytearray(dense_bytes)
        struct.pack_into("<i" if value < 0 else "<I", data, at, value)
        with pytest.raises(ArtifactError, match="damaged or cut"):
            verify_model(bytes(data))


def test_verify_model_when_tables_are_endless_refuses(monkeypatch: pytest.MonkeyPatch, dense_bytes: bytes) -> None:
    monkeypatch.setattr(flatbuffer, "MAX_TABLES", 10)

    with pytest.raises(ArtifactError, match="more than 10 tables"):
        verify_model(dense_bytes)
