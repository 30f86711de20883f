"""A stranger's zip is listed with what is unsafe about it, within limits, and nothing of it is unpacked."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import Any

import pytest

from tfedge.errors import ConfigError
from tfedge.modelfile import archive
from tfedge.modelfile.archive import list_entries, read_archive


def _zip(before: bytes = b"", **entries: Any) -> bytes:
    buffer = io.BytesIO(before)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as writer:
        for name, content in entries.items():
            writer.writestr(name, content)
    return buffer.getvalue()


def test_list_entries_when_files_are_behind_a_model_lists_them(dense_bytes: bytes) -> None:
    entries = list_entries(_zip(dense_bytes, **{"labels.txt": "cat\ndog\n", "vocab.txt": "a" * 50}))

    assert [(entry.name, entry.size_bytes, entry.remarks) for entry in entries] == [
        ("labels.txt", 8, ()),
        ("vocab.txt", 50, ()),
    ]
    assert 0 < entries[1].stored_bytes < 50


def test_list_entries_when_there_is_no_zip_is_empty(dense_bytes: bytes) -> None:
    assert list_entries(dense_bytes) == list_entries(b"") == ()


@pytest.mark.parametrize("name", ["../evil.txt", "a/../../b", "/etc/passwd", "..\\evil", "C:\\evil", "a\0/../b"])
def test_list_entries_when_a_name_leads_out_says_so(name: str) -> None:
    info = zipfile.ZipInfo()
    info.filename = info.orig_filename = name  # As its constructor would not let it be.
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as writer:
        writer.writestr(info, "x")

    (entry,) = list_entries(buffer.getvalue())

    assert "leads out of a folder" in entry.remarks[0] and entry.name.isprintable()


@pytest.mark.parametrize("name", ["a..b/c", "dir/file:1", "..."])
def test_list_entries_when_a_name_only_looks_like_it_says_nothing(name: str) -> None:
    assert list_entries(_zip(**{name: "x"}))[0].remarks == ()


def test_list_entries_when_a_name_has_escapes_writes_their_codes() -> None:
    assert list_entries(_zip(**{"\x1b[31m\n.txt": "x"}))[0].name == "\\x1b[31m\\n.txt"


def test_list_entries_when_an_entry_is_a_bomb_says_how_large_and_unpacks_nothing() -> None:
    (entry,) = list_entries(_zip(bomb=bytes(10_000_000)))

    assert entry.size_bytes == 10_000_000 and "times its stored size" in entry.remarks[0]


def test_list_entries_when_an_entry_is_encrypted_or_a_link_says_so() -> None:
    info = zipfile.ZipInfo("link")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as writer:
        writer.writestr(info, "/etc/passwd")
    data = bytearray(buffer.getvalue())
    data[data.index(b"PK\x01\x02") + 8] |= 1

    assert list_entries(bytes(data))[0].remarks == ("encrypted", "a symbolic link")


def test_list_entries_when_its_directory_is_damaged_says_so() -> None:
    data = bytearray(_zip(b"model", **{"labels.txt": "x"}))
    data[data.index(b"PK\x01\x02")] = 0

    with pytest.raises(ConfigError, match="must be readable"):
        list_entries(bytes(data))


def test_list_entries_when_its_directory_is_huge_reads_none_of_it() -> None:
    size = archive.MAX_DIRECTORY_BYTES + 46
    directory = (b"PK\x01\x02" + bytes(42)) * (size // 46)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), 0, 0)

    with pytest.raises(ConfigError, match="bytes to read at once"):
        list_entries(directory + end)


def test_read_archive_when_an_entry_is_larger_than_the_limit_refuses() -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_STORED) as writer:
        writer.writestr("a", bytes(5000))

    assert len(read_archive(data.getvalue(), lambda opened: opened.read("a"), limit=5000)) == 5000
    with pytest.raises(ConfigError, match="limit is 4999"):
        read_archive(data.getvalue(), lambda opened: opened.read("a"), limit=4999)
