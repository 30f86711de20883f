"""Reads the zip of an Android package as Android does: where each entry's bytes lie, and where the zip lies about it.

Python's `zipfile` hides what a gate must see: places of data, local headers, duplicates, overlaps. Android takes the
32-bit format only, entries stored or deflated, and maps stored ones straight from the file. Layout: APPNOTE.TXT 6.3.10.
"""

from __future__ import annotations

import dataclasses
import struct
import zlib
from collections.abc import Iterator

from tfedge.errors import ArtifactError
from tfedge.modelfile.model_file import ModelData
from tfedge.printable import shortened

STORED, DEFLATED = 0, 8
# All that is unpacked of one package, whatever it declares: a second or two of processor time. The largest libraries
# and dex files of one app together are about half of it; stored entries, which are read in place, do not count.
MAX_UNPACKED_BYTES = 2**30
# How often all bytes of a package may be read in place: each stored entry three times at most, where none overlap.
MAX_READS = 8
# What must be in memory at once.
MAX_ENTRY_BYTES = 256 * 2**20
PIECE_BYTES = 2**20

_END = struct.Struct("<4s4H2IH")  # Signature, disks, counts, size, offset, comment size.
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_LOCAL = struct.Struct("<4s5H3I2H")
_LOCATOR64 = b"PK\x06\x07"
_LONGEST_COMMENT = 0xFFFF
_MANY = 0xFFFFFFFF  # "Look into the ZIP64 record".
_ENCRYPTED, _DESCRIPTOR, _UTF8 = 0x1, 0x8, 0x800
_SYMLINK, _TYPE = 0o120000, 0o170000


@dataclasses.dataclass(frozen=True)
class ZipEntry:
    """One entry, as the central directory describes it.

    Attributes:
        name: as text; bytes that are no UTF-8 are written as Python writes them.
        method: 0 stored, 8 deflated; Android reads no other.
        flags: bit 0 encrypted, bit 3 sizes stand behind the data.
        crc: CRC-32 of its content.
        stored_bytes: its size in the file.
        size_bytes: its size unpacked, as declared.
        header_offset: of its local header.
        data_offset: of its bytes, as the local header says.
        is_symlink: whether its mode is that of a symbolic link.
        differences: in what the local header says something else; empty in a sound zip.
    """

    name: str
    method: int
    flags: int
    crc: int
    stored_bytes: int
    size_bytes: int
    header_offset: int
    data_offset: int
    is_symlink: bool = False
    differences: tuple[str, ...] = ()

    @property
    def is_encrypted(self) -> bool:
        """Whether its bytes are encrypted."""
        return bool(self.flags & _ENCRYPTED)

    @property
    def is_stored(self) -> bool:
        """Whether its bytes lie in the file as they are."""
        return self.method == STORED

    @property
    def end_offset(self) -> int:
        """Where its bytes end."""
        return self.data_offset + self.stored_bytes


class ZipFile:
    """The zip of a package.

    Attributes:
        entries: in the order of the central directory; names may come twice.
        directory_offset: where the central directory begins.
        is_zip64: whether it has the records of the 64-bit format, which Android's tools refuse.

    Raises:
        ArtifactError: there is no central directory, or an entry leads out of the file.
    """

    def __init__(self, data: ModelData) -> None:
        self._view = memoryview(data)
        self._unpacked = self._read = 0
        count, size, self.directory_offset, end = self._end()
        self.is_zip64 = end >= 20 and bytes(self._view[end - 20 : end - 16]) == _LOCATOR64
        if self.directory_offset + size > end:
            raise ArtifactError(
                f"expected the zip's directory before its end at byte {end}; it says bytes {self.directory_offset} to "
                f"{self.directory_offset + size}; copy the file again"
            )
        self.entries = tuple(self._entries(count, size))

    def _end(self) -> tuple[int, int, int, int]:
        """Returns number of entries, size and offset of the directory, and where its end record begins."""
        start = max(0, len(self._view) - _END.size - _LONGEST_COMMENT)
        tail = bytes(self._view[start:])
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) - at < _END.size:
            raise ArtifactError("expected a zip, which ends with its directory; its end is missing; copy it again")
        _, disk, directory_disk, _, count, size, offset, comment = _END.unpack_from(tail, at)
        if at + _END.size + comment != len(tail):
            behind = len(tail) - at - _END.size - comment
            what = f"{behind} bytes stand behind it" if behind > 0 else f"{-behind} bytes of its end are missing"
            raise ArtifactError(f"expected a zip that ends with its directory; {what}; copy the file again")
        if disk or directory_disk:
            raise ArtifactError("expected a zip in one file; this is a part of one; join the parts")
        return count, size, offset, start + at

    def _entries(self, count: int, size: int) -> Iterator[ZipEntry]:
        at, end = self.directory_offset, self.directory_offset + size
        for number in range(count):
            if at + _CENTRAL.size > end:
                raise ArtifactError(f"expected {count} entries in the zip's directory; it ends after {number}")
            fields = _CENTRAL.unpack_from(self._view, at)
            _, _, _, flags, method, _, _, crc, stored, whole, name, extra, comment, _, _, mode, offset = fields
            following = at + _CENTRAL.size + name + extra + comment
            if fields[0] != b"PK\x01\x02" or following > end:
                raise ArtifactError(f"expected entry {number} of the zip's directory at byte {at}; it is damaged there")
            raw = bytes(self._view[at + _CENTRAL.size : at + _CENTRAL.size + name])
            is_link = mode >> 16 & _TYPE == _SYMLINK
            yield self._located(raw, (flags, method, crc, stored, whole), offset, is_link)
            at = following

    def _located(self, raw: bytes, fields: tuple[int, int, int, int, int], offset: int, is_link: bool) -> ZipEntry:
        """Returns an entry with what its local header says."""
        flags, method, crc, stored, whole = fields
        name = raw.decode("utf-8", "backslashreplace")
        if _MANY in (stored, whole, offset):
            self.is_zip64 = True
        if offset + _LOCAL.size > self.directory_offset:
            raise ArtifactError(f"expected a header of {shortened(name)!r} before the directory; it says byte {offset}")
        local = _LOCAL.unpack_from(self._view, offset)
        if local[0] != b"PK\x03\x04":
            raise ArtifactError(f"expected a header of {shortened(name)!r} at byte {offset}; there is none")
        start = offset + _LOCAL.size
        data_offset = start + local[9] + local[10]
        if data_offset + stored > self.directory_offset:
            raise ArtifactError(
                f"expected {stored} bytes of {shortened(name)!r} at byte {data_offset}; the directory begins at "
                f"{self.directory_offset}"
            )
        said = [
            *(["name"] if bytes(self._view[start : start + local[9]]) != raw else []),
            *(["method"] if local[3] != method else []),
            *(["flags"] if (local[2] ^ flags) & (_ENCRYPTED | _DESCRIPTOR | _UTF8) else []),
            *self._other_sizes(local, flags, (crc, stored, whole)),
            *(["stored and unpacked size"] if method == STORED and stored != whole else []),
        ]
        sizes = (crc, stored, whole)
        return ZipEntry(name, method, flags, *sizes, offset, data_offset, is_link, tuple(said))

    @staticmethod
    def _other_sizes(local: tuple[int, ...], flags: int, sizes: tuple[int, int, int]) -> list[str]:
        names = ("CRC", "stored size", "unpacked size")
        # With sizes behind the data the local header has zeros, or what the directory says.
        free = (0,) if flags & _DESCRIPTOR else ()
        pairs = zip(names, local[6:9], sizes, strict=True)
        return [name for name, here, there in pairs if here != there and here not in free]

    def read(self, entry: ZipEntry, limit: int = MAX_ENTRY_BYTES) -> ModelData:
        """Returns the content of an entry: a view of the file where it is stored, bytes where it is deflated.

        Raises:
            ArtifactError: encrypted, another method, larger than `limit`, damaged, or too much was unpacked before.
        """
        if entry.is_stored and not entry.is_encrypted:
            for _ in self.pieces(entry):
                pass  # Its sum is checked; the bytes are taken where they lie.
            return self._view[entry.data_offset : entry.end_offset]
        if entry.size_bytes > limit:
            raise ArtifactError(
                f"expected {shortened(entry.name)!r} to have {limit} bytes at most; it declares {entry.size_bytes}"
            )
        return b"".join(self.pieces(entry, limit))

    def pieces(self, entry: ZipEntry, limit: int = MAX_UNPACKED_BYTES) -> Iterator[bytes | memoryview]:
        """Yields the content of an entry piece by piece, checked at its end; raises as `read`."""
        if entry.is_encrypted:
            raise ArtifactError(f"expected {shortened(entry.name)!r} to be readable; it is encrypted")
        if entry.method not in (STORED, DEFLATED):
            raise ArtifactError(
                f"expected {shortened(entry.name)!r} stored or deflated; it has compression method {entry.method}"
            )
        crc = size = 0
        for piece in self._stored(entry) if entry.is_stored else self._inflated(entry):
            crc, size = zlib.crc32(piece, crc), size + len(piece)
            if size > limit or size > entry.size_bytes:
                raise ArtifactError(
                    f"expected {shortened(entry.name)!r} to have {min(limit, entry.size_bytes)} bytes; it has more"
                )
            yield piece
        self._check(entry, crc, size)

    def head(self, entry: ZipEntry, size: int) -> bytes:
        """Returns the first bytes of an entry, fewer where it is shorter, none where it cannot be read."""
        if entry.is_encrypted or entry.method not in (STORED, DEFLATED):
            return b""
        if entry.is_stored:
            return bytes(self._view[entry.data_offset : entry.end_offset][:size])
        packed = bytes(self._view[entry.data_offset : entry.end_offset][: size + 512])
        try:
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, size)
        except zlib.error:
            return b""

    def _stored(self, entry: ZipEntry) -> Iterator[memoryview]:
        self._read += entry.stored_bytes
        if self._read > MAX_READS * len(self._view):
            raise ArtifactError(
                "expected entries that lie one behind the other; they share bytes, and were read too often"
            )
        for start in range(entry.data_offset, entry.end_offset, PIECE_BYTES):
            yield self._view[start : min(start + PIECE_BYTES, entry.end_offset)]

    def _inflated(self, entry: ZipEntry) -> Iterator[bytes]:
        self._check_unpacked()  # Before the next piece of memory is filled.
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for packed in self._stored(entry):
                rest: bytes | memoryview = packed
                while rest and not unpacker.eof:
                    yield self._counted(unpacker.decompress(rest, PIECE_BYTES))
                    rest = unpacker.unconsumed_tail
            while not unpacker.eof:  # What the last piece began.
                piece = self._counted(unpacker.decompress(unpacker.unconsumed_tail, PIECE_BYTES))
                if not piece:
                    raise ArtifactError(f"expected {shortened(entry.name)!r} whole; its compressed bytes end early")
                yield piece
        except zlib.error as error:
            raise ArtifactError(f"expected {shortened(entry.name)!r} to be deflated; {error}") from error

    def _counted(self, piece: bytes) -> bytes:
        self._unpacked += len(piece)
        self._check_unpacked()
        return piece

    def _check_unpacked(self) -> None:
        if self._unpacked > MAX_UNPACKED_BYTES:
            raise ArtifactError(
                f"expected a package of {MAX_UNPACKED_BYTES // 2**20} MiB at most when it is unpacked; it has more"
            )

    @staticmethod
    def _check(entry: ZipEntry, crc: int, size: int) -> None:
        if crc != entry.crc or size != entry.size_bytes:
            what = "another CRC-32" if size == entry.size_bytes else f"{size} bytes"
            raise ArtifactError(
                f"expected {shortened(entry.name)!r} with {entry.size_bytes} bytes and its CRC-32; it has {what}; "
                "copy or build the package again"
            )
