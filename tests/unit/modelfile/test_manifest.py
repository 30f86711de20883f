"""The manifest as it travels."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tfedge.errors import ConfigError
from tfedge.modelfile.manifest import Manifest

DIGEST = "0123456789abcdef" * 4


def _value(**change: Any) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "tfedge_version": "0.1.0",
        "recipe": "static_wi8_ai8",
        "model": {"sha256": DIGEST, "size_bytes": 9},
        "entries": {"task.json": DIGEST},
        "provenance": {"seed": 1},
        "calibration": {"samples": 100},
        "gates": [{"gate": "size"}],
        **change,
    }


@pytest.mark.parametrize(
    "change", [{}, {"calibration": None, "gates": []}, {"targets": ["ai-edge-litert==2.3.0@x86_64"]}]
)
def test_manifest_when_read_back_is_equal(change: dict[str, Any]) -> None:
    manifest = Manifest.from_json(_value(**change))

    assert Manifest.from_json(json.loads(json.dumps(manifest.to_json()))) == manifest
    assert manifest.to_json() == _value(**change)


@pytest.mark.parametrize(
    "change",
    [
        {"schema_version": 2},
        {"tfedge_version": ""},
        {"recipe": "int8 full"},
        {"recipe": None},
        {"model": {"sha256": DIGEST}},
        {"model": {"sha256": DIGEST.upper(), "size_bytes": 9}},
        {"model": {"sha256": DIGEST, "size_bytes": 0}},
        {"model": {"sha256": DIGEST, "size_bytes": "9"}},
        {"entries": {"task.json": "ab"}},
        {"entries": [DIGEST]},
        {"provenance": None},
        {"calibration": 3},
        {"gates": {}},
        {"gates": ["size"]},
        {"targets": "ai-edge-litert==2.3.0@x86_64"},
        {"targets": [2]},
        {"colour": "red"},
    ],
)
def test_manifest_when_a_value_is_illegal_refuses(change: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Manifest.from_json(_value(**change))


def test_manifest_when_a_key_is_missing_refuses() -> None:
    for key in _value():
        with pytest.raises(ConfigError):
            Manifest.from_json({name: value for name, value in _value().items() if name != key})
