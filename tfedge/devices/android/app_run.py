"""One run of the app: started by an intent, followed in logcat, and its report pulled."""

from __future__ import annotations

import contextlib
import pathlib
import re
import secrets
import tempfile
import time

from tfedge.devices.android.adb import Adb
from tfedge.devices.android.app import PACKAGE
from tfedge.devices.android.following import Lines, Patience, Phases
from tfedge.devices.android.log_watch import FILTERS, Event, LogWatch
from tfedge.errors import DeviceError
from tfedge.printable import shortened
from tfedge.progress import Reporter

ACTIVITY = f"{PACKAGE}/.RunActivity"
FILES = f"/sdcard/Android/data/{PACKAGE}/files"
_FILES_FOLDER = re.compile(rf"/[\w./-]+/Android/data/{re.escape(PACKAGE)}/files")
_REFUSED = re.compile(r"Error\b|java\.lang\.|Exception\b|Warning: Activity not started")


def prepare(adb: Adb, reporter: Reporter, patience: Patience) -> str:
    """Lets the app make its own folders, and returns the folder of its files as the device names it.

    A folder that the shell makes under Android/data belongs to the shell, and the app may not write there.

    Raises:
        DeviceError: as `run_app`.
    """
    told = _follow(adb, "prepare", _new_id("prepare"), "", 1, reporter, patience)
    return told if _FILES_FOLDER.fullmatch(told) else FILES


def run_app(
    adb: Adb, action: str, remote_model: str, num_threads: int, reporter: Reporter, patience: Patience
) -> bytes:
    """Runs "selftest" or "benchmark" on a model that is on the device, and returns the report's bytes.

    Raises:
        DeviceError: the app does not start, fails, crashes or hangs, the cable is pulled, or there is no report.
    """
    run_id = _new_id(action)
    told = _follow(adb, action, run_id, remote_model, num_threads, reporter, patience)
    name = f"/reports/{run_id}.json"
    remote = told if told.endswith(name) and _FILES_FOLDER.fullmatch(told[: -len(name)]) else FILES + name
    with tempfile.TemporaryDirectory(prefix="tfedge-") as folder:
        path = pathlib.Path(folder, "report.json")
        said = adb.call("pull", remote, str(path), timeout_s=120.0)
        if said.code or not path.is_file():
            raise DeviceError(f"expected the app's report at {remote}; adb said: {said.line}; run it again")
        data = path.read_bytes()
    adb.shell("rm", "-f", remote)
    return data


def _new_id(action: str) -> str:
    return f"{action}-{secrets.token_hex(4)}"


def _follow(
    adb: Adb, action: str, run_id: str, model: str, num_threads: int, reporter: Reporter, patience: Patience
) -> str:
    """Starts the app and returns the text of its line `done`."""
    # By the device's clock, so that no line of the run is missed and none of an older one is read.
    began = adb.shell("date", "+%s").out.strip()
    since = f"{began}.000" if began.isascii() and began.isdigit() else "1"
    with adb.open_lines("logcat", "-v", "brief", "-T", since, *FILTERS) as stream:
        lines = Lines(stream)
        _start(adb, action, run_id, model, num_threads)
        with Phases(reporter, f"{action} on {adb.serial}") as phases:
            return _wait(adb, action, LogWatch(run_id), lines, phases, patience)


def _start(adb: Adb, action: str, run_id: str, model: str, num_threads: int) -> None:
    extras = ("--es", "action", action, "--es", "model", model, "--es", "run", run_id)
    # -S: a run that hangs from before is stopped first, or Android would only show it again.
    said = adb.shell("am", "start", "-S", "-n", ACTIVITY, *extras, "--ei", "threads", str(num_threads))
    refused = [line for line in f"{said.out}\n{said.err}".splitlines() if _REFUSED.match(line)]
    if said.code or refused:
        raise DeviceError(
            f"expected the app to start {action} on {adb.serial}; Android said: "
            f"{shortened(refused[-1], 300) if refused else said.line}; install the app of this version with --apk"
        )


def _wait(adb: Adb, action: str, watch: LogWatch, lines: Lines, phases: Phases, patience: Patience) -> str:
    begun = heard = time.monotonic()
    while True:
        try:
            line = lines.next(min(patience.look_s, patience.silence_s))
        except TimeoutError:
            _check_alive(adb, action)
            event = None
        else:
            if line is None:
                raise _gone(adb, action)
            event = watch.hear(line)
        now = time.monotonic()
        if event is not None:
            heard = now
            if event.kind == "done":
                return event.text
            if event.kind != "progress":
                raise _failure(adb, action, event)
            phases.show(event.done, event.total)
        if now - heard >= patience.silence_s or now - begun > patience.total_s:
            raise _hang(adb, action, now - heard, now - begun)


def _gone(adb: Adb, action: str) -> DeviceError:
    """Returns why logcat ended, which goes on for as long as there is a device."""
    adb.call("get-state")  # Says so itself where the device is gone.
    return DeviceError(f"expected lines of logcat during {action} on {adb.serial}; they ended; plug the cable in again")


def _failure(adb: Adb, action: str, event: Event) -> DeviceError:
    if event.kind == "failed":
        return DeviceError(f"expected {action} to run on {adb.serial}; the app said: {event.text}")
    return DeviceError(
        f"expected {action} to run on {adb.serial}; the app crashed: {event.text}; see `adb logcat -b crash -d`"
    )


def _hang(adb: Adb, action: str, silence_s: float, total_s: float) -> DeviceError:
    with contextlib.suppress(DeviceError):
        adb.shell("am", "force-stop", PACKAGE)
    return DeviceError(
        f"expected {action} to go on on {adb.serial}; the app said nothing for {silence_s:.0f} s, {total_s:.0f} s "
        "after its start, and was stopped; unlock the screen and try again"
    )


def _check_alive(adb: Adb, action: str) -> None:
    if not adb.shell("pidof", PACKAGE).out.strip():
        raise DeviceError(
            f"expected {action} to run on {adb.serial}; the app's process ended without a word: Android may lack "
            "memory for it; close other apps and see `adb logcat -d`"
        )
