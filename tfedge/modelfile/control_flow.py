"""Which subgraph runs when: entry points, loop conditions and bodies, branches, and those that nothing calls."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from tfedge.modelfile.summary import GraphSummary, OpSummary

# The options of control-flow ops that name a subgraph, and what that subgraph is to the op.
CALLS: Mapping[str, Mapping[str, str]] = {
    "WHILE": {"condSubgraphIndex": "condition", "bodySubgraphIndex": "body"},
    "IF": {"thenSubgraphIndex": "then", "elseSubgraphIndex": "else"},
    "CALL": {"subgraph": "callee"},
    "CALL_ONCE": {"initSubgraphIndex": "initializer"},
    "STABLEHLO_WHILE": {"condSubgraphIndex": "condition", "bodySubgraphIndex": "body"},
    "STABLEHLO_REDUCE": {"bodySubgraphIndex": "body"},
    "STABLEHLO_REDUCE_WINDOW": {"bodySubgraphIndex": "body"},
    "STABLEHLO_SCATTER": {"updateComputationSubgraphIndex": "update"},
    "STABLEHLO_SORT": {"comparatorSubgraphIndex": "comparator"},
    "STABLEHLO_COMPOSITE": {"decompositionSubgraphIndex": "decomposition"},
}
_NAMED_ROLES = 3


@dataclasses.dataclass(frozen=True)
class Call:
    """A control-flow op and the subgraphs it runs, by what they are to it; an index may be outside the file."""

    op: OpSummary
    subgraphs: Mapping[str, int]


def calls(graph: GraphSummary) -> tuple[Call, ...]:
    """Returns the control-flow ops of a model, in execution order."""
    found = []
    for op in graph.ops:
        named = CALLS.get(op.name, {})
        subgraphs = {role: int(op.options[key]) for key, role in named.items() if key in op.options}
        if subgraphs:
            found.append(Call(op, subgraphs))
    return tuple(found)


def roles(graph: GraphSummary) -> tuple[str, ...]:
    """Returns for each subgraph what runs it, in words: several are joined, many counted; "unused" where nothing does.

    Subgraph 0 of a file without signatures is "main": interpreters run it when they are asked for nothing else.
    """
    found: list[list[str]] = [[] for _ in range(graph.num_subgraphs)]
    for key, signature in graph.signatures.items():
        found[signature.subgraph].append(f"signature {key}")
    if not graph.signatures:
        found[0].append("main")
    for call in calls(graph):
        for role, index in call.subgraphs.items():
            if 0 <= index < len(found):
                found[index].append(f"{role} of {call.op.name} in subgraph {call.op.subgraph}")
    return tuple(_joined(list(dict.fromkeys(words))) for words in found)


def _joined(words: list[str]) -> str:
    more = [f"{len(words) - _NAMED_ROLES} more"] if len(words) > _NAMED_ROLES else []
    return ", ".join(words[:_NAMED_ROLES] + more) or "unused"


def called_from(graph: GraphSummary, start: int) -> tuple[int, ...]:
    """Returns the subgraphs that run when subgraph `start` runs, itself included, sorted."""
    inner: dict[int, set[int]] = {}
    for call in calls(graph):
        inner.setdefault(call.op.subgraph, set()).update(call.subgraphs.values())
    met: set[int] = set()
    waiting = [start]
    while waiting:  # A subgraph may call itself: each is met once.
        index = waiting.pop()
        if index not in met and 0 <= index < graph.num_subgraphs:
            met.add(index)
            waiting.extend(inner.get(index, ()))
    return tuple(sorted(met))
