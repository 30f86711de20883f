from __future__ import annotations

import json
import pathlib
import subprocess

import pytest

from tests.conftest import ARM_TARGETS
from tfedge.devices import emulated_arm
from tfedge.runtime import environments, targets
from tfedge.runtime.client import Worker
from tfedge.runtime.targets import RuntimeTarget


@pytest.fixture(scope="module")
def board(arm):
    """The folder of the board."""
    return environments.cache_folder() / "aarch64" / "board"


def run(board, core, code):
    command = [*emulated_arm.command(str(board), core), "-c", code]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("core", "part", "dot_product"),
    [("cortex-a53", "0xd03", False), ("cortex-a72", "0xd08", False), ("cortex-a76", "0xd0b", True)],
)
def test_board_when_a_core_runs_sees_a_cpuinfo_that_fits(board, core, part, dot_product):
    text = run(board, core, "import platform; print(platform.machine(), open('/proc/cpuinfo').read())")
    assert text.startswith("aarch64 processor")
    assert (text.count(f"CPU part\t: {part}"), text.count("processor\t: ")) == (4, 4)
    assert ("asimddp" in text) == dot_product


def test_command_when_built_always_names_a_core():
    for core in targets.CORES:
        words = emulated_arm.command("/board", core)
        assert words[words.index("-cpu") + 1] == core


def test_board_when_made_says_what_it_is_made_of(board):
    held = json.loads((board / "packages.json").read_text())
    assert held["python3.11-minimal:arm64"].startswith("3.11.")
    assert held["qemu-user-static:amd64"].startswith("1:7.2")


def test_board_when_made_is_small_and_leaves_no_download(board):
    # 80 MB were measured; the rest is room for newer packages. Links do not count.
    size = sum(path.stat().st_size for path in board.rglob("*") if path.is_file() and not path.is_symlink())
    assert size < 120e6
    assert not list(environments.cache_folder().rglob("*.deb")) + list(environments.cache_folder().rglob("*.whl"))


@pytest.mark.parametrize("text", ARM_TARGETS)
def test_worker_when_a_core_is_asked_for_reports_it(arm, text):
    target = RuntimeTarget.parse(f"{text}:cortex-a76")
    with Worker(environments.find_environment(target), timeout_s=60) as worker:
        assert worker.info.target == target
        assert "asimddp" in worker.info.cpu


def test_make_board_when_the_host_is_not_debian_makes_nothing(tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))  # no apt-get
    with pytest.raises(Exception, match="is missing"):
        emulated_arm.make_board(tmp_path / "board", lambda note: None)
    assert not pathlib.Path(tmp_path / "board").exists()
