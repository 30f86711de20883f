"""How end-to-end tests run tfedge, and what every failed command line has in common."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import re
import select
import signal
import subprocess
import sys
import types
from typing import IO

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Long enough for a machine that is busy with ten other things; a run that waits for nothing ends with it.
TIMEOUT_SECONDS = 900
# A stage's title, with the seconds since the start, and what a stage says below its title.
PROGRESS = re.compile(r" *\d+\.\d s  .*| {11}.*")


@dataclasses.dataclass(frozen=True)
class Ended:
    """A command line that has ended; `returncode` is minus the signal for one that was killed."""

    returncode: int
    stdout: str
    stderr: str


def environment() -> dict[str, str]:
    """Returns the environment in which `python -m tfedge` is the tfedge of this repository."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def run_tfedge(folder: pathlib.Path, *arguments: object, code: str = "") -> Ended:
    """Runs `python -m tfedge ...` in `folder`, or Python `code` with the arguments."""
    start = ["-c", code] if code else ["-m", "tfedge"]
    run = subprocess.run(
        [sys.executable, *start, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(),
        timeout=TIMEOUT_SECONDS,
    )
    return Ended(run.returncode, run.stdout, run.stderr)


class Forks:
    """Runs command lines of wing A in children of one process that has TensorFlow; a context manager."""

    def __enter__(self) -> Forks:
        self._server = subprocess.Popen(
            [sys.executable, str(pathlib.Path(__file__).with_name("fork_server.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        with self._server:
            self._pipe(self._server.stdin).close()

    @staticmethod
    def _pipe(pipe: IO[str] | None) -> IO[str]:
        assert pipe is not None
        return pipe

    def run(self, folder: pathlib.Path, *arguments: object, kill_at: str = "", file_limit: int | None = None) -> Ended:
        """Runs one command line in `folder`.

        Args:
            arguments: after `tfedge`.
            kill_at: text on stderr at which the process is killed with SIGKILL.
            file_limit: bytes beyond which no file can grow.
        """
        outputs = {name: folder.parent / f"{folder.name}.{name}" for name in ("stdout", "stderr")}
        for path in outputs.values():
            path.write_text("")
        request = {
            "arguments": [str(argument) for argument in arguments],
            "folder": str(folder),
            "file_limit": file_limit,
            **{name: str(path) for name, path in outputs.items()},
        }
        print(json.dumps(request), file=self._pipe(self._server.stdin), flush=True)
        process = int(self._answer())
        while kill_at and kill_at not in outputs["stderr"].read_text():
            if select.select([self._pipe(self._server.stdout)], [], [], 0.02)[0]:
                break  # It has ended before it said so; the test's own comparison will tell.
        else:
            if kill_at:
                os.kill(process, signal.SIGKILL)
        code = int(self._answer())
        return Ended(code, *(outputs[name].read_text() for name in ("stdout", "stderr")))

    def _answer(self) -> str:
        pipe = self._pipe(self._server.stdout)
        assert select.select([pipe], [], [], TIMEOUT_SECONDS)[0], "the command did not end"
        return pipe.readline()


def error_of(run: Ended) -> str:
    """Returns the one error line of a command that refused; asserts that it is one, last, and all but progress."""
    *before, error = run.stderr.splitlines()
    assert error.startswith("tfedge: error: "), run.stderr
    assert [line for line in before if not PROGRESS.fullmatch(line)] == []
    assert run.stdout == ""
    return error


def names(folder: pathlib.Path) -> list[str]:
    """Returns everything below `folder`, hidden files too."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
