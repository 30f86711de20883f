"""Which Keras layer an op of a traced graph comes from: refusals name what the user wrote, not what TensorFlow made."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

# Ops that write a variable. Everything else that keeps state (hash tables, random generators) has no builtin op either.
_WRITES = ("AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp", "ResourceScatterUpdate")
# How the converter names what it has no builtin op for.
_NAMED = re.compile(r"'tf\.(\w+)' op is|(?:Select|Flex|Custom) ops: ([\w, ]+)")


def layer_of(node: str, layer_names: Sequence[str]) -> str:
    """Returns the innermost layer that a node's name holds, or its scope; "functional_1/spectrum_1/FFT" -> "spectrum".

    Keras names scopes after layers, and counts calls behind the name.
    """
    known = set(layer_names)
    parts = node.split("/")
    for part in reversed(parts):
        for name in (part, re.sub(r"_\d+$", "", part)):
            if name in known:
                return name
    return "/".join(parts[:-1]) or node


def nodes_of(graph: Any) -> Iterator[Any]:
    """Yields the nodes of a graph and of the functions that it calls."""
    definition = graph.as_graph_def()
    yield from definition.node
    for function in definition.library.function:
        yield from function.node_def


def state_writes(graph: Any, layer_names: Sequence[str]) -> list[str]:
    """Returns who writes variables, each once, in words."""
    found = [layer_of(node.name, layer_names) for node in nodes_of(graph) if node.op in _WRITES]
    return list(dict.fromkeys(f"layer {name!r}" for name in found))


def refused_kinds(words: str) -> list[str]:
    """Returns the ops that the converter's words name as not builtin: "'tf.FFT' op is neither ..." -> ["FFT"]."""
    found: list[str] = []
    for one, several in _NAMED.findall(words):
        found += [one] if one else [name.strip().removeprefix("Flex") for name in several.split(",")]
    return list(dict.fromkeys(name for name in found if name))


def places_of(kinds: Sequence[str], graphs: Sequence[Any], layer_names: Sequence[str]) -> list[str]:
    """Returns "FFT of layer 'spectrum'" for each op kind and layer."""
    found = []
    for graph in graphs:
        for node in nodes_of(graph):
            if node.op in kinds:
                found.append(f"{node.op} of layer {layer_of(node.name, layer_names)!r}")
    named = {place.split(" ")[0] for place in found}
    return list(dict.fromkeys([*found, *(kind for kind in kinds if kind not in named)]))
