"""One target's worker over many files: started when first needed, and again after a file has killed it."""

from __future__ import annotations

import os
import types

from tfedge.errors import WorkerError
from tfedge.runtime.client import Worker
from tfedge.runtime.environments import Environment
from tfedge.runtime.targets import RuntimeTarget


class Lane:
    """A context manager that loads files, one at a time, in the environment of one target.

    Args:
        environment: how to start the target's Python.
        timeout_s: seconds for one answer of the interpreter.
    """

    def __init__(self, environment: Environment, timeout_s: float = 60.0) -> None:
        self.environment = environment
        self.timeout_s = timeout_s
        self._worker: Worker | None = None

    @property
    def target(self) -> RuntimeTarget:
        """The target that files are run on."""
        return self.environment.target

    def load(self, path: str | os.PathLike[str], resolver: str = "default", timeout_s: float | None = None) -> Worker:
        """Loads a file in a process that no file before it has touched, and returns the worker.

        Raises:
            RuntimeUnavailableError: the runtime does not start.
            WorkerError: refused, crashed, out of memory or timed out.
        """
        self.close()
        worker = Worker(self.environment, timeout_s=timeout_s or self.timeout_s)
        self._worker = worker.__enter__()
        try:
            self._worker.load(path, resolver=resolver)
        except WorkerError:
            self.close()
            raise
        return self._worker

    def close(self) -> None:
        """Ends the worker; does nothing when there is none."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def __enter__(self) -> Lane:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        self.close()
