from __future__ import annotations

import pytest

from tests.golden import packed_tensors
from tfedge.errors import ConfigError
from tfedge.reports import check, table
from tfedge.reports.schema import Report
from tfedge.reports.validate import validate_file
from tfedge.runtime.targets import installed_targets


@pytest.mark.parametrize(("shift", "verdict"), [(0.0, "pass"), (3.0, "fail")])
def test_validate_file_of_tensors_asks_its_golden_cases_on_every_runtime(tmp_path, shift, verdict):
    path = packed_tensors.write(tmp_path / "m.tflite", shift=shift).path
    report = validate_file(path)
    assert (report.verdict, report.task) == (verdict, "product")
    assert [row.target for row in report.rows] == [str(target) for target in installed_targets()]
    assert {row.entry for row in report.rows} == {"signatures"}
    assert Report.from_json(report.to_json()) == report
    assert any("float32, 0.00 MB, signatures" in line for line in table.report_lines(report))


def test_validate_file_of_tensors_when_words_are_asked_for_then_config_error(tmp_path):
    path = packed_tensors.write(tmp_path / "m.tflite").path
    for asked in ({"full": True}, {"data": "lexicon.tsv"}):
        with pytest.raises(ConfigError, match="its golden cases are inside"):
            validate_file(path, **asked)


def test_check_files_of_tensors_has_their_golden_cases_among_its_gates(tmp_path):
    path = packed_tensors.write(tmp_path / "m.tflite").path
    (file,) = check.check_files([path]).files
    found = {finding.gate: finding.verdict for target in file.targets for finding in target.findings}
    assert file.verdict == "pass" and found["golden_cases"] == "pass"
