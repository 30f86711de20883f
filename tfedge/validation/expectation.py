"""What a right runtime answers to the cases of a file: LiteRT's reference kernels, another file, or the user."""

from __future__ import annotations

import dataclasses
import pathlib
import time
from collections.abc import Sequence

import numpy as np

from tfedge.errors import MeasurementError, WorkerError
from tfedge.modelfile.graph import GraphSummary, SignatureSummary, TensorSummary
from tfedge.modelfile.model_file import ModelData
from tfedge.modelfile.pack import Pack
from tfedge.runtime.client import GREEDY, Worker
from tfedge.runtime.signatures import Signatures
from tfedge.validation.cases import CallFailedError, Case, Outcome, run_case, words_of
from tfedge.validation.decoder_health import Steps
from tfedge.validation.input_roles import Role, Tracer
from tfedge.validation.lane import Lane
from tfedge.validation.sample_cases import Chain, Roles, chains, sample_cases
from tfedge.validation.tolerance import kind_of

REFERENCE_KERNELS = "LiteRT's reference kernels"
OTHER_KERNELS = ("default", "without_default_delegates")
RANDOM_OPS = frozenset({"RANDOM_UNIFORM", "RANDOM_STANDARD_NORMAL", "MULTINOMIAL", "STABLEHLO_RNG_BIT_GENERATOR"})
# Reference kernels are slow: a picture network takes seconds a case. Three cases are the least that tell something.
BUDGET_SECONDS, LEAST_CASES = 20.0, 3


@dataclasses.dataclass(frozen=True)
class Subject:
    """A file to check, read and found whole.

    Attributes:
        path: where it is.
        data: its bytes.
        graph: what it holds.
        pack: of ours, where it has one.
    """

    path: pathlib.Path
    data: ModelData = dataclasses.field(repr=False)
    graph: GraphSummary = dataclasses.field(repr=False)
    pack: Pack | None = dataclasses.field(default=None, repr=False)


@dataclasses.dataclass(frozen=True)
class Expectation:
    """Cases of a file, and what a right runtime gives for them.

    Attributes:
        cases: in order.
        expected: one outcome a case; None where there is none, and `reason` says why.
        others: of LiteRT's other kernels on the same file, for the tolerance; none where that is not the question.
        against: who gave `expected`, for messages.
        reason: why there is nothing to compare with.
        is_real: whether the inputs are a user's.
        seed: of the cases that are made up when the target tells its signatures, where there are none here.
    """

    cases: tuple[Case, ...] = ()
    expected: tuple[Outcome, ...] | None = None
    others: tuple[tuple[Outcome, ...], ...] = ()
    against: str = REFERENCE_KERNELS
    reason: str = ""
    is_real: bool = False
    seed: int = 1


def roles_of(graph: GraphSummary, signatures: Signatures) -> Roles:
    """Returns the role of every input; of one that the graph does not know by that name, a plain number."""
    tracer = Tracer(graph)
    roles = {}
    for name, signature in signatures.items():
        known = inputs_of(graph, name)
        for key in signature.inputs:
            roles[name, key] = tracer.role(key, known[key]) if key in known else Role("number")
    return roles


def inputs_of(graph: GraphSummary, signature: str) -> dict[str, TensorSummary]:
    """Returns the inputs of a signature; of the nameless one of a file without signatures, of the first subgraph."""
    found: SignatureSummary | None = graph.signatures.get(signature)
    if found is not None:
        return found.inputs
    return {tensor.name: tensor for tensor in graph.subgraphs[0].inputs}


def made_up_cases(graph: GraphSummary, signatures: Signatures, seed: int) -> tuple[Case, ...]:
    """Returns seeded cases for every chain of signatures that takes numbers.

    Raises:
        MeasurementError: no chain can be fed; the message says why.
    """
    roles = roles_of(graph, signatures)
    found = chains(signatures)
    made: list[Case] = []
    reasons = []
    for chain in found:
        prefix = f"{chain.sink}/" if len(found) > 1 else ""
        try:
            made += sample_cases(chain, signatures, roles, seed, prefix)
        except MeasurementError as error:
            reasons.append(str(error))
    if not made:
        raise MeasurementError("; ".join(reasons) or "expected signatures with inputs; the file has none")
    return tuple(made)


def decoding_steps(chain: Chain, signatures: Signatures, roles: Roles) -> Steps | None:
    """Returns how a chain decodes, where its last signature takes one id and gives one number for each id."""
    sink = signatures[chain.sink]
    for name, spec in sink.inputs.items():
        role = roles[chain.sink, name]
        if role.kind != "ids" or any(size not in (1, -1) for size in spec.shape) or (chain.sink, name) in chain.feeds:
            continue
        for output, given in sink.outputs.items():
            if kind_of(given) != "ids" and given.shape and given.shape[-1] == role.bound and given.shape[-1] > 1:
                return Steps(chain.sink, name, output)
    return None


def expect_from_litert(subject: Subject, lane: Lane, seed: int) -> Expectation:
    """Runs made-up cases on LiteRT's three sets of kernels: the reference for the answer, all for the tolerance.

    Args:
        lane: of LiteRT on this machine.
        seed: of the cases, 0 or more.

    Raises:
        RuntimeUnavailableError: LiteRT does not start.
    """
    names = sorted({op.name for op in subject.graph.ops} & RANDOM_OPS)
    try:
        worker = lane.load(subject.path, "reference")
        cases = made_up_cases(subject.graph, worker.describe(), seed)
        if subject.pack is not None:  # Its golden cases say more about the loop in the graph than made-up words.
            cases = tuple(case for case in cases if case.calls[-1].signature != GREEDY) or cases
    except WorkerError as error:
        return Expectation(seed=seed, reason=f"LiteRT cannot be the reference: {words_of(error)}")
    except MeasurementError as error:
        return Expectation(seed=seed, reason=str(error))
    if names:
        return Expectation(cases, reason=f"{', '.join(names)} gives other numbers in every run")
    try:
        cases = _with_greedy_tokens(worker, subject.graph, cases)
        kept, expected, refused = run_cases(worker, cases, BUDGET_SECONDS)
    except CallFailedError as failed:
        return Expectation(cases, reason=f"LiteRT cannot be the reference: {words_of(failed.error)}")
    if not kept:
        return Expectation(cases, reason=f"LiteRT's reference kernels take no input that was made up: {refused}")
    return Expectation(kept, expected, _others(subject, lane, kept))


def _others(subject: Subject, lane: Lane, cases: Sequence[Case]) -> tuple[tuple[Outcome, ...], ...]:
    """Returns what LiteRT's other kernels give, without those that do not run what the reference kernels run."""
    found = []
    for resolver in OTHER_KERNELS:
        try:
            worker = lane.load(subject.path, resolver)
            found.append(tuple(run_case(worker, case) for case in cases))
        except (WorkerError, CallFailedError):
            continue  # LiteRT as a target gets a finding of its own; without any the tolerance is that of rounding.
    return tuple(found)


def run_cases(
    worker: Worker, cases: Sequence[Case], budget_s: float
) -> tuple[tuple[Case, ...], tuple[Outcome, ...], str]:
    """Runs cases until `budget_s` seconds are over, but `LEAST_CASES` at least.

    Returns:
        The cases that ran, an outcome each, and why others were refused ("" where none was).

    Raises:
        CallFailedError: the interpreter died, hung or ran out of memory.
    """
    kept: list[Case] = []
    outcomes: list[Outcome] = []
    refused = ""
    ends = time.monotonic() + budget_s
    for case in cases:
        if time.monotonic() > ends and len(kept) >= LEAST_CASES:
            break
        try:
            outcomes.append(run_case(worker, case))
            kept.append(case)
        except CallFailedError as failed:
            if failed.error.kind != "refused":
                raise
            refused = refused or words_of(failed.error)
    return tuple(kept), tuple(outcomes), refused


def _with_greedy_tokens(worker: Worker, graph: GraphSummary, cases: Sequence[Case]) -> tuple[Case, ...]:
    """Returns the cases with the decoder's own answers as its next tokens: real decode traces, not random ids.

    A case and its twins get the same tokens, those of the case: only the changed input may differ.
    """
    signatures = worker.describe()
    roles = roles_of(graph, signatures)
    found = {chain.sink: decoding_steps(chain, signatures, roles) for chain in chains(signatures)}
    by_name: dict[str, Case] = {}
    for case in cases:
        steps = found.get(case.calls[-1].signature)
        if steps is None or case.changed == f"{steps.signature}/{steps.token}":
            by_name[case.name] = case
        elif case.twin in by_name:
            by_name[case.name] = _same_tokens(case, by_name[case.twin], steps)
        else:
            by_name[case.name] = _followed(worker, case, steps)
    return tuple(by_name.values())


def _same_tokens(case: Case, twin: Case, steps: Steps) -> Case:
    calls = [
        dataclasses.replace(call, inputs={**call.inputs, steps.token: other.inputs[steps.token]})
        if call.signature == steps.signature
        else call
        for call, other in zip(case.calls, twin.calls, strict=True)
    ]
    return dataclasses.replace(case, calls=tuple(calls))


def _followed(worker: Worker, case: Case, steps: Steps) -> Case:
    """Returns a case in which each token is the likeliest one after the call before."""
    calls = list(case.calls)
    for place in range(1, len(calls)):
        if calls[place].signature != steps.signature or calls[place - 1].signature != steps.signature:
            continue
        try:
            outcome = run_case(worker, dataclasses.replace(case, calls=tuple(calls[:place])))
        except CallFailedError as failed:
            if failed.error.kind != "refused":
                raise
            return case
        logits = outcome[-1][steps.logits]
        token = calls[place].inputs[steps.token]
        best = int(np.argmax(logits.reshape(-1, logits.shape[-1])[-1]))
        calls[place] = dataclasses.replace(
            calls[place], inputs={**calls[place].inputs, steps.token: np.full_like(token, best)}
        )
    return dataclasses.replace(case, calls=tuple(calls))
