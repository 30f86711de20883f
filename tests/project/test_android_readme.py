"""What the README says of Android is what was built and measured."""

from __future__ import annotations

import json
import re

from tests.project import sources
from tools.android import figures

README = (sources.ROOT / "README.md").read_text(encoding="utf-8")
SPELLING = sources.ROOT / "tests/android/second_app/src/main/kotlin/com/example/spelling/Spelling.kt"


def test_lines_for_an_app_developer_are_those_of_the_tested_second_app():
    (shown,) = re.findall(r"<!-- kotlin: begin -->\n```kotlin\n(.*?)```\n<!-- kotlin: end -->", README, re.DOTALL)
    assert shown == SPELLING.read_text("utf-8").partition("\n\n")[2]


def test_figures_are_those_of_the_stored_report_and_none_without_one():
    region = README.partition(figures.MARKS[0])[2].partition(figures.MARKS[1])[0].strip()
    if figures.STORED.exists():
        assert region == figures.region(json.loads(figures.STORED.read_text("utf-8"))).strip()
    else:
        assert region == ""


def test_region_when_words_differ_by_steps_then_median_and_most():
    cell = {"words": 3, "steps": [1, 2, 9]}
    same = {"words": 0, "steps": None}
    rows = [{"recipe": "static_wi8_ai8", "cells": {"here": cell, "there": same}}]
    report = {
        "num_words": 1000,
        "rows": rows,
        "overhead": {"float32": 0.013},
        "apk": {"model": 1_880_000, "all": 5_070_000},
    }
    text = figures.region(report)
    assert "| `static_wi8_ai8` | 3 (2, 9) | 0 |" in text
    assert "1.3 % (float32)" in text and "5.07 MB (MB by part: model 1.88)" in text
