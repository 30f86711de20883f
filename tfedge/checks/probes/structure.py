"""What becomes of graphs that no converter writes: values never made, constants overwritten, endless recursion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tfedge.checks.probes.probe import Probe, Sketch

# Ops whose missing input is met in one kernel check each, or in none: both crash and refusal were seen among 45 ops.
MISSING = {"TANH": 1, "ADD": 2, "FULLY_CONNECTED": 2, "BATCH_MATMUL": 2, "MEAN": 2, "SELECT_V2": 3}


def _ones(dtype: str = "int32") -> tuple[Sketch, int, Any]:
    real = np.arange(1, 9).reshape(1, 8).astype(np.float64)
    sketch = Sketch()
    return sketch, sketch.input("x", real, dtype), real


def value_probes() -> Iterator[Probe]:
    """Tensors without a value when they are read, or written where they must not be."""
    sketch, x, real = _ones()
    unset, y = sketch.between((1, 8), "int32"), sketch.output("y", real, "int32")
    sketch.builder.op("MAXIMUM", [x, unset], [y])
    sketch.builder.interface([x], [y])
    yield sketch.probe("never_written", 0.1)

    sketch, x, real = _ones()
    y, other = sketch.output("y", real, "int32"), sketch.between((1, 8), "int32")
    sketch.builder.op("MAXIMUM", [x, x], [other])
    sketch.builder.interface([x], [y])
    yield sketch.probe("output_never_written", 0.1)

    sketch, x, real = _ones()
    later, y = sketch.between((1, 8), "int32"), sketch.output("y", np.maximum(real, real % 3), "int32")
    sketch.builder.op("MAXIMUM", [x, later], [y])
    sketch.builder.op("FLOOR_MOD", [x, sketch.constant([3], "int32")], [later])
    sketch.builder.interface([x], [y])
    yield sketch.probe("read_before_written int32", 0.1)

    sketch, x, real = _ones("float32")
    later, y = sketch.between((1, 8)), sketch.output("y", real + real * real)
    sketch.builder.op("ADD", [x, later], [y])
    sketch.builder.op("MUL", [x, x], [later])
    sketch.builder.interface([x], [y])
    yield sketch.probe("read_before_written float32", 1e-3)

    sketch, x, real = _ones()
    constant, y = sketch.constant(np.ones((1, 8)), "int32"), sketch.output("y", real, "int32")
    sketch.builder.op("MAXIMUM", [x, x], [constant])
    sketch.builder.op("MAXIMUM", [x, constant], [y])
    sketch.builder.interface([x], [y])
    yield sketch.probe("constant_written", 0.1)

    for dtype, op in (("float32", "MUL"), ("int32", "MAXIMUM")):
        sketch, x, real = _ones(dtype)
        y = sketch.output("y", real * real if op == "MUL" else real, dtype)
        sketch.builder.op(op, [x, x], [x])
        sketch.builder.op("MAXIMUM", [x, x], [y])
        sketch.builder.interface([x], [y])
        yield sketch.probe(f"input_overwritten {dtype}", 1e-3)


def missing_probes() -> Iterator[Probe]:
    """Some ops with their last required input named as missing (-1), and with one too few."""
    for op, count in MISSING.items():
        for what in ("missing", "left_out"):
            sketch, x, real = _ones("float32")
            given = [x] * (count - 1)
            y = sketch.output("y", real)
            sketch.builder.op(op, [*given, None] if what == "missing" else given, [y])
            sketch.builder.interface([x], [y])
            yield sketch.probe(f"input_{what} {op}", 1e9)


def signature_probes() -> Iterator[Probe]:
    """Signatures that name tensors no caller can reach."""
    for side in ("input", "output"):
        sketch, x, real = _ones("float32")
        inner, y = sketch.between((1, 8)), sketch.output("y", np.tanh(real) * (2 if side == "input" else 1))
        sketch.builder.op("TANH", [x], [inner])
        sketch.builder.op("ADD", [inner, inner], [y])
        sketch.builder.interface([x], [y])
        (sketch.inputs if side == "input" else sketch.outputs)["x" if side == "input" else "y"] = inner
        yield sketch.probe(f"signature_{side}_inside", 1e-3)


def recursion_probes() -> Iterator[Probe]:
    """A subgraph that calls itself, directly or through another."""
    yield _recursive("WHILE", {"condSubgraphIndex": 1, "bodySubgraphIndex": 2})
    yield _recursive("IF", {"thenSubgraphIndex": 2, "elseSubgraphIndex": 2})


def _recursive(op: str, options: dict[str, int]) -> Probe:
    sketch, x, real = _ones()
    y = sketch.output("y", real, "int32")
    sketch.builder.op(op, [*_condition(sketch, op), x], [y], options=options)
    sketch.builder.interface([x], [y])
    sketch.builder.subgraph("condition")
    state, smaller = sketch.between((1, 8), "int32"), sketch.between((), "bool")
    largest = sketch.between((), "int32")
    sketch.builder.op("REDUCE_MAX", [state, sketch.constant([0, 1], "int32")], [largest])
    sketch.builder.op("LESS", [largest, sketch.constant(0, "int32")], [smaller])
    sketch.builder.interface([state], [smaller])
    sketch.builder.subgraph("body")
    state, following = sketch.between((1, 8), "int32"), sketch.between((1, 8), "int32")
    sketch.builder.op(op, [*_condition(sketch, op), state], [following], options=options)
    sketch.builder.interface([state], [following])
    return sketch.probe(f"recursion {op}", 0.1)


def _condition(sketch: Sketch, op: str) -> list[int]:
    return [sketch.constant(False, "bool")] if op == "IF" else []


def loop_probes() -> Iterator[Probe]:
    """WHILE and IF as converters write them, and with a condition that is no boolean."""
    yield _loop("loop", lambda sketch, smaller: smaller)
    yield _loop("loop_condition_int32", _as_integer)


def _as_integer(sketch: Sketch, smaller: int) -> int:
    number = sketch.between((), "int32")
    sketch.builder.op("CAST", [smaller], [number], options={"inDataType": 6, "outDataType": 2})
    return number


def _loop(name: str, condition: Callable[[Sketch, int], int]) -> Probe:
    """Adds 1 until the largest of 1 to 8 is 20."""
    sketch, x, real = _ones()
    y = sketch.output("y", real + 12, "int32")
    sketch.builder.op("WHILE", [x], [y], options={"condSubgraphIndex": 1, "bodySubgraphIndex": 2})
    sketch.builder.subgraph("condition")
    state, largest, smaller = sketch.between((1, 8), "int32"), sketch.between((), "int32"), sketch.between((), "bool")
    sketch.builder.op("REDUCE_MAX", [state, sketch.constant([0, 1], "int32")], [largest])
    sketch.builder.op("LESS", [largest, sketch.constant(20, "int32")], [smaller])
    sketch.builder.interface([state], [condition(sketch, smaller)])
    sketch.builder.subgraph("body")
    state, following = sketch.between((1, 8), "int32"), sketch.between((1, 8), "int32")
    sketch.builder.op("ADD", [state, sketch.constant([[1]], "int32")], [following])
    sketch.builder.interface([state], [following])
    return sketch.probe(name, 0.1)


def structure_probes() -> Iterator[Probe]:
    """All probes of this file."""
    for probes in (value_probes, missing_probes, signature_probes, recursion_probes, loop_probes):
        yield from probes()
