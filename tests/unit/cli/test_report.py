from __future__ import annotations

import pytest

from tests.golden import packed_classifier
from tests.unit.reports import sample_reports as made
from tfedge.cli import main
from tfedge.reports.report_file import write_report


def run(capsys, *arguments: object) -> tuple[int, str, str]:
    code = main.main(["report", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def path(tmp_path):
    return packed_classifier.write(tmp_path / "m.tflite", "image").path


def test_report_when_html_then_the_page_and_nothing_on_stdout(capsys, path):
    page = path.with_name("m.html")
    code, out, err = run(capsys, path, "--html", page)
    assert (code, out) == (0, "") and page.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert f"{page}: {page.stat().st_size:,} bytes" in err


def test_report_when_the_page_exists_then_force_replaces_it_and_nothing_else_does(capsys, path):
    page = path.with_name("m.html")
    page.write_text("mine")
    code, _, err = run(capsys, path, "--html", page)
    assert (code, page.read_text(), err.count("\n")) == (2, "mine", 1) and "pass --force" in err
    assert run(capsys, path, "--html", page, "--force")[0] == 0
    assert page.read_text("utf-8") != "mine"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["absent.tflite", "--html", "x.html"], "there is none; check the path"),
        (["m.json", "--html", "x.html"], "expected a tfedge report in"),
        (["m.txt", "--html", "x.html"], "it is neither"),
        (["m.tflite", "--html", "x.html", "--target", "tflite-runtim"], "tflite-runtime"),
        (["m.tflite", "--html", "x.html", "--format", "json"], "not allowed with argument"),
        (["m.tflite", "--html", "."], "is a folder"),
        (["m.tflite", "--force"], "expected --html OUT.html with --force"),
        (["m.tflite", "--target", "tflite-runtime"], "expected --html OUT.html with --target"),
    ],
)
def test_report_when_the_input_is_bad_then_one_line_exit_2_and_no_page(
    capsys, monkeypatch, tmp_path, path, arguments, said
):
    (tmp_path / "m.json").write_text('{"schema_version": 1}')
    (tmp_path / "m.txt").write_text("no model")
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "") and said in err
    assert [line for line in err.splitlines() if line.startswith("tfedge: error: ")] == err.splitlines()[-1:]
    assert not (tmp_path / "x.html").exists()


@pytest.mark.parametrize(("verdict", "code"), [("pass", 0), ("fail", 1), ("not_measured", 3)])
def test_report_when_gated_then_the_exit_code_is_the_verdict(capsys, tmp_path, verdict, code):
    finding = made.Finding("accuracy", verdict, "said so")
    write_report(tmp_path / "m.json", made.make_report(made.row(findings=(finding,))))
    page = tmp_path / "m.html"
    assert run(capsys, tmp_path / "m.json", "--html", page)[0] == 0
    assert run(capsys, tmp_path / "m.json", "--html", page, "--force", "--gate")[0] == code
