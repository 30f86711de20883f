"""A rescue report as lines for a person: what each step won and what it cost."""

from __future__ import annotations

from tfedge.pipeline.rescue_report import RescueReport, RescueStep
from tfedge.pipeline.rescue_search import Measurement

_FIRST_ROWS = 8  # Of a long table in Markdown; then the last.
_HEAD = ("kept in higher precision", "ops", "alone", "points lost", "won", "as float", "bytes", "added")


def rescue_lines(report: RescueReport) -> list[str]:
    """Returns the report as lines without trailing blanks."""
    lines = [f"{report.recipe} on {report.runtime}: {_measured(report.before)}; limit {report.max_points_lost:+.2f}"]
    if report.needed_none:
        return [*lines, "nothing to rescue: the recipe meets its limit"]
    if report.rescued:
        kept = len(report.steps) - 1
        places = "place" if kept == 1 else "places"
        lines += [
            f"rescued as {report.rescued}: {kept} {places} in {report.precision}; {_measured(report.after)}",
            *_unmet(report),
            *_table([_HEAD, *(_cells(step) for step in report.steps)]),
            "points lost: on the dev words that chose; the line above is on words that chose nothing.",
            "alone: share of answers that change when this place alone is quantized as the recipe says.",
        ]
    elif not report.stopped:
        lines.append("not rescued: no set of its layers and ops in higher precision meets the limit")
    for label, (ratio, low, high) in report.latency.items():
        lines.append(f"latency of the rescued file: {ratio:.2f} of {label}'s ({low:.2f} to {high:.2f})")
    if report.stopped:
        again = "run it again with --force" if report.rescued else "run it again"
        lines.append(f"stopped early: {report.stopped}; {again} to go on where it was")
    return lines


def rescue_markdown(report: RescueReport) -> str:
    """Returns what was rescued, and each step with what it won and cost, as Markdown without a final newline.

    Of many steps the first eight and the last are shown.
    """
    told = f"`{report.recipe}` on {report.runtime}: {_measured(report.before)}; limit {report.max_points_lost:+.2f}."
    if not report.rescued:
        reason = report.stopped or "no set of its layers and ops in higher precision meets the limit"
        return f"{told} {'Nothing to rescue.' if report.needed_none else f'Not rescued: {reason}.'}"
    kept = len(report.steps) - 1
    words = f"{kept} {'place' if kept == 1 else 'places'} in {report.precision}"
    lines = [f"{told} Rescued by {words}, measured on words that chose nothing: {_measured(report.after)}.", ""]
    rows = [tuple(cell.replace("*", "\\*") for cell in _cells(step)) for step in report.steps]
    left = len(rows) - 1 - _FIRST_ROWS
    if left > 1:
        rows[_FIRST_ROWS:-1] = [(f"… and {left} more", *("",) * (len(_HEAD) - 1))]
    aligned = ("---", *("---:",) * (len(_HEAD) - 1))
    lines += [f"| {' | '.join(cells)} |" for cells in (_HEAD, aligned, *rows)]
    for label, (ratio, low, high) in report.latency.items():
        lines += ["", f"It takes {ratio:.2f} of the time of `{label}` ({low:.2f} to {high:.2f})."]
    return "\n".join(line.replace("  |", " |") for line in lines)


def _unmet(report: RescueReport) -> list[str]:
    if report.is_met:
        return []
    return ["it meets the limit on the words that chose it alone; raise the limit or the budget, or take more words"]


def _measured(value: Measurement) -> str:
    if value.refused:
        return f"refused: {value.refused}"
    return (
        f"{value.points_lost:+.2f} points of WER ({value.points_low:+.2f} to {value.points_high:+.2f}) on "
        f"{value.num_words} dev words, {value.identical_share:.1%} as float, {value.size_bytes:,} bytes"
    )


def _cells(step: RescueStep) -> tuple[str, ...]:
    measured, first = step.measured, not step.scope
    return (
        step.place,
        "" if first else str(step.num_ops),
        "" if step.damage is None else f"{step.damage:.1%}",
        "refused" if measured.refused else f"{measured.points_lost:+.2f}",
        "" if first else f"{step.points_won:+.2f}",
        f"{measured.identical_share:.1%}",
        f"{measured.size_bytes:,}",
        "" if first else f"{step.bytes_added:+,}",
    )


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [
        "  " + "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]
