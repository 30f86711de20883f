"""The least time that a decode can take: its products' operations and bytes, against a core's limits.

What is counted: FULLY_CONNECTED and BATCH_MATMUL, those of a loop's body once a step. A product takes at least as long
as its multiply-accumulates from registers, and as reading its weights (or its second matrix) once from the cache that
holds the weights of one step; the larger of both is its floor, and floors add up, since one core does one product after
the other. What is not counted is taken as free: norms, softmax, copies, calls. Weights that are stored in int8 and
turned into float first (weight-only recipes) are read and multiplied as float. A program gets near the floor only where
its products fill all its time, and below it only by another shape or by other instructions.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from tfedge.errors import ConfigError
from tfedge.modelfile import control_flow
from tfedge.modelfile.summary import GraphSummary, OpSummary
from tools.limit.machine import Machine

PRODUCTS = ("FULLY_CONNECTED", "BATCH_MATMUL")
_BITS = {"float32": 32, "float16": 16, "int8": 8, "uint8": 8, "int4": 4, "int2": 2}
_WHOLE = ("int8", "uint8", "int4", "int2")


@dataclasses.dataclass(frozen=True)
class Product:
    """One product as often as a decode computes it.

    Attributes:
        name: the op and its layer.
        times: how often: once, or once a step.
        macs: multiply-accumulates each time.
        num_bytes: bytes of its second matrix.
        is_int8: whether it is computed in int8 (or from int4), and not in float.
    """

    name: str
    times: int
    macs: int
    num_bytes: int
    is_int8: bool

    def seconds(self, machine: Machine) -> float:
        """The floor of all its times."""
        rate = machine.int8_gmac_s if self.is_int8 else machine.float_gmac_s
        return self.times * max(self.macs / rate, self.num_bytes / machine.read_gb_s) / 1e9


def products(graph: GraphSummary, signature: str, steps: int) -> list[Product]:
    """Returns the products of one call of a signature whose loop takes `steps` turns, of a source of full length.

    Raises:
        ConfigError: no such signature, a product of open shape, or no product at all.
    """
    if signature not in graph.signatures:
        raise ConfigError(f"expected a signature, one of {', '.join(graph.signatures)}; got {signature!r}")
    if steps < 1:
        raise ConfigError(f"expected one step or more; got {steps}")
    start = graph.signatures[signature].subgraph
    calls = [call.subgraphs for call in control_flow.calls(graph) if call.op.subgraph == start]
    bodies = [product for call in calls if "body" in call for product in _products(graph, call["body"], steps)]
    # The encoder at several lengths, one of which runs: a source of the full length takes the largest.
    branches = [_products(graph, call[role], 1) for call in calls for role in ("then", "else") if role in call]
    largest = max(branches, key=lambda each: sum(product.macs for product in each), default=[])
    found = [*_products(graph, start, 1), *largest, *bodies]
    if not found:
        raise ConfigError(f"expected products in signature {signature}; there are none; name another signature")
    return found


def _products(graph: GraphSummary, subgraph: int, times: int) -> list[Product]:
    return [_product(op, times) for op in graph.ops if op.subgraph == subgraph and op.name in PRODUCTS]


def _product(op: OpSummary, times: int) -> Product:
    left, right, output = op.inputs[0], op.inputs[1], op.outputs[0]
    if left is None or right is None or any(-1 in tensor.shape for tensor in (left, right, output)):
        raise ConfigError(f"expected closed shapes to count operations of; {op.place} has an open one")
    swapped = op.name == "BATCH_MATMUL" and bool(op.options.get("adjX"))
    depth = left.shape[-2] if swapped else left.shape[-1]
    if op.name == "FULLY_CONNECTED":
        depth = right.shape[-1]
    bits = _BITS.get(right.dtype)
    if bits is None:
        raise ConfigError(f"expected a product of float or int8; {op.place} has {right.dtype}")
    return Product(
        op.place,
        times,
        math.prod(output.shape) * depth,
        math.prod(right.shape) * bits // 8,
        right.dtype in _WHOLE,
    )


def weights_of_a_step(found: Sequence[Product]) -> int:
    """Returns the bytes that products read in one turn of the loop; without a loop in one call."""
    most = max(product.times for product in found)
    return sum(product.num_bytes for product in found if product.times == most)


def seconds(found: Sequence[Product], machine: Machine) -> float:
    """Returns the floor of a decode."""
    return sum(product.seconds(machine) for product in found)
