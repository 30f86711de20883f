"""Where the bytes of a file are: by kind, by layer."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Sequence

from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.pack import Pack
from tfedge.modelfile.weights import LayerWeights, weights_by_dtype, weights_by_layer
from tfedge.printable import counted
from tfedge.reports.html.markup import Markup, breakable, element, joined, number
from tfedge.reports.html.treemap import Box, squarify

# A box of less, in percent of the map, has no room for a name.
_NAMED_WIDTH, _NAMED_HEIGHT = 8.0, 11.0
_REST = "not in a layer"


@dataclasses.dataclass(frozen=True)
class _Kind:
    name: str
    num_bytes: int
    colour: str


def weights_section(pack: Pack) -> Markup:
    """Returns the section on a packed file's size."""
    graph = read_graph(pack.model_bytes)
    layers = _without_root([layer for layer in weights_by_layer(graph) if layer.size_bytes])
    total = sum(layer.size_bytes for layer in layers)
    stored = [
        _Kind(f"{each.dtype} weights" + _quantized(each.quantization), each.size_bytes, colour)
        for each, colour in zip(weights_by_dtype(graph), _COLOURS * 8, strict=False)
    ]
    graph_bytes = pack.model_size - sum(kind.num_bytes for kind in stored)
    rest = [
        _Kind("ops, tensors and their names", max(graph_bytes, 0), "var(--soft)"),
        _Kind("pack: task, golden cases, manifest", len(pack.file) - pack.model_size, "var(--grid)"),
    ]
    return element(
        "section",
        element("h2", "Size by layer"),
        element(
            "p",
            f"{len(pack.file):,} bytes in all; {total:,} of them are stored tensors of "
            f"{counted(len(layers), 'layer')}. {counted(len(graph.ops), 'op')} in "
            f"{counted(graph.num_subgraphs, 'graph')}; a tensor that several share counts once.",
            class_="caption",
        ),
        *_stack([*stored, *rest]),
        element("div", *_tree(layers, total), class_="tree"),
        element("details", element("summary", "as a list"), _list(layers, total)),
        id="size",
    )


_COLOURS = ("var(--accent)", "var(--second)", "var(--ok)", "var(--warn)", "var(--bad)")


def _without_root(layers: Sequence[LayerWeights]) -> list[LayerWeights]:
    """Returns the layers without the name that all of them begin with: that of the model."""
    roots = {layer.layer.partition("/")[0] for layer in layers if layer.layer}
    if len(roots) != 1:
        return list(layers)
    return [dataclasses.replace(layer, layer=layer.layer.partition("/")[2] or layer.layer) for layer in layers]


def _quantized(kind: str) -> str:
    return "" if kind == "none" else f", {kind.replace('_', '-')}"


def _stack(kinds: Sequence[_Kind]) -> list[Markup]:
    shown = [kind for kind in kinds if kind.num_bytes]
    total = sum(kind.num_bytes for kind in shown)
    parts = [
        element(
            "i",
            style=f"flex:0 1 {number(100 * kind.num_bytes / total)}%;background:{kind.colour}",
            title=f"{kind.name}: {kind.num_bytes:,} bytes",
        )
        for kind in shown
    ]
    key = [
        element(
            "span",
            element("span", class_="key", style=f"background:{kind.colour}"),
            f"{kind.name} {size(kind.num_bytes)}",
        )
        for kind in shown
    ]
    return [element("div", *parts, class_="stack"), element("div", *key, class_="legend")]


def _tree(layers: Sequence[LayerWeights], total: int) -> list[Markup]:
    groups: dict[str, list[LayerWeights]] = collections.defaultdict(list)
    for layer in layers:
        groups[layer.layer.partition("/")[0]].append(layer)
    ordered = sorted(groups.items(), key=lambda group: (-sum(each.size_bytes for each in group[1]), group[0]))
    sizes = [sum(each.size_bytes for each in members) for _, members in ordered]
    boxes: list[Markup] = []
    for place, ((_, members), outer) in enumerate(zip(ordered, squarify(sizes, Box(0, 0, 100, 100)), strict=True)):
        inner = squarify([each.size_bytes for each in members], outer)
        hue = place * 137 % 360  # The golden angle: neighbours in the list differ most.
        shown = (
            _box(layer, box, hue, total, each == 0)
            for each, (layer, box) in enumerate(zip(members, inner, strict=True))
        )
        boxes += shown
    return boxes


def _box(layer: LayerWeights, box: Box, hue: int, total: int, is_first: bool) -> Markup:
    name = layer.layer or _REST
    share = layer.size_bytes / total
    place = f"left:{number(box.left)}%;top:{number(box.top)}%;width:{number(box.width)}%;height:{number(box.height)}%"
    title = f"{name}: {layer.size_bytes:,} bytes ({100 * share:.1f} %), {', '.join(layer.dtypes)}"
    group, _, rest = name.partition("/")
    shown = [element("b", breakable(group)), element("br")] if is_first and rest else []
    shown += [breakable(rest or group), element("br"), joined([size(layer.size_bytes)])]
    return element(
        "div",
        *(shown if box.width > _NAMED_WIDTH and box.height > _NAMED_HEIGHT else ()),
        style=f"{place};background:hsl({hue} 55% 50% / .24)",
        title=title,
    )


def _list(layers: Sequence[LayerWeights], total: int) -> Markup:
    rows = [
        element(
            "tr",
            element("td", layer.layer or _REST, class_="wrap"),
            element("td", ", ".join(layer.dtypes), class_="left"),
            element("td", f"{layer.size_bytes:,}"),
            element("td", f"{100 * layer.size_bytes / total:.1f} %"),
        )
        for layer in layers
    ]
    heads = (element("th", name) for name in ("layer", "stored as", "bytes", "share"))
    table = element("table", element("thead", element("tr", *heads)), element("tbody", *rows))
    return element("div", table, class_="scroll")


def size(num_bytes: int) -> str:
    """Returns bytes as "1.85 MB", "84.0 kB" or "12 B"; MB = 10^6 bytes."""
    if num_bytes >= 1_000_000:
        return f"{num_bytes / 1_000_000:.2f} MB"
    return f"{num_bytes / 1000:.1f} kB" if num_bytes >= 1000 else f"{num_bytes} B"
