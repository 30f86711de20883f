"""`kill -9` within train, convert and package: no half file under a final name, and the way on is open."""

from __future__ import annotations

import csv
import pathlib
import signal

from tests.e2e import lexicons
from tests.e2e.commands import error_of, names

TRAIN = ("train", "g2p", "--data", "lexicon.tsv", "--config", "small.json", "--out", "m.keras")


def visible(paths):
    """Returns the names that a person sees: a killed writer may leave a hidden `.NAME.*.partial`."""
    return [name for name in paths if not pathlib.Path(name).name.startswith(".")]


def test_train_when_killed_then_it_is_resumed_from_its_last_epoch(tmp_path, forks):
    folder = tmp_path / "work"
    folder.mkdir()
    lexicons.write_small_lexicon(folder / "lexicon.tsv")
    lexicons.write_config(folder / "small.json", lexicons.SMALL_CONFIG)
    inputs = {"lexicon.tsv", "small.json"}

    killed = forks.run(folder, *TRAIN, kill_at="epoch 1:")
    assert killed.returncode == -signal.SIGKILL
    assert set(visible(names(folder))) - inputs == {"m.checkpoint.npz", "m.csv", "m.png"}

    # Starting anew would throw work away, so that the same words alone are refused and say how to go on.
    left = {path.name: path.read_bytes() for path in folder.iterdir()}
    again = forks.run(folder, *TRAIN)
    assert again.returncode == 2
    assert "--resume" in error_of(again) and "--force" in error_of(again)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == left

    resumed = forks.run(folder, *TRAIN, "--resume")
    assert (resumed.returncode, resumed.stdout) == (0, "m.keras\n")
    assert set(visible(names(folder))) - inputs == {"m.keras", "m.csv", "m.png"}
    rows = list(csv.DictReader((folder / "m.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert "epoch 1:" not in resumed.stderr  # Not run a second time.


def test_convert_when_killed_then_no_file_and_the_same_command_works(converted):
    assert converted.killed.returncode == -signal.SIGKILL
    assert visible(converted.left) == []
    assert converted.run.returncode == 0


def test_package_when_killed_then_no_file_and_the_same_command_works(packaged):
    assert packaged.killed.returncode == -signal.SIGKILL
    assert visible(packaged.left) == []
    assert packaged.run.returncode == 0
