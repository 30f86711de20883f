"""Processes that stay, each asked in turn by a JSON line and answering by one: what interleaved runs are made of."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tfedge.errors import MeasurementError


class AnsweringProcess:
    """A program that says a line when it is ready, and then answers each JSON line on stdin by one on stdout.

    Args:
        name: for messages.
        purpose: what it does, for messages.
        command: program and arguments.
    """

    def __init__(self, name: str, purpose: str, command: Sequence[str]) -> None:
        self.name = name
        self._purpose = purpose
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def wait_until_ready(self) -> None:
        """Waits for the first line.

        Raises:
            MeasurementError: the process ended.
        """
        self._read()

    def _read(self) -> dict[str, Any]:
        stdout = self._process.stdout
        line = stdout.readline() if stdout else ""
        if not line:
            raise MeasurementError(
                f"expected {self.name} to {self._purpose}; its process ended with exit code {self._process.wait()}; "
                "its own words are above"
            )
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the answer to a request.

        Raises:
            MeasurementError: the process ended.
        """
        if self._process.stdin is None or self._process.poll() is not None:
            return self._read()
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._read()

    def stop(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                stream.close()


@contextlib.contextmanager
def started(purpose: str, commands: Sequence[tuple[str, Sequence[str]]]) -> Iterator[list[AnsweringProcess]]:
    """Yields processes that are ready, one for each (name, command); they end with the block.

    Raises:
        MeasurementError: one ended before it was ready.
    """
    processes: list[AnsweringProcess] = []
    try:
        for name, command in commands:
            processes.append(AnsweringProcess(name, purpose, command))
        for process in processes:
            process.wait_until_ready()
        yield processes
    finally:
        for process in processes:
            process.stop()
