"""Small files that ask a runtime what it makes of one thing each; measured answers are what the rules know.

    for probe in PROBES:
        path.write_bytes(probe.data)
        outputs = worker.run(SIGNATURE, probe.inputs)     # or it refuses, or it dies
        probe.judge(outputs)                              # "right" or "wrong"

Rules never import this: they look up answers by name. Built when first imported, in a second.
"""

from __future__ import annotations

from collections.abc import Iterator

from tfedge.checks.probes import casts, elementwise, formats, products, scales, shapes, structure
from tfedge.checks.probes.probe import SIGNATURE, Probe

__all__ = ["PROBES", "SIGNATURE", "Probe"]


def _every_probe() -> Iterator[Probe]:
    for family in (
        *(elementwise.unary_probes, elementwise.binary_probes, elementwise.reduction_probes),
        *(shapes.move_probes, shapes.choice_probes),
        *(casts.cast_probes, casts.quantize_probes, casts.stored_probes),
        *(products.product_probes, products.shape_probes),
        *(scales.scale_probes, structure.structure_probes, formats.format_probes),
    ):
        yield from family()


def _by_name() -> tuple[Probe, ...]:
    """Returns the probes, one a name: the same form of an op may be met in two families."""
    named: dict[str, Probe] = {}
    for probe in _every_probe():
        named.setdefault(probe.name, probe)
    return tuple(named.values())


PROBES: tuple[Probe, ...] = _by_name()
