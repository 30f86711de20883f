from __future__ import annotations

import io
import struct
import zipfile

import pytest

from tests.apks.zips import DEFLATED, STORED, Entry, zip_bytes
from tfedge.errors import ArtifactError
from tfedge.modelfile.apk import zip_file
from tfedge.modelfile.apk.zip_file import ZipFile

TEXT = b"words " * 1000
ENTRIES = [Entry("a.txt", TEXT), Entry("b/c.txt", TEXT, DEFLATED, align=64), Entry("d", b"", align=4096)]


def by_python(method: int) -> bytes:
    """A zip with sizes behind the data, as streams are written."""

    class Stream(io.RawIOBase):
        written = b""

        def writable(self) -> bool:
            return True

        def write(self, data) -> int:  # type: ignore[no-untyped-def]
            self.written += bytes(data)
            return len(data)

    stream = Stream()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("a.txt", TEXT)
    return stream.written


def test_zip_when_sound_gives_entries_as_python_does():
    data = zip_bytes(ENTRIES, comment=b"hello")
    archive = ZipFile(data)
    with zipfile.ZipFile(io.BytesIO(data)) as other:
        assert [entry.name for entry in archive.entries] == other.namelist()
        for entry in archive.entries:
            assert bytes(archive.read(entry)) == other.read(entry.name) == b"".join(archive.pieces(entry))
            assert entry.differences == () and not entry.is_symlink and not entry.is_encrypted
            assert archive.head(entry, 5) == other.read(entry.name)[:5]
    assert [entry.data_offset % size for entry, size in zip(archive.entries, (4, 64, 4096), strict=True)] == [0, 0, 0]
    assert not archive.is_zip64


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_zip_when_sizes_stand_behind_the_data_reads_it_without_complaint(method):
    archive = ZipFile(by_python(method))
    (entry,) = archive.entries
    assert bytes(archive.read(entry)) == TEXT and entry.differences == ()


def test_read_when_stored_gives_a_view_of_the_file():
    archive = ZipFile(zip_bytes(ENTRIES))
    assert isinstance(archive.read(archive.entries[0]), memoryview)


def end_field(data: bytes, at: int, value: int, layout: str = "<I") -> bytes:
    changed = bytearray(data)
    struct.pack_into(layout, changed, len(data) - 22 + at, value)
    return bytes(changed)


SOUND = zip_bytes(ENTRIES)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "its end is missing"),
        (b"PK\3\4" + bytes(90), "its end is missing"),
        (SOUND[:-1], "its end is missing"),
        (SOUND + b"x", "1 bytes stand behind it"),
        (end_field(SOUND, 20, 9, "<H"), "9 bytes of its end are missing"),
        (end_field(SOUND, 12, 2**32 - 1), "it says bytes"),
        (end_field(SOUND, 16, 2**32 - 1), "it says bytes"),
        (end_field(SOUND, 16, 4), "entry 0 of the zip's directory at byte 4; it is damaged"),
        (end_field(SOUND, 10, 4, "<H"), "it ends after 3"),
        (end_field(SOUND, 4, 1, "<H"), "a part of one"),
        (zip_bytes([Entry("a", TEXT, central={"offset": 10})]), "at byte 10; there is none"),
        (zip_bytes([Entry("a", TEXT, central={"offset": 2**31})]), "it says byte 2147483648"),
        (zip_bytes([Entry("a", TEXT, central={"stored": 2**32 - 1})]), "4294967295 bytes of 'a'"),
    ],
)
def test_zip_when_its_directory_is_damaged_is_refused_in_words(data, said):
    with pytest.raises(ArtifactError, match=said) as raised:
        ZipFile(data)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (Entry("a", TEXT, central={"flags": 1}), "it is encrypted"),
        (Entry("a", TEXT, method=14), "compression method 14"),
        (Entry("a", TEXT, central={"crc": 1}), "another CRC-32"),
        (Entry("a", TEXT, DEFLATED, central={"size": 5}), "it has more"),
        (Entry("a", TEXT, DEFLATED, central={"size": 2**31}), "it declares 2147483648"),
        (Entry("a", TEXT, DEFLATED, central={"size": 7000}), "it has 6000 bytes"),
        (Entry("a", TEXT, DEFLATED, central={"stored": 9}), "its compressed bytes end early"),
        (Entry("a", TEXT, STORED, central={"method": 8}), "to be deflated"),
    ],
)
def test_read_when_an_entry_lies_is_refused_in_words(entry, said):
    archive = ZipFile(zip_bytes([entry]))
    with pytest.raises(ArtifactError, match=said):
        archive.read(archive.entries[0])


def test_pieces_when_a_package_unpacks_to_more_than_the_limit_stops(monkeypatch):
    monkeypatch.setattr(zip_file, "MAX_UNPACKED_BYTES", 3 * 2**20)
    archive = ZipFile(zip_bytes([Entry(f"{n}", bytes(2 * 2**20), DEFLATED) for n in range(2)]))
    assert sum(map(len, archive.pieces(archive.entries[0], 2**30))) == 2 * 2**20
    with pytest.raises(ArtifactError, match="3 MiB at most"):
        list(archive.pieces(archive.entries[1], 2**30))


def test_zip_when_it_has_records_of_64_bits_says_so():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, archive.open("a", "w", force_zip64=True) as entry:
        entry.write(TEXT)
    assert not ZipFile(buffer.getvalue()).is_zip64  # Of the entry alone, and its sizes fit.
    with_locator = SOUND[:-22] + struct.pack("<4sIQI", b"PK\6\7", 0, 0, 1) + SOUND[-22:]
    assert ZipFile(with_locator).is_zip64
    assert ZipFile(zip_bytes([Entry("a", TEXT, central={"size": 2**32 - 1})])).is_zip64


@pytest.mark.parametrize(
    ("entry", "differences"),
    [
        (Entry("a", TEXT, local={"name": "b"}), ("name",)),
        (Entry("a", TEXT, DEFLATED, local={"method": 0}), ("method",)),
        (
            Entry("a", TEXT, central={"size": 7, "stored": 6}, local={"size": 7, "stored": 6}),
            ("stored and unpacked size",),
        ),
        (Entry("a", TEXT, local={"crc": 0, "stored": 0, "size": 0, "flags": 0x808}, central={"flags": 0x808}), ()),
        (Entry("a", TEXT, local={"crc": 0}), ("CRC",)),
    ],
)
def test_entry_when_its_headers_differ_says_in_what(entry, differences):
    assert ZipFile(zip_bytes([entry])).entries[0].differences == differences


def test_entry_when_its_name_is_no_utf8_is_written_as_python_does():
    (entry,) = ZipFile(zip_bytes([Entry("caf\udce9", TEXT, local={"name": "cafe"})])).entries
    assert entry.name == "caf\\xe9"


def test_head_when_an_entry_cannot_be_read_is_empty():
    entries = [Entry("a", TEXT, central={"flags": 1}), Entry("b", TEXT, central={"method": 8}), Entry("c", TEXT, 99)]
    archive = ZipFile(zip_bytes(entries))
    assert [archive.head(entry, 8) for entry in archive.entries] == [b"", b"", b""]


def test_zip_when_entries_share_bytes_is_read_in_bounded_time():
    big = Entry("0", bytes(2**20))
    archive = ZipFile(zip_bytes([big, *(Entry(f"{n}", b"", at=0, central={"stored": 2**20}) for n in range(1, 50))]))
    outcomes = []
    for entry in archive.entries:
        try:
            list(archive.pieces(entry, 2**30))
        except ArtifactError as error:
            outcomes.append(str(error))
    assert sum("read too often" in said for said in outcomes) > 40
