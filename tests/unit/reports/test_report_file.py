from __future__ import annotations

import dataclasses
import json

import pytest

from tfedge.errors import ArtifactError
from tfedge.reports.report_file import read_report, report_path, write_report


def test_report_file_when_written_and_read_then_equal(report, tmp_path):
    path = write_report(report_path(tmp_path, "g2p"), report)
    assert path.name == "g2p.report.json"
    assert read_report(path) == report


def test_write_report_then_samples_stand_in_one_line_and_texts_as_they_are(report, tmp_path):
    noted = dataclasses.replace(report, notes=("[\n 1,\n 2\n]", "[ 1,  2 ]"))
    path = write_report(tmp_path / "r.json", noted)
    assert read_report(path) == noted
    (line,) = [line for line in path.read_text().splitlines() if '"samples_ms"' in line][:1]
    assert line.endswith("],")


def test_write_report_when_it_exists_then_only_with_force(report, tmp_path):
    path = tmp_path / "r.json"
    path.write_text("mine")
    with pytest.raises(ArtifactError, match="--force"):
        write_report(path, report)
    assert path.read_text() == "mine"
    write_report(path, report, force=True)
    assert read_report(path) == report


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b"[]", b"{}", b"[" * 100_000, b'{"schema_version": 1}', b'{"schema_version": NaN}'],
)
def test_read_report_when_it_is_none_then_one_message_names_the_file(tmp_path, content):
    path = tmp_path / "r.json"
    path.write_bytes(content)
    with pytest.raises(ArtifactError) as caught:
        read_report(path)
    assert str(caught.value).startswith(f"expected a tfedge report in {path}; ")


@pytest.mark.parametrize("change", [{"rows": [1]}, {"conditions": None}, {"notes": 5}])
def test_read_report_when_a_part_is_of_another_type_then_refused(report, tmp_path, change):
    path = tmp_path / "r.json"
    path.write_text(json.dumps({**report.to_json(), **change}))
    with pytest.raises(ArtifactError, match="expected a tfedge report"):
        read_report(path)


def test_read_report_when_a_number_is_a_text_then_refused(report, tmp_path):
    value = report.to_json()
    value["rows"][0]["accuracy"]["wer"] = "low"
    path = tmp_path / "r.json"
    path.write_text(json.dumps(value))
    with pytest.raises(ArtifactError, match="a value is of another type"):
        read_report(path)


def test_read_report_when_missing_then_says_so(tmp_path):
    with pytest.raises(ArtifactError, match="there is none"):
        read_report(tmp_path / "r.json")
