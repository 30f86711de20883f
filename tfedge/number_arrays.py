"""Arrays of numbers that a user gives as an .npz; no code in it is run, and no zip of a few bytes fills the memory."""

from __future__ import annotations

import os
import zipfile
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from tfedge.artifacts import read_bytes
from tfedge.errors import InputError

Array = npt.NDArray[Any]
MAX_BYTES = 2**30  # Of all arrays, unpacked: an .npz is a zip, and a small one may unpack to anything.
# What NumPy and zipfile say of damaged bytes, of pickled objects, and of text in place of an array's header.
_UNREADABLE = (ValueError, OSError, EOFError, KeyError, SyntaxError, RuntimeError, zipfile.BadZipFile, zlib.error)


def read_npz(path: str | os.PathLike[str], what: str) -> dict[str, Array]:
    """Reads arrays of numbers by name, examples along the first axis of each.

    Args:
        what: the role of the file, for the message where there is none.

    Raises:
        ArtifactError: there is no such file.
        InputError: not an .npz, no array, objects or text in one, a single number, NaN, or too much.
    """
    read_bytes(path, what)
    try:
        with zipfile.ZipFile(path) as archive:
            total = sum(info.file_size for info in archive.infolist())
        if total > MAX_BYTES:
            raise InputError(f"expected at most {MAX_BYTES >> 20} MiB of arrays in {path}; got {total >> 20} MiB")
        with np.load(path, allow_pickle=False) as held:
            arrays = {name: np.asarray(held[name]) for name in held.files}
    except InputError:
        raise
    except _UNREADABLE as error:
        raise InputError(
            f"expected an .npz of numbers in {path}; {' '.join(str(error).split())}; write it with numpy.savez"
        ) from error
    problems = [problem for name, array in arrays.items() if (problem := _problem(name, array))]
    if not arrays:
        problems = ["it holds no array"]
    if problems:
        raise InputError(f"expected cases along the first axis of each array in {path}; {'; '.join(problems)}")
    return arrays


def _problem(name: str, array: Array) -> str:
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
        return f"{name} holds {array.dtype}, not numbers"
    if array.ndim == 0:
        return f"{name} is a single number"
    if array.dtype.kind == "f" and np.isnan(array).any():
        return f"{name} has NaN in {int(np.isnan(array).any(axis=tuple(range(1, array.ndim))).sum())} cases"
    return ""
