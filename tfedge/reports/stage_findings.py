"""What one stage of a comparison says: its row of the table, and its finding."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from tfedge.checks.verdict import Finding
from tfedge.printable import counted, shortened
from tfedge.validation.case_trace import ENCODER_OUTPUT, FIRST_LOGITS, IDS, RAW_BYTES, TEXT, TOKENS
from tfedge.validation.stage_diff import StageDifference


@dataclasses.dataclass(frozen=True)
class StageRow:
    """One stage over all cases.

    Attributes:
        stage: one of the six.
        num_compared: cases that got so far without a difference, and in which both sides show the stage.
        num_differ: of these, cases that differ here.
        num_near_ties: cases whose tokens differ where two logits nearly tie: rounding explains them.
        num_unjudged: cases whose tokens differ, and nobody could be asked for the logits there.
        relative: widest size of a difference against the size of what differs between inputs; None without numbers.
        quant_steps: widest single difference in quantization steps; None where the numbers have none.
        limit_relative, limit_steps: what is allowed of these.
        widest: tensor and case of `relative`.
        not_shown: why the stage cannot be compared; empty where it can.
    """

    stage: str
    num_compared: int
    num_differ: int
    num_near_ties: int = 0
    num_unjudged: int = 0
    relative: float | None = None
    quant_steps: float | None = None
    limit_relative: float | None = None
    limit_steps: float | None = None
    widest: str = ""
    not_shown: str = ""


# Stage -> why it differs where those before it agree, and what to do.
_REASONS = {
    RAW_BYTES: (
        "the text was changed on its way to the device: another encoding, Unicode normalisation, or a shell's quoting",
        "send the UTF-8 bytes as they are, and decode them once",
    ),
    IDS: (
        "the two cut the same text by different tokenizer tables, or normalise it differently",
        "execute the tokenizer spec of this very pack (task.json) on both sides",
    ),
    ENCODER_OUTPUT: (
        "the encoder was fed otherwise (order of inputs, padding), holds other weights, or meets a kernel that "
        "computes something else",
        "bind inputs by signature and name; compare the sha256 of the bytes that were loaded; run tfedge check for "
        "this runtime",
    ),
    FIRST_LOGITS: (
        "decode_step was fed otherwise (start token, states, empty caches), or its kernels compute something else",
        "hand the outputs of encode on by name, start with token 1 at index 0; run tfedge check for this runtime",
    ),
    TOKENS: (
        "the decode loop went another way: cache hand-over, index, stop rule, or a kernel that errs at later steps",
        "compare logits at that step; run tfedge check for this runtime",
    ),
    TEXT: (
        "the same tokens were spelt by different tokenizer tables",
        "execute the target tokenizer's spec of this very pack (task.json) on both sides",
    ),
}


def gate_of(stage: str) -> str:
    """Returns the name of the gate that speaks for a stage."""
    return f"same_{stage}"


def finding_of(row: StageRow, differences: Sequence[StageDifference]) -> Finding | None:
    """Returns what a stage says; None where it was compared in no case."""
    if row.num_compared == 0:
        return None
    gate, cases = gate_of(row.stage), counted(row.num_compared, "case")
    if row.num_differ:
        first = next(each for each in differences if each.is_near_tie is not True)
        cause, fix = _REASONS[row.stage]
        return Finding(
            gate,
            "fail",
            f"{row.num_differ} of {cases} differ; first: {difference_words(first)}",
            cause=cause,
            fix=fix,
            measured=float(row.num_differ),
            limit=0.0,
        )
    ties = _ties_words(row)
    if row.num_unjudged:
        first = next(each for each in differences if each.is_near_tie is None)
        message = f"{row.num_unjudged} of {cases} differ, perhaps in a near tie; first: {difference_words(first)}"
        return Finding(gate, "not_measured", message, fix="name the model too: its logits at that step tell")
    if row.relative is not None:
        return Finding(gate, "pass", f"{cases} within {numbers_words(row)}")
    return Finding(gate, "pass", f"{cases} the same{ties}")


def _ties_words(row: StageRow) -> str:
    if not row.num_near_ties:
        return ""
    return f" but {row.num_near_ties}, where two logits nearly tie and rounding decides"


def numbers_words(row: StageRow) -> str:
    """Returns how far numbers are apart, with what is allowed: "1.2 % (up to 5 % is rounding), …"."""
    words = ""
    if row.relative is not None and row.limit_relative is not None:
        words = f"{_percent(row.relative)} (up to {_percent(row.limit_relative)} is rounding)"
    if row.quant_steps is not None:
        words += f", {row.quant_steps:.1f} quantization steps (up to {row.limit_steps:g})"
    return words


def difference_words(each: StageDifference) -> str:
    """Returns a difference as one line: case, place, both sides, and how far apart."""
    sides = [_word(each.expected), _word(each.actual)]
    words = f"case {shortened(each.case)!r}, {each.where}: expected {sides[0]}, got {sides[1]}"
    if each.quant_steps is not None:
        words += f", {each.quant_steps:.1f} quantization steps apart"
    if each.relative is not None:
        words += f", {_percent(each.relative)} of the tensor's signal"
    return words + (f" ({each.near_tie})" if each.near_tie else "")


def _word(value: str | None) -> str:
    return "nothing" if value is None else shortened(value, 40)


def _percent(value: float) -> str:
    return f"{100 * value:.3g} %"
