"""What the lines of logcat say about one run of the app: progress, its end, or that the app died and of what."""

from __future__ import annotations

import dataclasses
import re

from tfedge.devices.android.app import PACKAGE
from tfedge.devices.android.following import read_progress
from tfedge.errors import one_of
from tfedge.printable import shortened

TAG = "tfedge"
# Tags at the lowest priority that is read: ours, uncaught exceptions, and what the C library says of a fatal signal.
FILTERS = (f"{TAG}:I", "AndroidRuntime:E", "libc:F", "ActivityManager:E", "*:S")
KINDS = ("progress", "done", "failed", "crashed")
# "E/AndroidRuntime( 4321): text", the format `brief`.
_LINE = re.compile(r"(?P<priority>[VDIWEFA])/(?P<tag>[^(]+?)\s*\(\s*(?P<pid>\d+)\): ?(?P<text>.*)")
_MAX_PENDING = 64  # Lines about a crash that are not yet known to be the app's.


@dataclasses.dataclass(frozen=True)
class Event:
    """One fact about the run.

    Attributes:
        kind: "progress", "done", "failed" or "crashed".
        text: the path of a report, the message of a failure, or the line that names the crash.
        done, total: of progress.
    """

    kind: str
    text: str = ""
    done: int = 0
    total: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise one_of("`kind` of an event", self.kind, KINDS)


class LogWatch:
    """Reads lines of `logcat -v brief` and remembers what an exception's several lines have said so far."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._pid = ""
        self._pending: dict[str, str] = {}  # Process -> "" or the process line, while its exception is awaited.

    def hear(self, line: str) -> Event | None:
        """Returns what `line` says about this run; None where it says nothing."""
        match = _LINE.fullmatch(line.rstrip("\r\n"))
        if match is None:
            return None
        tag, pid, text = match["tag"], match["pid"], match["text"].strip()
        if tag == TAG:
            return self._own(pid, text)
        if tag == "AndroidRuntime":
            return self._exception(pid, text)
        if tag == "libc" and "Fatal signal" in text and (pid == self._pid or PACKAGE in text):
            return Event("crashed", shortened(text, 300))
        if tag == "ActivityManager" and text.startswith(f"ANR in {PACKAGE}"):
            return Event("crashed", shortened(text, 300))
        return None

    def _own(self, pid: str, text: str) -> Event | None:
        run_id, _, rest = text.partition(" ")
        if run_id != self._run_id:
            return None
        self._pid = pid
        word, _, told = rest.partition(" ")
        if word == "done":
            return Event("done", told)
        if word == "failed":
            return Event("failed", shortened(told or "it gave no reason", 400))
        counted = read_progress(rest)
        return Event("progress", "", *counted) if counted else None

    def _exception(self, pid: str, text: str) -> Event | None:
        """Reads "FATAL EXCEPTION: main", "Process: dev.tfedge.demo, PID: 4321", "java.lang.…: what happened"."""
        if text.startswith("FATAL EXCEPTION"):
            if len(self._pending) < _MAX_PENDING:
                self._pending[pid] = ""
        elif text.startswith("Process: "):
            if pid in self._pending and text.startswith(f"Process: {PACKAGE},"):
                self._pending[pid] = text
            else:
                self._pending.pop(pid, None)
        elif self._pending.get(pid) and not text.startswith("at "):
            del self._pending[pid]
            return Event("crashed", shortened(text, 300))
        return None
