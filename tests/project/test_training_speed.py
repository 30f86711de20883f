"""The tool for training speed: its table, what it refuses, and the README's table from the kept report."""

from __future__ import annotations

import json

import pytest

from tfedge.errors import ArtifactError
from tools.training_speed import __main__ as speed


def rounds(seconds: float) -> list[dict[str, float]]:
    """Six rounds that take about that long."""
    return [{"examples": 1000, "seconds": seconds * (1 + 0.01 * place)} for place in range(6)]


REPORT = {
    "schema_version": 1,
    "conditions": {"cpu": "a CPU", "cores": 2, "versions": {"keras": "3"}},
    "rounds": {"ours": rounds(1.0), "fit": rounds(4.0)},
}


def test_times_as_fast_then_over_one_for_the_faster_and_its_interval_around_it():
    ratio, low, high = speed.times_as_fast(rounds(1.0), rounds(4.0))
    assert low <= ratio <= high and ratio == pytest.approx(4.0)
    assert speed.times_as_fast(rounds(4.0), rounds(1.0))[0] == pytest.approx(0.25)


def test_markdown_then_rates_ratios_aims_and_conditions():
    table = speed.markdown(REPORT)
    assert "padded batches, AdamW | 244 | 4.00 (4.00-4.00) | 3 |" in table  # 6000 examples in 24.6 s
    assert "Muon, averaged weights | 976 | 1 | - |" in table
    assert "2 cores of a CPU; keras 3." in table


def test_update_readme_then_the_table_of_the_report_stands_between_the_marks(tmp_path):
    readme, kept = tmp_path / "README.md", tmp_path / "measured.json"
    readme.write_text("\n".join(("before", *speed.MARKS, "after")))
    kept.write_text(json.dumps(REPORT))
    speed.update_readme(readme, kept)
    text = readme.read_text()
    assert speed.markdown(REPORT) in text and text.startswith("before") and text.endswith("after")
    kept.write_text(json.dumps({**REPORT, "rounds": {"ours": rounds(2.0)}}))
    speed.update_readme(readme, kept)
    assert readme.read_text() != text


BROKEN = [
    "",
    "[]",
    '{"schema_version": 2}',
    '{"schema_version": 1, "rounds": {"ours": []}}',
    json.dumps({**REPORT, "rounds": {}}),
]


@pytest.mark.parametrize("text", BROKEN, ids=["empty", "list", "version", "rounds", "ours"])
def test_read_when_it_is_no_report_then_one_line(tmp_path, text):
    path = tmp_path / "report.json"
    path.write_text(text)
    with pytest.raises(ArtifactError, match="expected a report of training speed in"):
        speed.read(path)


@pytest.mark.parametrize("arguments", [["--rounds", "0"], ["--examples", "-1"], ["--cores", "0"]], ids=" ".join)
def test_main_when_asked_for_nothing_then_exit_code_2_and_one_line(arguments, capsys):
    assert speed.main(arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_readme_then_its_table_is_of_the_kept_report(root):
    assert f"\n{speed.markdown(speed.read(speed.KEPT))}\n" in (root / "README.md").read_text("utf-8")
