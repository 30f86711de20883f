"""The adb command line: where it is, one call with a time-out, and what its messages mean."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from typing import IO

from tfedge.errors import DeviceError
from tfedge.printable import shortened

# What the client says of its server before it answers; old versions say it on stdout, between the answers.
_CHATTER = re.compile(r"\* daemon |\* server |adb server (?:version|is out of date)|- waiting for device -")
# adb's own words, and not those of the device's shell, begin so.
_ADB_ITSELF = re.compile(r"(?:adb: )?error: |adb: |protocol fault|\* failed to start daemon")
_LOST = re.compile(
    r"device '.*' not found|no devices/emulators found|device offline|device unauthorized|device still "
    r"|error: closed|protocol fault|couldn't read from device|no response|connection reset|broken pipe|unexpected eof",
    re.IGNORECASE,
)
_NO_SERVER = re.compile(r"cannot connect to daemon|failed to start daemon|failed to check server version")
_FULL = re.compile(r"no space left on device|quota exceeded", re.IGNORECASE)
_CALL_S = 30.0  # Answers of a fraction of a second; a phone that sleeps deeply, or a hub, takes a few.
_BYTES_PER_S = 1_000_000  # adb over Wi-Fi at its worst; USB 2 moves thirty times that.


@dataclasses.dataclass(frozen=True)
class Said:
    """What a call answered.

    Attributes:
        code: exit code; of `shell` that of the command on the device.
        out, err: text of stdout and stderr, without carriage returns and what adb says about its server.
    """

    code: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The line to quote: the first of stderr, or the last of stdout."""
        lines = [line.strip() for line in self.err.splitlines() if line.strip()]
        lines = lines or [line.strip() for line in self.out.splitlines() if line.strip()][-1:]
        return shortened(lines[0], 300) if lines else f"nothing, exit code {self.code}"

    @property
    def is_full(self) -> bool:
        """Whether the device's storage is full."""
        return bool(_FULL.search(self.err) or _FULL.search(self.out))


@dataclasses.dataclass(frozen=True)
class Adb:
    """adb, and the device it talks to.

    Attributes:
        path: the program.
        serial: of the device; empty before one is chosen.
    """

    path: pathlib.Path
    serial: str = ""

    def command(self, *words: str) -> list[str]:
        """Returns the command line that starts adb."""
        return [str(self.path), *(("-s", self.serial) if self.serial else ()), *words]

    def call(self, *words: str, timeout_s: float = _CALL_S) -> Said:
        """Runs adb to its end.

        Raises:
            DeviceError: it cannot be started, does not answer in time, its server does not start, or the device is
                gone. What the device's own command says is no error here.
        """
        code, out, err = self._finish(words, timeout_s)
        said = Said(code, _text(out), _text(err))
        self._check(said)
        return said

    def shell(self, *words: str, timeout_s: float = _CALL_S) -> Said:
        """Runs one command on the device; each word reaches it as it is, whatever its letters."""
        return self.call("shell", shlex.join(words), timeout_s=timeout_s)

    def read(self, remote: str) -> bytes:
        """Returns the bytes of a file on the device, which must be there: `exec-out` mixes errors into them.

        Raises:
            DeviceError: as `call`, or the command failed.
        """
        code, out, err = self._finish(("exec-out", shlex.join(("cat", remote))), transfer_s(64_000_000))
        said = Said(code, "", _text(err))
        self._check(said)
        if code:
            raise DeviceError(f"expected to read {remote} on {self.serial}; adb said: {said.line}; try again")
        return out

    @contextlib.contextmanager
    def open_lines(self, *words: str) -> Iterator[IO[bytes]]:
        """Yields stdout of a call that goes on, such as `logcat`, which ends with the block; who reads it closes it."""
        process = subprocess.Popen(
            self.command(*words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        try:
            if process.stdout is not None:
                yield process.stdout
        finally:
            process.kill()
            process.wait()

    def _finish(self, words: tuple[str, ...], timeout_s: float) -> tuple[int, bytes, bytes]:
        # Files and not pipes: the first call starts adb's server, and what that holds open no reader sees the end of.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            try:
                process = subprocess.Popen(self.command(*words), stdin=subprocess.DEVNULL, stdout=out, stderr=err)
            except OSError as error:
                raise DeviceError(
                    f"expected to start {self.path}; {error.strerror}; check it with `adb version`"
                ) from error
            if not _ends(process, timeout_s):
                raise DeviceError(
                    f"expected an answer of `adb {words[0]}` within {timeout_s:g} s; there was none; plug the cable in "
                    "again and run `adb kill-server`"
                )
            out.seek(0)
            err.seek(0)
            return process.returncode, out.read(), err.read()

    def _check(self, said: Said) -> None:
        if said.code == 0:
            return
        own = [line for line in said.err.splitlines() if _ADB_ITSELF.match(line)]
        if any(_NO_SERVER.search(line) for line in own):
            raise DeviceError(
                f"expected adb to start its server; it said: {said.line}; run `adb kill-server` and `adb devices`"
            )
        if any(_LOST.search(line) for line in own):
            raise DeviceError(
                f"expected {self.serial or 'a device'} to stay connected; adb said: {said.line}; plug the cable in "
                "again, unlock the device and repeat the command"
            )


def find_adb() -> pathlib.Path:
    """Returns adb: that of PATH, or that of the Android SDK which ANDROID_HOME or ANDROID_SDK_ROOT names.

    Raises:
        DeviceError: there is none.
    """
    found = shutil.which("adb")
    if found:
        return pathlib.Path(found)
    for variable in ("ANDROID_HOME", "ANDROID_SDK_ROOT"):
        if os.environ.get(variable):
            path = pathlib.Path(os.environ[variable], "platform-tools", "adb")
            if os.access(path, os.X_OK) and path.is_file():
                return path
    raise DeviceError(
        "expected adb on PATH, or in platform-tools of ANDROID_HOME; it is not there; install it (Debian: apt install "
        "adb), or run the same code here with --device android-host"
    )


def transfer_s(size_bytes: int) -> float:
    """Returns how long a transfer of so many bytes may take, in seconds."""
    return _CALL_S + size_bytes / _BYTES_PER_S


def _ends(process: subprocess.Popen[bytes], timeout_s: float) -> bool:
    """Waits for a process, and returns whether it ended by itself.

    `Popen.wait` with a time-out looks again every 50 ms, which is longer than most calls of adb take.
    """
    killed = threading.Event()

    def kill() -> None:
        killed.set()
        process.kill()

    timer = threading.Timer(timeout_s, kill)
    timer.start()
    try:
        process.wait()
    finally:
        timer.cancel()
        process.kill()  # Of a wait that was interrupted; nothing happens to one that has ended.
    return not killed.is_set()


def _text(data: bytes) -> str:
    lines = data.decode("utf-8", "replace").replace("\r", "").split("\n")
    return "\n".join(line for line in lines if not _CHATTER.match(line))
