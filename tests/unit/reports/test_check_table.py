from __future__ import annotations

import dataclasses
import io

from rich.console import Console

from tests.unit.reports.test_check_report import FAILED, NOTE, PASSED, UNKNOWN, make_report
from tfedge.checks.verdict import Finding
from tfedge.reports.check_table import check_lines, print_check

COMPARED = Finding("matches_reference", "pass", "5 cases agree with LiteRT's reference kernels")


def test_lines_when_one_file_passes_say_what_was_done_on_each_target():
    assert check_lines(make_report(([PASSED, COMPARED], [PASSED]))) == [
        "pass  out/file_0.tflite  1.23 MB",
        "  pass  ai-edge-litert 2.3.0 x86_64",
        "    runs: ran 5 cases",
        "    matches_reference: 5 cases agree with LiteRT's reference kernels",
        "  pass  tflite-runtime 2.14.0 aarch64 cortex-a72",
        "    runs: ran 5 cases",
        "",
        "1 file on 2 targets: 1 pass",
        "verdict: pass",
    ]


def test_lines_when_a_target_fails_give_cause_consequence_and_fix_and_where_to_read_more():
    assert check_lines(make_report(([PASSED], [PASSED, NOTE, FAILED]))) == [
        "fail  out/file_0.tflite  1.23 MB",
        "  pass  ai-edge-litert 2.3.0 x86_64",
        "    runs: ran 5 cases",
        "  fail  tflite-runtime 2.14.0 aarch64 cortex-a72",
        "    fail  matches_reference: 'y' is 98 % off",
        "      cause: a kernel",
        "      so:    wrong answers",
        "      fix:   convert again",
        "    note  dynamic_shapes: the batch is free",
        "      so:    XNNPACK is left out",
        "",
        "1 file on 2 targets: 1 fail",
        "more: tfedge explain matches_reference",
        "verdict: fail",
    ]


def test_lines_when_there_are_many_files_pass_in_one_line_each_and_stay_in_columns():
    report = make_report(*[([PASSED], [PASSED])] * 3, ([PASSED], [UNKNOWN]), ([PASSED], [PASSED]))
    assert check_lines(report) == [
        "pass          out/file_0.tflite  1.23 MB  2 targets",
        "pass          out/file_1.tflite  1.23 MB  2 targets",
        "pass          out/file_2.tflite  1.23 MB  2 targets",
        "",
        "not measured  out/file_3.tflite  1.23 MB",
        "  pass  ai-edge-litert 2.3.0 x86_64",
        "  not measured  tflite-runtime 2.14.0 aarch64 cortex-a72",
        "    not measured  matches_reference: there is no reference",
        "      fix:   give --inputs",
        "",
        "pass          out/file_4.tflite  1.23 MB  2 targets",
        "",
        "5 files on 2 targets: 4 pass, 1 not measured",
        "more: tfedge explain matches_reference",
        "verdict: not measured",
    ]


def test_lines_when_targets_say_the_same_say_it_once():
    lines = check_lines(make_report(([FAILED], [FAILED])))
    assert lines[1] == "  fail  ai-edge-litert 2.3.0 x86_64, tflite-runtime 2.14.0 aarch64 cortex-a72"
    assert sum("98 % off" in line for line in lines) == 1


def test_lines_when_two_findings_have_one_fix_say_it_once():
    second = dataclasses.replace(FAILED, gate="outputs_vary", message="the same", cause="dead")
    lines = check_lines(make_report(([FAILED, second],)))
    assert [line.strip() for line in lines if line.strip().startswith(("fix:", "so:"))] == [
        "so:    wrong answers",
        "fix:   convert again",
    ]
    assert "more: tfedge explain matches_reference  (also: outputs_vary)" in lines


def test_lines_when_nothing_was_run_say_so():
    lines = check_lines(make_report(([PASSED],), has_run=False))
    assert "1 file on 1 target: 1 pass (static rules only: nothing was run)" in lines


def test_lines_when_narrow_are_wrapped_below_their_words_and_lose_none():
    finding = dataclasses.replace(FAILED, message="word " * 40 + "end")
    report = make_report(([finding],))
    wide, narrow = check_lines(report), check_lines(report, 60)
    assert max(map(len, narrow)) <= 60 and " ".join(" ".join(narrow).split()) == " ".join(" ".join(wide).split())


def test_lines_when_a_name_would_forge_or_colour_show_it_as_it_is_written():
    report = make_report(([dataclasses.replace(FAILED, message="\x1b[31mall\nverdict: pass")],))
    assert "\\x1b[31mall\\nverdict: pass" in "\n".join(check_lines(report))


def test_print_when_piped_is_the_lines_and_on_a_terminal_has_colours():
    report = make_report(([PASSED], [FAILED, NOTE]))
    pipe, terminal = io.StringIO(), io.StringIO()
    print_check(report, Console(file=pipe, width=80))
    assert pipe.getvalue().splitlines() == check_lines(report)
    print_check(report, Console(file=terminal, width=80, force_terminal=True, color_system="standard"))
    assert "\x1b[1;31mfail\x1b[0m" in terminal.getvalue() and "\x1b[32m  pass\x1b[0m" in terminal.getvalue()
