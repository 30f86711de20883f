"""Rules on graphs that no converter writes and some tool did: interpreters refuse them, or die of them.

Subgraphs that no caller can run are passed over: no interpreter looks at them.
"""

from __future__ import annotations

from collections.abc import Iterator

from tfedge.checks.forms import REQUIRED_INPUTS
from tfedge.checks.rules.rule import Case, Rule, Words, found, judged, key, tensor_place
from tfedge.checks.verdict import Finding
from tfedge.modelfile.control_flow import Call, calls
from tfedge.modelfile.summary import OpSummary, TensorSummary

_EDITED = "A tool that cuts or joins graphs wrote the file wrongly; converters do not."
_AGAIN = "convert again from the model, or repair the tool that edited the file"


def _ops(case: Case) -> Iterator[OpSummary]:
    return (op for op in case.graph.ops if op.subgraph in case.subject.reachable)


def unset_tensors(case: Case) -> Iterator[Finding]:
    """A tensor that is read, or given as an output, and that nothing ever writes.

    Measured 2026-11-21 (probes "never_written", "output_never_written"): refused by both runtimes when they first run
    ("Input tensor lacks data", "Tensor data is null").
    """
    words = Words("a tensor that nothing gives a value", _EDITED, _AGAIN)
    external = case.subject.stored.has_external_buffers()
    read: dict[tuple[int, int], TensorSummary] = {}
    for op in _ops(case):
        read |= {key(tensor): tensor for tensor in op.inputs if tensor is not None}
    given = {key(one) for graph in case.graph.subgraphs for one in graph.inputs}

    def unset(tensor: TensorSummary) -> bool:
        known = tensor.is_constant or tensor.is_variable or 0 in tensor.shape or key(tensor) in given
        return not known and key(tensor) not in case.subject.producers

    hits = [
        ("never_written", tensor_place(tensor))
        for tensor in read.values()
        if unset(tensor) and not (external and case.subject.stored.is_external(tensor))
    ]
    hits += [
        ("output_never_written", tensor_place(tensor))
        for graph in case.graph.subgraphs
        if graph.index in case.subject.reachable
        for tensor in graph.outputs
        if unset(tensor) and key(tensor) not in read
    ]
    yield from judged(case, "unset_tensors", words, hits)


def op_order(case: Case) -> Iterator[Finding]:
    """An op that reads what a later op writes.

    Interpreters run ops in the file's order. Measured 2026-11-21 (probes "read_before_written …"): both read memory
    that holds anything; with float32 alone XNNPACK takes all ops and orders them, and both are right.
    """
    words = Words("an op that reads what only a later op writes", _EDITED, _AGAIN)
    first: dict[tuple[int, int], int] = {}
    for op in _ops(case):
        for tensor in op.outputs:
            first.setdefault(key(tensor), op.index)
    hits = []
    for op in _ops(case):
        late = [t for t in op.inputs if t is not None and not t.is_variable and first.get(key(t), -1) > op.index]
        if late:
            dtype = "float32" if all(tensor.dtype == "float32" for tensor in (*late, *op.outputs)) else "int32"
            hits.append((f"read_before_written {dtype}", op.place))
    yield from judged(case, "op_order", words, hits)


def constant_written(case: Case) -> Iterator[Finding]:
    """An op that writes into stored weights: the file is mapped read-only.

    Measured 2026-11-21 (probe "constant_written"): SIGSEGV of both runtimes, x86 and ARM.
    """
    words = Words("an op that writes into a constant", _EDITED, _AGAIN)
    hits = [("constant_written", op.place) for op in _ops(case) if any(tensor.is_constant for tensor in op.outputs)]
    yield from judged(case, "constant_written", words, hits)


def input_overwritten(case: Case) -> Iterator[Finding]:
    """An op with one tensor as input and output.

    Measured 2026-11-21 (probes "input_overwritten …"): both runtimes refuse it among float32 ops, which XNNPACK takes
    ("Tensor … is both input … and output"), and run it with int32.
    """
    words = Words("an op that writes into its own input", _EDITED, _AGAIN)
    hits = []
    for op in _ops(case):
        inputs = {tensor.index for tensor in op.inputs if tensor is not None}
        if op.kind == "builtin" and inputs & {tensor.index for tensor in op.outputs}:
            dtype = "float32" if op.outputs[0].dtype == "float32" else "int32"
            hits.append((f"input_overwritten {dtype}", op.place))
    yield from judged(case, "input_overwritten", words, hits)


def missing_input(case: Case) -> Iterator[Finding]:
    """An op without an input that its kernel takes for granted.

    Measured 2026-11-21 for each op of `REQUIRED_INPUTS`, -1 and left out, on both runtimes: refused, or SIGSEGV at load
    (TRANSPOSE, BATCH_MATMUL on both; ADD, SLICE on LiteRT 2.3; RESHAPE, MEAN, PAD on tflite-runtime 2.14).
    """
    words = Words(
        "an op without an input that it needs",
        _EDITED,
        _AGAIN,
        f"{case.target} refuses the file, or dies when it loads it.",
    )
    places = []
    for op in _ops(case):
        needed = REQUIRED_INPUTS.get(op.name, 0) if op.kind == "builtin" else 0
        if len(op.inputs) < needed or any(tensor is None for tensor in op.inputs[:needed]):
            places.append(op.place)
    yield from found("missing_input", words, places)


def recursion(case: Case) -> Iterator[Finding]:
    """A subgraph that runs itself, directly or through others.

    Measured 2026-11-21 (probes "recursion …"): preparing it never ends, and both runtimes die of their stack at load.
    """
    words = Words("a subgraph that runs itself", _EDITED, _AGAIN)
    every = calls(case.graph)
    inner: dict[int, set[int]] = {}
    for call in every:
        inner.setdefault(call.op.subgraph, set()).update(call.subgraphs.values())
    hits = []
    for call in every:
        if call.op.subgraph in case.subject.reachable and _leads_to(inner, call, call.op.subgraph):
            hits.append((f"recursion {call.op.name if call.op.name in ('WHILE', 'IF') else 'WHILE'}", call.op.place))
    yield from judged(case, "recursion", words, hits)


def _leads_to(inner: dict[int, set[int]], call: Call, target: int) -> bool:
    """Whether the subgraphs of a call run `target` again."""
    met: set[int] = set()
    waiting = list(call.subgraphs.values())
    while waiting:
        index = waiting.pop()
        if index == target:
            return True
        if index not in met:
            met.add(index)
            waiting.extend(inner.get(index, ()))
    return False


def control_flow(case: Case) -> Iterator[Finding]:
    """WHILE or IF whose subgraphs do not fit it: number of inputs and outputs, a condition that is no boolean.

    Measured 2026-11-21 (probe "loop_condition_int32" and five more forms): both runtimes refuse when they allocate.
    """
    words = Words(
        "a loop or branch whose subgraphs do not fit it",
        _EDITED,
        _AGAIN,
        f"{case.target} refuses the file when it allocates tensors.",
    )
    places = []
    for call in calls(case.graph):
        if call.op.subgraph in case.subject.reachable and call.op.name in ("WHILE", "IF") and _misfit(case, call):
            places.append(f"{call.op.place}: {_misfit(case, call)}")
    yield from found("control_flow", words, places)


def _misfit(case: Case, call: Call) -> str:
    graphs = {role: case.graph.subgraphs[index] for role, index in call.subgraphs.items()}
    if call.op.name == "WHILE":
        carried = len(call.op.inputs)
        condition, body = graphs["condition"], graphs["body"]
        if len(condition.outputs) != 1 or condition.outputs[0].dtype != "bool":
            return "its condition is not one boolean"
        sizes = (len(condition.inputs), len(body.inputs), len(body.outputs), len(call.op.outputs))
        return "" if set(sizes) == {carried} else f"it carries {carried} tensors, its subgraphs {sizes}"
    carried, made = len(call.op.inputs) - 1, len(call.op.outputs)
    fits = all((len(graph.inputs), len(graph.outputs)) == (carried, made) for graph in graphs.values())
    return "" if fits else f"its branches do not take {carried} tensors and give {made}"


RULES = tuple(
    Rule(check.__name__, check)
    for check in (
        *(unset_tensors, op_order, constant_written, input_overwritten, missing_input, recursion, control_flow),
    )
)
