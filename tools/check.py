"""Runs every check of the project with the Python that runs this file: ruff, mypy, then all tests.

    .venv/bin/python tools/check.py [PYTEST ARGUMENT ...]

Stops at the first check that fails and returns its exit code. pytest comes last, with quick tests first,
so that its closing line is the last line printed.
"""

from __future__ import annotations

import pathlib
import subprocess
import sys
from collections.abc import Sequence

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHECKS = (
    ("ruff", "check"),
    ("mypy",),
    ("pytest", "-x"),
)


def main(pytest_arguments: Sequence[str] = ()) -> int:
    """Runs the checks in order and returns the first exit code that is not 0, or 0."""
    for check in CHECKS:
        command = [sys.executable, "-m", *check, *(pytest_arguments if check[0] == "pytest" else ())]
        print("$", "python", *command[1:], flush=True)
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
