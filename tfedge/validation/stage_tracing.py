"""Runs texts through a loaded file and keeps what each became at every stage."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from tfedge.errors import ConfigError
from tfedge.modelfile.golden import KERAS, GoldenCase
from tfedge.progress import SILENT, Reporter
from tfedge.runtime.client import Worker
from tfedge.runtime.predict import decode_entry
from tfedge.runtime.signatures import Array, Signatures, SignatureSpec
from tfedge.tasks.spec import TaskSpec
from tfedge.text.tokenizer import START_ID, trimmed
from tfedge.validation.case_trace import ENCODER_OUTPUT, FIRST_LOGITS, IDS, TEXT, TOKENS, CaseTrace, Numbers
from tfedge.validation.golden import FLOAT_RECIPE
from tfedge.validation.golden_runs import DECODE_STEP, ENCODE
from tfedge.validation.real_values import from_real, hand_over

SOURCE, TOKEN, POSITION, LOGITS = "source_ids", "token_ids", "cache_update_index", "logits"
Ids = npt.NDArray[np.int32]


@dataclasses.dataclass(frozen=True)
class Asked:
    """A text to trace.

    Attributes:
        name: of the golden case, or `text N`.
        text: as it was received.
    """

    name: str
    text: str


@dataclasses.dataclass(frozen=True, eq=False)
class Traced:
    """What tracing gave.

    Attributes:
        entry: how tokens were decoded.
        traces: one a text, in order.
        not_shown: stage -> why the file cannot show it.
    """

    entry: str
    traces: tuple[CaseTrace, ...]
    not_shown: Mapping[str, str]


def asked_of(golden: Sequence[GoldenCase], texts: Sequence[str]) -> list[Asked]:
    """Returns the golden cases, then `texts` as "text 1", "text 2", …

    Raises:
        ConfigError: a golden case has such a name.
    """
    asked = [Asked(case.name, case.text) for case in golden]
    taken = {case.name for case in golden} & {f"text {number}" for number in range(1, len(texts) + 1)}
    if taken:
        raise ConfigError(f"expected golden cases under other names than {sorted(taken)[0]!r}; trace without texts")
    return asked + [Asked(f"text {number}", text) for number, text in enumerate(texts, start=1)]


def trace_texts(worker: Worker, spec: TaskSpec, asked: Sequence[Asked], reporter: Reporter = SILENT) -> Traced:
    """Runs each text through the loaded file, stage by stage.

    Tokens come from the loop in the graph where the file has one, which shows nothing between source and answer; the
    stages between are then those of its signatures `encode` and `decode_step`, which hold the same weights.

    Args:
        asked: one text or more.

    Raises:
        InputError: a text that the task cannot read; nothing is run then.
        WorkerError: the runtime refused, crashed or hung.
    """
    ids = [spec.source_ids(each.text) for each in asked]
    sources = np.concatenate([spec.source_array(each.text) for each in asked])
    signatures = worker.describe()
    entry = decode_entry(worker)
    not_shown = stages_not_shown(signatures)
    traces = []
    with reporter.bar(f"stages on {worker.runtime}", len(asked)) as bar:
        for each, row, source in zip(asked, ids, sources, strict=True):
            encoded = {} if ENCODER_OUTPUT in not_shown else worker.run(ENCODE, {SOURCE: source[None]})
            first = None if FIRST_LOGITS in not_shown else first_logits(worker, encoded)
            tokens = trimmed(worker.decode(source, entry, spec.max_target_length).tolist())
            outputs = signatures[ENCODE].outputs if encoded else {}
            traces.append(
                CaseTrace(
                    name=each.name,
                    raw_bytes=each.text.encode("utf-8"),
                    ids=tuple(row),
                    encoder_output={name: Numbers.of(array, outputs[name]) for name, array in sorted(encoded.items())},
                    first_logits=first,
                    tokens=tokens,
                    text=spec.target_tokenizer.decode(tokens),
                )
            )
            bar.advance(1, each.name)
    return Traced(entry, tuple(traces), not_shown)


def stages_not_shown(signatures: Signatures) -> dict[str, str]:
    """Returns the stages that a file with `signatures` cannot show, and why."""
    encode, step = signatures.get(ENCODE), signatures.get(DECODE_STEP)
    if encode is None or list(encode.inputs) != [SOURCE]:
        why = f"the file has no signature {ENCODE} of {SOURCE}"
        return {ENCODER_OUTPUT: why, FIRST_LOGITS: why}
    if step is None or LOGITS not in step.outputs or not {TOKEN, POSITION} <= set(step.inputs):
        return {FIRST_LOGITS: f"the file has no signature {DECODE_STEP} from {TOKEN} to {LOGITS}"}
    unfed = sorted(set(step.inputs) - {TOKEN, POSITION} - set(step.outputs) - set(encode.outputs))
    return {FIRST_LOGITS: f"nothing gives {DECODE_STEP} its input {unfed[0]}"} if unfed else {}


def first_logits(worker: Worker, encoded: Mapping[str, Array]) -> Numbers:
    """Returns the logits of the first step, after what `encode` gave."""
    signatures = worker.describe()
    outputs = worker.run(DECODE_STEP, step_inputs(signatures, encoded, {}, START_ID, 0))
    return Numbers.of(outputs[LOGITS], signatures[DECODE_STEP].outputs[LOGITS])


def step_logits(worker: Worker, source: Ids, prefix: Sequence[int]) -> Numbers:
    """Returns the logits that follow a prefix of the answer, which need not be the file's own.

    Args:
        source: int32 (max_source_length,), padded.
        prefix: ids after the start token; none asks for the first logits.

    Raises:
        WorkerError: the file lacks the signatures, or the runtime refused, crashed or hung.
    """
    signatures = worker.describe()
    encoded = worker.run(ENCODE, {SOURCE: source[None]})
    outputs: Mapping[str, Array] = {}
    for position, token in enumerate((START_ID, *prefix)):
        outputs = worker.run(DECODE_STEP, step_inputs(signatures, encoded, outputs, token, position))
    return Numbers.of(outputs[LOGITS], signatures[DECODE_STEP].outputs[LOGITS])


def step_inputs(
    signatures: Signatures, encoded: Mapping[str, Array], before: Mapping[str, Array], token: int, position: int
) -> dict[str, Array]:
    """Returns the inputs of one `decode_step`.

    Args:
        encoded: outputs of `encode`.
        before: outputs of the step before; none for the first, whose caches are empty.
        token: the last id written.
        position: of the id to write, from 0.
    """
    encode, step = signatures[ENCODE], signatures[DECODE_STEP]
    inputs: dict[str, Array] = {
        TOKEN: np.full(_fixed(step, TOKEN), token, step.inputs[TOKEN].dtype),
        POSITION: np.full(_fixed(step, POSITION), position, step.inputs[POSITION].dtype),
    }
    for name, spec in step.inputs.items():
        if name in inputs:
            continue
        if name in step.outputs:
            empty = from_real(np.zeros(spec.shape), spec)
            inputs[name] = hand_over(before[name], step.outputs[name], spec) if before else empty
        else:
            inputs[name] = hand_over(encoded[name], encode.outputs[name], spec)
    return inputs


def _fixed(step: SignatureSpec, name: str) -> tuple[int, ...]:
    return tuple(max(size, 1) for size in step.inputs[name].shape)  # A free size is a batch of one.


@dataclasses.dataclass(frozen=True)
class Divergence:
    """Where a trace first differs from its golden case: stage, index, and both sides in words (None: it has ended)."""

    case: str
    stage: str
    index: int
    expected: str | None
    actual: str | None


def golden_divergences(cases: Sequence[GoldenCase], traces: Sequence[CaseTrace], recipe: str) -> list[Divergence]:
    """Returns the first difference of each golden case that does not answer as the file did when it was made.

    The text is compared where the expected tokens are Keras', whose text a case holds.
    """
    key = KERAS if recipe == FLOAT_RECIPE else recipe
    found = []
    for case, trace in zip(cases, traces, strict=False):
        sides: list[tuple[str, Sequence[object], Sequence[object]]] = [
            (IDS, case.source_ids, trace.ids),
            (TOKENS, case.expected_ids[key], trace.tokens),
        ]
        if tuple(case.expected_ids[key]) == tuple(case.expected_ids[KERAS]):
            sides.append((TEXT, case.expected_text, trace.text))
        for stage, expected, actual in sides:
            if tuple(expected) != tuple(actual):
                index = first_unequal(expected, actual)
                found.append(Divergence(case.name, stage, index, at(expected, index), at(actual, index)))
                break
    return found


def first_unequal(one: Sequence[object], other: Sequence[object]) -> int:
    """Returns the first place at which two sequences differ; the end of the shorter one where it begins the other."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))


def at(values: Sequence[object], index: int) -> str | None:
    """Returns what stands at a place, in words; None behind the end."""
    return str(values[index]) if index < len(values) else None
