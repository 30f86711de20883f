"""What an inspection has to say in words: a label, a sentence and a style a line."""

from __future__ import annotations

import collections
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tfedge.printable import printable, shortened
from tfedge.reports.inspection import Inspection, PackFacts, Trial

Line = tuple[str, str, str]
_GOOD, _RISK, _BAD = "green", "yellow", "red"
_NAMED = 5
_VALUES = 24
_UNITS = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


def file_facts(inspection: Inspection) -> Iterator[Line]:
    """Yields what stands above all tables."""
    yield "size", f"{inspection.size_bytes:,} bytes", ""
    yield "sha256", inspection.sha256, ""
    if inspection.description:
        yield "description", shortened(inspection.description, 200), ""
    if inspection.format_version != 3:
        yield "format", f"version {inspection.format_version}; every interpreter expects 3", _RISK
    yield _claim(inspection)
    if inspection.metadata:
        entries = [f"{shortened(entry.name, 40)} ({entry.size_bytes:,} bytes)" for entry in inspection.metadata]
        yield "metadata", _some(entries), ""


def _claim(inspection: Inspection) -> Line:
    claim = inspection.min_runtime_version
    label = "runs from"
    if claim.claimed is None:
        needs = f"its ops need TensorFlow {claim.published}" if claim.published else "its ops are in no table"
        return label, f"the file does not say; {needs}", ""
    words = f"TensorFlow {shortened(claim.claimed, 20)}, says the file"
    if claim.published is None:
        return label, f"{words}; its ops are in no table", ""
    if claim.is_true:
        return label, f"{words}; its ops need {claim.published}", _GOOD
    late = [f"{op.name} version {op.version} (TensorFlow {op.release})" for op in claim.because]
    return label, f"{words}; not true: {_some(late)}", _BAD


def graph_notes(inspection: Inspection) -> list[Line]:
    """Returns what a reader of the ops should not overlook."""
    lines: list[Line] = []
    for kind, words, style in (
        ("custom", "custom ops: the app must register their code", _RISK),
        ("flex", "need TensorFlow in the app (Flex delegate)", _BAD),
        ("unknown", "newer than this reader's schema", _RISK),
    ):
        named = [f"{shortened(op.name, 40)} ({op.count}x)" for op in inspection.ops if op.kind == kind]
        if named:
            lines.append((kind, f"{_some(named)}: {words}", style))
    flow = collections.Counter(op.op for op in inspection.control_flow)
    if flow:
        lines.append(("control flow", _some([f"{name} ({count}x)" for name, count in flow.most_common()]), ""))
    if inspection.variables:
        named = [shortened(one.name, 40) or f"tensor of subgraph {one.subgraph}" for one in inspection.variables]
        lines.append(("variables", f"{_some(named)}: state that outlives an invocation", _RISK))
    if inspection.dynamic_tensors:
        count = len(inspection.dynamic_tensors)
        named = [shortened(tensor.name, 40) for tensor in inspection.dynamic_tensors]
        words = f"{count:,} of open size ({_some(named)}): delegates may leave out the ops that touch them"
        lines.append(("dynamic", words, _RISK))
    if inspection.unused_op_codes:
        named = [f"{shortened(code.name, 40)} version {code.version}" for code in inspection.unused_op_codes]
        lines.append(("unused", f"{_some(named)}: no op uses them, and a runtime without them refuses the file", _RISK))
    return lines


def memory_facts(inspection: Inspection) -> Iterator[Line]:
    """Yields the estimate and its parts, and what each runtime really took."""
    memory = inspection.memory
    yield "estimate", f"{size(memory.peak_bytes)} for a process that uses every signature:", ""
    yield "", f"{size(memory.weights_bytes)} weights, mapped from the file", ""
    yield "", f"{size(memory.arena_bytes)} arenas of {_counted(len(inspection.subgraphs), 'subgraph')}", ""
    yield "", f"{size(memory.interpreter_bytes)} the interpreter's own tables", ""
    yield "", f"{size(memory.delegate_copy_bytes)} copies of weights, where XNNPACK takes every op that has some", ""
    for trial in inspection.runs:
        if trial.loaded_bytes is not None and trial.ran_bytes is not None:
            measured = trial.loaded_bytes + trial.ran_bytes
            expected = memory.peak_bytes - memory.weights_bytes
            words = f"{size(max(measured, 0))} beside the file; the estimate is {size(expected)}"
            yield "measured", f"{trial.runtime}: {words}", ""


def trial_facts(trial: Trial) -> Iterator[Line]:
    """Yields how loading and running went."""
    if trial.outcome == "ran":
        yield "outcome", "loads, and runs every signature once with zeros", _GOOD
        return
    words = {"crashed": "the interpreter died", "timed_out": "no answer in time", "out_of_memory": "too much memory"}
    style = _RISK if trial.outcome == "unavailable" else _BAD
    yield "outcome", words.get(trial.outcome, trial.outcome), style
    yield "", shortened(trial.message, 600), ""


def pack_facts(pack: PackFacts) -> Iterator[Line]:
    """Yields what the pack says of itself, or how it is damaged."""
    if pack.problem:
        yield "damaged", shortened(pack.problem, 600), _BAD
        return
    yield "recipe", str(pack.recipe), ""
    yield "packed by", f"tfedge {printable(str(pack.tfedge_version))}", ""
    cases = _counted(pack.num_golden_cases or 0, "golden case")
    texts = _counted(pack.num_evaluation_texts or 0, "evaluation text")
    yield "holds", f"task spec, {cases}, {texts}", ""
    if pack.targets:
        yield "proved on", _some([shortened(target, 60) for target in pack.targets]), ""
    verdicts = collections.Counter(str(gate.get("verdict")) for gate in pack.gates or ())
    if verdicts:
        counts = ", ".join(f"{printable(verdict).replace('_', ' ')} {count}" for verdict, count in verdicts.items())
        yield "gates", counts, _GOOD if set(verdicts) == {"pass"} else _RISK
    for gate in pack.gates or ():
        if gate.get("verdict") != "pass":
            yield "", shortened(f"{gate.get('gate')}: {gate.get('message')}", 200), _RISK
    for label, values in (("provenance", pack.provenance), ("calibration", pack.calibration)):
        for key, value in list(_flat(values or {}))[:_VALUES]:
            yield label, shortened(f"{key}: {value if isinstance(value, str) else json.dumps(value)}", 160), ""
            label = ""


def size(count: int) -> str:
    """Returns bytes in the unit that suits them, with three digits: "44.4 kB"."""
    if count < 1000:
        return f"{count} B"
    rounded = float(f"{count:.3g}")
    unit, divisor = next(one for one in _UNITS if rounded >= one[1])
    number = rounded / divisor
    return f"{number:,.{max(0, 3 - len(str(int(number))))}f} {unit}"


def _flat(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yields values by name, those one level down as "outer.inner"."""
    for key, value in sorted(values.items()):
        if isinstance(value, dict) and value:
            yield from ((f"{key}.{inner}", value[inner]) for inner in sorted(value))
        else:
            yield key, value


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")


def _some(words: Sequence[str]) -> str:
    """Returns the first few, and how many more there are."""
    rest = len(words) - _NAMED
    return ", ".join(words[:_NAMED]) + (f" and {rest:,} more" if rest > 0 else "")
