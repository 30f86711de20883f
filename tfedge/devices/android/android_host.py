"""`android-host`: the app's own Kotlin core and Android's own native library on this machine's JVM, without a phone."""

from __future__ import annotations

import collections
import pathlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence

import tfedge
from tfedge.devices.android.app import BUILD
from tfedge.devices.android.following import Lines, Patience, Phases, read_progress
from tfedge.errors import DeviceError
from tfedge.printable import shortened
from tfedge.progress import Reporter

NAME = "android-host"
JAR = pathlib.Path("android_demo", "host", "target", "android-host.jar")
_MAX_LINES = 200  # Of what the program says beside its progress.
_WRITTEN = (0, 1)  # Exit codes with a report: golden cases pass, or do not.


def host_command() -> tuple[str, ...]:
    """Returns what starts the program; DeviceError, with what to do, where Java or the jar is missing."""
    path = pathlib.Path(tfedge.__file__).parents[1] / JAR
    if not path.is_file():
        raise DeviceError(f"expected {JAR} in a clone of tfedge; it is not built; run `{BUILD}` in the clone")
    java = shutil.which("java")
    if java is None:
        raise DeviceError("expected java, 17 or newer, on PATH; there is none; on Debian: apt install default-jdk")
    return (java, "-jar", str(path))


def run_host(
    command: Sequence[str], action: str, model: pathlib.Path, num_threads: int, reporter: Reporter, patience: Patience
) -> bytes:
    """Runs "selftest" or "benchmark" on a model, and returns the report's bytes.

    Args:
        command: what starts the program, such as `host_command` returns.

    Raises:
        DeviceError: it does not start, refuses the model, dies or hangs, or writes no report.
    """
    with tempfile.TemporaryDirectory(prefix="tfedge-") as folder:
        report = pathlib.Path(folder, "report.json")
        words = (action, str(model.resolve()), "--report", str(report), "--threads", str(num_threads))
        try:
            process = subprocess.Popen(
                (*command, *words), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
        except OSError as error:
            raise DeviceError(f"expected to start {command[0]}; {error.strerror}; check that it runs") from error
        try:
            with Phases(reporter, f"{action} on {NAME}") as phases:
                reason = _follow(process, action, phases, patience)
            code = process.wait()
        finally:
            process.kill()
            process.wait()
        if code not in _WRITTEN or not report.is_file():
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            raise DeviceError(f"expected {action} to run on {NAME}; it ended with {how}: {reason}")
        return report.read_bytes()


def _follow(process: subprocess.Popen[bytes], action: str, phases: Phases, patience: Patience) -> str:
    """Reads stderr to its end, and returns the line that says what went wrong."""
    told: collections.deque[str] = collections.deque(maxlen=_MAX_LINES)
    if process.stderr is None:
        return _reason(told)
    begun = time.monotonic()
    lines = Lines(process.stderr)
    while True:
        try:
            line = lines.next(min(patience.silence_s, max(begun + patience.total_s - time.monotonic(), 0.0)))
        except TimeoutError:
            process.kill()
            raise DeviceError(
                f"expected {action} to go on on {NAME}; it said nothing for {patience.silence_s:g} s, or ran for "
                f"{patience.total_s:g} s, and was stopped; try again on a quiet machine"
            ) from None
        if line is None:
            return _reason(told)
        counted = read_progress(line.strip())
        if counted is not None:
            phases.show(*counted)
        elif line.strip():
            told.append(line.strip())


def _reason(told: Sequence[str]) -> str:
    """Returns the program's own last word, or the JVM's about an exception; the library chatters beside them."""
    own = [line.removeprefix("error: ") for line in told if line.startswith("error: ")]
    thrown = [line for line in told if line.startswith("Exception in thread") or "Could not find or load" in line]
    return shortened((own or thrown[:1] or [*told] or ["it gave no reason"])[-1], 400)
