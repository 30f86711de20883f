"""Gates on accuracy and size: a measured number against its limit."""

from __future__ import annotations

import math

from tfedge.checks.verdict import Finding, Verdict
from tfedge.errors import ConfigError
from tfedge.validation.accuracy import AccuracyReport

MEGABYTE = 1_000_000


def accuracy_gate(report: AccuracyReport, max_points_lost: float) -> Finding:
    """Judges what a recipe costs in accuracy: points of word error rate above the reference system's.

    Not to fail is not yet to be "within" the limit; that word needs the paired interval:

    - `fail`: the measured loss is above the limit.
    - `pass`, "within": the measured loss and the upper end of its paired interval are at most the limit.
    - `pass`, "not distinguishable": the measured loss is at most the limit and the interval holds 0, but
      it reaches past the limit too: no loss was seen, and "within" is not claimed.
    - `not_measured`: the loss is real (the interval is above 0) and may be past the limit; or one word
      alone weighs more than the limit; or there are no reference outputs. More words would decide.

    Args:
        report: of the target, scored against reference outputs.
        max_points_lost: limit in points of word error rate, 0 or more.
    """
    if not math.isfinite(max_points_lost) or max_points_lost < 0:
        raise ConfigError(f"`max_points_lost` must be 0 or more points; got {max_points_lost}")
    lost, low, high = (
        report.wer_minus_reference_points,
        report.wer_minus_reference_low,
        report.wer_minus_reference_high,
    )
    if lost is None or low is None or high is None:
        message = f"expected at most {max_points_lost:.2f} points lost; there are no reference outputs to compare with"
        return Finding("accuracy", "not_measured", message, fix="score with reference_outputs", limit=max_points_lost)
    facts = (
        f"lost {lost:+.2f} points of WER (paired 95 % interval {low:+.2f} to {high:+.2f}, McNemar p "
        f"{report.mcnemar_p:.2g}, {report.num_examples} words)"
    )
    verdict, claim, fix = _judge_loss(report.num_examples, lost, low, high, max_points_lost)
    return Finding("accuracy", verdict, f"{facts}: {claim}", fix=fix, measured=lost, limit=max_points_lost)


def _judge_loss(count: int, lost: float, low: float, high: float, limit: float) -> tuple[Verdict, str, str]:
    """Returns verdict, claim and fix for a loss measured on `count` words; all but `count` in points."""
    if lost > limit:
        sure = "" if low > limit else "; its interval reaches back to the limit, so more words might say otherwise"
        return "fail", f"beyond {limit:.2f} points{sure}", "recalibrate, or keep the layers that lose most in float"
    if high <= limit:
        return "pass", f"within {limit:.2f} points", ""
    more = f"measure more words: about {_words_needed(count, lost, high, limit)} would decide"
    if 0 < limit < 100 / count:
        return "not_measured", f"too few words to tell {limit:.2f} points: one word is {100 / count:.2f}", more
    if low > 0:
        return "not_measured", f"worse than the reference, and perhaps beyond {limit:.2f} points", more
    return "pass", f"not distinguishable from the reference; 'within {limit:.2f}' is not supported", more


def _words_needed(count: int, lost: float, high: float, limit: float) -> str:
    """Returns how many words bring the interval's upper end down to the limit, if the loss stays."""
    room = limit - lost
    if room <= 0:
        return "a great many"
    # The half width shrinks with the square root of the number of words; two digits are all it is good for.
    needed = count * ((high - lost) / room) ** 2
    digits = 10 ** max(0, math.floor(math.log10(needed)) - 1)
    return f"{math.ceil(needed / digits) * digits:,}"


def size_gate(size_bytes: int, float_size_bytes: int | None, max_ratio: float | None, max_bytes: int | None) -> Finding:
    """Judges the size of a file, alone and against the float file of the same model.

    Args:
        size_bytes: of the file judged.
        float_size_bytes: of the float32 file; None where there is none.
        max_ratio: largest allowed `size_bytes / float_size_bytes`; None for no such limit.
        max_bytes: largest allowed `size_bytes`; None for no such limit.
    """
    if max_ratio is None and max_bytes is None:
        raise ConfigError("a size gate needs `max_ratio`, `max_bytes` or both; got neither")
    if size_bytes <= 0 or (float_size_bytes is not None and float_size_bytes <= 0):
        raise ConfigError(f"sizes must be above 0 bytes; got {size_bytes} and {float_size_bytes}")
    parts, too_big = [], False
    measured, limit = float(size_bytes), None if max_bytes is None else float(max_bytes)
    if max_bytes is not None:
        too_big = size_bytes > max_bytes
        parts.append(f"{size_bytes / MEGABYTE:.2f} MB of at most {max_bytes / MEGABYTE:.2f} MB")
    if max_ratio is not None and float_size_bytes is not None:
        ratio = size_bytes / float_size_bytes
        if max_bytes is None or (ratio > max_ratio and not too_big):  # The number that decided is the one reported.
            measured, limit = ratio, max_ratio
        too_big = too_big or ratio > max_ratio
        parts.append(f"{ratio:.3f} of the float file's {float_size_bytes / MEGABYTE:.2f} MB, at most {max_ratio:.3f}")
    if too_big:
        fix = "quantize more weights, or make the model smaller"
        return Finding("size", "fail", "; ".join(parts), fix=fix, measured=measured, limit=limit)
    if max_ratio is not None and float_size_bytes is None:
        parts.append(f"expected a ratio to the float file of at most {max_ratio:.3f}; there is no float file")
        return Finding("size", "not_measured", "; ".join(parts), fix="convert recipe float32 too")
    return Finding("size", "pass", "; ".join(parts), measured=measured, limit=limit)
