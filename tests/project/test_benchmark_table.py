"""The README's table of decode speed is that of the stored report."""

from __future__ import annotations

import json

from tests.project import sources
from tools.benchmark import __main__ as benchmark
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
