"""A board behind ssh: its own Python, its own interpreter, and files that are sent there by what they hold.

Nothing of tfedge is installed on the board. It needs an ssh server that lets this user in without a password, Python
3.9 or later, NumPy and an interpreter. What is sent, the worker and the models, stands in its cache folder under its
sha256; what is there already is not sent again.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from tfedge.artifacts import sha256_hex
from tfedge.devices import board as board_program
from tfedge.errors import ConfigError, DeviceError, RuntimeUnavailableError
from tfedge.modelfile.model_file import open_model, sha256_of
from tfedge.printable import printable, shortened
from tfedge.runtime import targets
from tfedge.runtime.environments import Environment
from tfedge.runtime.targets import RuntimeTarget

PYTHON = "python3"
LOST = 255  # What ssh itself exits with: no connection, or one that broke.
_CHATTER = ("INFO: ", "WARNING: ")  # An interpreter's, which says nothing about the connection.
_NO_PROGRAM = (126, 127)  # As a shell says that there is no such command, or that it cannot be run.
# No question is asked, and a cable that was pulled is noticed after 15 s.
_SETTINGS = ("BatchMode=yes", "ConnectTimeout=10", "ServerAliveInterval=5", "ServerAliveCountMax=3")
_OPTIONS = ("-T", *(word for setting in _SETTINGS for word in ("-o", setting)))
_ANSWER_S = 60.0  # A slow board starts Python in 2 s, and connects in as many.
_LEAST_BYTES_A_SECOND = 50_000  # A slow wireless network carries twice as much.
_HOST = re.compile(r"(?:[A-Za-z0-9_][\w.-]*@)?[A-Za-z0-9_][\w.-]*")  # Never a leading "-", which would be an option.
_PYTHON_WORD = re.compile(r"[\w@%+=:,./~][\w@%+=:,./~-]*")
_PROGRAM = pathlib.Path(board_program.__file__)
# The home folder must not stand in for the standard library; Python 2 reads this line too, and is told so.
_LOADER = (
    "import sys; sys.path[:] = [p for p in sys.path if p]; "
    'sys.version_info >= (3, 9) or sys.exit("it is Python " + sys.version.split()[0] + ", and 3.9 is needed"); '
    'n = int(sys.argv.pop(1)); exec(compile(sys.stdin.buffer.read(n), "board.py", "exec"), {"__name__": "__main__"})'
)


@dataclasses.dataclass(frozen=True)
class BoardFacts:
    """What a board says of itself: Python's version, instruction set, system, versions of packages."""

    python: str
    arch: str
    os: str
    versions: Mapping[str, str]


@dataclasses.dataclass(frozen=True)
class SshBoard:
    """A board, as ssh knows it.

    Attributes:
        host: name, address, or alias of ~/.ssh/config, which may hold port and key; `user@` may stand before it.
        python: its Python that has NumPy and an interpreter, "~/venv/bin/python" for example.

    Raises:
        ConfigError: a host or a Python of another form.
    """

    host: str
    python: str = PYTHON

    def __post_init__(self) -> None:
        if not _HOST.fullmatch(self.host):
            raise ConfigError(
                f"expected a host's name, address or alias after `ssh:`; got {self.host!r}; a port stands in "
                "~/.ssh/config, under an alias"
            )
        if not _PYTHON_WORD.fullmatch(self.python):
            raise ConfigError(f"expected the path of a Python without spaces; got {self.python!r}; make a link to it")

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.host

    def command_line(self, words: Sequence[str]) -> list[str]:
        """Returns the local command that runs `words` there; one that begins with `~` is a path in the home folder.

        A shell stays around them, so that the signal that ends a program is told: 128 + n.
        """
        line = " ".join(word if _PYTHON_WORD.fullmatch(word) else shlex.quote(word) for word in words)
        return ["ssh", *_OPTIONS, self.host, shlex.join(["sh", "-c", f"{line}; exit $?"])]

    def facts(self) -> BoardFacts:
        """Asks the board what it is and has; DeviceError where it cannot be reached or has no Python."""
        answer = self._ask("facts")
        try:
            return BoardFacts(**answer)
        except TypeError:
            raise self._odd(json.dumps(answer)) from None

    def place(self, path: str | os.PathLike[str]) -> str:
        """Sends a model where the board does not have it, and returns its path there.

        Raises:
            ArtifactError: no such file here.
            DeviceError: the connection broke, or the board refused it; nothing half is left there.
        """
        data = open_model(path)
        name = f"models/{sha256_of(data)}.tflite"
        return f"{self._send({name: bytes(data)}, pathlib.Path(path).name)}/{name}"

    def place_together(self, paths: Sequence[pathlib.Path]) -> dict[str, str]:
        """Sends programs into one folder, and returns the path there of each by its path here; raises as `place`."""
        held = {path: path.read_bytes() for path in paths}
        folder = f"worker-{sha256_hex(b''.join(held.values()))[:16]}"
        root = self._send({f"{folder}/{path.name}": data for path, data in held.items()}, "tfedge's worker")
        return {str(path): f"{root}/{folder}/{path.name}" for path in paths}

    def lost(self, returncode: int, said: str, what: str) -> DeviceError | None:
        """Returns the error for a connection that broke during `what`; None where the program ended by itself."""
        if returncode != LOST:
            return None
        return DeviceError(
            f"expected an answer of {self.host} to `{what}`; the connection broke{_said(said)}; look at cable, power "
            "and network, and run it again"
        )

    def install_hint(self, runtime: str) -> str:
        """Returns what installs an interpreter there."""
        return f"run: ssh {self.host} {self.python} -m pip install {runtime}"

    def _send(self, files: Mapping[str, bytes], what: str) -> str:
        """Sends what the board does not have; returns its folder."""
        digests = {name: sha256_hex(data) for name, data in files.items()}
        answer = self._ask("have", *(f"{name}:{sha256}" for name, sha256 in digests.items()))
        folder, missing = answer.get("folder"), answer.get("missing")
        if not isinstance(folder, str) or not isinstance(missing, list) or not set(missing) <= set(files):
            raise self._odd(json.dumps(answer))
        for name in missing:
            self._ask("place", name, digests[name], str(len(files[name])), data=files[name], pushed=what)
        return folder

    def _ask(self, *words: str, data: bytes = b"", pushed: str = "") -> dict[str, Any]:
        """Runs the board's program once, which takes the file `pushed` where one is named; returns its answer."""
        program = _PROGRAM.read_bytes()
        command = self.command_line([self.python, "-c", _LOADER, str(len(program)), *words])
        timeout_s = _ANSWER_S + len(data) / _LEAST_BYTES_A_SECOND
        try:
            done = subprocess.run(command, input=program + data, capture_output=True, timeout=timeout_s)
        except FileNotFoundError:
            raise DeviceError(
                f"expected the program ssh here, to reach {self.host}; there is none on PATH; run: "
                "apt-get install openssh-client"
            ) from None
        except OSError as error:
            raise DeviceError(f"expected ssh to start; {error.strerror}; try `ssh {self.host} true`") from error
        except subprocess.TimeoutExpired:
            raise DeviceError(
                f"expected an answer of {self.host} within {timeout_s:.0f} s; there was none; look at board and network"
            ) from None
        said = done.stderr.decode(errors="replace")
        if done.returncode:
            raise self._failed(done.returncode, said, pushed)
        return self._answer(done.stdout.decode(errors="replace"))

    def _answer(self, text: str) -> dict[str, Any]:
        before, mark, line = text.rpartition(board_program.MARK)
        if not mark:
            raise self._odd(text)
        if before.strip():  # It would land between the messages of the worker.
            raise DeviceError(
                f"expected nothing but an answer of {self.host}; its shell prints {shortened(before.strip())!r} first; "
                "make ~/.bashrc print nothing where no person reads"
            )
        try:
            answer = json.loads(line)
        except ValueError:
            raise self._odd(line) from None
        if not isinstance(answer, dict):
            raise self._odd(line)
        if "error" in answer:
            raise DeviceError(f"expected on {self.host} {printable(str(answer['error']))}; run it again when it is so")
        return answer

    def _failed(self, returncode: int, said: str, pushed: str) -> DeviceError:
        if returncode == LOST and pushed:
            return DeviceError(
                f"expected {self.host} to take {pushed}; the connection broke{_said(said)}; nothing half is left "
                "there: run it again"
            )
        if returncode == LOST:
            return DeviceError(
                f"expected to reach {self.host} by ssh; it said{_said(said)}; make `ssh {self.host} true` work "
                "without a password"
            )
        other = f"name the one that has an interpreter: ssh:{self.host}:PYTHON"
        if returncode in _NO_PROGRAM:
            return DeviceError(f"expected a Python called {self.python} on {self.host}{_said(said)}; {other}")
        return DeviceError(
            f"expected {self.python} on {self.host} to answer; it exited with code {returncode}{_said(said)}; {other}"
        )

    def _odd(self, text: str) -> DeviceError:
        return DeviceError(
            f"expected an answer of {self.host}; got {shortened(text.strip())!r}; try `ssh {self.host} true`"
        )


def environment_of(board: SshBoard, facts: BoardFacts, runtime: str | None = None) -> Environment:
    """Returns how an interpreter of the board is started: `runtime`, or LiteRT before tflite-runtime.

    Raises:
        RuntimeUnavailableError: NumPy or the interpreter is not there, or the two do not fit.
    """
    where = f"{board.python} on {board.host} (Python {facts.python})"
    here = [name for name in targets.RUNTIMES if name in facts.versions]
    if runtime is not None and runtime not in here or not here:
        wanted = runtime or " or ".join(targets.RUNTIMES)
        held = ", ".join(f"{name} {facts.versions[name]}" for name in here) or "neither"
        first = runtime or targets.RUNTIMES[-1]
        raise RuntimeUnavailableError(
            f"expected {wanted} in {where}; it has {held}; {board.install_hint(first)}, or name another Python: "
            f"ssh:{board.host}:PYTHON"
        )
    name = runtime or here[-1]
    numpy = facts.versions.get("numpy", "")
    if not numpy:
        raise RuntimeUnavailableError(f"expected NumPy in {where}; it has none; {board.install_hint('numpy')}")
    if name == "tflite-runtime" and not numpy.startswith("1."):
        raise RuntimeUnavailableError(
            f"expected NumPy 1 for tflite-runtime in {where}; it has {numpy}; " + board.install_hint("'numpy<2'")
        )
    return Environment(RuntimeTarget(name, facts.versions[name], facts.arch), (board.python,), board=board)


def _said(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith(_CHATTER)]
    return f": {shortened(lines[-1], 160)}" if lines else ""
