"""Where two traces of one case part ways: the first stage that differs, where in it, and by how much."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from tfedge.validation.case_trace import (
    ENCODER_OUTPUT,
    FIRST_LOGITS,
    IDS,
    RAW_BYTES,
    STAGES,
    TEXT,
    TOKENS,
    CaseTrace,
    Numbers,
)
from tfedge.validation.stage_tolerance import NumbersGap, StageTolerance, Usual, gap_between
from tfedge.validation.stage_tracing import at, first_unequal


@dataclasses.dataclass(frozen=True)
class StageDifference:
    """The first stage at which one case differs.

    Attributes:
        case: its name.
        stage: one of `STAGES`.
        index: place of the first difference: of the byte, id, token or character, from 0; of numbers the flat place
            of the largest.
        where: that place in words: "byte 3", "token 2", "cross_key_0[0,0,3,17]".
        expected, actual: what stands there, in words; None where that side has ended.
        quant_steps: how far apart, of numbers that have steps.
        relative: of numbers: size of the difference against the size of what differs between inputs.
        near_tie: of tokens: what was found out about the two candidates; empty where it was not asked.
        is_near_tie: of tokens: whether rounding explains it; None where that is not known.
    """

    case: str
    stage: str
    index: int
    where: str
    expected: str | None
    actual: str | None
    quant_steps: float | None = None
    relative: float | None = None
    near_tie: str = ""
    is_near_tie: bool | None = None


@dataclasses.dataclass(frozen=True)
class CaseComparison:
    """Two traces of one case.

    Attributes:
        case: its name.
        difference: the first one; None where all stages that both show agree.
        compared: the stages up to it that both show.
        gaps: of the stages that hold numbers: tensor and its gap, the widest of each stage.
    """

    case: str
    difference: StageDifference | None
    compared: tuple[str, ...]
    gaps: Mapping[str, tuple[str, NumbersGap]]


@dataclasses.dataclass(frozen=True, eq=False)
class Yardstick:
    """What both sides are measured by: tolerance of the recipe, and what each tensor is like over all cases."""

    tolerance: StageTolerance
    usual: Mapping[str, Usual]


_PLACES = {RAW_BYTES: "byte", IDS: "id", TOKENS: "token", TEXT: "character"}
_LOGITS = "logits"


def numbers_of(trace: CaseTrace) -> dict[str, Numbers]:
    """Returns every tensor of a trace by name; first logits under a name that no output of `encode` has."""
    logits = {} if trace.first_logits is None else {(FIRST_LOGITS + "/" + _LOGITS): trace.first_logits}
    return {**{f"{ENCODER_OUTPUT}/{name}": held for name, held in trace.encoder_output.items()}, **logits}


def compare_case(expected: CaseTrace, actual: CaseTrace, yardstick: Yardstick) -> CaseComparison:
    """Compares stage by stage, and stops at the first that differs: what follows from it says nothing new."""
    compared: list[str] = []
    gaps: dict[str, tuple[str, NumbersGap]] = {}
    for stage in STAGES:
        if stage in (ENCODER_OUTPUT, FIRST_LOGITS):
            sides = [_of_stage(numbers_of(trace), stage) for trace in (expected, actual)]
            if not all(sides):
                continue  # One side cannot show it; the report says why.
            found, widest = _numbers(expected.name, stage, sides[0], sides[1], yardstick)
            if widest is not None:
                gaps[stage] = widest
        else:
            found = _sequence(expected, actual, stage)
        compared.append(stage)
        if found is not None:
            return CaseComparison(expected.name, found, tuple(compared), gaps)
    return CaseComparison(expected.name, None, tuple(compared), gaps)


def _of_stage(numbers: Mapping[str, Numbers], stage: str) -> dict[str, Numbers]:
    return {name: held for name, held in numbers.items() if name.startswith(f"{stage}/")}


def _sequence(expected: CaseTrace, actual: CaseTrace, stage: str) -> StageDifference | None:
    want, got = getattr(expected, stage), getattr(actual, stage)
    if want == got:
        return None
    index = first_unequal(want, got)
    left, right = at(want, index), at(got, index)
    if stage == RAW_BYTES:
        left, right = (None if word is None else f"0x{int(word):02x}" for word in (left, right))
    elif stage == TEXT:
        left, right = (None if word is None else repr(word) for word in (left, right))
    return StageDifference(expected.name, stage, index, f"{_PLACES[stage]} {index}", left, right)


def _numbers(
    case: str, stage: str, expected: Mapping[str, Numbers], actual: Mapping[str, Numbers], yardstick: Yardstick
) -> tuple[StageDifference | None, tuple[str, NumbersGap] | None]:
    """Returns the tensor that differs most, if any is beyond tolerance, and the widest gap of all."""
    if set(expected) != set(actual):
        name = sorted(set(expected) ^ set(actual))[0]
        left, right = (_short(name) if name in side else None for side in (expected, actual))
        return StageDifference(case, stage, 0, "names of the outputs", left, right), None
    worst: tuple[float, str, NumbersGap] | None = None
    for name in sorted(expected):
        want, got = expected[name], actual[name]
        if want.array.shape != got.array.shape:
            left, right = (str(list(each.array.shape)) for each in (want, got))
            return StageDifference(case, stage, 0, f"shape of {_short(name)}", left, right), None
        usual = yardstick.usual[name]
        mean = usual.mean if usual.mean is None or usual.mean.shape == want.array.shape else None
        gap = gap_between(want, got, usual.step, mean, usual.typical)
        rank = max(gap.relative / yardstick.tolerance.relative, (gap.steps or 0.0) / yardstick.tolerance.steps)
        if worst is None or rank > worst[0]:
            worst = (rank, name, gap)
    if worst is None:
        return None, None
    _, name, gap = worst
    widest = (_short(name), gap)
    if gap.is_within(yardstick.tolerance):
        return None, widest
    shape = expected[name].array.shape
    place = ",".join(str(int(axis)) for axis in np.unravel_index(gap.index, shape)) if shape else ""
    found = StageDifference(
        case,
        stage,
        gap.index,
        f"{_short(name)}[{place}]",
        f"{gap.expected:.6g}",
        f"{gap.actual:.6g}",
        gap.steps,
        gap.relative,
    )
    return found, widest


def _short(name: str) -> str:
    return name.partition("/")[2]
