"""New tables stand in front of old bytes that do not change, aligned, each before what it refers to."""

from __future__ import annotations

import pytest

from tests.models import dense
from tests.unit.modelfile.model_tree import old_bytes_kept, tree, unpacked
from tfedge.errors import ArtifactError
from tfedge.modelfile import overlay as overlay_module
from tfedge.modelfile.flatbuffer import verify_model
from tfedge.modelfile.overlay import Kept, Overlay, Scalars, Table, Text

_DESCRIPTION, _BUFFERS = 3, 4


def test_to_bytes_when_only_read_returns_the_old_bytes() -> None:
    overlay = Overlay(dense())
    buffers = overlay.tables(overlay.root, _BUFFERS)
    overlay.view(buffers.items[0], "Buffer")

    assert overlay.integer(overlay.root, 0) == 3
    assert bytes(overlay.content(overlay.root, _DESCRIPTION)) == b"dense float32"
    assert overlay.to_bytes() == dense()


def test_to_bytes_when_a_text_is_new_keeps_the_old_bytes_behind_it() -> None:
    overlay = Overlay(dense())
    overlay.set_node(overlay.root, _DESCRIPTION, Text("grüße".encode()))
    new = overlay.to_bytes()

    verify_model(new)
    assert old_bytes_kept(dense(), new)
    assert bytes(overlay.content(overlay.root, _DESCRIPTION)).decode() == "grüße"
    expected = tree(unpacked(dense())) | {"description": "grüße"}
    assert tree(unpacked(new)) == expected


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 100])
def test_to_bytes_when_buffers_are_new_aligns_them(length: int) -> None:
    overlay = Overlay(dense())
    buffers = overlay.open_tables(overlay.root, _BUFFERS)
    count = len(buffers.items)
    for number in range(3):
        buffers.items.append(Table("Buffer", {0: Scalars(1, bytes([number] * length), 16)}))
    new = overlay.to_bytes()

    verify_model(new)
    data = [bytes(buffer.data if buffer.data is not None else b"") for buffer in unpacked(new).buffers]
    assert data[count:] == [bytes([number] * length) for number in range(3)]
    if length > 1:
        assert [new.index(content) % 16 for content in data[count + 1 :]] == [0, 0]


def test_open_tables_when_a_vector_was_read_before_does_not_change_what_was_read() -> None:
    overlay = Overlay(dense())
    read = overlay.tables(overlay.root, _BUFFERS)
    count = len(read.items)
    overlay.open_tables(overlay.root, _BUFFERS).items.append(Table("Buffer", {}))

    assert len(read.items) == count
    assert len(overlay.tables(overlay.root, _BUFFERS).items) == count + 1


def test_overwrite_when_read_again_gives_the_new_bytes() -> None:
    overlay = Overlay(dense())
    item = overlay.tables(overlay.root, _BUFFERS).items[1]
    table = overlay.view(item, "Buffer")
    held = table.fields[0]
    assert isinstance(held, Kept)
    data = bytes(len(overlay.content(table, 0)))
    overlay.overwrite(held, data)

    assert bytes(overlay.content(table, 0)) == data
    assert bytes(unpacked(overlay.to_bytes()).buffers[1].data) == data


def test_to_bytes_when_it_would_be_too_large_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlay_module, "MAX_MODEL_BYTES", len(dense()) + 10)
    overlay = Overlay(dense())
    overlay.set_node(overlay.root, _DESCRIPTION, Text(b"x"))

    with pytest.raises(ArtifactError, match="below 2 GB"):
        overlay.to_bytes()
