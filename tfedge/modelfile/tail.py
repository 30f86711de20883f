"""What stands behind the model in a file: usually a zip of associated files, as TFLite Metadata writes it.

A zip is read from its end, and most writers count its offsets from byte 0 of the file; where the model before it grows,
every offset grows with it. Names, contents and order of the entries stay as they are.
"""

from __future__ import annotations

import dataclasses
import io
import struct
import zipfile

from tfedge.errors import ArtifactError

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


def split_file(data: bytes) -> tuple[bytes, Tail]:
    """Returns the model of a file and what stands behind it; bytes that are no zip count as the model's own.

    Raises:
        ArtifactError: a damaged zip, or one with 64-bit offsets.
    """
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return data, Tail(b"", len(data))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            directory, infos = archive.start_dir, archive.infolist()
        start = min([directory, *(info.header_offset for info in infos)])
        offsets = _offsets(data, start, directory, len(infos))
    except (zipfile.BadZipFile, struct.error, ValueError, OSError, NotImplementedError) as error:
        raise ArtifactError(
            f"expected a readable zip behind the model; got one with {error}; copy the file again, or remove the zip"
        ) from error
    return data[:start], Tail(data[start:], start, offsets)


def _offsets(data: bytes, start: int, directory: int, count: int) -> tuple[int, ...]:
    """Returns the places, from `start`, of the offsets of a zip; none where they count from the zip's own start."""
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - _END.size - _LONGEST_COMMENT))
    *_, said, _ = _END.unpack_from(data, end)
    if said == _NO_OFFSET or said not in (directory, directory - start) or not start:
        raise ValueError("64-bit offsets, or none that fit the file")
    if said != directory:
        return ()
    places, at = [end + _END_OFFSET_AT - start], directory
    for _ in range(count):
        signature, *_, name, extra, comment, _, _, _, offset = _ENTRY.unpack_from(data, at)
        if signature != b"PK\x01\x02" or offset == _NO_OFFSET or data[offset : offset + 4] != b"PK\x03\x04":
            raise ValueError("an entry that is not where its directory says")
        places.append(at + _ENTRY_OFFSET_AT - start)
        at += _ENTRY.size + name + extra + comment
    return tuple(places)
