"""The README's table of decode speed is that of the stored report."""

from __future__ import annotations

import copy
import json

import pytest

from tests.project import sources
from tfedge.errors import ArtifactError, MeasurementError
from tools.benchmark import __main__ as benchmark
from tools.benchmark import comparison
from tools.update_readme import replace_region


def test_table_is_drawn_from_the_stored_report():
    readme = (sources.ROOT / "README.md").read_text("utf-8")
    assert (
        replace_region(readme, benchmark.region(json.loads(benchmark.KEPT.read_text("utf-8"))), *benchmark.MARKS)
        == readme
    )


def test_table_when_the_report_is_another_then_another():
    report = json.loads(benchmark.KEPT.read_text("utf-8"))
    before = benchmark.region(report)
    report["shapes"][0]["rows"][0]["typical_ms"] += 1
    assert benchmark.region(report) != before


def test_comparison_when_conditions_are_alike_then_a_ratio_a_row():
    report = comparison.read(benchmark.KEPT)
    faster = copy.deepcopy(report)
    faster["created_utc"] = "another day"
    faster["shapes"][0]["rows"][0]["typical_ms"] /= 2
    lines = comparison.markdown(faster, report).splitlines()
    assert len(lines) == 2 + sum(len(shape["rows"]) for shape in report["shapes"])
    assert lines[2].endswith("| 2.00 |") and lines[3].endswith("| 1.00 |")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("cpu", "another", "cpu: another and"),
        ("threads", 2, "threads: 2 and 1"),
        ("versions", {"numpy": "1"}, "version of numpy: 1 and"),
    ],
)
def test_comparison_when_conditions_differ_then_refused_by_name(key, value, said):
    report = comparison.read(benchmark.KEPT)
    other = copy.deepcopy(report)
    other["conditions"][key] = value
    with pytest.raises(MeasurementError, match=f"expected two runs under the same conditions; got {said}"):
        comparison.markdown(other, report)


def test_comparison_when_sources_differ_then_refused():
    report = comparison.read(benchmark.KEPT)
    other = copy.deepcopy(report)
    other["shapes"][1]["num_sources"] += 1
    with pytest.raises(MeasurementError, match="sources of 256 wide"):
        comparison.markdown(report, other)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"schema_version": 2}', '{"schema_version": 1, "shapes": [3]}', "[" * 9999]
)
def test_read_when_it_is_no_report_then_one_line_and_exit_code_2(tmp_path, capsys, text):
    path = tmp_path / "report.json"
    path.write_text(text)
    with pytest.raises(ArtifactError, match="expected a benchmark report in"):
        comparison.read(path)
    assert benchmark.main(["--compare", str(path), str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
