"""What a rewrite costs: answers of the rewritten file beside those of the original, both on LiteRT, and sizes."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tfedge.checks.verdict import Finding
from tfedge.errors import ConfigError
from tfedge.modelfile.pack import Pack
from tfedge.runtime.predict import decode_entry
from tfedge.runtime.signatures import Array, Signatures, TensorSpec
from tfedge.tasks.spec import TaskSpec
from tfedge.text.tokenizer import trimmed
from tfedge.validation.accuracy import AccuracyReport
from tfedge.validation.cases import Case, Outcome, run_case
from tfedge.validation.comparison import compare
from tfedge.validation.evaluate import score_answers
from tfedge.validation.expectation import CheckedFile
from tfedge.validation.gates import accuracy_gate
from tfedge.validation.golden import check_golden
from tfedge.validation.lane import Lane
from tfedge.validation.limits import limits_of
from tfedge.validation.opinions import BUDGET_SECONDS, run_cases
from tfedge.validation.real_values import is_quantized, to_real
from tfedge.validation.tensor_golden import check_tensor_golden, run_golden

# What a pack of ours holds: 3 s of LiteRT for both files of the shipped model, and one text weighs 0.05 points.
MAX_TEXTS = 2_000
KEEPS_ANSWERS = "keeps_answers"


@dataclasses.dataclass(frozen=True)
class OutputCost:
    """One output over all cases that a user would send.

    Attributes:
        signature: that gives it.
        output: its name.
        equal_share: 0 to 1: share of its values that are equal bit for bit.
        snr_db: size of the original's values against that of the difference, decibels; None where there is none, and
            for ids.
        cosine: of the angle between the two; None for ids.
        max_steps: the largest difference in quantization steps; None where the output is not quantized.
    """

    signature: str
    output: str
    equal_share: float
    snr_db: float | None = None
    cosine: float | None = None
    max_steps: float | None = None


@dataclasses.dataclass(frozen=True)
class AnswersCost:
    """Answers of a packed model to its own texts.

    Attributes:
        golden_equal: golden cases that both files answer alike.
        golden_total: golden cases.
        accuracy: on packed texts, with the original as the reference system; None where the pack has none.
    """

    golden_equal: int
    golden_total: int
    accuracy: AccuracyReport | None = None


@dataclasses.dataclass(frozen=True)
class FixCost:
    """The cost of a rewrite.

    Attributes:
        size_before_bytes: of the whole file.
        size_after_bytes: of the whole file.
        num_cases: cases that were run.
        outputs: one an output; none where no case could be run.
        answers: of a pack; None where there is none.
        reason: why nothing was run; empty where something was.
    """

    size_before_bytes: int
    size_after_bytes: int
    num_cases: int = 0
    outputs: tuple[OutputCost, ...] = ()
    answers: AnswersCost | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        if self.size_before_bytes < 1 or self.size_after_bytes < 1:
            raise ConfigError("sizes of a rewrite must be 1 byte or more")
        if not self.outputs and not self.reason:
            raise ConfigError("a rewrite's cost must have outputs, or say why there are none")

    @property
    def is_identical(self) -> bool:
        """Whether every value of every output was equal bit for bit, and there was one."""
        return bool(self.outputs) and all(each.equal_share == 1 for each in self.outputs)

    def lines(self) -> list[str]:
        """Returns the cost in words."""
        change = self.size_after_bytes - self.size_before_bytes
        told = [f"size {self.size_before_bytes:,} -> {self.size_after_bytes:,} bytes ({change:+,})"]
        if self.is_identical:
            every = "its output is" if len(self.outputs) == 1 else f"all {len(self.outputs)} outputs are"
            told.append(f"on LiteRT, {self.num_cases} cases: {every} equal bit for bit")
        elif self.outputs:
            told.append(f"on LiteRT, {self.num_cases} cases: {_worst(self.outputs)}")
        else:
            told.append(f"outputs were not compared: {self.reason}")
        if self.answers is not None:
            told.append(_answers_line(self.answers))
        return told

    def to_json(self) -> dict[str, Any]:
        """Returns the cost as JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> FixCost:
        """Reads what `to_json` wrote.

        Raises:
            ConfigError: an unknown or missing key, or an illegal value.
        """
        try:
            answers = value["answers"]
            if answers is not None:
                accuracy = answers["accuracy"]
                known = None if accuracy is None else AccuracyReport.from_json(accuracy)
                answers = AnswersCost(**{**answers, "accuracy": known})
            outputs = tuple(OutputCost(**each) for each in value["outputs"])
            return cls(**{**value, "answers": answers, "outputs": outputs})
        except (TypeError, KeyError) as error:
            raise ConfigError(f"a rewrite's cost has a missing or unknown key: {error}") from None


def measure_cost(
    original: CheckedFile, fixed: str | os.PathLike[str], lane: Lane, cases: Sequence[Case]
) -> tuple[FixCost, tuple[Finding, ...]]:
    """Runs both files on the same inputs.

    Args:
        original: the file before.
        fixed: the rewritten one.
        lane: of LiteRT.
        cases: to run; those that LiteRT refuses for the original are left out.

    Returns:
        The cost, and the gates "keeps_answers"; of a pack "golden_cases", as the original's maker recorded them: a
        file that was not right before is not made right by measuring it again; and of one with texts "accuracy", with
        the original in Keras' place.

    Raises:
        WorkerError, CallFailedError: LiteRT cannot run one of them.
    """
    tensors = original.pack.tensors if original.pack else None
    pack = None if tensors else original.pack  # Of texts, which are decoded.
    sizes = os.path.getsize(original.path), os.path.getsize(fixed)
    results: list[list[Outcome]] = []
    rows: list[list[list[int]]] = []
    signatures: Signatures = {}
    refused = ""
    for path in (original.path, fixed):
        worker = lane.load(path)
        signatures = worker.describe()
        if results:
            results.append([run_case(worker, case) for case in cases])
        else:
            cases, outcomes, refused = run_cases(worker, cases, BUDGET_SECONDS)
            results.append(list(outcomes))
        if pack is not None:
            spec = TaskSpec.from_json(dict(pack.task))
            sources: Array = np.concatenate([spec.source_array(text) for text in _texts(pack)])
            answers = worker.decode_many(sources, decode_entry(worker), spec.max_target_length)
            rows.append([list(trimmed(row)) for row in answers])
    outputs = tuple(_output_costs(cases, results[0], results[1], signatures))
    reason = "" if outputs else f"no inputs could be made up that it takes; {refused or 'give some with --inputs'}"
    cost = None if pack is None else _answers_cost(pack, rows[0], rows[1])
    kept = compare(cases, results[1], results[0], signatures, original.graph, against="the original file on LiteRT")
    findings = [dataclasses.replace(kept, gate=KEEPS_ANSWERS)]
    if tensors is not None:  # The worker holds the rewritten file.
        findings.append(check_tensor_golden(tensors, run_golden(worker, tensors), signatures, original.graph))
    if pack is not None:
        findings += check_golden(pack.golden, rows[1][: len(pack.golden)], pack.manifest.recipe)
    if pack is not None and cost is not None and cost.accuracy is not None:
        findings.append(accuracy_gate(cost.accuracy, limits_of(pack.manifest.recipe).max_points_lost))
    return FixCost(*sizes, len(cases), outputs, cost, reason), tuple(findings)


def _texts(pack: Pack) -> list[str]:
    """Returns what both files are asked: golden cases, then packed texts."""
    examples = (pack.evaluation.examples if pack.evaluation else ())[:MAX_TEXTS]
    return [case.text for case in pack.golden] + [example.text for example in examples]


def _answers_cost(pack: Pack, before: Sequence[list[int]], after: Sequence[list[int]]) -> AnswersCost:
    golden = len(pack.golden)
    equal = sum(one == other for one, other in zip(before[:golden], after[:golden], strict=True))
    examples = (pack.evaluation.examples if pack.evaluation else ())[:MAX_TEXTS]
    if not examples:
        return AnswersCost(equal, golden)
    spec = TaskSpec.from_json(dict(pack.task))
    separator = spec.target_tokenizer.separator
    # The original takes the place of Keras: what is asked is what the rewrite changed.
    answered = [
        dataclasses.replace(example, keras_text=separator.join(spec.target_tokenizer.pieces(ids)))
        for example, ids in zip(examples, before[golden:], strict=True)
    ]
    return AnswersCost(equal, golden, score_answers(spec, after[golden:], answered))


def _output_costs(
    cases: Sequence[Case], before: Sequence[Outcome], after: Sequence[Outcome], signatures: Signatures
) -> Iterator[OutputCost]:
    for name, signature in signatures.items():
        for output, spec in signature.outputs.items():
            pairs = [
                (old[output], new[output])
                for case, one, other in zip(cases, before, after, strict=True)
                if not case.is_extreme
                for call, old, new in zip(case.calls, one, other, strict=True)
                if call.signature == name and output in old and output in new
            ]
            if pairs:
                yield _output_cost(name, output, spec, pairs)


def _output_cost(signature: str, output: str, spec: TensorSpec, pairs: Sequence[tuple[Array, Array]]) -> OutputCost:
    old, new = (np.concatenate([np.ravel(pair[side]) for pair in pairs]) for side in (0, 1))
    equal = float(np.mean(_same(old, new)))
    if not is_quantized(spec) and not np.issubdtype(old.dtype, np.floating):
        return OutputCost(signature, output, equal)
    one, other = (
        np.concatenate([np.ravel(to_real(pair[side], spec)) for pair in pairs]).astype(np.float64) for side in (0, 1)
    )
    finite = np.isfinite(one) & np.isfinite(other)
    one, other = one[finite], other[finite]
    gap, size = float(np.linalg.norm(one - other)), float(np.linalg.norm(one))
    norms = size * float(np.linalg.norm(other))
    cosine = float(one @ other) / norms if norms else float(gap == 0)
    snr = 20 * math.log10(size / gap) if gap and size else None
    steps = float(np.abs(old.astype(np.int64) - new.astype(np.int64)).max()) if is_quantized(spec) else None
    return OutputCost(signature, output, equal, snr, min(cosine, 1.0), steps)


def _same(old: Array, new: Array) -> Array:
    if np.issubdtype(old.dtype, np.floating):
        return np.asarray((old == new) | (np.isnan(old) & np.isnan(new)))
    return np.asarray(old == new)


def _worst(outputs: Sequence[OutputCost]) -> str:
    """Returns the output that changed most, in words."""
    numeric = [each for each in outputs if each.cosine is not None]
    if not numeric:
        worst = min(outputs, key=lambda each: each.equal_share)
        return f"{worst.equal_share:.1%} of the values of {worst.output!r} are as before"
    worst = min(numeric, key=lambda each: each.cosine if each.cosine is not None else 1.0)
    parts = [f"output {worst.output!r} changed most: cosine {worst.cosine:.5f}"]
    parts += [f"signal {worst.snr_db:.1f} dB above the difference"] if worst.snr_db is not None else []
    parts += [f"{worst.max_steps:.0f} quantization steps at most"] if worst.max_steps is not None else []
    return ", ".join(parts)


def _answers_line(cost: AnswersCost) -> str:
    told = f"{cost.golden_equal} of {cost.golden_total} golden cases answered as before"
    found = cost.accuracy
    if found is None or found.identical_share is None or found.reference_wer is None:
        return told
    return (
        f"{told}; of {found.num_examples} packed texts {found.identical_share:.1%}; "
        f"wrong {found.reference_wer:.2f} % -> {found.wer:.2f} % "
        f"({found.wer_minus_reference_low:+.2f} to {found.wer_minus_reference_high:+.2f} points)"
    )
