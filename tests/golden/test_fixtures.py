"""Every fixture with a JSON beside it is the one that its tool wrote."""

from __future__ import annotations

import json

import pytest

from tests.golden import autokey
from tfedge import artifacts

TOOL_MADE = sorted(
    path
    for path in autokey.DATA.glob("*.tflite")
    if path.with_suffix(".json").exists()
    and "made_by" in json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
)


@pytest.mark.parametrize("path", TOOL_MADE, ids=lambda path: path.name)
def test_fixture_when_read_has_the_sha256_its_tool_recorded(path):
    facts = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    stale = f"{path.name} is stale: run `{facts['made_by']}`"
    assert artifacts.sha256_hex(path.read_bytes()) == facts["sha256"], stale


def test_autokey_fixture_when_listed_is_among_the_checked():
    assert autokey.MODEL in TOOL_MADE and autokey.REFUSED_MODEL in TOOL_MADE
