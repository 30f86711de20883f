"""Reads a zip behind a model, whoever wrote it, without copying the model and without trusting what the zip says.

Entries are listed, and those of a pack are read into memory up to a limit. None is ever written to disk.
"""

from __future__ import annotations

import dataclasses
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import TypeVar

from tfedge.errors import ConfigError
from tfedge.modelfile.model_file import ModelData
from tfedge.printable import printable, shortened

# The directory of a pack has 300 bytes, that of TFLite Metadata as much; 1 MiB are 20,000 entries, read in 0.2 s.
MAX_DIRECTORY_BYTES = 2**20
# A list of 128,000 words deflates 4 times, zeros 1,000 times: deflate's own limit.
BOMB_RATIO = 100

_UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, RuntimeError),
    *(NotImplementedError, KeyError, OverflowError),
)
T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class ArchiveEntry:
    """One entry of a zip, as its directory describes it.

    Attributes:
        name: printable; what is not is written as Python writes it.
        size_bytes: its size unpacked, as declared.
        stored_bytes: its size in the file, as declared.
        remarks: what is unsafe about it, in words; empty for an ordinary file.
    """

    name: str
    size_bytes: int
    stored_bytes: int
    remarks: tuple[str, ...] = ()


class _Window(io.RawIOBase):
    """The bytes of a file as a file object that copies only what is read, and never much at once."""

    def __init__(self, data: ModelData, limit: int = MAX_DIRECTORY_BYTES) -> None:
        self._view = memoryview(data)
        self._limit = limit
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: len(self._view)}[whence]
        if start + offset < 0:
            raise ValueError(f"an offset to byte {start + offset}")
        self._at = start + offset
        return self._at

    def read(self, size: int = -1) -> bytes:
        rest = max(0, len(self._view) - self._at)
        size = rest if size is None or size < 0 else min(size, rest)
        if size > self._limit:
            raise ValueError(f"{size} bytes to read at once; the limit is {self._limit}")
        piece = bytes(self._view[self._at : self._at + size])
        self._at += size
        return piece


def read_archive(data: ModelData, read: Callable[[zipfile.ZipFile], T], limit: int = MAX_DIRECTORY_BYTES) -> T:
    """Opens the zip at the end of `data`, calls `read` with it and returns what that returned.

    No piece of more than `limit` bytes is read: not its directory, and not an entry.

    Raises:
        ConfigError: the zip cannot be read; a ConfigError of `read` itself is passed on.
    """
    try:
        with zipfile.ZipFile(_Window(data, limit)) as archive:
            return read(archive)
    except ConfigError:
        raise
    except _UNREADABLE as error:
        raise ConfigError(f"its zip must be readable; got {shortened(str(error), 120)}") from error


def list_entries(data: ModelData) -> tuple[ArchiveEntry, ...]:
    """Returns the entries of the zip at the end of `data`, in its order; none where there is no zip.

    Raises:
        ConfigError: there is a zip, and it cannot be read.
    """
    try:
        if not zipfile.is_zipfile(_Window(data)):
            return ()
    except _UNREADABLE:
        return ()  # No end of a directory that could be found.
    return read_archive(data, lambda archive: tuple(_entry(info) for info in archive.infolist()))


def _entry(info: zipfile.ZipInfo) -> ArchiveEntry:
    return ArchiveEntry(printable(info.orig_filename), info.file_size, info.compress_size, tuple(_remarks(info)))


def _remarks(info: zipfile.ZipInfo) -> list[str]:
    # As the file has it: ZipInfo.filename ends at a null byte.
    parts = info.orig_filename.replace("\\", "/").split("/")
    remarks = []
    if ".." in parts or parts[0] == "" or ":" in parts[0] or "\0" in info.orig_filename:
        remarks.append("its name leads out of a folder it is unpacked into")
    if info.flag_bits & 1:
        remarks.append("encrypted")
    if info.file_size > BOMB_RATIO * max(info.compress_size, 1):
        remarks.append(f"declares {info.file_size // max(info.compress_size, 1)} times its stored size")
    if info.external_attr >> 16 & 0o170000 == 0o120000:
        remarks.append("a symbolic link")
    return remarks
