"""JSON that a pack accepts, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tfedge.errors import ConfigError
from tfedge.modelfile.strict_json import check_keys, check_version, dump_object, load_object


def test_dump_object_when_keys_come_in_another_order_gives_the_same_bytes() -> None:
    assert dump_object({"b": 1, "a": "é"}, "x") == dump_object({"a": "é", "b": 1}, "x")
    assert load_object(dump_object({"a": ["é", 1.5, None]}, "x"), "x") == {"a": ["é", 1.5, None]}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"a", "\ud800"])
def test_dump_object_when_a_value_is_not_json_refuses(value: Any) -> None:
    with pytest.raises(ConfigError, match="x must hold JSON values only"):
        dump_object({"a": value}, "x")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[1]",
        b'"a"',
        b"\xff",
        b'{"a": 1, "a": 2}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": "\\ud800"}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a":' * 200_000,
        b"[" * 200_000,
    ],
)
def test_load_object_when_the_text_is_hostile_refuses(data: bytes) -> None:
    with pytest.raises(ConfigError, match="x must be"):
        load_object(data, "x")


def test_check_keys_when_keys_differ_names_them() -> None:
    with pytest.raises(ConfigError, match=r"unknown \['c'\], missing \['b'\]"):
        check_keys({"a": 1, "c": 2}, ("a", "b"), "x")
    with pytest.raises(ConfigError, match="must be a JSON object; got list"):
        check_keys([], ("a",), "x")


@pytest.mark.parametrize("value", [{}, {"schema_version": 2}, {"schema_version": "1"}, {"schema_version": True}])
def test_check_version_when_it_is_another_refuses(value: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="schema_version 1"):
        check_version(value, 1, "x")
