"""Gates on accuracy, size and speed: a measured number against its limit."""

from __future__ import annotations

import math

from tfedge.checks.verdict import Finding, Verdict
from tfedge.errors import ConfigError
from tfedge.validation.loss import Loss, Scored

MEGABYTE = 1_000_000


def accuracy_gate(report: Scored, max_points_lost: float) -> Finding:
    """Judges what a recipe costs in accuracy: points lost against the reference system.

    Not to fail is not yet to be "within" the limit; that word needs the paired interval:

    - `fail`: the measured loss is above the limit.
    - `pass`, "within": the measured loss and the upper end of its paired interval are at most the limit.
    - `pass`, "not distinguishable": the measured loss is at most the limit and the interval holds 0, but
      it reaches past the limit too: no loss was seen, and "within" is not claimed.
    - `not_measured`: the loss is real (the interval is above 0) and may be past the limit; or one example
      alone weighs more than the limit; or there are no reference outputs. More examples would decide.

    Args:
        report: of the target, scored against reference outputs.
        max_points_lost: limit in points of the report's metric, 0 or more.
    """
    if not math.isfinite(max_points_lost) or max_points_lost < 0:
        raise ConfigError(f"`max_points_lost` must be 0 or more points; got {max_points_lost}")
    loss = report.loss
    if loss is None:
        message = f"expected at most {max_points_lost:.2f} points lost; there are no reference outputs to compare with"
        return Finding("accuracy", "not_measured", message, fix="score with reference_outputs", limit=max_points_lost)
    p_value = "" if loss.mcnemar_p is None else f"McNemar p {loss.mcnemar_p:.2g}, "
    facts = (
        f"lost {loss.points:+.2f} points of {loss.metric} (paired 95 % interval {loss.low:+.2f} to {loss.high:+.2f}, "
        f"{p_value}{loss.count} {loss.unit}s)"
    )
    verdict, claim, fix = _judge_loss(loss, max_points_lost)
    return Finding("accuracy", verdict, f"{facts}: {claim}", fix=fix, measured=loss.points, limit=max_points_lost)


def _judge_loss(loss: Loss, limit: float) -> tuple[Verdict, str, str]:
    """Returns verdict, claim and fix."""
    unit = f"{loss.unit}s"
    if loss.points > limit:
        unsure = f"; its interval reaches back to the limit, so more {unit} might say otherwise"
        claim = f"beyond {limit:.2f} points{'' if loss.low > limit else unsure}"
        return "fail", claim, "recalibrate, or keep the layers that lose most in float"
    if loss.high <= limit:
        return "pass", f"within {limit:.2f} points", ""
    more = f"measure more {unit}: about {_examples_needed(loss, limit)} would decide"
    each = 100 / loss.count if loss.is_share else 0.0
    if 0 < limit < each:
        return "not_measured", f"too few {unit} to tell {limit:.2f} points: one {loss.unit} is {each:.2f}", more
    if loss.low > 0:
        return "not_measured", f"worse than the reference, and perhaps beyond {limit:.2f} points", more
    return "pass", f"not distinguishable from the reference; 'within {limit:.2f}' is not supported", more


def _examples_needed(loss: Loss, limit: float) -> str:
    """Returns how many examples bring the interval's upper end down to the limit, if the loss stays."""
    room = limit - loss.points
    if room <= 0:
        return "a great many"
    # The half width shrinks with the square root of the number of examples; two digits are all it is good for.
    needed = loss.count * ((loss.high - loss.points) / room) ** 2
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
