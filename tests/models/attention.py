"""One attention layer in float and in int8, with a mask of any size, and with any layer's weights broken on purpose."""

from __future__ import annotations

import numpy as np

from tfedge.modelfile.builder import ModelBuilder

LENGTH, WIDTH = 6, 8
LAYER = "encoder/attention"
# Rows of one query each: scores spread over several units, as trained ones do.
_SPREAD = 1.2


def attention(dtype: str = "float32", mask: float = -30.0, broken: str = "", factor: float = 8.0) -> bytes:
    """x float32 (1, 6, 8) -> softmax(Q K' + mask) V -> dense -> y float32 (1, 6, 8), signature "serving_default".

    Args:
        dtype: "float32", or "int8" with QUANTIZE in front and DEQUANTIZE behind, ranges from `attention_inputs`.
        mask: added to the scores of the last two positions.
        broken: of "query", "key", "value", "output": the layer whose weights' scale is `factor` times too large.
    """
    return _Network(dtype == "int8", mask, broken, factor).build()


def attention_inputs(count: int = 4) -> list[np.ndarray]:
    """Returns seeded inputs, each float32 (1, 6, 8)."""
    rng = np.random.default_rng(3)
    return [rng.normal(size=(1, LENGTH, WIDTH)).astype(np.float32) for _ in range(count)]


class _Network:
    def __init__(self, is_int8: bool, mask: float, broken: str, factor: float) -> None:
        self.is_int8, self.mask, self.broken, self.factor = is_int8, mask, broken, factor
        self.builder = ModelBuilder("attention")
        rng = np.random.default_rng(5)
        self.weights = {
            name: rng.normal(scale=_SPREAD / np.sqrt(WIDTH), size=(WIDTH, WIDTH)).astype(np.float32)
            for name in ("query", "key", "value", "output")
        }
        self.mask_row = np.where(np.arange(LENGTH) < LENGTH - 2, 0.0, mask).astype(np.float32)
        self.values = self._values()

    def _values(self) -> dict[str, np.ndarray]:
        """Returns what every tensor holds in float, over all inputs: ranges come from it."""
        x = np.concatenate(attention_inputs())
        values = {"x": x}
        for name in ("query", "key", "value"):
            values[name] = x @ self.weights[name].T
        values["product"] = values["query"] @ np.swapaxes(values["key"], 1, 2)
        values["scores"] = values["product"] + self.mask_row
        shares = np.exp(values["scores"] - values["scores"].max(axis=-1, keepdims=True))
        values["shares"] = shares / shares.sum(axis=-1, keepdims=True)
        values["mixed"] = values["shares"] @ values["value"]
        values["output"] = values["mixed"] @ self.weights["output"].T
        return values

    def tensor(self, key: str, name: str, shape: tuple[int, ...]) -> int:
        if not self.is_int8:
            return self.builder.tensor(name, shape)
        low, high = min(0.0, float(self.values[key].min())), max(0.0, float(self.values[key].max()))
        scale = (high - low) / 255
        point = round(-128 - low / scale)
        if key == "shares":
            scale, point = 1 / 256, -128  # The kernel takes nothing else.
        return self.builder.tensor(name, shape, "int8", scales=scale, zero_points=point)

    def dense(self, name: str, source: int) -> int:
        made = self.tensor(name, f"{LAYER}/{name}_dense/MatMul", (1, LENGTH, WIDTH))
        weights = self.weights[name]
        if self.is_int8:
            scale = float(np.abs(weights).max()) / 127
            stored = scale * self.factor if name == self.broken else scale
            kernel = self.builder.tensor(
                f"{name}/kernel", weights.shape, "int8", np.round(weights / scale), scales=stored, zero_points=0
            )
        else:
            kernel = self.builder.tensor(f"{name}/kernel", weights.shape, data=weights)
        options = {"keepNumDims": True}
        self.builder.op("FULLY_CONNECTED", [source, kernel, None], [made], 6 if self.is_int8 else 5, options)
        return made

    def mask_tensor(self) -> int:
        if not self.is_int8:
            return self.builder.tensor("mask", (LENGTH,), data=self.mask_row)
        stored = np.where(self.mask_row == 0, 127, -128)
        return self.builder.tensor("mask", (LENGTH,), "int8", stored, scales=-self.mask / 255, zero_points=127)

    def build(self) -> bytes:
        builder, square = self.builder, (1, LENGTH, LENGTH)
        start = x = builder.tensor("x", (1, LENGTH, WIDTH))
        if self.is_int8:
            start = self.tensor("x", "x_quantized", (1, LENGTH, WIDTH))
            builder.op("QUANTIZE", [x], [start])
        query, key, value = (self.dense(name, start) for name in ("query", "key", "value"))
        product = self.tensor("product", f"{LAYER}/product/MatMul", square)
        builder.op("BATCH_MATMUL", [query, key], [product], 4 if self.is_int8 else 1, {"adjY": True})
        scores = self.tensor("scores", f"{LAYER}/add_mask/add", square)
        builder.op("ADD", [product, self.mask_tensor()], [scores], 2 if self.is_int8 else 1)
        shares = self.tensor("shares", f"{LAYER}/softmax/Softmax", square)
        builder.op("SOFTMAX", [scores], [shares], 2 if self.is_int8 else 1, {"beta": 1.0})
        mixed = self.tensor("mixed", f"{LAYER}/mix/MatMul", (1, LENGTH, WIDTH))
        builder.op("BATCH_MATMUL", [shares, value], [mixed], 4 if self.is_int8 else 1)
        last = y = self.dense("output", mixed)
        if self.is_int8:
            y = builder.tensor("y", (1, LENGTH, WIDTH))
            builder.op("DEQUANTIZE", [last], [y], 2)
        builder.signature("serving_default", {"x": x}, {"y": y})
        return builder.build()
