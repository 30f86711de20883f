"""Small models and packs for the tests of this folder."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

import flatbuffers  # type: ignore[import-untyped]
import pytest

from tfedge.modelfile.golden import GoldenCase
from tfedge.modelfile.schema import load_schema

DATA = pathlib.Path(__file__).resolve().parents[2] / "golden" / "data"


@pytest.fixture(scope="session")
def dense_bytes() -> bytes:
    """One FULLY_CONNECTED with per-channel int8 weights, version 12."""
    return (DATA / "dynamic_fully_connected_v12.tflite").read_bytes()


@pytest.fixture(scope="session")
def seq2seq_bytes() -> bytes:
    """Signatures encode, decode_step and greedy, with a loop in the graph."""
    return (DATA / "autokey_seq2seq.tflite").read_bytes()


@pytest.fixture
def edit_model() -> Callable[[bytes, Callable[[Any], None]], bytes]:
    """Returns a function that changes a model's tables and writes it again with the published schema."""

    def edit(model_bytes: bytes, change: Callable[[Any], None]) -> bytes:
        schema = load_schema()
        model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model_bytes, 0))
        change(model)
        builder = flatbuffers.Builder(len(model_bytes))
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    return edit


@pytest.fixture
def task() -> dict[str, Any]:
    """A task spec as JSON values; the pack does not interpret it."""
    return {"schema_version": 1, "name": "autokey", "symbols": list("äé\N{GRINNING FACE}")}


@pytest.fixture
def golden() -> tuple[GoldenCase, ...]:
    """Two cases, the second without a stop token in one answer."""
    return (
        GoldenCase("one_letter", "a", (4, 2), {"keras": (4, 2), "float32": (4, 2)}, "a"),
        GoldenCase("longest", "naïve", (5, 6, 2), {"keras": (5, 6, 7), "float32": (5, 2)}, "ï"),
    )


@pytest.fixture
def fields() -> dict[str, Any]:
    """What a caller says of a float32 file."""
    return {
        "recipe": "float32",
        "provenance": {"seed": 7, "command": "train", "versions": {"keras": "3.15.1"}},
        "calibration": None,
        "gates": [{"gate": "size", "verdict": "pass", "message": "small"}],
    }
