"""The two files that travel, and how files are written: completely, or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pathlib
import tempfile
from collections.abc import Iterator

from tfedge.errors import ArtifactError


def sha256_hex(data: bytes) -> str:
    """Returns the sha256 of `data` as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def read_bytes(path: str | os.PathLike[str], what: str = "file") -> bytes:
    """Reads a whole file.

    Raises:
        ArtifactError: the file is missing or cannot be read; `what` names its role in the message.
    """
    path = pathlib.Path(path)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ArtifactError(f"expected a {what} at {path}; there is none; check the path") from None
    except IsADirectoryError:
        raise ArtifactError(f"expected a {what} at {path}; it is a folder; name the file in it") from None
    except OSError as error:
        raise ArtifactError(f"expected a readable {what} at {path}; {error.strerror}; check its permissions") from error


def check_writable(path: str | os.PathLike[str], force: bool = False) -> pathlib.Path:
    """Refuses early: before minutes of work whose result could not be written. Makes nothing, no folder either.

    Raises:
        ArtifactError: `path` exists and `force` is false, or its folder cannot be made or written.
    """
    path = pathlib.Path(path)
    try:
        if path.is_dir():
            raise ArtifactError(f"expected a file name to write; {path} is a folder; name a file in it")
        if path.exists() and not force:
            raise ArtifactError(f"expected a free file name; {path} exists; pass --force to replace it")
        folder = path.parent
        while not folder.exists():  # What is missing can be made where the last existing folder can be written.
            folder = folder.parent
        _make_temporary(folder / path.name).unlink()
    except OSError as error:
        raise ArtifactError(
            f"expected to write {path.name} into {path.parent}; {error.strerror}; choose another name or folder"
        ) from error
    return path


def _make_temporary(path: pathlib.Path) -> pathlib.Path:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=f".partial{path.suffix}")
    os.close(handle)
    return pathlib.Path(name)


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str], force: bool = False) -> Iterator[pathlib.Path]:
    """Yields a temporary path beside `path`; on success it is synced and renamed onto `path`.

    A reader therefore sees the old file or the complete new one, and a kill leaves at most a hidden
    temporary file (`.NAME.*.partial`), never half a file under the final name.

    Raises:
        ArtifactError: as `check_writable`, or the disk is full.
    """
    path = check_writable(path, force)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _make_temporary(path)
    except OSError as error:
        raise ArtifactError(f"expected to write into {path.parent}; {error.strerror}; choose another folder") from error
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        os.replace(temporary, path)
    except OSError as error:
        raise ArtifactError(f"expected to write {path}; {error.strerror or error}; nothing was changed") from error
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: str | os.PathLike[str], data: bytes, force: bool = False) -> pathlib.Path:
    """Writes `data` to `path` completely or not at all; see `atomic_path` for what it raises."""
    with atomic_path(path, force) as temporary:
        temporary.write_bytes(data)
    return pathlib.Path(path)
