"""JSON as the pack means it: UTF-8, finite numbers, no key twice, the same bytes for the same value."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any, NoReturn

from tfedge.errors import ConfigError


def dump_object(value: dict[str, Any], what: str) -> bytes:
    """Returns `value` as UTF-8 JSON, keys sorted, so that equal values give equal bytes.

    Raises:
        ConfigError: a value that JSON has no word for (NaN, an array, half a surrogate pair).
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, indent=1)
        return (text + "\n").encode("utf-8")
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{what} must hold JSON values only; got {error}; convert it first") from error


def load_object(data: bytes, what: str) -> dict[str, Any]:
    """Reads one JSON object.

    Raises:
        ConfigError: not UTF-8, not JSON, not an object, a key twice, a number that no float holds, or
            nested too deep to read.
    """
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_refuse,
            parse_float=_finite,
        )
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # Half a surrogate pair would fail at the first print.
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{what} must be JSON in UTF-8; got {error}; the file was not written by tfedge") from error
    if not isinstance(value, dict):
        raise ConfigError(f"{what} must be a JSON object; got {type(value).__name__}")
    return value


def check_keys(value: Any, keys: Iterable[str], what: str) -> None:
    """Refuses a value that is no object, or whose keys are not exactly `keys`.

    Raises:
        ConfigError: naming the keys that are unknown and those that are missing.
    """
    if not isinstance(value, dict):
        raise ConfigError(f"{what} must be a JSON object; got {type(value).__name__}")
    unknown, missing = sorted(set(value) - set(keys)), sorted(set(keys) - set(value))
    if unknown or missing:
        raise ConfigError(f"{what} must have the keys {', '.join(keys)}; got unknown {unknown}, missing {missing}")


def check_version(value: dict[str, Any], version: int, what: str) -> None:
    """Refuses an object of another schema version.

    Raises:
        ConfigError: no `schema_version`, or not `version`.
    """
    got = value.get("schema_version")
    if got != version or isinstance(got, bool):
        raise ConfigError(f"{what} must have schema_version {version}; got {got!r}; read it with a tfedge of its time")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key twice in one object")
    return value


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"the number {text}")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text}")
    return number
