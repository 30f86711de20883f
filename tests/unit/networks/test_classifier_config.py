from __future__ import annotations

import json

import pytest

from tfedge.config import from_keys
from tfedge.errors import ConfigError
from tfedge.networks.classifier_config import ClassifierConfig

STAGE = {"filters": 8, "kernel_size": 3, "strides": 2}


def test_config_when_written_as_json_then_read_back_equal():
    config = ClassifierConfig(stem=(STAGE, {**STAGE, "strides": 1}), attention="local", attention_options={"window": 4})
    assert from_keys(ClassifierConfig, json.loads(json.dumps(config.to_json())), "network") == config


@pytest.mark.parametrize(
    "change",
    [
        {"stem": ()},
        {"stem": ({"filters": 8},)},
        {"stem": ({**STAGE, "dilation": 2},)},
        {"stem": ({**STAGE, "filters": 0},)},
        {"num_blocks": -1},
        {"num_heads": True},
        {"num_key_value_heads": 0},
        {"block_norm": "layer"},
        {"position": "sinusoidal"},
        {"attention_options": []},
        {"dropout": 1.0},
        {"dropout": float("nan")},
    ],
)
def test_config_when_illegal_then_refused_in_one_line(change):
    with pytest.raises(ConfigError) as caught:
        ClassifierConfig(**{"stem": (STAGE,), **change})
    assert "\n" not in str(caught.value)
