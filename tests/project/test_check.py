"""`tools/check.py`: all checks, in order, stopping at the first that fails, pytest last."""

from __future__ import annotations

import subprocess

import pytest

from tools import check


@pytest.fixture
def commands(monkeypatch):
    """Remembers the commands instead of running them; `codes` says how each ends."""
    ran, codes = [], []

    def run(command, **options):
        ran.append(command[2:])
        return subprocess.CompletedProcess(command, codes.pop(0) if codes else 0)

    monkeypatch.setattr(subprocess, "run", run)
    run.ran, run.codes = ran, codes
    return run


def test_check_when_all_pass_then_0_and_pytest_is_last(commands, capsys):
    assert check.main(["-k", "quick"]) == 0
    assert [command[0] for command in commands.ran] == ["ruff", "mypy", "pytest"]
    assert commands.ran[-1] == ["pytest", "-x", "-k", "quick"]
    assert capsys.readouterr().out.splitlines()[-1] == "$ python -m pytest -x -k quick"


def test_check_when_one_fails_then_its_code_and_nothing_after_it(commands):
    commands.codes[:] = [0, 7]
    assert check.main() == 7
    assert [command[0] for command in commands.ran] == ["ruff", "mypy"]
