"""What attention costs: cells that go on where a run was stopped, crossings, what is skipped, tables, the picture."""

from __future__ import annotations

import json
import re

import pytest

from tfedge.errors import ArtifactError
from tools.attention_cost import report as reports
from tools.attention_cost.__main__ import main, readme_region, todo
from tools.attention_cost.measure import too_much

LENGTHS = [64, 256, 1024, 4096]
DENSE, LOCAL = reports.DENSE, "local"
# A run of a moment: two kinds, one length, nothing counted.
TINY = ["--kinds", LOCAL, "--lengths", "8", "--counted", "--rounds", "1", "--hidden-dim", "8", "--num-heads", "2"]


def cell(kind, recipe, length, **facts):
    return {"kind": kind, "recipe": recipe, "length": length, **facts}


def made(took, recipes=("float32",)):
    """A report of dense attention as the square of the length, and of `local` as `took` says: length -> ms."""
    settings = {"lengths": LENGTHS, "counted": [64], "hidden_dim": 64, "num_heads": 4, "rounds": 7}
    report = reports.empty({**settings, "cpu": "a CPU", "target": "a core"})
    for recipe in recipes:
        for length in LENGTHS:
            dense = {"ms": [length**2 / 1e4] * 3, "peak_bytes": length * 10_000, "instructions": 2_000_000.0}
            report["cells"][reports.key(DENSE, recipe, length)] = cell(DENSE, recipe, length, **dense)
            local = {"ms": [took(length)], "peak_bytes": 5_000_000}
            report["cells"][reports.key(LOCAL, recipe, length)] = cell(LOCAL, recipe, length, **local)
    return report


def test_crossing_when_linear_meets_quadratic_then_the_length_between():
    # 0.05 n = n^2 / 10,000 at n = 500.
    assert reports.crossing(made(lambda length: 0.05 * length), LOCAL, "float32") == "500"
    assert reports.crossing(made(lambda length: length / 1e4), LOCAL, "float32") == "faster from 64 on"
    assert reports.crossing(made(lambda length: length**2 / 9e3), LOCAL, "float32") == "not up to 4,096"
    # Nearer than two runs of one thing may be.
    assert reports.crossing(made(lambda length: length**2 / 1.02e4), LOCAL, "float32") == "not up to 4,096"
    assert reports.crossing(made(float), DENSE, "float32") == "-"


def test_crossing_when_a_kind_is_faster_only_for_a_while_then_it_counts_from_where_it_stays_so():
    took = {64: 0.1, 256: 10.0, 1024: 50.0, 4096: 100.0}.__getitem__
    assert 256 < int(reports.crossing(made(took), LOCAL, "float32")) < 1024


def test_markdown_when_measured_then_growth_crossing_instructions_and_memory():
    lines = reports.markdown(made(lambda length: 0.05 * length)).splitlines()
    assert lines[0] == (
        "| kind | float32: ms at 64 | 256 | 1,024 | 4,096 | grows as | faster than scaled_dot_product from "
        "| M instr. at 64 | MB at the longest |"
    )
    assert lines[2] == "| scaled_dot_product | 0.41 | 6.55 | 105 | 1,678 | length^2.00 | - | 2 | 41 (4,096) |"
    assert lines[3] == "| local | 3.2 | 12.8 | 51.2 | 205 | length^1.00 | 500 | - | 5 (4,096) |"
    region = readme_region(made(float))
    assert "measured.png" in region and "64 wide, 4 heads" in region and "on a CPU" in region


def test_markdown_when_cells_were_skipped_or_failed_then_says_which_and_why():
    report = made(float)
    report["cells"]["local float32 4096"] = cell(LOCAL, "float32", 4096, skipped="more than 3 s a call")
    report["cells"]["local float32 64"] = cell(LOCAL, "float32", 64, failed="died by SIGABRT")
    text = reports.markdown(report)
    assert "| local | failed | 256 | 1,024 | skipped |" in text
    assert "- Skipped: more than 3 s a call (local by float32 at 4,096)." in text
    assert "- Failed: died by SIGABRT (local by float32 at 64)." in text


def test_too_much_when_the_square_of_the_length_before_is_over_a_limit_then_says_which():
    before = {"ms": [900.0, 800.0, 700.0], "peak_bytes": 1_000_000_000}
    assert too_much(before, 2.0, 3.3, 8e9) == ""
    assert too_much(before, 2.0, 3.1, 8e9).startswith("more than 3.1 s a call")
    assert too_much(before, 2.0, 3.3, 3e9).startswith("more than 3 GB")
    assert too_much({"skipped": "as before"}, 2.0, 3.0, 8e9) == "as before"
    assert too_much({}, 2.0, 3.0, 8e9) == too_much({"failed": "no"}, 2.0, 3.0, 8e9) == ""


def test_todo_when_a_kind_of_a_group_is_missing_then_the_whole_group_again():
    report = made(float, reports.RECIPES)
    assert todo(report, [DENSE, LOCAL]) == []
    del report["cells"]["local static_wi8_ai8 256"]
    assert todo(report, [DENSE, LOCAL]) == [(256, "static_wi8_ai8")]
    assert todo(report, [DENSE]) == []


def test_draw_when_measured_then_a_picture(tmp_path):
    reports.draw(made(float, reports.RECIPES), tmp_path / "cost.png")
    assert (tmp_path / "cost.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema_version": 1, "cells": {}}', '{"schema_version": 2}'])
def test_read_when_the_report_is_another_then_refused(text, tmp_path):
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(ArtifactError, match="expected a report of attention's cost"):
        reports.read(tmp_path / "r.json")


def test_read_when_the_settings_are_others_then_refused(tmp_path):
    (tmp_path / "r.json").write_text(json.dumps(made(float)))
    assert reports.read(tmp_path / "r.json", made(float)["settings"]) == made(float)
    with pytest.raises(ArtifactError, match="to go on with"):
        reports.read(tmp_path / "r.json", {**made(float)["settings"], "rounds": 8})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--lengths", "1"], "expected --lengths of 2 to 65536"),
        (["--lengths", "8", "--counted", "16"], "--counted among them; got [8] and [16]"),
        (["--hidden-dim", "31"], "expected --hidden-dim as a multiple of --num-heads; got 31 and 2"),
        (["--rounds", "0"], "expected --rounds of 1 or more"),
        (["--max-seconds", "nan"], "--max-seconds and --max-gb above 0; got 1, nan and 8"),
        (["--kinds", "locl"], "--kinds must be one of scaled_dot_product, .*; got 'locl'; did you mean 'local'?"),
    ],
)
def test_main_when_an_argument_is_wrong_then_one_line_and_exit_2(arguments, said, tmp_path, capsys):
    assert main([*TINY, *arguments, "--out", str(tmp_path)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert re.search(said.replace("[", r"\[").replace("?", r"\?"), lines[-1]) and lines[-1].startswith("attention_cost")
    assert not list(tmp_path.iterdir())


def test_main_when_tiny_then_measures_prints_and_goes_on_without_measuring_again(tmp_path, capsys):
    assert main([*TINY, "--out", str(tmp_path)]) == 0
    report = json.loads((tmp_path / "measured.json").read_text())
    assert len(report["cells"]) == 2 * len(reports.RECIPES)
    for each in report["cells"].values():
        assert each["ms"] and min(each["ms"]) > 0 and each["peak_bytes"] > 0 and each["file_bytes"] > 0
    assert capsys.readouterr().out.count("| local |") == 3
    written = (tmp_path / "measured.json").read_bytes()
    assert main([*TINY, "--out", str(tmp_path)]) == 0
    assert (tmp_path / "measured.json").read_bytes() == written
