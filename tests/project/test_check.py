"""`tools/check.py`: all checks, in order, stopping at the first that fails, pytest last."""

from __future__ import annotations

import pathlib
import subprocess
import time

import pytest

from tools import check


@pytest.fixture
def commands(monkeypatch, tmp_path):
    """Remembers the commands instead of running them; `codes` says how each ends. The Android build is a small program
    that ends with `android_code`, or lives until it is ended."""
    ran, codes = [], []

    def run(command, **options):
        ran.append(command[2:])
        code = codes.pop(0) if codes else 0
        return subprocess.CompletedProcess(command, code() if callable(code) else code)

    def android(program):
        (tmp_path / "android.py").write_text(program)
        monkeypatch.setattr(check, "ANDROID", (str(tmp_path / "android.py"),))

    android("pass")
    monkeypatch.setattr(subprocess, "run", run)
    run.ran, run.codes, run.android = ran, codes, android
    return run


def test_check_when_all_pass_then_0_and_pytest_is_last(commands, capsys):
    assert check.main(["-k", "quick"]) == 0
    assert [command[0] for command in commands.ran] == ["ruff", "mypy", "pytest"]
    assert commands.ran[-1] == [*check.CHECKS[-1][1:], "-k", "quick"]
    assert capsys.readouterr().out.splitlines()[-1] == f"$ python {' '.join(check.CHECKS[-1])} -k quick"


def test_check_when_the_android_build_fails_then_its_code(commands):
    commands.android("raise SystemExit(5)")
    assert check.main() == 5


def test_check_when_one_fails_then_its_code_and_nothing_after_it(commands):
    commands.codes[:] = [0, 7]
    assert check.main() == 7
    assert [command[0] for command in commands.ran] == ["ruff", "mypy"]


def test_check_when_one_fails_then_the_android_build_ends_with_all_it_started(commands, tmp_path):
    commands.android(
        "import os, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(tmp_path / 'new')!r}, 'w').write(str(child.pid))\n"
        f"os.rename({str(tmp_path / 'new')!r}, {str(tmp_path / 'pid')!r})\n"
        "child.wait()\n"
    )

    def fail_when_it_has_started():
        while not (tmp_path / "pid").exists():
            time.sleep(0.01)
        return 1

    commands.codes[:] = [fail_when_it_has_started]
    assert check.main() == 1
    state = pathlib.Path("/proc", (tmp_path / "pid").read_text(), "stat")
    while state.exists() and state.read_text().split()[2] != "Z":
        time.sleep(0.01)
