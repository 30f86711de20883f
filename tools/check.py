"""Runs every check of the project with the Python that runs this file: ruff, mypy, the Android build, then all tests.

    .venv/bin/python tools/check.py [PYTEST ARGUMENT ...]

Stops at the first check that fails and returns its exit code. Maven builds and tests the Android demo meanwhile, on
the other core; the Python tests that need the app wait for it. pytest comes last, with quick tests first, so that its
closing line is the last line printed.
"""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
from collections.abc import Sequence

ROOT = pathlib.Path(__file__).resolve().parent.parent
ANDROID = ("tools/android/build.py",)
CHECKS = (
    ("-m", "ruff", "check"),
    ("-m", "mypy"),
    ("-m", "pytest", "-x"),
)


def main(pytest_arguments: Sequence[str] = ()) -> int:
    """Runs the checks in order and returns the first exit code that is not 0, or 0."""
    # A session of its own, so that Maven ends with it.
    command = [sys.executable, *ANDROID]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True) as android:
        for check in CHECKS:
            last = check == CHECKS[-1]
            command = [sys.executable, *check, *(pytest_arguments if last else ())]
            print("$", "python", *command[1:], flush=True)
            code = subprocess.run(command, cwd=ROOT, check=False).returncode
            if code:
                os.killpg(android.pid, signal.SIGTERM)
                return code
        return android.wait()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
