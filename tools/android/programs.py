"""Runs the programs that make an app."""

from __future__ import annotations

import pathlib
import subprocess
import time
from collections.abc import Sequence


def run(command: Sequence[str | pathlib.Path], name: str, harmless: Sequence[str] = ()) -> list[str]:
    """Runs a program, prints how long it took and what it said but lines that hold one of `harmless`; returns these.

    Raises:
        SystemExit: it refused; what it said is the message.
    """
    start = time.monotonic()
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said = [line for line in done.stdout.splitlines() if not any(known in line for known in harmless)]
    if done.returncode:
        raise SystemExit("\n".join([*said, f"expected {name} to work; it refused, for what it says above"]))
    print(*said, f"{name}: {time.monotonic() - start:.1f} s", sep="\n", flush=True)
    return said
