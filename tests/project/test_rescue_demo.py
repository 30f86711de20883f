"""The README's tables of rescues are those of the stored reports."""

from __future__ import annotations

import dataclasses
import json

import pytest

from tests.unit.pipeline.test_rescue_report import REPORT, without
from tfedge.errors import ArtifactError
from tools import rescue_demo
from tools.rescue_evidence import Evidence, read_evidence, store_evidence
from tools.update_readme import README

CASES = tuple(rescue_demo.CASES)
EVIDENCE = Evidence("2026-11-21T13:00:00Z", "A CPU, 2 cores", REPORT)


@pytest.fixture
def readme(tmp_path):
    path = tmp_path / "README.md"
    path.write_text("before\n{}\nold\n{}\nafter\n".format(*rescue_demo.MARKS), encoding="utf-8")
    return path


def test_update_readme_then_the_region_alone_changes(tmp_path, readme):
    stored = tmp_path / "stored.json"
    store_evidence(stored, "mask", EVIDENCE, CASES)
    rescue_demo.update_readme(stored, readme)
    text = readme.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{rescue_demo.MARKS[0]}\n\n{rescue_demo.TITLES['mask']}:\n\n`r` on ")
    assert text.endswith(
        "Measured 2026-11-21 by `tools/rescue_demo.py --case mask` on A CPU, 2 cores.\n\n"
        f"{rescue_demo.MARKS[1]}\nafter\n"
    )
    assert "| SOFTMAX everywhere | 2 | 80.0% | +0.25 | +8.25 |" in text and "old" not in text


def test_store_evidence_when_another_case_is_there_keeps_it_and_the_order(tmp_path):
    stored = tmp_path / "stored.json"
    other = dataclasses.replace(EVIDENCE, report=without(stopped="the budget is spent"))
    store_evidence(stored, "int4", other, CASES)
    store_evidence(stored, "mask", EVIDENCE, CASES)
    assert read_evidence(stored, CASES) == {"mask": EVIDENCE, "int4": other}
    assert list(read_evidence(stored, CASES)) == ["mask", "int4"]


@pytest.mark.parametrize("text", ["", "[]", '{"other": {}}', '{"mask": 1}', '{"mask": {"cpu": "x"}}'])
def test_readme_only_when_what_is_stored_is_no_report_is_one_line_and_exit_2(tmp_path, readme, capsys, text):
    stored = tmp_path / "stored.json"
    if text:
        stored.write_text(text)
    assert rescue_demo.main(["--readme-only", "--store", str(stored), "--readme", str(readme)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("rescue_demo: error: expected ") and error.count("\n") == 1
    assert "old" in readme.read_text()


def test_read_evidence_when_a_report_has_an_unknown_key_is_refused(tmp_path):
    stored = tmp_path / "stored.json"
    store_evidence(stored, "mask", EVIDENCE, CASES)
    values = json.loads(stored.read_text())
    values["mask"]["report"]["other"] = 1
    stored.write_text(json.dumps(values))
    with pytest.raises(ArtifactError, match="other"):
        read_evidence(stored, CASES)


def test_readme_region_is_that_of_the_stored_reports_and_empty_without_any(tmp_path):
    copy = tmp_path / "README.md"
    copy.write_text(README.read_text(encoding="utf-8"), encoding="utf-8")
    if rescue_demo.STORED.exists():
        rescue_demo.update_readme(readme=copy)
        assert copy.read_text(encoding="utf-8") == README.read_text(encoding="utf-8")
    else:
        region = README.read_text(encoding="utf-8").partition(rescue_demo.MARKS[0])[2]
        assert region.partition(rescue_demo.MARKS[1])[0].strip() == ""
