from __future__ import annotations

import json

import pytest

from tfedge.errors import ConfigError
from tfedge.tasks.meaning import AnomalyMeaning, ClassesMeaning, meaning_from_json


@pytest.mark.parametrize(
    "meaning",
    [
        ClassesMeaning(("cat", "dog")),
        ClassesMeaning(("猫", "犬"), signature="see", output="logits"),
        AnomalyMeaning(),
        AnomalyMeaning(-3.5),
    ],
)
def test_meaning_when_written_as_json_then_read_back_equal(meaning):
    assert meaning_from_json(json.loads(json.dumps(meaning.to_json()))) == meaning


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "must be an object with a `kind`"),
        ({"classes": ["a", "b"]}, "must be an object with a `kind`"),
        ({"kind": "clases", "classes": ["a", "b"]}, "classes"),
        ({"kind": "classes", "classes": ["a"]}, "two or more"),
        ({"kind": "classes", "classes": ["a", "a"]}, "each once"),
        ({"kind": "classes", "classes": ["a", ""]}, "must have names"),
        ({"kind": "classes", "classes": "ab"}, "must be a list"),
        ({"kind": "classes", "classes": ["a", "b"], "treshold": 1}, "threshold|key of `meaning`"),
        ({"kind": "anomaly", "threshold": float("nan")}, "finite"),
        ({"kind": "anomaly", "threshold": True}, "finite"),
        ({"kind": "anomaly", "threshold": 1.0, "signature": ""}, "must have names"),
    ],
)
def test_meaning_when_illegal_then_refused_in_one_line(value, said):
    with pytest.raises(ConfigError, match=said) as caught:
        meaning_from_json(value)
    assert "\n" not in str(caught.value)
