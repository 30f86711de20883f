from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys

import pytest

from tfedge.devices import staging
from tfedge.errors import ArtifactError


def names(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


def test_staged_when_it_ends_well_the_folder_is_there(tmp_path):
    with staging.staged(tmp_path / "arch" / "made") as stage:
        assert not (tmp_path / "arch" / "made").exists()
        (stage / "file").write_text("new")
    assert names(tmp_path / "arch") == ["made"]
    assert (tmp_path / "arch" / "made" / "file").read_text() == "new"


def test_staged_when_it_fails_nothing_is_left(tmp_path):
    with pytest.raises(KeyError), staging.staged(tmp_path / "made"):
        raise KeyError
    assert names(tmp_path) == []


def test_staged_when_one_is_there_it_is_replaced_only_at_the_end(tmp_path):
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "old").write_text("old")
    with pytest.raises(KeyError), staging.staged(tmp_path / "made"):
        raise KeyError
    assert names(tmp_path / "made") == ["old"]
    with staging.staged(tmp_path / "made") as stage:
        (stage / "new").write_text("new")
    assert (names(tmp_path), names(tmp_path / "made")) == (["made"], ["new"])


def test_staged_when_the_disk_is_full_says_so_and_leaves_nothing(tmp_path):
    with pytest.raises(ArtifactError, match="No space left on device.*TFEDGE_CACHE"):
        with staging.staged(tmp_path / "made"), open("/dev/full", "w") as full:
            full.write("x" * 10_000)
    assert names(tmp_path) == []


@pytest.mark.parametrize("make", [staging.locked, staging.staged])
def test_cache_when_it_cannot_be_written_says_so(make):
    with pytest.raises(ArtifactError, match="TFEDGE_CACHE"), make(pathlib.Path("/dev/null/cache")):
        raise AssertionError("not reached")


def test_locked_when_another_process_was_killed_removes_what_it_left(tmp_path):
    code = (
        "import os, pathlib, sys; from tfedge.devices import staging; root = pathlib.Path(sys.argv[1])\n"
        "with staging.locked(root), staging.staged(root / 'arch' / 'made') as stage:\n"
        "    (stage / 'half').write_text('half'); os.kill(os.getpid(), 9)"
    )
    search_path = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=search_path)
    assert done.returncode == -signal.SIGKILL
    assert len(names(tmp_path / "arch")) == 1
    assert not (tmp_path / "arch" / "made").exists()
    with staging.locked(tmp_path):
        assert names(tmp_path / "arch") == []


def test_locked_when_another_process_holds_it_waits_or_refuses(tmp_path):
    code = (
        "import pathlib, sys; from tfedge.devices import staging\n"
        "with staging.locked(pathlib.Path(sys.argv[1])):\n    print(flush=True); input()"
    )
    search_path = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code, str(tmp_path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=search_path) as other:
        other.stdout.readline()
        with pytest.raises(BlockingIOError), staging.locked(tmp_path, wait=False):
            raise AssertionError("not reached")
        other.communicate(b"\n")
    with staging.locked(tmp_path, wait=False):
        assert other.returncode == 0


def test_check_space_when_there_is_too_little_says_how_much(tmp_path):
    staging.check_space(tmp_path, 1)
    with pytest.raises(ArtifactError, match="expected 1000000000000 MB of free space.*make room"):
        staging.check_space(tmp_path, 10**18)


def test_check_said_when_a_program_met_a_full_disk_raises():
    staging.check_said("E: something else")
    with pytest.raises(OSError, match="No space left on device"):
        staging.check_said("OSError: [Errno 28] No space left on device")


def test_remove_when_done_leaves_nothing(tmp_path):
    (tmp_path / "made" / "below").mkdir(parents=True)
    staging.remove(tmp_path / "made")
    assert names(tmp_path) == []
