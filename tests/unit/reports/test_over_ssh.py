"""validate, bench and check on a board behind ssh: the same stages, run there."""

from __future__ import annotations

import pytest

from tests.golden import packed_autokey
from tests.unit.devices import ssh_here
from tfedge.devices.reach import choose_places
from tfedge.errors import ConfigError, DeviceError
from tfedge.reports.bench import bench_files
from tfedge.reports.check import check_files
from tfedge.reports.validate import validate_file
from tfedge.runtime.environments import Environment


@pytest.fixture
def board(tmp_path, monkeypatch):
    return ssh_here.install(tmp_path, monkeypatch)


@pytest.fixture
def path(tmp_path):
    return packed_autokey.write(tmp_path / "m.tflite").path


def test_validate_when_over_ssh_then_scored_there_and_the_board_is_named(board, path):
    report = validate_file(path, [f"ssh:pi:{board.python()}"])
    (row,) = report.rows
    assert (row.accuracy.wer, row.accuracy.num_examples) == (0.0, 40)
    assert f"{row.target} ran on pi and not on this machine." in report.notes
    assert any(name.startswith("models/") for name in board.files)


def test_bench_when_over_ssh_beside_this_machine_then_both_are_timed(board, path):
    report = bench_files([path], [f"ssh:pi:{board.python()}", "ai-edge-litert"], seconds=0.01)
    labels = [row.latency.label for row in report.rows]
    assert labels[0].endswith(" of pi") and len(set(labels)) == 2
    assert all(row.memory.baseline_bytes > 10_000_000 for row in report.rows)


def test_check_when_over_ssh_then_judged_there(board, path):
    (file,) = check_files([path], [f"ssh:pi:{board.python()}"]).files
    assert file.verdict == "pass" and any("isolation.py" in command for _, _, command in board.calls)


def test_check_when_two_machines_are_of_one_kind_then_config_error(board, path):
    with pytest.raises(ConfigError, match="once; ssh:pi:.* is another of its kind"):
        check_files([path], [f"ssh:pi:{board.python()}", "ai-edge-litert"])


def test_check_when_the_board_is_gone_then_an_error_and_no_verdict(board, path):
    board.behave("unreachable")
    with pytest.raises(DeviceError, match="No route to host"):
        check_files([path], ["ssh:pi"])


def test_choose_places_when_boards_are_named_then_environments_and_targets_else(board):
    places = choose_places(["tflite-runtime", f"ssh:pi:{board.python()}"])
    assert [isinstance(place, Environment) for place in places] == [False, True]
    assert len(choose_places()) == 2
