from __future__ import annotations

import dataclasses

import pytest

from tfedge.checks.explanations.entry import Explanation
from tfedge.errors import ConfigError

GOOD = Explanation(
    id="op_version",
    title="A title",
    cause="why",
    consequence="what is met",
    fix="what to do",
    example="tfedge inspect m.tflite",
    matches=("Didn't find op for builtin opcode '*'",),
    sources=("tensorflow/tensorflow#80736", "https://ai.google.dev/edge", "measured: here"),
    reproduced=("tflite-runtime 2.14.0",),
)


def test_to_json_then_plain_values_and_no_search_data():
    value = GOOD.to_json()
    assert value["matches"] == ["Didn't find op for builtin opcode '*'"]
    assert set(value) == {field.name for field in dataclasses.fields(Explanation)} - {"phrases"}


@pytest.mark.parametrize(
    "change",
    [
        {"id": "OpVersion"},
        {"id": "x" * 41},
        {"aliases": ("two words",)},
        {"title": ""},
        {"title": "x" * 91},
        {"title": "two\nlines"},
        {"cause": " "},
        {"fix": ""},
        {"matches": "a text and no tuple"},
        {"matches": ("op",)},
        {"sources": ("tensorflow#80736",)},
        {"sources": ("http://plain.example",)},
        {"kind": "reason"},
        {"reproduced": ()},
        {"not_reproduced": "both"},
    ],
)
def test_explanation_when_a_field_is_illegal_then_refused(change):
    with pytest.raises(ConfigError, match="explanation|phrase"):
        dataclasses.replace(GOOD, **change)
