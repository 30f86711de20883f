"""One or two FULLY_CONNECTED ops in every quantization that is met, and the right answer in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfedge.modelfile.builder import ModelBuilder

INPUTS, OUTPUTS = 16, 8
# What the converter writes for each form; `version` overrides it.
VERSIONS = {
    "float32": 1,
    "float16": 1,
    "int8_dynamic": 5,
    "int8_static": 4,
    "int16x8": 7,
    "int4_dynamic": 13,
    "uint8": 1,
}
INPUT_SCALE, OUTPUT_SCALE = 1 / 32, 1 / 16  # Of int8 and uint8 activations: -4 to 4 and -8 to 8.


def dense_weights(per_channel: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns weights float32 (8, 16), their scales (1,) or (8,), and bias float32 (8,).

    Rows differ 100-fold in size, as trained ones do: whoever reads one scale for all is far off.
    """
    rng = np.random.default_rng(7)
    sizes = np.geomspace(0.01, 1, OUTPUTS)[:, None]
    weights = (rng.uniform(-1, 1, (OUTPUTS, INPUTS)) * sizes).astype(np.float32)
    largest = np.abs(weights).max(axis=1) if per_channel else np.abs(weights).max()[None]
    return weights, largest / 127, rng.uniform(-1, 1, OUTPUTS).astype(np.float32)


def dense(
    dtype: str = "float32",
    per_channel: bool = False,
    bias: bool = True,
    version: int | None = None,
    activation: int = 0,
    rows: int = 1,
) -> bytes:
    """x (rows, 16) -> FULLY_CONNECTED -> y (rows, 8), with the signature "serving_default".

    Args:
        dtype: "float32", "float16" (weights behind a DEQUANTIZE), "int8_dynamic" and "int4_dynamic" (float32
            activations), "int8_static", "int16x8", "uint8" (activations of that dtype too).
        per_channel: one scale a row of the weights, where they are integers.
        bias: whether it has one.
        version: of FULLY_CONNECTED as the file states it; None: what the converter writes.
        activation: fused; 1 is ReLU.
        rows: batch.
    """
    builder = ModelBuilder(f"dense {dtype}")
    dense_into(builder, dtype, per_channel, bias, version, activation, rows)
    return builder.build()


def dense_into(
    builder: ModelBuilder,
    dtype: str = "float32",
    per_channel: bool = False,
    bias: bool = True,
    version: int | None = None,
    activation: int = 0,
    rows: int = 1,
) -> None:
    """Puts `dense` into a builder, for a test that changes something before it is built."""
    x = builder.tensor("x", (rows, INPUTS), **activation_facts(dtype, INPUT_SCALE))
    y = builder.tensor("y", (rows, OUTPUTS), **activation_facts(dtype, OUTPUT_SCALE))
    add_dense(builder, "dense", x, y, dtype, per_channel, bias, version, activation)
    builder.signature("serving_default", {"x": x}, {"y": y})


def activation_facts(dtype: str, scale: float) -> dict[str, Any]:
    """Returns dtype and quantization of an activation of a model of form `dtype`."""
    if dtype == "int8_static":
        return {"dtype": "int8", "scales": scale, "zero_points": 0}
    if dtype == "uint8":
        return {"dtype": "uint8", "scales": scale, "zero_points": 128}
    if dtype == "int16x8":
        return {"dtype": "int16", "scales": scale / 256, "zero_points": 0}
    return {"dtype": "float32"}


def add_dense(
    builder: ModelBuilder,
    name: str,
    x: int,
    y: int,
    dtype: str,
    per_channel: bool = False,
    bias: bool = True,
    version: int | None = None,
    activation: int = 0,
) -> None:
    """Adds weights, bias and the FULLY_CONNECTED from tensor `x` (…, 16) to `y` (…, 8)."""
    weights, scales, bias_values = dense_weights(per_channel)
    shape = weights.shape
    if dtype == "float32":
        w = builder.tensor(f"{name}/kernel", shape, data=weights)
    elif dtype == "float16":
        stored = builder.tensor(f"{name}/kernel_f16", shape, "float16", weights)
        w = builder.tensor(f"{name}/kernel", shape)
        builder.op("DEQUANTIZE", [stored], [w], version=3)
    elif dtype == "uint8":
        points = np.clip(np.round(weights / scales[0]) + 128, 0, 255)
        w = builder.tensor(f"{name}/kernel", shape, "uint8", points, scales=scales, zero_points=128)
    else:
        scales = scales * 127 / 7 if dtype == "int4_dynamic" else scales
        points = np.round(weights / scales[:, None])
        w = builder.tensor(
            f"{name}/kernel", shape, dtype.split("_")[0].replace("int16x8", "int8"), points, scales=scales
        )
    b = _bias(builder, name, dtype, scales, bias_values) if bias else None
    options = {"fusedActivationFunction": activation}
    if dtype in ("int8_dynamic", "int4_dynamic"):
        options["asymmetricQuantizeInputs"] = True
    builder.op("FULLY_CONNECTED", [x, w, b], [y], VERSIONS[dtype] if version is None else version, options)


def _bias(builder: ModelBuilder, name: str, dtype: str, scales: np.ndarray, values: np.ndarray) -> int:
    if activation_facts(dtype, 1.0)["dtype"] == "float32":
        return builder.tensor(f"{name}/bias", values.shape, data=values)
    bias_scales = scales * (INPUT_SCALE / 256 if dtype == "int16x8" else INPUT_SCALE)
    stored = "int64" if dtype == "int16x8" else "int32"
    return builder.tensor(f"{name}/bias", values.shape, stored, np.round(values / bias_scales), scales=bias_scales)


def dense_reference(x: np.ndarray, bias: bool = True) -> np.ndarray:
    """Returns what `dense` means: x float32 (rows, 16) -> float32 (rows, 8), in real numbers."""
    weights, _, bias_values = dense_weights()
    return x @ weights.T + (bias_values if bias else 0)


def gather_dense(dtype: str = "float32", per_channel: bool = False, vocab_size: int = 32) -> bytes:
    """token_ids int32 (1, 4) -> embedding (GATHER) -> FULLY_CONNECTED -> logits (4, 8): the smallest language model."""
    builder = ModelBuilder(f"gather_dense {dtype}")
    ids = builder.tensor("token_ids", (1, 4), "int32")
    table = np.random.default_rng(3).uniform(-1, 1, (vocab_size, INPUTS))
    embedding = builder.tensor("embedding/table", table.shape, data=table)
    embedded = builder.tensor("embedding", (1, 4, INPUTS))
    builder.op("GATHER", [embedding, ids], [embedded])
    logits = builder.tensor("logits", (4, OUTPUTS))
    add_dense(builder, "head/dense", embedded, logits, dtype, per_channel)
    builder.signature("serving_default", {"token_ids": ids}, {"logits": logits})
    return builder.build()


def two_signatures(dtype: str = "float32", per_channel: bool = False) -> bytes:
    """Signatures `encode` (x -> state) and `classify` (state -> y), which share nothing but the file."""
    builder = ModelBuilder(f"two_signatures {dtype}")
    x, state = builder.tensor("x", (1, INPUTS)), builder.tensor("state", (1, OUTPUTS))
    add_dense(builder, "encode/dense", x, state, dtype, per_channel)
    builder.signature("encode", {"x": x}, {"state": state})
    builder.subgraph("classify")
    state, y = builder.tensor("state", (1, OUTPUTS)), builder.tensor("y", (1, OUTPUTS))
    builder.op("SOFTMAX", [state], [y], options={"beta": 1.0})
    builder.signature("classify", {"state": state}, {"y": y})
    return builder.build()
