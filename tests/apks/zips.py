"""Writes zips as build tools do, and as they never would: every field of both headers can be set."""

from __future__ import annotations

import dataclasses
import struct
import zlib
from collections.abc import Mapping, Sequence

STORED, DEFLATED = 0, 8
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_LOCAL = struct.Struct("<4s5H3I2H")
_END = struct.Struct("<4s4H2IH")
_ALIGNMENT_FIELD = 0xD935  # What zipalign and apksigner write.


@dataclasses.dataclass(frozen=True)
class Entry:
    """One entry to write.

    Attributes:
        name: in both headers.
        content: unpacked.
        method: 0 or 8 pack the content; of any other it is stored.
        align: of its first byte in the file.
        mode: of Unix; 0o120777 is a link.
        central, local: fields of one header that differ: method, flags, crc, stored, size, offset, name.
        at: another entry's local header is used as this one's, by its place in the list.
    """

    name: str
    content: bytes = b""
    method: int = STORED
    align: int = 4
    mode: int = 0o100644
    central: Mapping[str, int] = dataclasses.field(default_factory=dict)
    local: Mapping[str, object] = dataclasses.field(default_factory=dict)
    at: int | None = None


def zip_bytes(entries: Sequence[Entry], block: bytes = b"", comment: bytes = b"", count: int | None = None) -> bytes:
    """Returns the zip; `block` stands before its directory, `count` is what its end says."""
    data, directory = bytearray(), bytearray()
    offsets: list[int] = []
    for entry in entries:
        packed = _packed(entry.content) if entry.method == DEFLATED else entry.content
        said = {
            "method": entry.method,
            "flags": 0x800,
            "crc": zlib.crc32(entry.content),
            "stored": len(packed),
            "size": len(entry.content),
            "offset": len(data) if entry.at is None else offsets[entry.at],
        }
        offsets.append(said["offset"])
        if entry.at is None:
            data += _local(entry, said, len(data)) + packed
        directory += _central(entry, {**said, **entry.central})
    start = len(data) + len(block)
    number = len(entries) if count is None else count
    end = _END.pack(b"PK\x05\x06", 0, 0, number, number, len(directory), start, len(comment))
    return bytes(data) + block + bytes(directory) + end + comment


def _packed(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


def _local(entry: Entry, said: dict[str, int], start: int) -> bytes:
    fields = {**said, **entry.local}
    name = str(fields.get("name", entry.name)).encode()
    begin = start + _LOCAL.size + len(name)
    missing = -begin % entry.align
    # An extra field has four bytes of its own before anything else.
    extra = missing if missing in (0, *range(4, entry.align)) else missing + entry.align
    while 0 < extra < 4:
        extra += entry.align
    field = struct.pack("<HH", _ALIGNMENT_FIELD, extra - 4) + bytes(extra - 4) if extra else b""
    sizes = (fields["crc"], fields["stored"], fields["size"])
    head = (20, fields["flags"], fields["method"], 0, 0x21, *sizes, len(name), len(field))
    return _LOCAL.pack(b"PK\x03\x04", *head) + name + field


def _central(entry: Entry, fields: dict[str, int]) -> bytes:
    name = entry.name.encode("utf-8", "surrogateescape")
    sizes = (fields["crc"], fields["stored"], fields["size"])
    head = (0x314, 20, fields["flags"], fields["method"], 0, 0x21, *sizes, len(name), 0, 0, 0, 0)
    return _CENTRAL.pack(b"PK\x01\x02", *head, entry.mode << 16, fields["offset"]) + name
