"""Takes signatures out of a `.tflite`: each one costs a runtime memory, whether it is called or not.

A runtime prepares every subgraph when it loads a file, and XNNPACK packs the weights of each anew: a process that
loaded a file with `encode`, `decode_step` and `greedy` holds the packed weights twice, one with `greedy` alone once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from tfedge.conversion import compact
from tfedge.conversion.converter import Conversion
from tfedge.conversion.signatures import BEAM, GREEDY
from tfedge.errors import ConfigError
from tfedge.modelfile.control_flow import CALLS, called_from
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.schema import load_schema


def keep_signatures(model_bytes: bytes, names: Sequence[str]) -> bytes:
    """Returns the file with the signatures `names` alone, and the subgraphs and weights that they need.

    Args:
        model_bytes: a `.tflite` alone, with its weights inside the flatbuffer.
        names: signatures to keep.

    Raises:
        ConfigError: the file has none of such a name.
    """
    graph = read_graph(model_bytes)
    missing = [name for name in names if name not in graph.signatures]
    if missing:
        raise ConfigError(
            f"expected signatures to keep, of {', '.join(graph.signatures)}; got {', '.join(missing)}; name others, "
            "or another recipe"
        )
    kept = sorted({index for name in names for index in called_from(graph, graph.signatures[name].subgraph)})
    model = load_schema().ModelT.InitFromPackedBuf(model_bytes, 0)
    model.signatureDefs = [each for each in model.signatureDefs if each.signatureKey.decode() in names]
    model.subgraphs = [model.subgraphs[index] for index in kept]
    _renumber(model, {old: new for new, old in enumerate(kept)})
    _empty_unread_buffers(model)
    return compact.pack(model)


def keep(conversion: Conversion, names: Sequence[str] | None) -> Conversion:
    """Returns a conversion whose file has the signatures `names` alone, and says no more of decoding than it does.

    Raises:
        ConfigError: as `keep_signatures`.
    """
    if names is None:
        return conversion
    needed = {"beam": {BEAM}, "length_buckets": {GREEDY, BEAM}}
    said = {key: value for key, value in conversion.decoding.items() if needed[key] & set(names)}
    data = keep_signatures(conversion.model_bytes, names)
    return dataclasses.replace(conversion, model_bytes=data, decoding=said)


def _renumber(model: Any, places: dict[int, int]) -> None:
    for signature in model.signatureDefs:
        signature.subgraphIndex = places[signature.subgraphIndex]
    fields = {field for each in CALLS.values() for field in each}
    for graph in model.subgraphs:
        for op in graph.operators or ():
            for options in (op.builtinOptions, op.builtinOptions2):
                for field in fields & set(vars(options) if options is not None else ()):
                    setattr(options, field, places[getattr(options, field)])


def _empty_unread_buffers(model: Any) -> None:
    """Empties what no tensor reads any more. Buffers keep their numbers."""
    read = {tensor.buffer for graph in model.subgraphs for tensor in graph.tensors}
    read |= {each.buffer for each in model.metadata or ()}
    for index, buffer in enumerate(model.buffers):
        if index not in read:
            buffer.data = None
