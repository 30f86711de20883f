from __future__ import annotations

import dataclasses
import json
import math

import pytest

from tfedge import config
from tfedge.config import NetworkConfig, TaskConfig, TrainingConfig
from tfedge.errors import ArtifactError, ConfigError
from tfedge.tasks.shipped import shipped_file


def test_config_when_nothing_is_given_then_the_defaults():
    assert TaskConfig.from_json({}) == TaskConfig(NetworkConfig(), TrainingConfig())


def test_config_when_written_and_read_then_equal(tmp_path):
    written = TaskConfig(NetworkConfig(hidden_dim=16, position="learned"), TrainingConfig(epochs=3, seed=7))
    path = tmp_path / "config.json"
    path.write_text(json.dumps(written.to_json()))
    assert TaskConfig.read(path) == written


def test_config_when_only_some_keys_are_given_then_the_others_keep_their_defaults():
    read = TaskConfig.from_json({"training": {"epochs": 2}})
    assert read == TaskConfig(NetworkConfig(), TrainingConfig(epochs=2))


def test_config_that_ships_then_it_is_legal():
    assert TaskConfig.read(shipped_file("g2p/config.json")).network.num_key_value_heads == 1


def test_config_then_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        NetworkConfig().hidden_dim = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"netwrok": {}}, "a config key must be one of network, training; got 'netwrok'; did you mean 'network'?"),
        ({"network": {"hiden_dim": 8}}, "did you mean 'hidden_dim'?"),
        ({"training": {"epoch": 8}}, "did you mean 'epochs'?"),
        ({"network": [8]}, "`network` must be a JSON object; got list"),
        ({"training": None}, "`training` must be a JSON object; got NoneType"),
        ([], "a config must be a JSON object; got list"),
    ],
)
def test_config_when_a_key_is_unknown_then_the_nearest_is_named(values, said):
    with pytest.raises(ConfigError) as caught:
        TaskConfig.from_json(values)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[("hidden_dim", value) for value in (0, -1, 1.5, "16", True, None)],
        *[("num_heads", value) for value in (0, 3.0)],
        *[("head_dim", 0), ("intermediate_dim", 0), ("num_encoder_layers", 0), ("num_decoder_layers", 0)],
        *[("num_key_value_heads", value) for value in (0, 2, 6)],  # Of 5 query heads.
        *[("encoder_num_key_value_heads", value) for value in (0, 2, 10)],
        *[("position", value) for value in ("sinusoid", "", None, 1)],
        *[("dropout", value) for value in (-0.1, 1.0, math.nan, "0.1", None, True)],
        *[("mask_value", value) for value in (0.0, -101, -1e9, -math.inf, math.nan, "-30")],
    ],
)
def test_network_config_when_a_value_is_illegal_then_key_and_value_are_named(key, value):
    with pytest.raises(ConfigError) as caught:
        NetworkConfig(**{key: value})
    assert f"`{key}`" in str(caught.value) and str(value) in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[(key, value) for key in ("epochs", "batch_tokens", "warmup_steps", "patience") for value in (0, 1.0, True)],
        *[("seed", value) for value in (-1, 2**32, "1", 0.5, None, True)],
        *[
            (key, value)
            for key in ("decay_share", "label_smoothing", "averaging_decay", "weight_decay")
            for value in (-0.1, 1.1, math.nan, "0", None, False)
        ],
        *[("learning_rate", value) for value in (0, -1e-3, 1.5, math.inf, math.nan, "1e-3", True)],
    ],
)
def test_training_config_when_a_value_is_illegal_then_key_and_value_are_named(key, value):
    with pytest.raises(ConfigError) as caught:
        TrainingConfig(**{key: value})
    assert f"`{key}`" in str(caught.value)


def test_config_when_a_value_is_at_its_limit_then_accepted():
    NetworkConfig(num_heads=4, num_key_value_heads=4, encoder_num_key_value_heads=2, dropout=0, mask_value=-100)
    TrainingConfig(seed=0, decay_share=0, label_smoothing=1, learning_rate=1)


def test_config_when_read_with_an_illegal_value_then_refused(tmp_path):
    path = tmp_path / "config.json"
    path.write_text('{"training": {"learning_rate": NaN}}')
    with pytest.raises(ConfigError, match="`learning_rate`"):
        TaskConfig.read(path)


@pytest.mark.parametrize("data", [b"{", b"", b"\xff\xfe{}", b"{'a': 1}", b"[" * 100_000])
def test_config_when_the_file_is_not_json_then_it_is_named(tmp_path, data):
    path = tmp_path / "config.json"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=r"expected JSON in .*config\.json; .*; correct the file"):
        TaskConfig.read(path)


def test_config_when_the_file_is_missing_then_it_is_named(tmp_path):
    with pytest.raises(ArtifactError, match="config file at .*none.json; there is none"):
        TaskConfig.read(tmp_path / "none.json")


@dataclasses.dataclass(frozen=True)
class Sized:
    """Stands for any frozen settings."""

    size: int
    unit: str = "ms"


def test_from_keys_when_a_key_without_default_is_missing_then_refused():
    assert config.from_keys(Sized, {"size": 3}, "sized") == Sized(3)
    with pytest.raises(ConfigError, match="`sized` has a missing key .*'size'"):
        config.from_keys(Sized, {"unit": "s"}, "sized")


def test_positions_then_each_is_a_key_of_the_config():
    assert config.POSITIONS == ("sinusoidal", "learned")
