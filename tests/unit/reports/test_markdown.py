from __future__ import annotations

import re

from tests.unit.reports import sample_reports as made
from tfedge.checks.verdict import Finding
from tfedge.reports import cells, markdown


def table_rows(text):
    return [re.split(r"(?<!\\)\|", line)[1:-1] for line in text.splitlines() if line.startswith("|")]


def test_results_table_has_the_cells_of_the_screen(report):
    head, rule, *rows = table_rows(markdown.results_table(report))
    assert len(rows) == len(report.rows)
    assert {len(line) for line in (head, rule, *rows)} == {len(cells.MEASURED) + 3}
    expected = "`float32`, 7.56, ai-edge-litert 2.3.0, 21.95 (20.1-23.8), 5.14, 99.95, 1.04, 1.08, 21.3, pass"
    assert ", ".join(text.strip() for text in rows[0]) == expected


def test_results_table_ends_with_its_caption(report):
    assert markdown.results_table(report).endswith("do not count.\n")


def test_model_card_has_every_part(report):
    card = markdown.model_card(report)
    assert card.startswith("# g2p\n\nVerdict of `tfedge run`: **pass**.")
    assert re.findall("^## (.*)$", card, re.MULTILINE) == ["Results", "Findings", "How it was made", "Limits"]
    assert card.endswith("- Greedy decoding.\n") and "\n\n\n" not in card
    assert markdown.results_table(report) in card
    assert "Cause: FULLY_CONNECTED version 12 is newer than the runtime." in card
    assert f"`{'b' * 64}`" in card and "Python 3.11.2" in card


def test_model_card_when_a_value_holds_a_bar_or_a_line_break_then_the_table_stands():
    card = markdown.model_card(made.make_report(made.row(), provenance={"command": "a | b\nc", "data": {"version": 1}}))
    assert "| command | a \\| b c |" in card and "| data.version | 1 |" in card


def test_model_card_when_nothing_is_known_then_it_says_so():
    card = markdown.model_card(
        made.make_report(made.row(findings=()), model_path=None, model_sha256=None, provenance={}, notes=())
    )
    assert "No gate judged these files." in card and "The pack says nothing about it." in card
    assert "The model is" not in card


def test_model_card_names_what_passed_after_what_did_not():
    findings = (Finding("runs", "pass", "loaded"), Finding("size", "fail", "too big"), Finding("stops", "pass", "all"))
    card = markdown.model_card(made.make_report(made.row(findings=findings)))
    bullets = [line for line in card.splitlines() if line.startswith("- **")]
    where = "`dynamic_wi8_afp32` on ai-edge-litert 2.3.0"
    assert bullets == [f"- **fail**, {where}, size: too big.", f"- **pass**, {where}: runs, stops."]


def test_model_card_when_a_gate_failed_then_it_is_said_at_the_top():
    card = markdown.model_card(made.make_report(made.row(findings=(Finding("size", "fail", "2.10 MB of 2.00 MB"),))))
    assert "**fail**." in card.splitlines()[2]
    assert "- **fail**, `dynamic_wi8_afp32` on ai-edge-litert 2.3.0, size: 2.10 MB of 2.00 MB." in card
