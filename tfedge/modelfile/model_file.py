"""Opens the file that a model is in: a small one as bytes, a large one mapped, so that it is never in memory twice."""

from __future__ import annotations

import hashlib
import mmap
import os
import pathlib
import stat
from collections.abc import Iterator

from tfedge.errors import ArtifactError

# What every reader of this room takes. All offer len() and slices; a reader that wants bytes asks for them.
ModelData = bytes | bytearray | memoryview | mmap.mmap

# A copy is safe from whoever rewrites the file meanwhile, and a mapped file that is cut under its reader ends the
# process by SIGBUS. Above this size the copy costs more than that chance: 32 MiB are read in 10 ms.
MAX_COPIED_BYTES = 32 * 2**20
_PIECE_BYTES = 4 * 2**20  # A multiple of every page size.


def open_model(path: str | os.PathLike[str]) -> bytes | mmap.mmap:
    """Returns the content of a model file, read only.

    A mapped file stays mapped as long as someone holds what this returned, or a view of it.

    Raises:
        ArtifactError: there is no such file, it cannot be read, or it is no regular file (a pipe or a device may
            never end).
    """
    path = pathlib.Path(path)
    try:
        found = path.stat()
        if stat.S_ISREG(found.st_mode):
            with open(path, "rb") as file:
                if found.st_size <= MAX_COPIED_BYTES:
                    return file.read(MAX_COPIED_BYTES)  # Not more, if it grew since.
                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise ArtifactError(f"expected a model file at {path}; there is none; check the path") from None
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path, or nothing left to map.
        reason = error.strerror if isinstance(error, OSError) else error
        raise ArtifactError(f"expected a readable model file at {path}; {reason}; check its permissions") from error
    what = "a folder; name the file in it" if stat.S_ISDIR(found.st_mode) else "a pipe or a device; write it to a file"
    raise ArtifactError(f"expected a model file at {path}; it is {what}")


def sha256_of(data: ModelData, length: int | None = None) -> str:
    """Returns the sha256 of the first `length` bytes, of all by default, as 64 lower-case hexadecimal digits."""
    return digest_of(data, length).hexdigest()


def digest_of(data: ModelData, length: int | None = None) -> hashlib._Hash:
    """Returns the running sha256 of the first `length` bytes, of all by default."""
    digest = hashlib.sha256()
    for piece in pieces(data, length):
        digest.update(piece)
    return digest


def pieces(data: ModelData, length: int | None = None, overlap: int = 0) -> Iterator[memoryview]:
    """Yields the first `length` bytes piece by piece; of a mapped file no more than one is in memory.

    Args:
        overlap: how many bytes of the next piece each has at its end.
    """
    view = memoryview(data)[:length]
    for start in range(0, len(view), _PIECE_BYTES):
        yield view[start : start + _PIECE_BYTES + overlap]
        _let_go(data, start, min(_PIECE_BYTES, len(view) - start))


def release(data: ModelData) -> None:
    """Gives back the memory of a mapped file; what is read again comes from the file again."""
    _let_go(data, 0, len(data))


def _let_go(data: ModelData, start: int, size: int) -> None:
    if isinstance(data, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        data.madvise(mmap.MADV_DONTNEED, start, size)
