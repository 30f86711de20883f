from __future__ import annotations

import json

import pytest

from tests.unit.reports import sample_reports as made
from tests.unit.reports.ladder_samples import float_tensor_rung, ladder, tensor_config
from tfedge.checks.verdict import Finding
from tfedge.cli import main, output
from tfedge.reports import ladder_table, markdown
from tfedge.reports.ladder_report import LadderReport, write_ladder
from tfedge.reports.report_file import write_report
from tfedge.reports.schema import Report


@pytest.fixture
def failed():
    return made.make_report(made.row(findings=(Finding("size", "fail", "2.10 MB of at most 2.00 MB"),)))


def test_show_when_table_then_text_and_the_verdicts_exit_code(failed, capsys):
    assert output.show(failed) == 1
    assert "fail  dynamic_wi8_afp32 on ai-edge-litert 2.3.0: size: 2.10 MB" in capsys.readouterr().out


def test_show_when_json_then_stdout_holds_the_report_and_nothing_else(failed, capsys):
    assert output.show(failed, "json") == 1
    assert Report.from_json(json.loads(capsys.readouterr().out)) == failed


def test_show_when_markdown_then_the_model_card(failed, capsys):
    assert output.show(failed, "markdown") == 1
    assert capsys.readouterr().out == markdown.model_card(failed)


@pytest.mark.parametrize("style", ["table", "markdown", "json"])
def test_report_verb_when_drawn_then_exit_0_whatever_the_verdict(failed, tmp_path, capsys, style):
    path = write_report(tmp_path / "r.json", failed)
    assert main.main(["report", str(path), "--format", style]) == 0
    assert capsys.readouterr().out


def test_report_verb_when_gate_is_asked_for_then_the_verdict_is_the_exit_code(failed, tmp_path, capsys):
    path = write_report(tmp_path / "r.json", failed)
    assert main.main(["report", str(path), "--gate"]) == 1


def test_report_verb_when_it_is_a_ladder_then_its_table_again(tmp_path, capsys):
    report = ladder(float_tensor_rung(), config=tensor_config(max_bytes=1))
    path = write_ladder(tmp_path / "r.json", report)
    assert main.main(["report", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == ladder_table.ladder_lines(report)[-2:]
    assert main.main(["report", str(path), "--format", "markdown", "--gate"]) == 1
    assert capsys.readouterr().out == ladder_table.ladder_markdown(report)
    assert main.main(["report", str(path), "--format", "json"]) == 0
    assert LadderReport.from_json(json.loads(capsys.readouterr().out)) == report


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff", b'{"rungs": []}'])
def test_report_verb_when_the_file_is_bad_then_one_line_and_exit_2(tmp_path, capsys, content):
    path = tmp_path / "r.json"
    if content is not None:
        path.write_bytes(content)
    assert main.main(["report", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and str(path) in err
