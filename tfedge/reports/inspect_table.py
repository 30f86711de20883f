"""An inspection as tables for a person, as wide as the terminal; a long list is cut, and `--json` has all of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tfedge.printable import shortened
from tfedge.reports import inspect_notes
from tfedge.reports.inspect_notes import size
from tfedge.reports.inspection import ArchiveFacts, Inspection, LoadedSubgraph, TensorFacts, Trial

MAX_ROWS, MAX_OPS = 12, 40
MAX_SUBGRAPH_COLUMNS = 8
# Wide enough that no line of the shipped models is broken, for a pipe, which has no width of its own.
PIPE_WIDTH = 120


def print_inspection(inspection: Inspection, console: Console) -> None:
    """Prints all sections that have something to say."""
    with console.capture() as captured:
        for title, body in _Sections(inspection, name_width=max(24, min(console.width - 48, 80))).all():
            console.print(Text(title, "bold"))
            console.print(Padding(body, (0, 0, 1, 2)))
    # A table fills its last column with blanks, which a log or a comparison of two files has no use for.
    text = "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"
    encoding = getattr(console.file, "encoding", None) or "utf-8"
    console.file.write(text.encode(encoding, "backslashreplace").decode(encoding))  # Names are in any script.


class _Sections:
    """The sections of one inspection; names are cut to `name_width` letters."""

    def __init__(self, inspection: Inspection, name_width: int) -> None:
        self._found = inspection
        self._width = name_width

    def all(self) -> Iterable[tuple[str, RenderableType]]:
        """Yields title and body of each that has something to say."""
        found = self._found
        yield shortened(found.path, 200), _facts(inspect_notes.file_facts(found))
        yield "Signatures", self._signatures()
        yield "Subgraphs", self._subgraphs()
        yield "Ops", self._ops()
        notes = inspect_notes.graph_notes(found)
        if notes:
            yield "Worth knowing", _facts(notes)
        if found.weights.num_tensors:
            yield f"Weights, {size(found.weights.size_bytes)}", self._weights()
        yield "Memory", _facts(inspect_notes.memory_facts(found))
        for trial in found.runs:
            yield f"Loaded by {trial.runtime}", _trial(trial)
        if found.archive:
            yield "Files behind the model", self._archive(found.archive)
        if found.pack:
            yield "Pack", _facts(inspect_notes.pack_facts(found.pack))

    def _signatures(self) -> RenderableType:
        signatures, main = self._found.signatures, self._found.subgraphs[0]
        rows = [(one.key, f"subgraph {one.subgraph}", one.inputs, one.outputs) for one in signatures]
        if not rows:
            rows = [("none", "subgraph 0 is called by tensor", main.inputs, main.outputs)]
        table = _table("", "tensor", "dtype", "shape", "quantization")
        for key, where, inputs, outputs in rows[:MAX_ROWS]:
            table.add_row("", Text.assemble((shortened(key, self._width), "bold cyan"), (f", {where}", "dim")))
            for side, tensors in (("in", inputs), ("out", outputs)):
                for place, tensor in enumerate(tensors[:MAX_ROWS]):
                    name = shortened(tensor.name, self._width)
                    words = (name, tensor.dtype, shape(tensor), quantization(tensor))
                    table.add_row("" if place else side, *words)
                if len(tensors) > MAX_ROWS:
                    table.add_row("", Text(f"and {len(tensors) - MAX_ROWS:,} more", "dim"))
        return _more(table, len(rows) - MAX_ROWS)

    def _subgraphs(self) -> RenderableType:
        trials = [trial for trial in self._found.runs if trial.subgraphs]
        heads = ["ops", "tensors", "arena planned", *(f"in {trial.runtime.partition('==')[0]}" for trial in trials)]
        table = _table("", "runs as", *heads, right=("", *heads))
        loaded = [{one.index: one for one in trial.subgraphs} for trial in trials]
        for subgraph in self._found.subgraphs[:MAX_ROWS]:
            arena = subgraph.arena
            bound = ">= " if arena.num_unknown or not arena.is_planned else ""
            counts = (f"{subgraph.num_ops:,}", f"{subgraph.num_tensors:,}", bound + size(arena.arena_bytes))
            found = [_laid_out(one.get(subgraph.index)) for one in loaded]
            table.add_row(str(subgraph.index), shortened(subgraph.role, self._width), *counts, *found)
        return _more(table, len(self._found.subgraphs) - MAX_ROWS)

    def _ops(self) -> RenderableType:
        count = len(self._found.subgraphs)
        shown = range(count) if 1 < count <= MAX_SUBGRAPH_COLUMNS else range(0)
        heads = ["version", "count", *(f"in {index}" for index in shown)]
        table = _table("op", *heads, right=heads)
        for op in self._found.ops[:MAX_OPS]:
            style = {"builtin": "", "custom": "yellow", "flex": "red"}.get(op.kind, "red")
            name = shortened(op.name, self._width) + ("" if op.kind == "builtin" else f" ({op.kind})")
            cells = [str(op.by_subgraph.get(index, "")) for index in shown]
            table.add_row(Text(name, style), str(op.version), f"{op.count:,}", *cells)
        return _more(table, len(self._found.ops) - MAX_OPS)

    def _weights(self) -> RenderableType:
        weights = self._found.weights
        dtypes = _table("dtype", "quantization", "tensors", "bytes", "share", right=_WEIGHT_NUMBERS)
        for one in weights.by_dtype:
            words = one.quantization.replace("_", "-").replace("none", "")
            numbers = (f"{one.num_tensors:,}", size(one.size_bytes), _share(one.size_bytes, weights.size_bytes))
            dtypes.add_row(one.dtype, words, *numbers)
        layers = _table("layer", "dtypes", "tensors", "bytes", "share", right=_WEIGHT_NUMBERS)
        for layer in weights.by_layer[:MAX_ROWS]:
            name = shortened(layer.layer, self._width) or Text("no layer in the name", "dim")
            numbers = (f"{layer.num_tensors:,}", size(layer.size_bytes), _share(layer.size_bytes, weights.size_bytes))
            layers.add_row(name, ", ".join(layer.dtypes), *numbers)
        return Group(dtypes, "", _more(layers, len(weights.by_layer) - MAX_ROWS))

    def _archive(self, archive: ArchiveFacts) -> RenderableType:
        if archive.problem:
            return Text(shortened(archive.problem, 400), "red")
        table = _table("name", "bytes", "stored", "", right=("bytes", "stored"))
        for entry in archive.entries[:MAX_ROWS]:
            numbers = (size(entry.size_bytes), size(entry.stored_bytes))
            table.add_row(shortened(entry.name, self._width), *numbers, Text(", ".join(entry.remarks), "red"))
        return _more(table, len(archive.entries) - MAX_ROWS)


_WEIGHT_NUMBERS = ("tensors", "bytes", "share")
_PARTITION_NUMBERS = ("subgraph", "partitions", "ops inside", "outside")


def _table(*columns: str, right: Sequence[str] = ()) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return table


def _facts(facts: Iterable[tuple[str, str, str]]) -> Table:
    """Returns lines of label, words and style."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, words, style in facts:
        table.add_row(label, Text(words, style))
    return table


def _more(table: Table, hidden: int) -> RenderableType:
    return Group(table, Text(f"and {hidden:,} more (--json has all)", "dim")) if hidden > 0 else table


def shape(tensor: TensorFacts) -> str:
    """Returns the sizes of a tensor, "?" where one is open; the word scalar for none."""
    sizes = tensor.shape_signature or tensor.shape
    return " x ".join("?" if length == -1 else str(length) for length in sizes) if sizes else "scalar"


def quantization(tensor: TensorFacts) -> str:
    """Returns how a tensor is quantized, with scale and zero point."""
    if tensor.quantization == "none":
        return ""
    if tensor.quantization == "blockwise":
        return "blockwise"
    scale = "that is no number" if tensor.scale is None else f"{tensor.scale:.4g}"
    first = f"scale {scale}, zero point {tensor.zero_point}"
    if tensor.quantization == "per_tensor":
        return first
    return f"{tensor.num_scales} scales along axis {tensor.quantized_dimension}, first {first}"


def _laid_out(subgraph: LoadedSubgraph | None) -> str:
    return "-" if subgraph is None or subgraph.arena_bytes is None else size(subgraph.arena_bytes)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / max(whole, 1):.1f} %"


def _trial(trial: Trial) -> RenderableType:
    parts: list[RenderableType] = [_facts(inspect_notes.trial_facts(trial))]
    if any(one.num_partitions is not None for one in trial.subgraphs):
        table = _table(*_PARTITION_NUMBERS, "ops that split it", right=_PARTITION_NUMBERS)
        for one in trial.subgraphs[:MAX_ROWS]:
            if one.num_partitions is not None:
                numbers = (str(one.index), str(one.num_partitions), f"{one.num_inside:,}")
                outside = f"{sum(one.outside.values()):,}"
                table.add_row(*numbers, outside, _named(one.splitting) or _named(one.outside, "none; outside: "))
        parts += ["", _more(table, len(trial.subgraphs) - MAX_ROWS)]
    return Group(*parts)


def _named(counts: Mapping[str, int], before: str = "") -> str:
    names = [f"{name} {count}" for name, count in list(counts.items())[:4]]
    rest = len(counts) - len(names)
    return before + ", ".join(names + ([f"{rest} more"] if rest > 0 else [])) if names else ""
