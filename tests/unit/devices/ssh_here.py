"""A program called ssh: it speaks ssh's command line, runs what it is told in a shell of this machine, and records it.

The board's home is a folder of its own, so that what is sent there can be looked at.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import sys

import pytest

_PROGRAM = """#!{python} -IS
import json, os, signal, subprocess, sys
words, options = sys.argv[1:], []
while words[0].startswith("-"):
    option = words.pop(0)
    options.append(option if option == "-T" else option + " " + words.pop(0))
host, *command = words
home = {home!r}
with open(home + "/ssh.log", "a") as log:
    print(json.dumps([host, options, command]), file=log)
try:
    mode = open(home + "/mode").read().split() or [""]
except FileNotFoundError:
    mode = [""]
variables = {{**os.environ, "HOME": home}}
variables.pop("XDG_CACHE_HOME", None)
line = " ".join(command)
if mode[0] == "unreachable":
    sys.exit(sys.stderr.write("ssh: connect to host pi port 22: No route to host\\n") and 255)
if mode[0] == "pulled" and " place " in line:
    child = subprocess.Popen(["sh", "-c", line], stdin=subprocess.PIPE, env=variables)
    child.stdin.write(sys.stdin.buffer.read(int(mode[1])))
    child.stdin.close()
    child.wait()
    sys.stdin.close()
    sys.exit(sys.stderr.write("client_loop: send disconnect: Broken pipe\\n") and 255)
if mode[0] == "dies" and "/isolation.py " in line and " place " not in line:
    sys.stderr.write("Timeout, server pi not responding.\\n")
    sys.exit(255)
if mode[0] == "greets":
    print("Welcome to pi!", flush=True)
if mode[0] == "full":
    line = "ulimit -f 0; " + line
os.execve("/bin/sh", ["sh", "-c", line], variables)
"""


@dataclasses.dataclass(frozen=True)
class Board:
    """The board behind the program: its home, with `ssh.log` and the files that were sent."""

    home: pathlib.Path

    def behave(self, mode: str) -> None:
        """Makes the next connections "unreachable", "pulled BYTES", "dies", "greets" or "full"; "" is well."""
        (self.home / "mode").write_text(mode, encoding="utf-8")

    @property
    def calls(self) -> list[tuple[str, list[str], str]]:
        """Host, options and command of each connection so far."""
        lines = (self.home / "ssh.log").read_text(encoding="utf-8").splitlines()
        return [(host, options, " ".join(command)) for host, options, command in map(json.loads, lines)]

    @property
    def files(self) -> list[str]:
        """What was sent, by name below the cache folder."""
        folder = self.home / ".cache/tfedge/board-1"
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())

    def python(self, *options: str, name: str = "python3") -> str:
        """Writes a Python of the board that is this one with `options`, and returns its path."""
        path = self.home / name
        path.write_text(f'#!/bin/sh\nexec {sys.executable} {" ".join(options)} "$@"\n', encoding="utf-8")
        path.chmod(0o755)
        return str(path)


def install(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Board:
    """Puts the program in front of PATH."""
    home, programs = tmp_path / "home", tmp_path / "bin"
    home.mkdir()
    programs.mkdir()
    path = programs / "ssh"
    path.write_text(_PROGRAM.format(python=sys.executable, home=str(home)), encoding="utf-8")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return Board(home)
