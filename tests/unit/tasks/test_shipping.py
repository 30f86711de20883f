"""What a task of arrays ships and may cost: settings that cannot be illegal."""

from __future__ import annotations

from typing import Any

import pytest

from tfedge.errors import ConfigError
from tfedge.tasks.shipping import Limits, ShippingConfig
from tfedge.validation.limits import array_limits_of, limits_of


def test_from_json_when_keys_are_left_out_they_have_their_defaults() -> None:
    found = ShippingConfig.from_json({"limits": {"static_wi8_ai8": {"max_points_lost": 0.3, "max_bytes": 300_000}}})

    assert found.recipe == "dynamic_wi8_afp32" and found.input_dtype == "float32"
    assert found.limits == {"static_wi8_ai8": Limits(0.3, None, 300_000)}


@pytest.mark.parametrize(
    "wrong",
    [
        {"recipes": "float32"},
        {"recipe": ""},
        {"input_dtype": "int4"},
        {"limits": ["float32"]},
        {"limits": {"float32": {"max_points_lost": -1}}},
        {"limits": {"float32": {"max_points_lost": True}}},
        {"limits": {"float32": {"max_size_ratio": 0.5}}},
        {"limits": {"float32": {"max_points_lost": 1, "max_bytes": "300"}}},
        {"limits": {"float32": {"max_points_lost": 1, "min_speedup": 2.0}}},
        {"limits": {"float32": {"max_points_lost": 1, "min_speedup": {"ai-edge-litert": float("nan")}}}},
    ],
)
def test_from_json_when_a_value_is_illegal_refuses(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        ShippingConfig.from_json(wrong)


def test_limits_of_when_the_file_records_its_own_they_count() -> None:
    own = Limits(0.5, 0.9, 1000, {"ai-edge-litert": 1.0})

    assert limits_of("float32", own.to_json()) == own
    assert limits_of("float32").max_points_lost == 0.1
    assert array_limits_of("dynamic_wi8_afp32").max_size_ratio == 1.0
    with pytest.raises(ConfigError):
        limits_of("float32", {"max_points": 1})
