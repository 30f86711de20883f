from __future__ import annotations

import json

import pytest

from tfedge.errors import ConfigError
from tfedge.tasks.array_config import ArrayTaskConfig


def test_config_when_written_as_json_then_read_back_equal(tmp_path):
    values = {
        "network": {"num_blocks": 1},
        "training": {"epochs": 3, "batch_size": 8, "augmentations": {"flip": 0.5}},
        "shipping": {"recipe": "static_wi8_ai8", "limits": {"static_wi8_ai8": {"max_points_lost": 0.3}}},
    }
    path = tmp_path / "config.json"
    path.write_text(json.dumps(values))
    config = ArrayTaskConfig.read(path)
    assert (config.training.epochs, config.training.batch_size) == (3, 8)
    assert ArrayTaskConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_config_when_empty_then_defaults():
    assert ArrayTaskConfig.from_json({}) == ArrayTaskConfig()


@pytest.mark.parametrize(
    "values",
    [
        [],
        {"trainig": {}},
        {"network": []},
        {"training": {"batch_size": 0}},
        {"training": {"batch_tokens": 100}},
        {"training": {"optimizer": "sgd"}},
        {"training": {"dtype_policy": "float16"}},
        {"training": {"augmentations": {"flip": "often"}}},
        {"shipping": {"input_dtype": "int8"}},
    ],
)
def test_config_when_illegal_then_refused_in_one_line(values):
    with pytest.raises(ConfigError) as caught:
        ArrayTaskConfig.from_json(values)
    assert "\n" not in str(caught.value)


def test_read_when_no_json_then_named(tmp_path):
    path = tmp_path / "config.json"
    path.write_text("{")
    with pytest.raises(ConfigError, match="expected JSON in"):
        ArrayTaskConfig.read(path)
