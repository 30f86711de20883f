"""The schema is found without its runtime, or its package is named."""

from __future__ import annotations

import importlib.machinery
import pathlib
import sys
from collections.abc import Iterator

import pytest

from tfedge.errors import RuntimeUnavailableError
from tfedge.modelfile.schema import load_schema


@pytest.fixture
def unloaded() -> Iterator[None]:
    """Forgets the schema before and after a test, so that it is looked for again."""
    load_schema.cache_clear()
    yield
    load_schema.cache_clear()


def test_load_schema_when_installed_has_the_names_that_are_read() -> None:
    schema = load_schema()

    assert schema.BuiltinOperator.FULLY_CONNECTED == 9 and schema.TensorType.INT8 == 9
    assert load_schema() is schema


def test_load_schema_when_the_package_is_not_installed_names_it(
    unloaded: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)

    with pytest.raises(RuntimeUnavailableError, match="ai-edge-litert.*pip install"):
        load_schema()


def test_load_schema_when_the_package_has_none_names_it(
    unloaded: None, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "ai_edge_litert").mkdir()
    (tmp_path / "ai_edge_litert" / "__init__.py").touch()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.setattr(sys, "meta_path", [importlib.machinery.PathFinder])

    with pytest.raises(RuntimeUnavailableError, match="has no schema"):
        load_schema()


def test_load_schema_when_flatbuffers_is_not_installed_says_so(unloaded: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flatbuffers", None)

    with pytest.raises(RuntimeUnavailableError, match="flatbuffers"):
        load_schema()
