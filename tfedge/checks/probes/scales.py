"""What becomes of quantization parameters that contradict each other, or that no number stands for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tfedge.checks.forms import FIXED_OUTPUTS, KEEPING_OPS
from tfedge.checks.probes.elementwise import OPTIONS, UNARY, values
from tfedge.checks.probes.probe import ACTIVATIONS, Probe, Sketch
from tfedge.checks.probes.products import activations, batch_matmul, weights
from tfedge.checks.probes.shapes import move

_COMPUTED = ("MAXIMUM", "MINIMUM", "REDUCE_MAX", "REDUCE_MIN", "SPLIT", "SELECT_V2", "DYNAMIC_UPDATE_SLICE")


def keeping_probes() -> Iterator[Probe]:
    """Each op that keeps values, from scale 1/16 to 1/8: right is half the stored value."""
    for op in KEEPING_OPS:
        if op in _COMPUTED:
            continue
        yield move(op, "int8", scale=1 / 8).probe(f"scale_changed {op}", 1.1)
    for op in ("MAXIMUM", "MINIMUM"):
        sketch = Sketch()
        x = sketch.input("x", values("int8"), "int8")
        sketch.builder.op(op, [x, x], [sketch.output("y", values("int8"), "int8", scale=1 / 8)])
        yield sketch.probe(f"scale_changed {op}", 1.1)
    for op in ("REDUCE_MAX", "REDUCE_MIN"):
        sketch = Sketch()
        real = values("int8")
        x, axis = sketch.input("x", real, "int8"), sketch.constant([1], "int32")
        reduced = real.max(axis=1) if op == "REDUCE_MAX" else real.min(axis=1)
        sketch.builder.op(op, [x, axis], [sketch.output("y", reduced, "int8", scale=1 / 8)])
        yield sketch.probe(f"scale_changed {op}", 1.1)
    for op in ("SPLIT", "SELECT_V2", "DYNAMIC_UPDATE_SLICE"):
        yield _joining(op)


def _joining(op: str) -> Probe:
    """The same for ops where one of several tensors has another scale."""
    sketch = Sketch()
    real, other = values("int8"), np.full((2, 8), 1.0)
    if op == "SPLIT":
        inputs = [sketch.constant(1, "int32"), sketch.input("x", real, "int8")]
        outputs = [sketch.output(name, real[:, part], "int8", scale=1 / 8) for name, part in _HALVES]
        sketch.builder.op(op, inputs, outputs, options={"numSplits": 2})
        return sketch.probe(f"scale_changed {op}", 1.1)
    constant = sketch.constant(other * 8, "int8", scales=1 / 8)
    if op == "SELECT_V2":
        picks = real > 0
        inputs = [sketch.input("c", picks, "bool"), sketch.input("x", real, "int8"), constant]
        output = sketch.output("y", np.where(picks, real, other), "int8")
    else:
        piece = real[:1, :4]
        result = other.copy()
        result[:1, :4] = piece
        inputs = [constant, sketch.input("x", piece, "int8"), sketch.constant([0, 0], "int32")]
        output = sketch.output("y", result, "int8")
    sketch.builder.op(op, inputs, [output])
    return sketch.probe(f"scale_changed {op}", 1.1)


_HALVES = (("y", slice(0, 4)), ("z", slice(4, 8)))


def fixed_probes() -> Iterator[Probe]:
    """Ops whose output scale the kernels insist on, with twice that scale, and with another zero point."""
    for op, scales in FIXED_OUTPUTS.items():
        for dtype, (scale, point) in scales.items():
            if dtype == "int16" and op in ("LOG_SOFTMAX", "L2_NORMALIZATION"):
                continue  # No kernel takes int16 there, whatever its scale.
            real = values(dtype)
            for what, factor, shift in (("scale", 2, 0), ("zero_point", 1, -5 if point > 0 else 5)):
                sketch = Sketch()
                x = sketch.input("x", real, dtype)
                y = sketch.output("y", UNARY[op](real), dtype, scale=scale * factor, zero_point=point + shift)
                sketch.builder.op(op, [x], [y], options=OPTIONS.get(op))
                yield sketch.probe(f"fixed_{what} {op} {dtype}", 1.6 if dtype != "int16" else 160.0)


def product(
    name: str,
    hybrid: bool,
    per_channel: bool = False,
    axis: int | None = None,
    shift: int = 0,
    scale: float | None = None,
    scaled: bool = True,
    activation: tuple[float, int] | None = None,
    output: tuple[float, int] | None = None,
    bias: tuple[str, float] | None = None,
) -> Probe:
    """x (2, 16) -> FULLY_CONNECTED -> y (2, 8) with one thing that is not as it should be.

    Args:
        name: of the probe.
        hybrid: float32 activations; else int8 ones.
        per_channel: one scale an output.
        axis: the quantized dimension of the scales, where it is not the outputs.
        shift: zero point of the weights.
        scale: stands in the place of every scale of the weights.
        scaled: whether the weights have scales at all.
        activation: scale and zero point stated for x, in place of the true ones.
        output: scale and zero point stated for y, in place of the true ones.
        bias: its dtype, and a factor on its scale.
    """
    sketch = Sketch()
    held = weights((8, 16), "int8", per_channel, quantized_axis=axis)
    dtype = "float32" if hybrid else "int8"
    x = sketch.input("x", activations(dtype, (2, 16)), dtype)
    true_scales = np.asarray(held.scales, np.float64)
    scales = true_scales if scale is None else np.full_like(true_scales, scale)
    facts: dict[str, Any] = {"scales": scales, "zero_points": np.full(np.size(scales), shift), "axis": held.axis}
    stored = np.clip(np.round(held.stored * 0.9) + shift, -128, 127)
    real = (stored - shift) * (held.real / np.where(held.stored == 0, 1, held.stored))
    result = activations(dtype, (2, 16)) @ real.T
    inputs = [x, sketch.constant(stored, "int8", **(facts if scaled else {}))]
    if bias is not None:
        true = true_scales * ACTIVATIONS["int8"][0]
        points = np.round(np.linspace(-1, 1, 8) / true)
        inputs.append(sketch.constant(points, bias[0], scales=true * bias[1], zero_points=np.zeros(len(true), int)))
        result = result + points * true
    y = sketch.output("y", result, dtype)
    sketch.builder.op("FULLY_CONNECTED", inputs, [y])
    for tensor, stated in ((x, activation), (y, output)):
        if stated is not None:
            quantization = sketch.builder.model.subgraphs[0].tensors[tensor].quantization
            quantization.scale, quantization.zeroPoint = [stated[0]], [stated[1]]
    return sketch.probe(name, 0.2 if hybrid else 2.1)


BAD_SCALES = {"zero": 0.0, "negative": -0.01, "nan": float("nan"), "infinite": float("inf")}


def parameter_probes() -> Iterator[Probe]:
    """Scales and zero points that no kernel can use, or that only some read."""
    for hybrid in (True, False):
        kind = "hybrid" if hybrid else "static"
        for per_channel in (False, True):
            name = f"weights_zero_point {kind}{'~' if per_channel else ''}"
            yield product(name, hybrid, per_channel, shift=10, bias=None if hybrid else ("int32", 1.0))
        for what, scale in BAD_SCALES.items():
            yield product(f"bad_scale {kind} {what}", hybrid, scale=scale)
        yield product(f"no_scale {kind}", hybrid, scaled=False)
        yield product(f"wrong_axis FULLY_CONNECTED {kind}", hybrid, per_channel=True, axis=1)
    yield batch_matmul("float32", "int8", per_channel=True, quantized_axis=1, name="wrong_axis BATCH_MATMUL hybrid")
    for what, scale in BAD_SCALES.items():
        yield product(f"bad_scale input {what}", False, activation=(scale, 0))
        yield product(f"bad_scale output {what}", False, output=(scale, 0))
    yield product("zero_point_outside input", False, activation=(1 / 16, 200))
    yield product("zero_point_outside output", False, output=(1 / 16, -200))
    yield product("bias_scale small", False, bias=("int32", 1.5))
    yield product("bias_scale far", False, bias=("int32", 100.0))
    yield product("bias_scale far~", False, per_channel=True, bias=("int32", 100.0))
    yield product("bias_int64", False, bias=("int64", 1.0))


def scale_probes() -> Iterator[Probe]:
    """All probes of this file."""
    yield from keeping_probes()
    yield from fixed_probes()
    yield from parameter_probes()
