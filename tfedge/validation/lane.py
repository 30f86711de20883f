"""One target's worker over many files: started when first needed; each file gets a fresh child of it, with limits."""

from __future__ import annotations

import os
import types

from tfedge.runtime.client import Worker
from tfedge.runtime.environments import Environment
from tfedge.runtime.limits import Limits
from tfedge.runtime.targets import RuntimeTarget

# An emulated board starts its interpreter in 2 s, and in many more where other boards start beside it; a file's own
# process is forked in milliseconds, but the first one waits for that. Neither is the file's doing.
START_SECONDS, LOAD_SECONDS = 60.0, 20.0


class Lane:
    """A context manager that loads files, one at a time, in the environment of one target.

    Args:
        environment: how to start the target's Python.
        timeout_s: seconds for one answer of the interpreter.
        limits: of the process of one file.
    """

    def __init__(self, environment: Environment, timeout_s: float = 60.0, limits: Limits | None = None) -> None:
        self.environment = environment
        self.timeout_s = timeout_s
        self._limits = limits or Limits()
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
        if self._worker is None or not self._worker.process.is_alive:
            self.close()
            self._worker = Worker(
                self.environment, timeout_s=max(START_SECONDS, self.timeout_s), limits=self._limits
            ).__enter__()
        self._worker.process.timeout_s = max(LOAD_SECONDS, timeout_s or self.timeout_s)
        self._worker.load(path, resolver=resolver)
        self._worker.process.timeout_s = timeout_s or self.timeout_s
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
