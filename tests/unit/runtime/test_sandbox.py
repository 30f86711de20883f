from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from tfedge.runtime.process import SANDBOX_FILE
from tfedge.runtime.sandbox import landlock_version

WRITES = {
    "new file": "open(sys.argv[1] + '/new', 'w')",
    "old file": "open(sys.argv[1] + '/old', 'a')",
    "folder": "os.mkdir(sys.argv[1] + '/folder')",
    "removal": "os.remove(sys.argv[1] + '/old')",
    "link": "os.symlink('old', sys.argv[1] + '/link')",
}


def run(folder, code, *sandbox):
    command = [sys.executable, *sandbox, "-c", f"import os, sys\n{code}", str(folder)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture
def folder(tmp_path):
    """A folder with one file, `old`."""
    (tmp_path / "old").write_text("kept")
    return tmp_path


SANDBOX = ("-I", "-S", str(SANDBOX_FILE), sys.executable)


@pytest.mark.parametrize("what", WRITES)
def test_sandbox_when_a_command_writes_it_is_refused(folder, what):
    done = run(folder, WRITES[what], *SANDBOX)
    # Where the kernel has no Landlock the command runs as it would alone, and that is said.
    assert ("Permission denied" in done.stderr) == (landlock_version() > 0)
    assert [path.read_text() for path in folder.iterdir()] == ["kept"] or landlock_version() == 0


@pytest.mark.parametrize("what", WRITES)
def test_command_when_alone_may_write(folder, what):
    assert run(folder, WRITES[what]).returncode == 0


def test_sandbox_when_a_command_reads_and_pipes_it_may(folder):
    code = "print(open(sys.argv[1] + '/old').read(), os.popen('echo piped').read().strip())"
    done = run(folder, code, *SANDBOX)
    assert (done.stdout, done.stderr) == ("kept piped\n", "")


def test_sandbox_when_a_command_connects_it_is_refused(folder):
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = f"import socket\nsocket.create_connection(('127.0.0.1', {server.getsockname()[1]}))"
        assert run(folder, code).returncode == 0
        refused = "Permission denied" in run(folder, code, *SANDBOX).stderr
    assert refused == (landlock_version() >= 4)


def test_sandbox_when_the_command_does_not_exist_names_it():
    done = subprocess.run([sys.executable, str(SANDBOX_FILE), "/no/such"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (127, "No such file or directory: /no/such\n")
