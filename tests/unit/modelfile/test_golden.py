"""Golden cases as they travel."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tfedge.errors import ConfigError
from tfedge.modelfile.golden import GoldenCase, cases_from_json, cases_to_json, check_cases


def test_cases_when_read_back_are_equal(golden: tuple[GoldenCase, ...]) -> None:
    assert cases_from_json(json.loads(json.dumps(cases_to_json(golden)))) == golden


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": 1},
        {"text": None},
        {"expected_text": 3},
        {"source_ids": []},
        {"source_ids": [4]},
        {"source_ids": [2, 4, 2]},
        {"source_ids": [4.0, 2]},
        {"source_ids": [True, 2]},
        {"source_ids": [-1, 2]},
        {"source_ids": "42"},
        {"expected_ids": {}},
        {"expected_ids": {"float32": [2]}},
        {"expected_ids": {"keras": []}},
        {"expected_ids": {"keras": [4, 2, 0]}},
        {"expected_ids": {"keras": [4, 2], "float32": [True]}},
        {"expected_ids": {"keras": 2}},
        {"expected_ids": [[2]]},
        {"colour": "red"},
    ],
)
def test_case_when_a_value_is_illegal_refuses(change: dict[str, Any]) -> None:
    value = {"name": "a", "text": "a", "source_ids": [4, 2], "expected_ids": {"keras": [2]}, "expected_text": ""}
    GoldenCase.from_json(value)

    with pytest.raises(ConfigError):
        GoldenCase.from_json({**value, **change})


def test_case_when_a_broken_recipe_answers_nothing_keeps_that() -> None:
    assert GoldenCase("a", "a", (4, 2), {"keras": (2,), "static_wi8_ai8": ()}, "").expected_ids["static_wi8_ai8"] == ()


@pytest.mark.parametrize(
    "value", [{}, {"schema_version": 2, "cases": []}, {"schema_version": 1}, {"schema_version": 1, "cases": {}}]
)
def test_cases_when_the_file_is_another_refuses(value: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        cases_from_json(value)


def test_check_cases_when_they_cannot_check_the_recipe_refuses(golden: tuple[GoldenCase, ...]) -> None:
    check_cases(golden, "float32")
    for cases, recipe in (((), "float32"), (golden + golden, "float32"), (golden, "dynamic_wi8_afp32")):
        with pytest.raises(ConfigError):
            check_cases(cases, recipe)
