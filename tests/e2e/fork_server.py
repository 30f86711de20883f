"""Imports TensorFlow once and forks a child for each command line: saves its five seconds a command.

Run as a program. Each line on stdin is a request, `{"arguments": [...], "folder": "...", "stdout": "...", "stderr":
"...", "file_limit": bytes or null}`; the answers are two lines, the child's process id and, when it has ended, its
exit code. A child runs the same `main` as `python -m tfedge`, in `folder`, with its output in the named files.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import Any, NoReturn

from tfedge.cli import main, wing_a


def become(request: dict[str, Any]) -> NoReturn:
    """Turns this process into one command line of tfedge."""
    os.chdir(request["folder"])
    for descriptor, path in ((0, os.devnull), (1, request["stdout"]), (2, request["stderr"])):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC), descriptor)
    if request["file_limit"] is not None:
        # A write beyond it fails with EFBIG, in the middle of a file, as on a full disk with ENOSPC: Python ignores
        # the signal that would end the process.
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["file_limit"], request["file_limit"]))
        sys.dont_write_bytecode = True  # Or half a .pyc of a module first imported here would meet the next test.
    sys.argv = ["tfedge", *request["arguments"]]
    code = 70  # Where `main` itself raises, which it must not.
    try:
        code = main.main(request["arguments"])
    finally:
        sys.stderr.flush()
        os._exit(code)


def serve() -> None:
    """Answers requests until stdin ends."""
    wing_a.import_tensorflow()
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            become(json.loads(line))
        print(process, flush=True)
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    serve()
