"""The evaluation set as it travels."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tfedge.errors import ConfigError
from tfedge.modelfile.evaluation import EvaluationExample, EvaluationSet


def _value(**change: Any) -> dict[str, Any]:
    evaluation = EvaluationSet(
        (EvaluationExample("naïve", ("a b", "a"), ""), EvaluationExample("a", ("b",), "b")), {"data": "1.0"}
    )
    return {**evaluation.to_json(), **change}


def test_evaluation_set_when_read_back_is_equal() -> None:
    value = json.loads(json.dumps(_value()))

    assert EvaluationSet.from_json(value).to_json() == _value()
    assert EvaluationSet.from_json(value).examples[0] == EvaluationExample("naïve", ("a b", "a"), "")


@pytest.mark.parametrize(
    "change",
    [
        {"schema_version": 2},
        {"source": []},
        {"rows": {}},
        {"rows": [["a", ["b"]]]},
        {"rows": [["a", "b", "b"]]},
        {"rows": [["a", [], "b"]]},
        {"rows": [["", ["b"], "b"]]},
        {"rows": [["a", [1], "b"]]},
        {"rows": [["a", ["b"], 3]]},
        {"rows": [[1, ["b"], "b"]]},
        {"colour": "red"},
    ],
)
def test_evaluation_set_when_a_value_is_illegal_refuses(change: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        EvaluationSet.from_json(_value(**change))
