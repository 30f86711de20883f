"""IDX files, the format of MNIST and its kin: http://yann.lecun.com/exdb/mnist/ ("the IDX file format")."""

from __future__ import annotations

import gzip
import math
import pathlib
import zlib

import numpy as np
import numpy.typing as npt

from tfedge.artifacts import read_bytes
from tfedge.errors import InputError

# Two zero bytes, the type (8: unsigned bytes), then how many sizes follow, each four bytes, most significant first.
_UNSIGNED_BYTES = b"\0\0\x08"


def find(folder: pathlib.Path, name: str) -> pathlib.Path | None:
    """Returns `name` or `name.gz` in a folder, or None."""
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    return None


def read(path: pathlib.Path, rank: int) -> npt.NDArray[np.uint8]:
    """Returns the array of an IDX file, gzipped or not: uint8 of `rank` axes.

    Raises:
        ArtifactError: the file is missing or cannot be read.
        InputError: it is no such file, or a broken one.
    """
    data = read_bytes(path, "IDX file")
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"expected a whole gzip file in {path}; {error}; get it again") from None
    if data[:3] != _UNSIGNED_BYTES or len(data) < 4 or data[3] != rank:
        raise InputError(
            f"expected an IDX file of bytes with {rank} axes in {path}; got first bytes {data[:4].hex()!r}"
        )
    start = 4 + 4 * rank
    if len(data) < start:
        raise InputError(f"expected {rank} sizes in {path}; got {len(data)} bytes; get it again")
    shape = tuple(int(size) for size in np.frombuffer(data[4:start], ">u4"))
    if len(data) - start != math.prod(shape):
        raise InputError(
            f"expected {math.prod(shape)} bytes of shape {shape} in {path}; got {len(data) - start}; get it again"
        )
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)
