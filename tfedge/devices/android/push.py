"""A model on a device, known by its sha256 and never by its name or size: retrained weights have both alike."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import re

from tfedge.artifacts import sha256_hex
from tfedge.devices.android.adb import Adb, Said, transfer_s
from tfedge.errors import DeviceError

# adb's own folder. Not the app's at once: outside /data adb also sets the owner of what it writes, which Android 11 and
# later refuse in another's folder ("fchown failed: Operation not permitted"; file_sync_service.cpp of adbd).
_STAGING = "/data/local/tmp"
_PARTIAL = ".partial"
_NO_COMMAND = (126, 127)  # POSIX: a command that cannot be run, or is not there
_DIGEST = re.compile(r"\\?([0-9a-f]{64})\b")


@dataclasses.dataclass(frozen=True)
class PushedModel:
    """A model that stands on a device.

    Attributes:
        remote: where.
        was_there: whether it did before, with the same bytes.
        hashed_by: "sha256sum" on the device, or "reading back" where the device lacks that.
    """

    remote: str
    was_there: bool
    hashed_by: str


def push_model(adb: Adb, path: pathlib.Path, sha256: str, size_bytes: int, folder: str) -> PushedModel:
    """Makes `folder`/SHA256.tflite hold the bytes of `path`, whatever stood there before.

    The file gets its name only when the device has the right sha256 of it, so a name never stands for half a model.

    Args:
        path: the file here.
        sha256: of it, all of it.
        size_bytes: of it.
        folder: on the device, which exists and which the app reads.

    Raises:
        DeviceError: the storage is full, the cable was pulled, or other bytes arrived.
    """
    remote = f"{folder}/{sha256}.tflite"
    there, hashed_by = digest_on(adb, remote, size_bytes)
    if there == sha256:
        return PushedModel(remote, True, hashed_by)
    staged, partial = f"{_STAGING}/tfedge-{sha256}{_PARTIAL}", f"{remote}{_PARTIAL}"
    _remove_leftovers(adb, folder)
    try:
        _check(adb.call("push", str(path), staged, timeout_s=transfer_s(size_bytes)), adb, f"adb push to {staged}")
        _check(adb.shell("cp", staged, partial, timeout_s=transfer_s(size_bytes)), adb, f"cp to {partial}")
        _check_digest(adb, partial, sha256, size_bytes)
        _check(adb.shell("mv", "-f", partial, remote), adb, f"mv to {remote}")
    finally:
        with contextlib.suppress(DeviceError):  # A device that is gone is cleaned when the next model comes.
            adb.shell("rm", "-f", staged, partial)
    return PushedModel(remote, False, hashed_by)


def digest_on(adb: Adb, remote: str, size_bytes: int) -> tuple[str, str]:
    """Returns the sha256 of a file on the device, "" where there is none, and how it was had.

    Raises:
        DeviceError: the device is gone, or reads the file no more.
    """
    said = adb.shell("sha256sum", remote, timeout_s=transfer_s(size_bytes))
    found = _DIGEST.match(said.out.strip())
    if said.code == 0 and found is not None:
        return found[1], "sha256sum"
    if said.code not in _NO_COMMAND:
        return "", "sha256sum"
    # Without that tool the bytes themselves come back and are hashed here: slower, and as sure.
    if adb.shell("test", "-f", remote).code:
        return "", "reading back"
    return sha256_hex(adb.read(remote)), "reading back"


def _remove_leftovers(adb: Adb, folder: str) -> None:
    """Removes what a pulled cable left. The patterns hold no letter that a shell reads otherwise."""
    adb.call("shell", f"rm -f {_STAGING}/tfedge-*{_PARTIAL} {folder}/*{_PARTIAL}")


def _check_digest(adb: Adb, remote: str, sha256: str, size_bytes: int) -> None:
    there, _ = digest_on(adb, remote, size_bytes)
    if there != sha256:
        raise DeviceError(
            f"expected sha256 {sha256} of {remote} on {adb.serial}; got {there or 'no file'}: other bytes arrived; try "
            "again, with another cable or port"
        )


def _check(said: Said, adb: Adb, what: str) -> None:
    if said.is_full:
        raise DeviceError(f"expected room on {adb.serial} for {what}; its storage is full; remove something there")
    if said.code:
        raise DeviceError(f"expected {what} on {adb.serial} to work; it said: {said.line}; try again")
