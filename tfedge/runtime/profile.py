"""What a delegate took of a model, from the nodes that the interpreter has after it applied it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from tfedge.errors import ConfigError

_DELEGATE = "DELEGATE"
Node = tuple[str, Sequence[int], Sequence[int]]  # op, input tensors, output tensors


@dataclasses.dataclass(frozen=True)
class DelegateProfile:
    """How the ops of subgraph 0 are run; of other subgraphs an interpreter's Python interface tells nothing.

    Attributes:
        delegated: names of the ops that run inside a delegate, in the file's order.
        outside: names of the ops that run as the interpreter's own kernels.
        num_partitions: delegate calls that one invocation makes; each costs a crossing.
        splitting: names of those outside that are fed by one delegate call and feed another: without them there would
            be fewer.
    """

    delegated: tuple[str, ...]
    outside: tuple[str, ...]
    num_partitions: int
    splitting: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.num_partitions < 0 or (self.delegated and not self.num_partitions):
            raise ConfigError(
                f"expected delegated ops in one partition or more; got {len(self.delegated)} ops in "
                f"{self.num_partitions} partitions"
            )

    @classmethod
    def from_nodes(cls, nodes: Sequence[Node]) -> DelegateProfile:
        """Finds which ops each delegate call stands for: those on the ways from its outputs back to its inputs.

        Args:
            nodes: the model's own ops, and after them one DELEGATE for each call, as the worker reports them.
        """
        ops = [node for node in nodes if node[0] != _DELEGATE]
        calls = {(tuple(inputs), tuple(outputs)) for op, inputs, outputs in nodes if op == _DELEGATE}
        maker = {tensor: place for place, (_, _, outputs) in enumerate(ops) for tensor in outputs}
        inside: set[int] = set()
        for inputs, outputs in calls:
            open_tensors = list(outputs)
            while open_tensors:
                place = maker.get(open_tensors.pop())
                if place is not None and place not in inside:
                    inside.add(place)
                    open_tensors += [tensor for tensor in ops[place][1] if tensor not in inputs]
        outside = [node for place, node in enumerate(ops) if place not in inside]
        fed = _reached((tensor for _, outputs in calls for tensor in outputs), outside)
        backwards = [(op, outputs, inputs) for op, inputs, outputs in reversed(outside)]
        feeding = _reached((tensor for inputs, _ in calls for tensor in inputs), backwards)[::-1]
        return cls(
            delegated=tuple(op for place, (op, _, _) in enumerate(ops) if place in inside),
            outside=tuple(op for op, _, _ in outside),
            num_partitions=len(calls),
            splitting=tuple(op for (op, _, _), *both in zip(outside, fed, feeding, strict=True) if all(both)),
        )


def _reached(tensors: Iterable[int], nodes: Iterable[Node]) -> list[bool]:
    """Returns for each node whether `tensors` lead to it, itself or by nodes before it."""
    known, found = set(tensors), []
    for _, inputs, outputs in nodes:
        found.append(not known.isdisjoint(inputs))
        if found[-1]:
            known.update(outputs)
    return found
