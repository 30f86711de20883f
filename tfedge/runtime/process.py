"""The life of one worker process: start, one request at a time with a time-out, and its end with the cause."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, Any

from tfedge.errors import RuntimeUnavailableError, TfedgeError, WorkerError
from tfedge.printable import printable
from tfedge.runtime import targets, worker
from tfedge.runtime.environments import Board
from tfedge.runtime.limits import Limits, limit_address_space
from tfedge.runtime.signatures import Array

WORKER_FILE = pathlib.Path(worker.__file__)
ISOLATION_FILE = WORKER_FILE.with_name("isolation.py")
SANDBOX_FILE = WORKER_FILE.with_name("sandbox.py")

Progress = Callable[[int, int], None]  # done, total

_TAIL_BYTES = 4000
_MAX_HEADER_BYTES = 1 << 24
_GRACE_SECONDS = 2.0
_ADVICE = {
    signal.SIGKILL: "something killed it, often for lack of memory: look at the system log",
    signal.SIGXCPU: "it used all the processor time that it may have: allow more, or fewer or shorter inputs",
    signal.SIGILL: "this CPU lacks an instruction that the runtime uses: install another version",
}
_MORE_MEMORY = "the model needs more memory than it may have: allow more, or look at the shapes in the file"
_MEMORY_WORDS = ("bad_alloc", "failed to allocate", "Cannot allocate memory", "out of memory", "MemoryError")
_DEFAULT_ADVICE = "the file is damaged or meets a bug of this runtime: check the file, or use another runtime"


class _TimedOut(Exception):
    """No message came in time."""


class _Ended(Exception):
    """The process closed its end of the pipe."""


class _NoMessage(Exception):
    """What came is not what a worker sends: a damaged process may send anything."""


def _check_error(header: dict[str, Any]) -> None:
    if header["error"] == "ended":
        header["returncode"] = int(header["returncode"])
    elif header["error"] != "timed_out":
        header.update(type=str(header["type"]), message=str(header["message"]))


# What a message of each kind must have; a KeyError, ValueError or TypeError otherwise.
_KINDS: dict[str, Callable[[dict[str, Any]], object]] = {
    "result": lambda header: None,
    "progress": lambda header: (int(header["done"]), int(header["total"])),
    "error": _check_error,
}


def worker_variables(command: Sequence[str], added: Mapping[str, str]) -> dict[str, str]:
    """Returns the environment variables of a worker: this process's without Python's own settings, and those `added`.

    PYTHONPATH stays only for the Python that runs now: that worker must import what this process can. Under another
    one it would offer packages built for this one.
    """
    variables = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    if command[0] == sys.executable and "PYTHONPATH" in os.environ:
        folders = os.environ["PYTHONPATH"].split(os.pathsep)
        variables["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, folders))  # it may start in another folder
    return {**variables, **added}


@contextlib.contextmanager
def _nowhere() -> Iterator[str]:
    """Yields a folder that is gone afterwards: to write beside it, a process must know another folder's name."""
    with tempfile.TemporaryDirectory(prefix="tfedge-") as folder:
        yield folder


def how_it_ended(returncode: int) -> tuple[str, signal.Signals | None]:
    """Returns words for a return code, and the signal behind it (also as a shell or ssh reports it: 128 + n)."""
    number = -returncode if returncode < 0 else returncode - 128
    if number in signal.valid_signals():
        found = signal.Signals(number)
        return f"died by {found.name}", found
    return f"exited with code {returncode}", None


def kind_of_end(number: signal.Signals | None, last_words: str) -> str:
    """Returns the kind of a WorkerError for a process that died: `crashed`, `timed_out` or `out_of_memory`."""
    if number == signal.SIGXCPU:
        return "timed_out"
    return "out_of_memory" if any(words in last_words for words in _MEMORY_WORDS) else "crashed"


class WorkerProcess:
    """A running worker, from its start until `close`; for one thread at a time.

    Args:
        isolate: whether each `load` gets a process of its own, so that this worker outlives every file.
        limits: of the process of one file, which then can write no file either; needs `isolate`.
        board: the machine to start it on; None: this one.

    Attributes:
        label: names the runtime in messages.
        timeout_s: seconds without any message after which a request is given up and its process killed.
    """

    def __init__(
        self,
        runtime: str,
        command: Sequence[str],
        variables: Mapping[str, str],
        timeout_s: float,
        isolate: bool = False,
        limits: Limits | None = None,
        board: Board | None = None,
    ) -> None:
        self.label = runtime
        self._python, self._board = command[-1], board
        self.timeout_s = timeout_s
        self._isolate, self._limits = isolate, limits
        self._ended = ""
        self._said_before = 0  # bytes that were printed before this file was loaded
        script = str(ISOLATION_FILE if isolate else WORKER_FILE)
        sandbox = (sys.executable if board is None else command[0], "-I", "-S", str(SANDBOX_FILE)) if limits else ()
        words = [*sandbox, *command, script, runtime]
        if board is not None:
            places = board.place_together((WORKER_FILE, ISOLATION_FILE, SANDBOX_FILE))
            words = board.command_line([places.get(word, word) for word in words])
        self._stderr: IO[bytes] = tempfile.TemporaryFile()
        try:
            with _nowhere() if limits else contextlib.nullcontext() as folder:
                self._process = subprocess.Popen(
                    words,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=self._stderr,
                    env=worker_variables(command, variables),
                    cwd=folder,
                    bufsize=0,
                    start_new_session=isolate,  # a group that can be killed whole
                )
        except OSError as error:
            self._stderr.close()
            raise RuntimeUnavailableError(
                f"expected a Python at {self._python} to run {runtime} in; {error.strerror}; "
                "give the path of one that has it"
            ) from error
        self._requests, self._replies = self._pipe(self._process.stdin), self._pipe(self._process.stdout)
        os.set_blocking(self._requests, False)

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> int:
        if pipe is None:
            raise WorkerError("expected a pipe to the worker; there is none; this is a bug", kind="crashed")
        return pipe.fileno()

    @property
    def pid(self) -> int:
        """Process id of the worker."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether another request can be sent."""
        return not self._ended and self._process.poll() is None

    def stderr_tail(self) -> str:
        """Returns the last lines that interpreter and worker printed; with `isolate`, about the file loaded last."""
        if self._stderr.closed:
            return ""
        size = self._stderr.seek(0, os.SEEK_END)
        self._stderr.seek(max(self._said_before, size - _TAIL_BYTES))
        return self._stderr.read().decode(errors="replace").strip()

    def _last_words(self) -> str:
        lines = [line.strip() for line in self.stderr_tail().splitlines() if not line.startswith("INFO")]
        return f" after printing {lines[-1]!r}" if lines else ""

    def request(
        self,
        verb: str,
        params: Mapping[str, Any] | None = None,
        arrays: Mapping[str, Array] | None = None,
        what: str = "",
        on_progress: Progress | None = None,
    ) -> tuple[dict[str, Any], dict[str, Array]]:
        """Sends one request and waits for its reply.

        Args:
            what: the request in words, for messages; `verb` if empty.
            on_progress: called with (done, total) now and then on long requests.

        Raises:
            RuntimeUnavailableError: the runtime cannot be imported (only on `hello`).
            WorkerError: it refused, crashed or timed out; after the last two the process is gone.
        """
        what = what or verb
        if self._ended:
            raise WorkerError(f"expected a live worker for `{what}`; it {self._ended}; start a new one", kind="crashed")
        header = {"verb": verb, **(params or {})}
        if self._isolate:
            header["timeout_s"] = self.timeout_s
            if verb == "load":
                header["limits"] = dataclasses.asdict(self._limits) if self._limits else None
                self._said_before = self._stderr.seek(0, os.SEEK_END)
        try:
            self._write(worker.pack_message(header, dict(arrays or {})))
            while True:
                header, received = self._read_message()
                if header["kind"] != "progress":
                    break
                if on_progress is not None:
                    on_progress(header["done"], header["total"])
        except _TimedOut:
            raise self._timed_out(what) from None
        except _Ended:
            raise self._crashed(verb, what) from None
        except _NoMessage as error:
            self._ended = f"sent what is no answer to `{what}`"
            self._kill()
            raise WorkerError(
                f"{self.label}: expected an answer to `{what}`; what came is none: {error}; {_DEFAULT_ADVICE}",
                kind="crashed",
            ) from error
        except BaseException:  # Ctrl-C, or the caller's on_progress: the reply would be taken for the next one's
            self._ended = f"was stopped during `{what}`"
            self.close()
            raise
        if header["kind"] == "error":
            raise self._refused(header, what)
        return header, received

    def limit_address_space(self, limits: Limits) -> None:
        """Limits the process and its children from outside, as emulated ones must be.

        Raises:
            WorkerError: the process is gone.
        """
        try:
            limit_address_space(self.pid, limits)
        except ProcessLookupError:
            raise self._crashed("limit", "limit") from None

    def _kill(self) -> int:
        if self._isolate and self._process.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)  # the process of the file too
        self._process.kill()
        return self._process.wait()

    def _timed_out(self, what: str) -> WorkerError:
        self._ended = f"was killed as `{what}` took too long"
        self._kill()
        return self._silent(what)

    def _silent(self, what: str) -> WorkerError:
        return WorkerError(
            f"{self.label}: expected an answer to `{what}`, or progress, within {self.timeout_s:g} s; there was none "
            f"and the process was killed{self._last_words()}; allow more time, or fewer or shorter inputs",
            kind="timed_out",
        )

    def _crashed(self, verb: str, what: str) -> TfedgeError:
        try:
            returncode = self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:  # the pipe is closed, the process lives on: nothing can be asked of it
            returncode = self._kill()
        words, number = how_it_ended(returncode)
        self._ended = f"{words} during `{what}`"
        lost = self._board.lost(returncode, self.stderr_tail(), what) if self._board else None
        if lost is not None:
            return lost
        if verb == "hello" and number is None:
            return RuntimeUnavailableError(
                f"expected {self.label} to start; its Python {words}{self._last_words()}; {self._hint()}"
            )
        return self._died(returncode, what)

    def _died(self, returncode: int, what: str) -> WorkerError:
        words, number = how_it_ended(returncode)
        kind = kind_of_end(number, self._last_words())
        advice = _ADVICE.get(number, _DEFAULT_ADVICE) if number else _DEFAULT_ADVICE
        if kind == "out_of_memory":
            advice = _MORE_MEMORY
        return WorkerError(
            f"{self.label}: expected an answer to `{what}`; the process {words}{self._last_words()}; {advice}", kind
        )

    def _refused(self, header: Mapping[str, Any], what: str) -> WorkerError | RuntimeUnavailableError:
        if header["error"] == "timed_out":
            return self._silent(what)
        if header["error"] == "ended":
            return self._died(header["returncode"], what)
        said = printable(str(header["message"]))  # May quote names of the file.
        if header["type"] not in ("ValueError", "RuntimeError"):  # those two carry the interpreter's own words
            said = f"{header['type']}: {said}"
        if header["error"] == "unavailable":
            return RuntimeUnavailableError(
                f"expected {self.label} to be importable by {self._python}; {said}; {self._hint()}"
            )
        kind, advice = "refused", "convert the model for this runtime, or use another runtime"
        if header["type"] == "MemoryError":
            kind, advice = "out_of_memory", _MORE_MEMORY
        return WorkerError(f"{self.label}: expected an answer to `{what}`; it refused: {said}; {advice}", kind)

    def _hint(self) -> str:
        return install_hint(self.label) if self._board is None else self._board.install_hint(self.label)

    def _write(self, data: bytes) -> None:
        poll, rest, deadline = select.poll(), memoryview(data), time.monotonic() + self.timeout_s
        poll.register(self._requests, select.POLLOUT)
        while rest:
            self._wait(poll, deadline)
            try:
                rest = rest[os.write(self._requests, rest) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise _Ended from None

    def _read_message(self) -> tuple[dict[str, Any], dict[str, Array]]:
        # A supervisor reports a silent child itself; only when it is silent too is it given up.
        deadline = time.monotonic() + self.timeout_s + (_GRACE_SECONDS if self._isolate else 0)
        header_length, body_length = worker.LENGTHS.unpack(self._read(worker.LENGTHS.size, deadline))
        if header_length > _MAX_HEADER_BYTES:
            raise _NoMessage(f"a header of {header_length} bytes")
        text, body = self._read(header_length, deadline), self._read(body_length, deadline)
        try:
            header, arrays = worker.unpack_message(text, body)
            _KINDS[header["kind"]](header)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise _NoMessage(f"{type(error).__name__}: {error}") from None
        return header, arrays

    def _read(self, count: int, deadline: float) -> bytes:
        poll, data = select.poll(), bytearray()
        poll.register(self._replies, select.POLLIN)
        while len(data) < count:
            self._wait(poll, deadline)
            piece = os.read(self._replies, count - len(data))
            if not piece:
                raise _Ended
            data += piece
        return bytes(data)

    @staticmethod
    def _wait(poll: select.poll, deadline: float) -> None:
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise _TimedOut

    def close(self) -> None:
        """Ends the process and reaps it; does nothing the second time."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()  # the worker reads the end of its requests and leaves
        try:
            self._process.wait(0.0 if self._ended else _GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._kill()
        self._ended = self._ended or "was closed"
        self._stderr.close()


def install_hint(runtime: str) -> str:
    """Returns what to install for a runtime that is missing."""
    where = " on Linux with Python < 3.12" if runtime == "tflite-runtime" else ""
    have = ", ".join(str(target) for target in targets.installed_targets()) or "none"
    return f"install it with `pip install tfedge`{where} (beside this Python: {have})"
