from __future__ import annotations

import pytest

from tfedge.cli.main import main


def test_train_when_the_data_are_the_log_of_out_then_they_stay_even_with_force(tmp_path, capsys):
    data = tmp_path / "log.csv"
    data.write_text("oil,heat\n1,2\n")
    command = ["train", "anomaly", "--data", str(data), "--force", "--out"]
    assert main([*command, str(tmp_path / "log.keras")]) == 2
    assert "would be replaced; choose another" in capsys.readouterr().err
    assert data.read_text() == "oil,heat\n1,2\n"
    assert main([*command, str(tmp_path / "other.keras")]) == 2
    assert "200 rows or more" in capsys.readouterr().err


@pytest.mark.parametrize("data", ["none.csv", "folder"])
def test_train_when_the_data_are_no_file_then_one_clear_line(tmp_path, capsys, data):
    (tmp_path / "folder").mkdir()
    (tmp_path / "log.keras").write_text("an earlier run")
    out = str(tmp_path / "log.keras")
    assert main(["train", "anomaly", "--data", str(tmp_path / data), "--force", "--out", out]) == 2
    assert capsys.readouterr().err.count("\n") == 1
