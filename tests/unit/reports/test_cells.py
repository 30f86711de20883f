from __future__ import annotations

import dataclasses

import pytest

from tests.unit.reports import sample_reports as made
from tfedge.reports import cells


def cell(title, row):
    return {column.title: column for column in cells.MEASURED}[title].cell(row)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.4821, "0.482"),
        (0.0123, "0.012"),
        (1.0, "1.00"),
        (4.827, "4.83"),
        (48.27, "48.3"),
        (482.7, "483"),
        (4827, "4827"),
    ],
)
def test_milliseconds_has_three_digits(value, text):
    assert cells.milliseconds(value) == text


def test_wer_has_its_interval():
    assert cell("WER %", made.row()) == "21.95 (20.1-23.8)"


@pytest.mark.parametrize(
    ("share", "count", "text"),
    [(1.0, 2000, "100.00"), (11_999 / 12_000, 12_000, "99.99"), (0.5754, 10_000, "57.54"), (0.0, 5, "0.00")],
)
def test_identical_is_cut_and_never_rounded_up_to_100(share, count, text):
    row = made.row(accuracy=made.accuracy(identical_share=share, num_examples=count))
    assert cell("= Keras", row) == text


def test_cells_when_not_measured_then_a_dash():
    assert [column.cell(made.refused()) for column in cells.MEASURED] == ["-"] * 6 + ["(not measured)"]


def test_latency_when_invalid_then_marked_and_the_caption_says_why():
    row = made.row(latency=made.latency(runs=20))
    assert cell("p50", row).startswith("~") and cell("p90", row).startswith("~")
    assert not cell("p50", made.row()).startswith("~")
    said = " ".join(cells.captions(made.make_report(row, made.row())))
    assert "~ is not to be relied on (too few rounds, too few runs, too short): measure again" in said


def test_columns_when_several_signatures_were_timed_then_each_has_its_own():
    times = dataclasses.replace(
        made.latency(entry="signatures", runs=1000),
        samples_ms=(1.0, 9.0) * 500,
        num_sources=2,
        calls=("encode", "decode_step"),
    )
    report = made.make_report(made.row(accuracy=None, latency=times, memory=None, entry="signatures"), kind="bench")
    shown = {column.title: column.cell(report.rows[0]) for column in cells.columns(report)}
    assert (shown["p50 encode"], shown["p90 decode_step"]) == ("1.00", "9.00") and "p50" not in shown
    assert "Latency: one call of a signature, batch 1" in cells.captions(report)[0]


def test_columns_when_only_latency_was_measured_then_accuracy_is_not_shown():
    report = made.make_report(made.row(accuracy=None, memory=None), kind="bench")
    assert [column.title for column in cells.columns(report)] == ["p50", "p90", "verdict"]
    assert len(cells.captions(report)) == 1


@pytest.mark.parametrize(
    ("machine", "text"), [("x86_64", "ai-edge-litert 2.3.0"), ("aarch64", "ai-edge-litert 2.3.0 x86_64")]
)
def test_runtime_names_the_machine_only_where_it_is_another(machine, text):
    assert cells.runtime(made.row(), machine) == text


def test_captions_name_words_threads_and_runs(report):
    said = " ".join(cells.captions(report))
    assert "2,000 test words" in said and "1 thread," in said and "1,200 runs" in said and "do not count" in said


def test_captions_when_rows_differ_then_all_values(report):
    rows = (made.row(), made.row(accuracy=made.accuracy(num_examples=200), latency=made.latency(runs=1500)))
    said = " ".join(cells.captions(dataclasses.replace(report, rows=rows)))
    assert "200 or 2,000 test words" in said and "1,200 to 1,500 runs" in said


def test_conditions_line_when_no_package_then_no_loose_end(report):
    bare = dataclasses.replace(report.conditions, packages={})
    assert cells.conditions_line(dataclasses.replace(report, conditions=bare)).endswith("Python 3.11.2")
