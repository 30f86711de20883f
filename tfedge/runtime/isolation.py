"""A worker that runs every file in a process of its own, started in milliseconds: for files that may be hostile.

    python isolation.py tflite-runtime | ai-edge-litert

It answers the requests of `worker.py`, which must lie beside it (nothing else of tfedge is needed). The runtime is
imported once, before any file is seen. Each `load` ends the child before and forks a new one, which opens the file
under the `limits` of the request and answers until the next `load`. This process only passes whole messages on, so
that a crash, a hang, a damaged heap or half a message ends with the child.

More errors than those of `worker.py`: `ended` (the child died: `returncode`, minus the signal) and `timed_out` (no
message within the `timeout_s` of the request). After both, only `load` is answered. What the child prints goes to this
process's stderr after each reply: 64 KiB of it, as much as a pipe holds. One more verb, `prime`: this process itself
runs a file that is known to be harmless, so that an emulator translates the interpreter once for all children.
"""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    if sys.path and sys.path[0] == os.path.dirname(os.path.abspath(__file__)):
        del sys.path[0]  # a file beside this one must never stand in for a module of the same name
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read once, when NumPy is imported; a thread hinders a fork

import importlib.util
import json
import math
import resource
import select
import signal
import socket
import time
import traceback
from typing import Any


def load_worker() -> Any:
    """Returns the module `worker.py` that lies beside this file, under a name that nothing else has."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "worker.py")
    spec = importlib.util.spec_from_file_location("tfedge_worker", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"expected {path}; it cannot be loaded; copy both files")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MAX_HEADER_BYTES, MAX_BODY_BYTES = 1 << 24, 1 << 28  # more is not an answer that anybody waits for
Message = tuple[bytes, bytes]


class ChildEnded(Exception):
    """The child closed its end, or sent what is no message."""


class ChildSilent(Exception):
    """No whole message came in time."""


class ClientGone(Exception):
    """Nobody waits for an answer any more."""


def restrict(limits: dict[str, int]) -> None:
    """Lowers this process's limits for good: no core dump, no byte written to any file, memory and processor time.

    Args:
        limits: `address_space_bytes` above what the process has now, and `cpu_seconds` from now. Under QEMU's user
            emulation a guest's own limit of address space has no effect; the client sets it from outside.
    """
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            address_space = int(file.read().split()[0]) * resource.getpagesize() + limits["address_space_bytes"]
    except FileNotFoundError:  # macOS has no such count, and keeps no such limit
        address_space = resource.RLIM_INFINITY
    seconds = limits["cpu_seconds"]  # a forked child begins at zero
    for kind, soft, hard in (
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_CPU, seconds, seconds + 1),  # SIGXCPU, which says why, comes at the lower one only
        (resource.RLIMIT_AS, address_space, address_space),
    ):
        most = resource.getrlimit(kind)[1]
        if most != resource.RLIM_INFINITY:
            soft, hard = min(soft, most), min(hard, most)
        resource.setrlimit(kind, (soft, hard))


def blame_memory(worker: Any, session: Any, most: int) -> None:
    """Makes `session` say MemoryError where the interpreter's own words hide that it was refused memory.

    LiteRT raises a RuntimeError without a word; tflite-runtime goes on and finds a tensor without data.
    """
    answer = session.answer

    def blaming(header: Any, arrays: Any) -> Any:
        reply, outputs = answer(header, arrays)
        if reply["kind"] == "error" and session.interpreter is not None:
            tensors = session.interpreter.get_tensor_details()
            sizes = [math.prod(map(int, t["shape"])) * worker.np.dtype(t["dtype"]).itemsize for t in tensors]
            needed = sum(sizes) if reply["message"] == reply["type"] else max(sizes, default=0)
            if needed > most:
                reply.update(type="MemoryError", message=f"tensors of {needed} bytes, where {most} are allowed")
        return reply, outputs

    session.answer = blaming


def add_layout(worker: Any, session: Any) -> None:
    """Adds the verb `layout`: index, address and bytes of each tensor of subgraph 0 that has memory, int64 (N, 3).

    Only here, because an interpreter may die of being asked for a tensor that a hostile file describes.
    """

    def layout(_: Any, __: Any) -> Any:
        found = []
        for details in session.interpreter.get_tensor_details():
            try:
                array = session.interpreter.tensor(details["index"])()
            except ValueError:
                continue  # no memory of its own: inside a delegate, or its size is not known yet
            found.append((details["index"], array.__array_interface__["data"][0], array.nbytes))
        return {}, {"places": worker.np.array(found, worker.np.int64).reshape(-1, 3)}

    session.verbs["layout"] = layout


class Child:
    """A forked process that answers by `session`, which has the runtime imported."""

    def __init__(self, worker: Any, session: Any, limits: dict[str, int] | None) -> None:
        self._worker = worker
        self.socket, theirs = socket.socketpair()
        self._printed, prints = os.pipe()
        os.set_blocking(self._printed, False)
        os.set_blocking(prints, False)  # who prints more than the pipe holds loses it and never waits
        self.pid = os.fork()
        if self.pid == 0:
            self._live(session, theirs, prints, limits)
        theirs.close()
        os.close(prints)

    def _live(self, session: Any, theirs: socket.socket, prints: int, limits: dict[str, int] | None) -> None:
        """Answers requests until their end; never returns."""
        code = 1
        try:
            os.dup2(prints, 2)
            os.dup2(prints, 1)
            kept = os.dup2(theirs.fileno(), 3)
            os.closerange(4, 1024)  # this process never holds more
            if limits:
                restrict(limits)
                blame_memory(self._worker, session, limits["address_space_bytes"])
            add_layout(self._worker, session)
            pipe = socket.socket(fileno=kept)
            self._worker.serve(session, pipe.makefile("rb"), pipe.makefile("wb"))
            code = 0
        except BrokenPipeError:
            code = 0  # the parent is gone
        except BaseException:
            traceback.print_exc()  # the parent passes it on
        finally:
            os._exit(code)

    def ask(self, data: bytes) -> None:
        """Sends a whole request; a child that is gone is noticed when its answer is read."""
        self.socket.settimeout(None)
        try:
            self.socket.sendall(data)
        except OSError:
            pass

    def read(self, client: int, deadline: float) -> Message:
        """Returns header and body of the next message.

        Raises:
            ChildEnded, ChildSilent, ClientGone: there is none.
        """
        lengths = self._worker.LENGTHS.unpack(self._bytes(self._worker.LENGTHS.size, client, deadline))
        if lengths[0] > MAX_HEADER_BYTES or lengths[1] > MAX_BODY_BYTES:
            raise ChildEnded
        return self._bytes(lengths[0], client, deadline), self._bytes(lengths[1], client, deadline)

    def _bytes(self, count: int, client: int, deadline: float) -> bytes:
        poll, data = select.poll(), bytearray()
        poll.register(self.socket, select.POLLIN)
        poll.register(client, select.POLLHUP)
        while len(data) < count:
            events = dict(poll.poll(max(0.0, deadline - time.monotonic()) * 1000))
            if not events:
                raise ChildSilent
            if self.socket.fileno() not in events:
                raise ClientGone
            try:
                piece = self.socket.recv(min(count - len(data), 1 << 20))
            except ConnectionResetError:  # it died with a part of the request unread
                piece = b""
            if not piece:
                raise ChildEnded
            data += piece
        return bytes(data)

    def end(self) -> int:
        """Kills the child, unless it died before, and returns its return code, minus the signal."""
        self.socket.close()
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if not pid:  # One that is dying by itself closes its pipes when its cause of death is settled.
            os.kill(self.pid, signal.SIGKILL)
            _, status = os.waitpid(self.pid, 0)
        self.pass_on()
        os.close(self._printed)
        return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)

    def pass_on(self) -> None:
        """Copies what the child printed to stderr."""
        try:
            os.write(2, os.read(self._printed, 1 << 16))
        except BlockingIOError:
            pass  # nothing


class Supervisor:
    """Answers by a child for each file."""

    def __init__(self, worker: Any, runtime: str, client: int) -> None:
        self._worker, self._runtime, self._client = worker, runtime, client
        self._session = worker.Session(runtime)
        self._child: Child | None = None

    def answer(self, text: bytes, body: bytes, replies: Any) -> None:
        """Writes the messages that answer one request to `replies`."""
        header = json.loads(text)
        verb = header["verb"]
        if verb == "hello" or (verb == "memory" and self._child is None):
            reply = self._session.answer(*self._worker.unpack_message(text, body))
            return self._write(replies, self._worker.pack_message(*reply))
        if verb == "prime":
            return self._write(replies, self._worker.pack_message(*self._prime(header, body)))
        if verb == "load":
            self._end()
            self._child = Child(self._worker, self._session, header.get("limits"))
        if self._child is None:
            gone = {"type": "ValueError", "message": "no file is loaded, or the process of the last one has ended"}
            return self._write(replies, self._error("refused", gone))
        self._child.ask(self._worker.LENGTHS.pack(len(text), len(body)) + text + body)
        while self._answer_once(self._child, header["timeout_s"], replies) == "progress":
            pass

    def _prime(self, header: dict[str, Any], body: bytes) -> Any:
        """Loads, describes and runs the file of the request with its arrays, in a session of its own that is gone."""
        request, arrays = self._worker.unpack_message(json.dumps(header).encode(), body)
        session = self._worker.Session(self._runtime)
        for verb in ("hello", "load", "describe", "run"):
            reply, _ = session.answer({**request, "verb": verb}, arrays if verb == "run" else {})
            if reply["kind"] == "error":
                break
        return reply, {}

    def _answer_once(self, child: Child, timeout_s: float, replies: Any) -> str:
        try:
            text, body = child.read(self._client, time.monotonic() + timeout_s)
            kind = str(json.loads(text)["kind"])
        except ChildSilent:
            self._end()
            kind, data = "error", self._error("timed_out", {})
        except (ChildEnded, ValueError, KeyError, TypeError):
            kind, data = "error", self._error("ended", {"returncode": self._end()})
        else:
            data = self._worker.LENGTHS.pack(len(text), len(body)) + text + body
            child.pass_on()
        self._write(replies, data)
        return kind

    def _end(self) -> int:
        child, self._child = self._child, None
        return child.end() if child else 0

    def close(self) -> None:
        """Ends the child that is left."""
        self._end()

    def _error(self, error: str, facts: dict[str, Any]) -> bytes:
        data: bytes = self._worker.pack_message({"kind": "error", "error": error, **facts}, {})
        return data

    @staticmethod
    def _write(replies: Any, data: bytes) -> None:
        replies.write(data)
        replies.flush()


def main() -> None:
    worker = load_worker()
    requests, replies = worker.take_over_pipes()
    supervisor = Supervisor(worker, sys.argv[1], requests.fileno())
    try:
        for text, body in worker.messages(requests):
            supervisor.answer(text, body, replies)
    except (BrokenPipeError, ClientGone):
        pass  # nobody waits for an answer
    finally:
        supervisor.close()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
