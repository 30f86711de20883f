"""Runs a file where it must run, and judges what happens: does it load, run, answer as it should, and sanely?

with Lane(find_environment(target)) as lane, Lane(find_environment(litert)) as reference:
    expectation = expect_from_litert(checked, reference, seed=1)
    findings = check_behaviour(checked, lane, expectation)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfedge.checks.verdict import Finding, worst
from tfedge.errors import ConfigError, InputError, MeasurementError, WorkerError
from tfedge.modelfile.graph import GraphSummary
from tfedge.printable import counted
from tfedge.runtime.client import Worker
from tfedge.runtime.predict import decode_entry
from tfedge.runtime.signatures import Array, Signatures
from tfedge.tasks.spec import TaskSpec
from tfedge.text.tokenizer import trimmed
from tfedge.validation.cases import CallFailedError, Case, Key, Outcome, words_of
from tfedge.validation.comparison import GATE, compare
from tfedge.validation.decoder_health import Steps, check_answers, check_inputs_heard
from tfedge.validation.expectation import (
    CheckedFile,
    Expectation,
    decoding_steps,
    made_up_cases,
    roles_of,
)
from tfedge.validation.golden import check_golden, check_outputs_health
from tfedge.validation.lane import Lane
from tfedge.validation.last_op import FATAL, Failure, find_last_op, refused_op
from tfedge.validation.opinions import BUDGET_SECONDS, run_cases
from tfedge.validation.outputs_health import Outputs, check_values
from tfedge.validation.sample_cases import chains
from tfedge.validation.tensor_golden import check_tensor_golden, run_golden

# Words of the pack that are decoded beside its golden cases: enough to see a decoder that does not listen, and a few
# seconds on an emulated board.
PACKED_WORDS = 12
_ENDINGS = {
    "crashed": ("the interpreter died", "the app that loads it dies too: no error can be caught"),
    "timed_out": ("the interpreter did not come back", "the app that runs it hangs"),
    "out_of_memory": ("the interpreter asked for more memory than it may have", "the system kills the app"),
    "refused": ("the runtime refuses it", "the app gets an error and no answer"),
    "bad_request": ("the runtime sees other inputs than the file states", "the app cannot feed it"),
}
_FIXES = {
    "crashed": "convert for this runtime without that op or its form of weights, or ship another runtime",
    "timed_out": "look for a loop that never ends; allow more with --timeout",
    "out_of_memory": "look for a shape that grows, or a tensor of a wrong size; allow more with --memory",
    "refused": "convert for this runtime (fewer or older ops), or ship a newer one",
    "bad_request": "convert it again with fixed shapes and signatures",
}


def check_behaviour(checked: CheckedFile, lane: Lane, expectation: Expectation) -> tuple[Finding, ...]:
    """Returns what running a file on the target of `lane` shows.

    Gates: "loads", "runs", "matches_reference", "golden_cases" of a pack, and the health of outputs.

    Args:
        checked: the file.
        lane: of the target.
        expectation: cases and what a right runtime gives for them.

    Raises:
        RuntimeUnavailableError: the target's runtime does not start.
    """
    try:
        worker = lane.load(checked.path)
        signatures = worker.describe()
        cases = expectation.cases or made_up_cases(checked.graph, signatures, expectation.seed)
    except WorkerError as error:
        return (_failed("loads", error, _last_op(checked, lane, Failure(error.kind), error)),)
    except MeasurementError as error:
        return (Finding("runs", "not_measured", str(error), fix="give inputs with --inputs"),)
    try:
        kept, outcomes, refused = run_cases(worker, cases, BUDGET_SECONDS)
        golden = _golden(checked, worker) if checked.pack else ()
    except CallFailedError as failed:
        last = _last_op(checked, lane, Failure(failed.error.kind, failed.signature, failed.inputs), failed.error)
        where = f"{failed.case} of {failed.signature}" if failed.signature else failed.case
        return (_loaded(signatures), _failed("runs", failed.error, last, where))
    except WorkerError as error:
        return (_loaded(signatures), _failed("runs", error, ""))
    ran = _ran(expectation, kept, refused, _takes_any(checked, signatures), checked.graph)
    if not kept:
        return (_loaded(signatures), ran)
    judged = _judged(checked, lane, expectation, signatures, kept, outcomes)
    return one_per_gate([_loaded(signatures), ran, *golden, *judged])


def one_per_gate(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Returns the worst finding of each gate, in order: a gate that looked twice speaks once."""
    by_gate: dict[str, Finding] = {}
    for finding in findings:
        known = by_gate.get(finding.gate)
        if known is None or worst([known, finding]) != known.verdict:
            by_gate[finding.gate] = finding
    return tuple(by_gate.values())


def _takes_any(checked: CheckedFile, signatures: Signatures) -> bool:
    """Whether every input is plain numbers of a fixed shape: then none that is made up can be a wrong one."""
    roles = roles_of(checked.graph, signatures)
    return all(
        roles[name, key].kind in ("number", "image", "mask") and -1 not in spec.shape
        for name, signature in signatures.items()
        for key, spec in signature.inputs.items()
    )


def _loaded(signatures: Signatures) -> Finding:
    names = [name for name in signatures if name]
    what = f"signatures {', '.join(names)}" if names else "no signatures: called by the tensors of its first subgraph"
    return Finding("loads", "pass", f"loaded; {what}")


def _ran(
    expectation: Expectation, kept: Sequence[Case], refused: str, is_any_input: bool, graph: GraphSummary
) -> Finding:
    """Returns the finding of the gate "runs" where nothing died.

    Args:
        refused: the interpreter's words about the first case that it refused; empty where there is none.
        is_any_input: whether the file must take every number of the right shape.
    """
    if refused and (expectation.expected is not None or (not kept and is_any_input)):
        place = refused_op(refused, graph)
        place = f"at {place}" if place else ""
        told = "an input that the reference kernels take" if expectation.expected is not None else "every input"
        return Finding(
            "runs",
            "fail",
            f"{told}: {refused}",
            cause=f"{_ENDINGS['refused'][0]} {place}".strip(),
            consequence=_ENDINGS["refused"][1],
            fix=_FIXES["refused"],
        )
    if not kept:
        return Finding("runs", "not_measured", f"no input that was made up is taken: {refused}", fix="give --inputs")
    calls = sum(len(case.calls) for case in kept)
    left = len(expectation.cases) - len(kept)
    more = f"; {left} more were left out for lack of time" if left > 0 and not refused else ""
    return Finding("runs", "pass", f"ran {counted(len(kept), 'case')}, {counted(calls, 'call')}{more}")


def _failed(gate: str, error: WorkerError, where: str, case: str = "") -> Finding:
    cause, consequence = _ENDINGS.get(error.kind, (error.kind, ""))
    return Finding(
        gate,
        "fail",
        words_of(error) + (f" (case {case})" if case else ""),
        cause=f"{cause} {where}".strip(),
        consequence=consequence,
        fix=_FIXES.get(error.kind, "use another runtime"),
    )


def _last_op(checked: CheckedFile, lane: Lane, failure: Failure, error: WorkerError) -> str:
    """Returns where it happened, in words: the op that killed the interpreter, or that it refused by number."""
    if failure.kind in FATAL:
        return str(find_last_op(lane, checked.data, checked.graph, failure))
    place = refused_op(words_of(error), checked.graph)
    return f"at {place}" if place else ""


def _judged(
    checked: CheckedFile,
    lane: Lane,
    expectation: Expectation,
    signatures: Signatures,
    kept: Sequence[Case],
    outcomes: Sequence[Outcome],
) -> tuple[Finding, ...]:
    names = [case.name for case in expectation.cases]
    places = [names.index(case.name) for case in kept] if expectation.expected is not None else []
    expected = None if expectation.expected is None else [expectation.expected[place] for place in places]
    others = [[other[place] for place in places] for other in expectation.others]
    if expected is None:
        reason = expectation.reason or "there is nothing to compare with"
        compared = Finding(GATE, "not_measured", reason, fix="give --inputs with expected_NAME, or --reference")
    else:
        is_litert = lane.target.name == "ai-edge-litert"
        compared = compare(
            kept, outcomes, expected, signatures, checked.graph, others, expectation.against, is_other=is_litert
        )
    unread = frozenset(unread_outputs(checked, signatures))
    outputs = Outputs(signatures, kept, outcomes, expected, unread, expectation.is_real)
    feeding, steps = _decoders(checked, signatures)
    heard = check_inputs_heard(outputs, feeding, steps)
    answers = () if checked.pack else check_answers(outputs)  # A pack's own words are asked in their place.
    return (compared, *check_values(outputs), *heard, *answers)


def _decoders(checked: CheckedFile, signatures: Signatures) -> tuple[frozenset[str], Steps | None]:
    """Returns the signatures that feed a decoder, and how the first chain with steps decodes.

    A decoder takes more than what feeds it: without a token or a cache of its own it is the second half of a network.
    """
    roles = roles_of(checked.graph, signatures)
    found = chains(signatures)
    steps = [each for chain in found if (each := decoding_steps(chain, signatures, roles)) is not None]
    decoders = [
        chain for chain in found if any((chain.sink, key) not in chain.feeds for key in signatures[chain.sink].inputs)
    ]
    feeding = frozenset(name for chain in decoders for name in chain.names[:-1])
    return feeding, steps[0] if steps else None


def unread_outputs(checked: CheckedFile, signatures: Signatures) -> list[Key]:
    """Returns the outputs that depend on no input and no state: constants by construction."""
    graph = checked.graph
    reached = {(tensor.subgraph, tensor.index) for each in graph.subgraphs for tensor in each.inputs}
    for op in graph.ops:  # In execution order, so that one pass is enough within a subgraph.
        keys = {(tensor.subgraph, tensor.index) for tensor in op.inputs if tensor is not None}
        is_state = any(
            tensor is not None and (tensor.is_variable or tensor.dtype == "resource") for tensor in op.inputs
        )
        if is_state or keys & reached or not op.inputs or op.options.keys() & {"condSubgraphIndex", "seed"}:
            reached |= {(tensor.subgraph, tensor.index) for tensor in op.outputs}
    unread = []
    for name in signatures:
        known = graph.signatures.get(name)
        outputs = known.outputs if known else {tensor.name: tensor for tensor in graph.subgraphs[0].outputs}
        unread += [(name, key) for key, tensor in outputs.items() if (tensor.subgraph, tensor.index) not in reached]
    return unread


def _golden(checked: CheckedFile, worker: Worker) -> tuple[Finding, ...]:
    """Decodes golden cases and a few words of a pack; returns what they say."""
    pack = checked.pack
    if pack is None:
        return ()
    if pack.tensors is not None:
        outcomes = run_golden(worker, pack.tensors)
        return (check_tensor_golden(pack.tensors, outcomes, worker.describe(), checked.graph),)
    texts = [case.text for case in pack.golden]
    words = [each.text for each in (pack.evaluation.examples if pack.evaluation else ())][:PACKED_WORDS]
    try:
        spec = TaskSpec.from_json(dict(pack.task))
        sources: Array = np.concatenate([spec.source_array(text) for text in [*texts, *words]])
    except (ConfigError, InputError) as error:
        return (
            Finding(
                "golden_cases",
                "fail",
                str(error),
                cause="the pack's task spec and its golden cases contradict each other",
                consequence="an app that reads the pack cannot ask its model anything",
                fix="pack the model again with `tfedge package`",
            ),
        )
    rows = worker.decode_many(sources, decode_entry(worker), spec.max_target_length)
    answers = [list(trimmed(row)) for row in rows]
    compared = check_golden(pack.golden, answers[: len(texts)], pack.manifest.recipe)
    health = check_outputs_health(answers, [spec.source_ids(text) for text in [*texts, *words]])
    return (*compared, *health)
