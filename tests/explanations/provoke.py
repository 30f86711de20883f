"""Runs every case of one runtime, each call in a fork, and prints what came out.

    python -m tests.explanations.provoke tflite-runtime | ai-edge-litert | tensorflow

Prints one JSON object: key of a case -> {"broken": result, "fixed": result}; a result has `text` (what was printed
and the error's own words), `raised`, `value` and `signal` (the name of the signal that ended it, or "").
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import tempfile
import traceback
from typing import Any

from tests.explanations.case import LITERT, TENSORFLOW, TFLITE, Call, Case

MODULES = {
    TFLITE: "tflite_runtime.interpreter",
    LITERT: "ai_edge_litert.interpreter",
    TENSORFLOW: "tensorflow",
}
LIMIT_S = 60


def cases_of(where: str) -> list[Case]:
    """Returns the cases that a runtime's process has to run."""
    names = (
        ("conversion_cases", "lint_cases")
        if where == TENSORFLOW
        else ("interpreter_cases", "silent_cases", "probe_cases")
    )
    modules = [importlib.import_module(f"tests.explanations.{name}") for name in names]
    return [case for module in modules for case in module.CASES if where in case.where]


class Fork:
    """A call in a child of its own: a crash, or a limit that it sets, ends with it."""

    def __init__(self, call: Call, runtime: Any) -> None:
        self._printed, self._answer = tempfile.TemporaryFile(), tempfile.TemporaryFile("w+")
        self._child = os.fork()
        if self._child == 0:
            os.dup2(self._printed.fileno(), 1)
            os.dup2(self._printed.fileno(), 2)
            signal.alarm(LIMIT_S)
            try:
                self._answer.write(json.dumps(_call(call, runtime)))
                self._answer.flush()
            finally:
                sys.stderr.flush()
                os._exit(0)

    def result(self) -> dict[str, Any]:
        """Waits for its end and returns what came out."""
        code = os.waitstatus_to_exitcode(os.waitpid(self._child, 0)[1])
        name = signal.Signals(-code).name if code < 0 else ""
        self._printed.seek(0)
        self._answer.seek(0)
        told = json.loads(self._answer.read() or '{"raised": true, "error": "", "value": null}')
        ended = f"the process died by {name}" if name else ""
        parts = (self._printed.read().decode(errors="replace"), told["error"], ended)
        self._printed.close()
        self._answer.close()
        text = "\n".join(part for part in parts if part)
        return {"text": text, "raised": told["raised"], "value": told["value"], "signal": name}


def _call(call: Call, runtime: Any) -> dict[str, Any]:
    try:
        value = call(runtime)
    except BaseException as error:  # Whatever it is: its words are what is asked for.
        return {"raised": True, "error": "".join(traceback.format_exception_only(error)), "value": None}
    return {"raised": False, "error": "", "value": value if isinstance(value, bool) else None}


def main() -> None:
    """Runs the cases of the runtime named on the command line."""
    where = sys.argv[1]
    runtime = importlib.import_module(MODULES[where])
    importlib.import_module("keras" if where == TENSORFLOW else "tfedge.checks.probes")  # Before the forks, once.
    found = {}
    for case in cases_of(where):  # Both calls of a case at once: two cores.
        fixed = Fork(case.fixed, runtime) if case.fixed is not None else None
        broken = Fork(case.broken, runtime).result()
        found[case.key] = {"broken": broken, "fixed": fixed.result() if fixed is not None else None}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
