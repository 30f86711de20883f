"""Rules on the shape of a product: kernels that are chosen by the number of rows, and fail.

Each condition is the one by which tflite-runtime 2.14 chooses a kernel (tensor_utils and batch_matmul of TensorFlow
2.14), found and confirmed by running products of many shapes; whether a target fails there, probes say.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

from tfedge.checks.rules.kernels import takes_four_bit_kernel
from tfedge.checks.rules.rule import Case, Rule, Words, judged, risked
from tfedge.checks.verdict import Finding
from tfedge.modelfile.summary import OpSummary, TensorSummary

# ARM cores with a dot product multiply this many rows by this many inputs at once, …
_DOT_ROWS, _DOT_INPUTS = 4, 16
# … and other numbers of rows too, padded, where the weights have this many elements, …
_DOT_PADDED_SIZE = 128 * 128
# … unless the rows are many, and the weights nearly square for that many rows: then the product goes elsewhere. With
# b rows, "nearly" is under 4 to 1 for 16 <= b < 32, under 8 to 1 for b < 64, and so on. 1,200 shapes were run on an
# emulated Cortex-A76: every one inside died or was damaged, none outside.
_GEMM_ROWS, _GEMM_OUTPUTS = 16, 4
_SHARED_ROWS = 8  # From this many rows on BATCH_MATMUL takes all entries of a batch at once.


def hybrid_dot_product(case: Case) -> Iterator[Finding]:
    """Float rows times int8 weights on ARM cores with a dot product: SIGSEGV of tflite-runtime 2.14.

    Its assembly for four rows at once (DotprodMatrixBatchFourVectorMultiplyAccumulate) reads where it must not; that
    was reported from devices too (coqui-ai/STT#2284, tensorflow/tensorflow#59120). Measured 2026-11-21 on emulated
    cores: Cortex-A76 dies; A53 and A72, which have no such instruction, and LiteRT 2.3 are right.
    """
    what = "float rows times int8 weights in a shape that goes through the dot product kernel"
    cause = (
        "The kernel for ARM cores with dot product instructions (Cortex-A76, Raspberry Pi 5) reads outside its memory."
    )
    fix = "run one row at a time (batch 1, decode steps), use static int8 for these products, or use LiteRT"
    shapes = [(op, *shape) for op, _ in case.running_forms if (shape := _hybrid_shape(op)) is not None]
    hits = [
        (f"{kernel} {op.name}", op.place)
        for op, rows, inputs, outputs in shapes
        if rows and (kernel := _dot_product_kernel(rows, inputs, outputs))
    ]
    yield from judged(case, "hybrid_dot_product", Words(what, cause, fix), hits)
    free = [
        (f"dot_product {op.name}", op.place)
        for op, rows, inputs, outputs in shapes
        if not rows and _dot_product_kernel(_DOT_ROWS, inputs, outputs)
    ]
    later = f"{case.target} dies by a signal as soon as a caller gives four rows; one row is right."
    yield from risked(case, "hybrid_dot_product", Words(f"{what}, free batch", cause, fix, later), free)
    if not case.target.core and case.target.emulated_core:
        other = dataclasses.replace(case, target=dataclasses.replace(case.target, core="cortex-a76"))
        there = (
            f"{other.target} dies by a signal: on boards with such a core (Raspberry Pi 5, newer phones) check that."
        )
        yield from risked(other, "hybrid_dot_product", Words(what, cause, fix, there), hits)


def _hybrid_shape(op: OpSummary) -> tuple[int, int, int] | None:
    """Returns rows (0: a caller decides), inputs and outputs of float rows times 8-bit weights; None of another op."""
    x, weights = (*op.inputs[:2], None, None)[:2]
    if x is None or weights is None or x.dtype != "float32" or len(weights.shape) < 2 or 0 in weights.shape:
        return None
    if op.name == "FULLY_CONNECTED" and len(weights.shape) == 2 and weights.dtype in ("int8", "int4"):
        outputs, inputs = weights.shape
        rows = math.prod(x.shape) // inputs
        if takes_four_bit_kernel(weights):
            return None
        return (0, inputs, outputs) if x.has_dynamic_shape else (rows, inputs, outputs)
    if op.name == "BATCH_MATMUL" and weights.dtype == "int8" and len(x.shape) > 1:
        inputs, outputs = weights.shape[-2:][:: -1 if op.options.get("adjY") else 1]
        batch = math.prod(x.shape[:-2]) if math.prod(weights.shape[:-2]) == 1 else 1
        return (0, inputs, outputs) if x.has_dynamic_shape else (x.shape[-2] * batch, inputs, outputs)
    return None


def _dot_product_kernel(rows: int, inputs: int, outputs: int) -> str:
    """Returns the probe's word for the kernel that a shape goes through; empty where it is another one."""
    if inputs % _DOT_INPUTS or outputs % 2 or outputs < rows:
        return ""
    aspect = max(inputs, outputs) / min(inputs, outputs)
    if rows >= _GEMM_ROWS and outputs % _GEMM_OUTPUTS == 0 and aspect < 1 << rows.bit_length() - 3:
        return ""
    if rows % _DOT_ROWS == 0:
        return "dot_product"
    return "dot_product_padded" if rows > 1 and inputs * outputs >= _DOT_PADDED_SIZE else ""


def shared_batch_weights(case: Case) -> Iterator[Finding]:
    """BATCH_MATMUL of a float batch with one int8 matrix for all of it: wrong on ARM with tflite-runtime 2.14.

    Its scratch memory is sized for one matrix product and written for the whole batch. Measured 2026-11-21 on emulated
    Cortex-A72 and A76 (probe "one_for_batch BATCH_MATMUL", and 350 shapes): wrong or dead where outputs are a multiple
    of 4 and the batch has 8 rows or more in all (what lies behind that memory decides; a few small shapes came out
    right); right on x86, with one matrix an entry, and on LiteRT 2.3.
    """
    words = Words(
        "a float batch times one int8 matrix in BATCH_MATMUL",
        "The kernel writes beyond its scratch memory when one matrix serves a batch.",
        "make the product a FULLY_CONNECTED (Dense), which the matrix is meant for, or keep it in float32",
    )
    hits = []
    for op, _ in case.running_forms:
        shape = _hybrid_shape(op) if op.name == "BATCH_MATMUL" else None
        if shape is None or shape[0] < _SHARED_ROWS or shape[2] % 4:
            continue
        x, weights = op.inputs[0], op.inputs[1]
        if x is not None and weights is not None and _entries(x) > 1 == _entries(weights):
            hits.append(("one_for_batch BATCH_MATMUL", op.place))
    yield from judged(case, "shared_batch_weights", words, hits)


def _entries(tensor: TensorSummary) -> int:
    return math.prod(tensor.shape[:-2])


RULES = tuple(Rule(check.__name__, check) for check in (hybrid_dot_product, shared_batch_weights))
