"""What a right runtime answers to the cases of a file: LiteRT's reference kernels, another file, or the user."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Sequence

import numpy as np

from tfedge.errors import MeasurementError, WorkerError
from tfedge.modelfile.graph import GraphSummary, SignatureSummary, TensorSummary
from tfedge.modelfile.model_file import ModelData
from tfedge.modelfile.pack import Pack
from tfedge.runtime.alternatives import BEAM
from tfedge.runtime.client import GREEDY, Worker
from tfedge.runtime.signatures import Signatures
from tfedge.validation.cases import Call, CallFailedError, Case, Outcome, run_case, words_of
from tfedge.validation.decoder_health import Steps
from tfedge.validation.input_roles import Role, Tracer
from tfedge.validation.lane import Lane
from tfedge.validation.last_op import FATAL
from tfedge.validation.opinions import KERNELS, REFERENCE, WORDS, ask, believed
from tfedge.validation.sample_cases import Chain, Roles, chains, sample_cases
from tfedge.validation.tensor_golden import real_cases
from tfedge.validation.tolerance import kind_of

GOLDEN_TEXTS = 6  # As many as are made up for a signature.
RANDOM_OPS = frozenset({"RANDOM_UNIFORM", "RANDOM_STANDARD_NORMAL", "MULTINOMIAL", "STABLEHLO_RNG_BIT_GENERATOR"})


@dataclasses.dataclass(frozen=True)
class CheckedFile:
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
    against: str = WORDS[REFERENCE]
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


def expect_from_litert(checked: CheckedFile, lane: Lane, seed: int, given: tuple[Case, ...] = ()) -> Expectation:
    """Runs cases on LiteRT's three sets of kernels: one for the answer, the others for the tolerance.

    Args:
        lane: of LiteRT on this machine.
        seed: of the cases that are made up where none are given, 0 or more.
        given: a user's cases; by default those that travel in a pack of tensors.

    Raises:
        RuntimeUnavailableError: LiteRT does not start.
    """
    try:
        worker, words = _load_any(checked, lane)
        if worker is None:
            return Expectation(seed=seed, reason=f"LiteRT cannot be the reference: {words}")
        signatures = worker.describe()
        if checked.pack is not None and checked.pack.tensors is not None and not given:
            given = real_cases(checked.pack.tensors.cases, signatures)  # What calibrated it is like these.
        cases = given or _cases(checked, worker, seed)
    except MeasurementError as error:
        return Expectation(seed=seed, reason=str(error))
    except WorkerError as error:
        return Expectation(seed=seed, reason=f"LiteRT cannot be the reference: {words_of(error)}")
    except CallFailedError as failed:
        reason = f"LiteRT cannot be the reference: {words_of(failed.error)}"
        return Expectation(made_up_cases(checked.graph, signatures, seed), reason=reason)
    random = sorted({op.name for op in checked.graph.ops} & RANDOM_OPS)
    if random:
        return Expectation(cases, reason=f"{', '.join(random)} gives other numbers in every run", is_real=bool(given))
    return _agreed(checked, lane, cases, signatures, is_real=bool(given))


def _load_any(checked: CheckedFile, lane: Lane) -> tuple[Worker | None, str]:
    """Returns a worker with the file on the most trusted kernels that load it; else none, and why."""
    words = ""
    for kernels in KERNELS:
        try:
            return lane.load(checked.path, kernels), ""
        except WorkerError as error:
            words = words or words_of(error)
            if error.kind in FATAL:
                break
    return None, words


def _cases(checked: CheckedFile, worker: Worker, seed: int) -> tuple[Case, ...]:
    """Returns made-up cases; of a pack none for the loop in the graph, about which its golden cases say more, and for
    its beam search golden texts: made-up ids have no answer that stands out, and any rounding changes which is best."""
    signatures = worker.describe()
    cases = made_up_cases(checked.graph, signatures, seed)
    if checked.pack is not None:
        texts = _golden_texts(checked.pack, signatures)
        replaced = {GREEDY, *(case.calls[0].signature for case in texts)}
        cases = (*(case for case in cases if case.calls[-1].signature not in replaced), *texts) or cases
    return _with_greedy_tokens(worker, checked.graph, cases)


def _golden_texts(pack: Pack, signatures: Signatures) -> tuple[Case, ...]:
    """Returns golden texts as cases of `beam`, where the file has it."""
    inputs = signatures[BEAM].inputs if BEAM in signatures else {}
    if [name for name, spec in inputs.items() if len(spec.shape) == 2 and spec.dtype == "int32"] != ["source_ids"]:
        return ()
    cases = []
    for golden in pack.golden[:GOLDEN_TEXTS]:
        source = np.zeros((1, inputs["source_ids"].shape[1]), np.int32)
        source[0, : len(golden.source_ids)] = golden.source_ids
        cases.append(Case(f"{BEAM}/{golden.name}", (Call(BEAM, {"source_ids": source}),)))
    return tuple(cases)


def _agreed(
    checked: CheckedFile, lane: Lane, cases: tuple[Case, ...], signatures: Signatures, is_real: bool
) -> Expectation:
    """Returns the cases with what LiteRT's kernels agree on."""
    opinions = []
    for kernels in KERNELS:
        opinions.append(ask(lane, checked.path, cases, kernels))
        if opinions[-1].is_fatal:  # The others would die or hang of it too, and every one may take the whole time-out.
            break
    chosen = believed(opinions, cases, signatures)
    words = next((opinion.refused for opinion in opinions if opinion.refused), "")
    if chosen is None or opinions[-1].is_fatal:
        return Expectation(cases, reason=f"LiteRT cannot be the reference: {words}", is_real=is_real)
    kept = tuple(case for case in cases if case.name in chosen.outcomes)
    if is_real and len(kept) < len(cases) and chosen.refused:
        return Expectation(cases, reason=f"LiteRT refuses an input: {chosen.refused}", is_real=is_real)
    others = [other for opinion in opinions if opinion is not chosen and (other := opinion.of(kept)) is not None]
    if chosen.kernels != REFERENCE:  # Which stand alone, or do not run it: their distance is no tolerance.
        others = [
            other
            for opinion in opinions
            if opinion.kernels not in (chosen.kernels, REFERENCE) and (other := opinion.of(kept)) is not None
        ]
    return Expectation(kept, chosen.of(kept), tuple(others), WORDS[chosen.kernels], is_real=is_real)


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
        if steps is None or case.changed == (steps.signature, steps.token):
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
