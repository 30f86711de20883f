"""Folders that appear complete or not at all: made under another name by one process at a time, then renamed."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterator

from tfedge.errors import ArtifactError

_PARTIAL = ".partial."


@contextlib.contextmanager
def locked(folder: pathlib.Path, wait: bool = True) -> Iterator[None]:
    """Makes `folder` and holds its lock, which the kernel frees when the process ends, however it ends.

    Removes what a killed process left unfinished.

    Raises:
        ArtifactError: the folder cannot be made or written.
        BlockingIOError: without `wait`, where another process holds the lock.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = open(folder / ".lock", "w", encoding="utf-8")
    except OSError as error:
        raise ArtifactError(
            f"expected to write into the cache folder {folder}; {error.strerror}; set TFEDGE_CACHE to another folder"
        ) from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        for left in folder.glob(f"*/{_PARTIAL}*"):
            shutil.rmtree(left)
        yield


@contextlib.contextmanager
def staged(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """Yields a folder beside `folder` to fill; on success it takes that name, in place of one that was there.

    Raises:
        ArtifactError: the cache folder cannot be written, or the disk is full.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = pathlib.Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=folder.parent))
        temporary.chmod(0o755)
    except OSError as error:
        raise _not_writable(folder, error) from error
    try:
        yield temporary
        if folder.exists():
            remove(folder)
        os.rename(temporary, folder)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.EPERM):
            raise
        raise _not_writable(folder, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _not_writable(folder: pathlib.Path, error: OSError) -> ArtifactError:
    return ArtifactError(
        f"expected to write {folder}; {error.strerror}; make room, or set TFEDGE_CACHE to another folder"
    )


def check_space(folder: pathlib.Path, needed_bytes: int) -> None:
    """Refuses early where there is no room: apt waits for ever on a full disk.

    Raises:
        ArtifactError: `folder`, which must exist, has less free space than is needed.
    """
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise ArtifactError(
            f"expected {needed_bytes // 10**6} MB of free space for {folder}; there are {free // 10**6}; make room, or "
            "set TFEDGE_CACHE to another folder"
        )


def check_said(said: str) -> None:
    """Raises OSError where a program's own words say that the disk is full; `staged` puts it into better ones."""
    if "No space left on device" in said:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def remove(folder: pathlib.Path) -> None:
    """Removes a folder, which nobody takes for complete while it goes."""
    going = pathlib.Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=folder.parent))
    os.rename(folder, going / folder.name)
    shutil.rmtree(going)
