"""What stands behind the model in a file: usually a zip of associated files, as TFLite Metadata writes it.

A zip is read from its end, and most writers count its offsets from byte 0 of the file; where the model before it grows,
every offset grows with it. Names, contents and order of the entries stay as they are.
"""

from __future__ import annotations

import dataclasses
import struct
import zipfile

from tfedge.errors import ArtifactError, ConfigError
from tfedge.modelfile.archive import list_entries, read_archive
from tfedge.modelfile.model_file import ModelData

_END = struct.Struct("<4s4H2IH")  # End of central directory: signature, disks, counts, size, offset, comment size.
_ENTRY = struct.Struct("<4s6H3I5H2I")  # Central header up to the name; the last is the offset of the local header.
_END_OFFSET_AT, _ENTRY_OFFSET_AT = 16, 42
_NO_OFFSET = 0xFFFFFFFF  # "Look into the ZIP64 record".
_LONGEST_COMMENT = 0xFFFF


@dataclasses.dataclass(frozen=True)
class Tail:
    """The bytes behind a model.

    Attributes:
        data: from the end of the model to the end of the file; empty where nothing stands there.
        start: place of its first byte in the file it was read from.
        offsets: places in `data` of offsets (uint32) that count from byte 0 of the file.
    """

    data: bytes
    start: int
    offsets: tuple[int, ...] = ()

    def behind(self, model_bytes: bytes) -> bytes:
        """Returns the file of another model with this tail, readable as before."""
        data, growth = bytearray(self.data), len(model_bytes) - self.start
        for place in self.offsets:
            (offset,) = struct.unpack_from("<I", data, place)
            struct.pack_into("<I", data, place, offset + growth)
        return model_bytes + bytes(data)


def split_file(data: ModelData) -> tuple[bytes, Tail]:
    """Returns the model of a file and what stands behind it; bytes that are no zip count as the model's own.

    Raises:
        ArtifactError: a damaged zip, or one with 64-bit offsets.
    """
    try:
        if not list_entries(data):
            return bytes(data), Tail(b"", len(data))
        start, offsets = read_archive(data, lambda archive: _layout(archive, data))
    except ConfigError as error:
        raise ArtifactError(
            f"expected a model with a whole zip behind it, or none; {error}; copy the file again, or cut the zip off"
        ) from error
    view = memoryview(data)
    return bytes(view[:start]), Tail(bytes(view[start:]), start, offsets)


def _layout(archive: zipfile.ZipFile, data: ModelData) -> tuple[int, tuple[int, ...]]:
    """Returns where a zip starts, and the places in it of offsets from byte 0; none where it counts from its start."""
    directory, infos = archive.start_dir, archive.infolist()
    start = min(info.header_offset for info in infos)
    last = max(0, len(data) - _END.size - _LONGEST_COMMENT)
    end = last + bytes(data[last:]).rfind(b"PK\x05\x06")
    *_, said, _ = _END.unpack_from(data, end)
    if said == _NO_OFFSET or said not in (directory, directory - start) or start <= 0:
        raise ConfigError("its offsets must have 32 bits and fit the file")
    if said != directory:
        return start, ()
    places, at = [end + _END_OFFSET_AT - start], directory
    for _ in infos:
        signature, *_, name, extra, comment, _, _, _, offset = _ENTRY.unpack_from(data, at)
        if signature != b"PK\x01\x02" or offset == _NO_OFFSET or bytes(data[offset : offset + 4]) != b"PK\x03\x04":
            raise ConfigError("its entries must stand where its directory says")
        places.append(at + _ENTRY_OFFSET_AT - start)
        at += _ENTRY.size + name + extra + comment
    return start, tuple(places)
