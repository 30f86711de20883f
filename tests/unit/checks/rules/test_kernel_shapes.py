"""The condition by which a product goes through the dot product kernel, at its edges as they were measured."""

from __future__ import annotations

import pytest

from tfedge.checks.rules.kernel_shapes import _dot_product_kernel


@pytest.mark.parametrize(
    ("rows", "inputs", "outputs", "kernel"),
    [
        # Run on an emulated Cortex-A76 with tflite-runtime 2.14: died where a kernel is named, right where not.
        (1, 32, 32, ""),
        (3, 32, 32, ""),
        (4, 32, 32, "dot_product"),
        (4, 24, 32, ""),
        (4, 32, 2, ""),
        (4, 32, 4, "dot_product"),
        (4, 32, 9, ""),
        (4, 32, 10, "dot_product"),
        (8, 32, 6, ""),
        (8, 32, 8, "dot_product"),
        (12, 16, 16, "dot_product"),
        (16, 16, 16, ""),
        (16, 16, 60, ""),
        (16, 16, 64, "dot_product"),
        (16, 48, 16, ""),
        (16, 64, 16, "dot_product"),
        (20, 64, 66, "dot_product"),
        (32, 16, 96, ""),
        (32, 16, 128, "dot_product"),
        (32, 240, 32, ""),
        (32, 256, 32, "dot_product"),
        (48, 16, 120, ""),
        (48, 16, 132, "dot_product"),
        (64, 128, 512, ""),
        (2, 128, 128, "dot_product_padded"),
        (2, 128, 126, ""),
        (5, 256, 64, "dot_product_padded"),
        (1, 512, 512, ""),
    ],
)
def test_dot_product_kernel_at_its_edges(rows: int, inputs: int, outputs: int, kernel: str) -> None:
    assert _dot_product_kernel(rows, inputs, outputs) == kernel
