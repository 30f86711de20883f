"""Two devices' runs of one file, stage by stage: where do they part ways, and is it rounding?

a, b = read_device_report("workstation.json"), read_device_report("phone.json")
compared = compare_reports(a, b, "model.tflite")
print(compared.verdict, compared.first)
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from tfedge.checks.verdict import Finding, Verdict, worst
from tfedge.errors import MeasurementError
from tfedge.modelfile.pack import Pack, read_pack
from tfedge.printable import counted, shortened
from tfedge.reports.device_report import DeviceReport
from tfedge.reports.schema import EXIT_CODES
from tfedge.reports.stage_findings import StageRow, finding_of
from tfedge.runtime.targets import choose_targets
from tfedge.validation.case_trace import RAW_BYTES, STAGES, TOKENS, CaseTrace
from tfedge.validation.near_ties import Fork, Tie, tie_of, ties_of
from tfedge.validation.stage_diff import CaseComparison, StageDifference, Yardstick, compare_case, numbers_of
from tfedge.validation.stage_tolerance import StageTolerance, tolerance_of, usual_of

# Of a text that transport broke (another encoding, normalised) half of the bytes or letters at least are still there.
_SAME_TEXT = 0.5


@dataclasses.dataclass(frozen=True)
class StageComparison:
    """What comparing two device reports gave.

    Attributes:
        expected, actual: the two sides in words.
        tflite_sha256: of the model that both ran.
        recipe: of it.
        num_cases: that both ran.
        rows: one a stage, in order.
        differences: the first difference of each case that has one, in the order of the cases.
        notes: what a reader must know beside the rows, one line each.
    """

    expected: str
    actual: str
    tflite_sha256: str
    recipe: str
    num_cases: int
    rows: tuple[StageRow, ...]
    differences: tuple[StageDifference, ...]
    notes: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """One a stage that was compared."""
        found = (finding_of(row, [each for each in self.differences if each.stage == row.stage]) for row in self.rows)
        return tuple(each for each in found if each is not None)

    @property
    def verdict(self) -> Verdict:
        """The worst of the findings."""
        return worst(self.findings)

    @property
    def exit_code(self) -> int:
        """What a verb returns: 0 the same, 1 they differ, 3 what differs cannot be judged."""
        return EXIT_CODES[self.verdict]

    @property
    def first(self) -> StageDifference | None:
        """The difference at the earliest stage that rounding does not explain, in the first case that has it."""
        real = [each for each in self.differences if each.is_near_tie is not True]
        return min(real, key=lambda each: STAGES.index(each.stage), default=None)

    def to_json(self) -> dict[str, Any]:
        """Returns it as JSON values, for machines."""
        first = self.first
        return {
            **dataclasses.asdict(self),
            "verdict": self.verdict,
            "first": None if first is None else dataclasses.asdict(first),
            "findings": [finding.to_json() for finding in self.findings],
        }


def compare_reports(
    expected: DeviceReport, actual: DeviceReport, model: str | os.PathLike[str] | None = None
) -> StageComparison:
    """Compares two runs of one model over the same texts, case by case and stage by stage.

    Args:
        expected: the side that is taken for right, usually the workstation.
        actual: the other.
        model: the packed file that both ran: where tokens part ways behind the first one, it is asked for the logits
            there, to tell a near tie from a wrong token. Without it such a difference is not judged.

    Raises:
        MeasurementError: other models, other cases or other texts: the message names the field.
        ArtifactError, IntegrityError: `model` cannot be read.
        RuntimeUnavailableError, WorkerError: `model` was needed and could not be run.
    """
    pack = None if model is None else read_pack(model)
    _check_alike(expected, actual, pack)
    tolerance = tolerance_of(expected.model.recipe)
    pairs = list(zip(expected.traces, actual.traces, strict=True))
    usual = usual_of([numbers_of(left) for left, _ in pairs], [numbers_of(right) for _, right in pairs])
    compared = [compare_case(left, right, Yardstick(tolerance, usual)) for left, right in pairs]
    judged = _judge_tokens(compared, pairs, pack, tolerance)
    missing = _not_shown(expected, actual)
    return StageComparison(
        expected=side_words(expected),
        actual=side_words(actual),
        tflite_sha256=expected.model.tflite_sha256,
        recipe=expected.model.recipe,
        num_cases=len(pairs),
        rows=tuple(_row(stage, compared, judged, tolerance, missing.get(stage, "")) for stage in STAGES),
        differences=tuple(judged),
        notes=tuple(_notes(expected, actual)),
    )


def side_words(report: DeviceReport) -> str:
    """Returns device and runtime in words: "pixel8 (android), android-tflite==2.16.1@arm64-v8a"."""
    return f"{shortened(report.device.name)} ({report.device.kind}), {report.target}"


def _check_alike(expected: DeviceReport, actual: DeviceReport, pack: Pack | None) -> None:
    problems = []
    for key in ("tflite_sha256", "recipe"):
        one, other = getattr(expected.model, key), getattr(actual.model, key)
        if one != other:
            problems.append(f"`model.{key}` is {one:.12} and {other:.12}")
    if pack is not None and pack.manifest.model_sha256 != expected.model.tflite_sha256:
        problems.append(
            f"`model.tflite_sha256` is {expected.model.tflite_sha256:.12}, of {pack.path} it is "
            f"{pack.manifest.model_sha256:.12}"
        )
    names = [[trace.name for trace in report.traces] for report in (expected, actual)]
    if names[0] != names[1]:
        apart = sorted(set(names[0]) ^ set(names[1]))
        what = f"{shortened(apart[0])!r} is in one only" if apart else "their order differs"
        problems.append(f"`traces` are {len(names[0])} and {len(names[1])} cases: {what}")
    elif not names[0]:
        problems.append("`traces` are empty")
    else:
        problems += _other_texts(expected, actual)
    if problems:
        raise MeasurementError(
            f"expected two runs of one model over the same texts; got others: {'; '.join(problems)}; trace both anew "
            "with `tfedge validate MODEL --trace OUT.json` and the same --texts"
        )


def _other_texts(expected: DeviceReport, actual: DeviceReport) -> list[str]:
    """Returns the problem where other texts were given, rather than the same ones changed on their way.

    Golden cases come out of the model's file: where their bytes are the same, transport is right.
    """
    apart = [
        left
        for left, right in zip(expected.traces, actual.traces, strict=True)
        if left.raw_bytes != right.raw_bytes and not _resemble(left.raw_bytes, right.raw_bytes)
    ]
    same = [
        left for left, right in zip(expected.traces, actual.traces, strict=True) if left.raw_bytes == right.raw_bytes
    ]
    given = [left for left in expected.traces if left.name.startswith("text ")]
    if not apart or any(left not in given for left in apart) or (same and 2 * len(apart) < len(given)):
        return []
    return [f"`traces.{RAW_BYTES}` of {apart[0].name!r} is quite another text"]


def _resemble(one: bytes, other: bytes) -> bool:
    letters = [unicodedata.normalize("NFKD", data.decode("utf-8", "replace")).casefold() for data in (one, other)]
    return max(_ratio(one, other), _ratio(*letters)) >= _SAME_TEXT


def _ratio(one: Sequence[int] | str, other: Sequence[int] | str) -> float:
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()


def _judge_tokens(
    compared: Sequence[CaseComparison],
    pairs: Sequence[tuple[CaseTrace, CaseTrace]],
    pack: Pack | None,
    tolerance: StageTolerance,
) -> list[StageDifference]:
    """Returns the differences, those of tokens with what the logits say about them."""
    forks: list[Fork] = []
    ties: dict[str, Tie] = {}
    for each, (left, right) in zip(compared, pairs, strict=True):
        found = each.difference
        if found is None or found.stage != TOKENS or found.expected is None or found.actual is None:
            continue
        if found.index == 0 and left.first_logits is not None:
            ties[each.case] = tie_of(left.first_logits, left.tokens[0], right.tokens[0], tolerance)
            continue
        prefix = left.tokens[: found.index]
        forks.append(Fork(each.case, left.ids, prefix, left.tokens[found.index], right.tokens[found.index]))
    if forks and pack is not None:
        ties |= ties_of(pack, choose_targets()[-1].name, forks, tolerance)
    asked = {fork.case for fork in forks}
    return [_with_tie(each.difference, ties, asked) for each in compared if each.difference is not None]


def _with_tie(difference: StageDifference, ties: Mapping[str, Tie], asked: set[str]) -> StageDifference:
    if difference.stage != TOKENS:
        return difference
    tie = ties.get(difference.case)
    if tie is not None:
        return dataclasses.replace(difference, near_tie=str(tie), is_near_tie=tie.is_near)
    if difference.case in asked:
        return difference  # It may be a tie: nobody could be asked for the logits.
    return dataclasses.replace(difference, near_tie="one answer ends there", is_near_tie=False)


def _row(
    stage: str,
    compared: Sequence[CaseComparison],
    differences: Sequence[StageDifference],
    tolerance: StageTolerance,
    not_shown: str,
) -> StageRow:
    here = [each for each in differences if each.stage == stage]
    gaps = [(each.case, *each.gaps[stage]) for each in compared if stage in each.gaps]
    widest = max(gaps, key=lambda gap: gap[2].relative, default=None)
    steps = [gap.steps for _, _, gap in gaps if gap.steps is not None]
    return StageRow(
        stage=stage,
        num_compared=sum(stage in each.compared for each in compared),
        num_differ=sum(each.is_near_tie is False or each.stage != TOKENS for each in here),
        num_near_ties=sum(each.is_near_tie is True for each in here),
        num_unjudged=sum(each.stage == TOKENS and each.is_near_tie is None for each in here),
        relative=None if widest is None else widest[2].relative,
        quant_steps=max(steps, default=None),
        limit_relative=None if widest is None else tolerance.relative,
        limit_steps=tolerance.steps if steps else None,
        widest="" if widest is None else f"{widest[1]} of {widest[0]}",
        not_shown=not_shown,
    )


def _not_shown(expected: DeviceReport, actual: DeviceReport) -> dict[str, str]:
    """Returns the stages that cannot be compared, and why."""
    found: dict[str, str] = {}
    for stage in STAGES:
        whys = [report.not_shown.get(stage) for report in (expected, actual)]
        if whys[0] and whys[1]:
            found[stage] = whys[0]
        elif whys[0] or whys[1]:
            side = side_words(expected if whys[0] else actual)
            found[stage] = f"{side} does not show it: {whys[0] or whys[1]}"
    return found


def _notes(expected: DeviceReport, actual: DeviceReport) -> list[str]:
    notes = []
    if expected.model.sha256 != actual.model.sha256:
        notes.append("the two files hold the same model and other packs: tokenizers or golden cases may differ")
    if expected.entry != actual.entry:
        notes.append(f"tokens were decoded by {expected.entry} and by {actual.entry}")
    for report in (expected, actual):
        golden = report.golden
        if golden.num_passed < golden.num_cases:
            count = counted(golden.num_cases - golden.num_passed, "golden case")
            notes.append(f"{side_words(report)}: {count} of {golden.num_cases} not as recorded when the file was made")
    return notes
