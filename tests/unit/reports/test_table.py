from __future__ import annotations

import io

import pytest
from rich.console import Console

from tests.unit.reports import sample_reports as made
from tfedge.reports import table

EXPECTED = """\
  runtime                            WER %   PER  = Keras   p50   p90  memory  verdict
                             95 % interval     %        %    ms    ms      MB
---------------------------------------------------------------------------------------------
float32, 7.56 MB, greedy
  ai-edge-litert 2.3.0   21.95 (20.1-23.8)  5.14    99.95  1.04  1.08    21.3  pass
  tflite-runtime 2.14.0  21.95 (20.1-23.8)  5.14    99.95  4.60  4.76    21.3  pass
dynamic_wi8_afp32, 1.95 MB, greedy
  ai-edge-litert 2.3.0   21.95 (20.1-23.8)  5.14    99.95  1.04  1.08    21.3  pass
  tflite-runtime 2.14.0                  -     -        -     -     -       -  (not measured)
static_wi8_ai8_fc, 2.26 MB, encode+decode_step
  ai-edge-litert 2.3.0   21.95 (20.1-23.8)  5.14    99.95  1.04  1.08    21.3  pass
---------------------------------------------------------------------------------------------
"""


def printed(report, width=100, **options):
    file = io.StringIO()
    table.print_report(report, Console(file=file, width=width, highlight=False, **options))
    return file.getvalue()


def test_table_when_printed_then_exactly_this(report):
    assert printed(report).startswith(EXPECTED)


def test_table_is_at_most_100_columns(report):
    assert max(len(line) for line in table.table_lines(report)) <= 100


@pytest.mark.parametrize("width", [20, 80, 100, 140])
def test_print_when_not_a_terminal_then_lines_are_whole_plain_ascii_and_alike(report, width):
    text = printed(report, width)
    assert text == printed(report, 200)
    assert text.isascii() and "\x1b" not in text
    assert not any(line.endswith(" ") for line in text.splitlines())


def test_print_when_a_terminal_then_prose_is_wrapped_and_verdicts_are_coloured(report):
    text = printed(report, 100, force_terminal=True, _environ={"TERM": "xterm"})
    assert "\x1b[32mpass\x1b[0m" in text and "\x1b[33m(not measured)\x1b[0m" in text
    plain = printed(report, 100, force_terminal=True, color_system=None)
    assert max(len(line) for line in plain.splitlines()) <= 100


def test_print_when_the_terminal_is_narrow_then_no_number_is_cut(report):
    text = printed(report, 60, force_terminal=True, color_system=None)
    assert text.startswith(EXPECTED)


def test_print_when_colours_are_refused_then_none(report):
    text = printed(report, force_terminal=True, _environ={"TERM": "xterm", "NO_COLOR": "1"})
    assert "\x1b[3" not in text


def test_findings_when_not_passed_then_cause_and_fix_below_the_table(report):
    assert table.finding_lines(report, None) == [
        "not measured  dynamic_wi8_afp32 on tflite-runtime 2.14.0: load: "
        "expected the file to load; tflite-runtime 2.14.0 refuses it",
        "  cause: FULLY_CONNECTED version 12 is newer than the runtime",
        "  fix: use recipe static_wi8_ai8_fc there",
        "",
    ]


def test_report_ends_with_model_and_verdict(report):
    assert table.report_lines(report)[-2:] == [f"model: out/g2p.tflite (sha256 {'b' * 64})", "verdict: pass"]


def test_report_when_there_is_no_one_model_then_verdict_alone():
    lines = table.report_lines(made.make_report(made.row(), model_path=None, model_sha256=None, notes=()))
    assert lines[-2:] == ["", "verdict: pass"]


def test_table_when_two_files_of_one_recipe_alternate_then_each_is_named():
    other = made.row(size_bytes=3_000_000)
    lines = table.table_lines(made.make_report(made.row(), other, made.row()))
    assert [line for line in lines if line.startswith("dynamic")] == [
        "dynamic_wi8_afp32, 1.95 MB, greedy",
        "dynamic_wi8_afp32, 3.00 MB, greedy",
        "dynamic_wi8_afp32, 1.95 MB, greedy",
    ]
