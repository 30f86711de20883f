"""Weights that may be rounded anew, and near twins that somebody reads in another way."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.models import dense
from tfedge.checks.rewritable import is_static, rewritable_buffers
from tfedge.modelfile.builder import ModelBuilder
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.rewrite import ModelEditor

SCALES = [0.1, 0.2, 0.3, 0.4]
ONES = np.ones((4, 4))


class Product:
    """One product of `dtype` activations with int8 weights of a scale a channel; an attribute a test may change."""

    def __init__(self, dtype: str = "float32") -> None:
        self.builder = builder = ModelBuilder()
        scales = 0.5 if dtype == "int8" else None
        self.x, self.y = (builder.tensor(name, (1, 4), dtype, scales=scales) for name in ("x", "y"))
        self.w = builder.tensor("w", (4, 4), "int8", ONES, scales=SCALES)
        self.b: int | None = None

    def tensor(self, index: int) -> object:
        return self.builder.model.subgraphs[0].tensors[index]

    def is_rewritable(self) -> bool:
        self.builder.op("FULLY_CONNECTED", [self.x, self.w, self.b], [self.y])
        self.builder.interface([self.x], [self.y])
        model_bytes = self.builder.build()
        return rewritable_buffers(ModelEditor(model_bytes), read_graph(model_bytes)) == {self.builder.buffer_of(self.w)}


def share(product: Product, scales: list[float]) -> None:
    product.builder.tensor("twin", (4, 4), "int8", buffer=product.builder.buffer_of(product.w), scales=scales)


def read_by(name: str) -> Callable[[Product], None]:
    def change(product: Product) -> None:
        product.builder.op(name, [product.w], [product.builder.tensor("z", (4, 4))])

    return change


def sparse(product: Product) -> None:
    tensor = product.tensor(product.w)
    tensor.sparsity = product.builder.schema.SparsityParametersT()
    stored = product.builder.tensor("seven_of_sixteen", (7,), "int8", np.ones(7))
    tensor.buffer = product.builder.buffer_of(stored)
    product.builder.model.subgraphs[0].tensors.pop()


def change_nothing(product: Product) -> None:
    """The twin of every change below."""


@pytest.mark.parametrize(
    "change, expected",
    [
        (change_nothing, True),
        (lambda product: share(product, SCALES), True),
        (lambda product: share(product, [0.1, 0.2, 0.3, 0.5]), False),
        (read_by("DEQUANTIZE"), True),
        (read_by("ABS"), False),
        (lambda product: setattr(product.tensor(product.w), "isVariable", True), False),
        (lambda product: setattr(product.tensor(product.w).quantization, "scale", [0.1, 0.2, 0.3, 0.0]), False),
        (lambda product: setattr(product.tensor(product.w).quantization, "scale", [0.1, 0.2, 0.3, np.nan]), False),
        (lambda product: setattr(product.tensor(product.w).quantization, "scale", [0.1, 0.2, 0.3, 1e30]), False),
        (sparse, False),
    ],
)
def test_rewritable_buffers_when_a_dynamic_product_changes_follows(
    change: Callable[[Product], None], expected: bool
) -> None:
    product = Product()
    change(product)

    assert product.is_rewritable() == expected


def bias(dtype: str, shape: tuple[int, ...] = (4,), stored: bool = True) -> Callable[[Product], None]:
    def change(product: Product) -> None:
        data = np.zeros(shape) if stored else None
        product.b = product.builder.tensor("b", shape, dtype, data)

    return change


@pytest.mark.parametrize(
    "change, expected",
    [
        (change_nothing, True),
        (bias("int32"), True),
        (bias("int64"), False),
        (bias("int32", stored=False), False),
        (lambda product: setattr(product.tensor(product.x), "quantization", None), False),
    ],
)
def test_rewritable_buffers_when_a_static_product_changes_follows(
    change: Callable[[Product], None], expected: bool
) -> None:
    product = Product("int8")
    change(product)

    assert product.is_rewritable() == expected


def test_is_static_when_activations_are_of_other_dtypes_is_false() -> None:
    found = {dtype: is_static(read_graph(dense(dtype)).ops[-1]) for dtype in ("int8_static", "int8_dynamic", "uint8")}

    assert found == {"int8_static": True, "int8_dynamic": False, "uint8": False}
