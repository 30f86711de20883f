"""A ladder as text for a person, and as Markdown: one table a target, then the reason for each decision."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Callable, Iterable, Sequence

from rich.console import Console
from rich.text import Text

from tfedge.printable import printable
from tfedge.reports.cells import MEGABYTE, UNKNOWN, milliseconds, numbers
from tfedge.reports.check_table import target_words
from tfedge.reports.ladder_choice import Choice
from tfedge.reports.ladder_marks import QualityColumn
from tfedge.reports.ladder_quality import quality_of
from tfedge.reports.ladder_report import LadderReport
from tfedge.reports.rung import Rung
from tfedge.reports.table import MAX_PROSE_WIDTH

_STYLES = {
    "ship": "bold green",
    "alternative": "cyan",
    "dominated": "dim",
    "forbidden": "red",
    "not measured": "yellow",
}
# In the order in which a decode calls them.
_SHORT = {"encode": "e", "decode_step": "d", "greedy": "g"}


@dataclasses.dataclass(frozen=True)
class _Column:
    """A column: its heading and the text of a rung's cell."""

    title: str
    cell: Callable[[Rung], str]


def _p50(rung: Rung) -> str:
    latency = rung.latency
    if latency is None:
        return UNKNOWN
    doubt, called = "~" if rung.untimed else "", tuple(dict.fromkeys(latency.calls))
    if len(called) < 2:
        return doubt + milliseconds(latency.latency_p50_ms)
    # A percentile over calls of different signatures says nothing.
    return " ".join(f"{name} {doubt}{milliseconds(latency.percentile_ms(50, name))}" for name in called)


def _speed(rung: Rung) -> str:
    return UNKNOWN if rung.speedup is None else f"{rung.speedup.times:.2f}x"


def _size(rung: Rung) -> str:
    return UNKNOWN if rung.size_bytes is None else f"{rung.size_bytes / MEGABYTE:.2f}"


def _memory(rung: Rung) -> str:
    return UNKNOWN if rung.memory is None else f"{rung.memory.peak_memory_bytes / MEGABYTE:.1f}"


def _partitions(rung: Rung) -> str:
    names = [*(name for name in _SHORT if name in rung.partitions), *sorted(set(rung.partitions) - set(_SHORT))]
    if len(names) == 1 and names[0] not in _SHORT:
        return str(rung.partitions[names[0]])
    said = (f"{_SHORT.get(name, f'{name} ')}{rung.partitions[name]}" for name in names)
    return " ".join(said) or UNKNOWN


_COLUMNS = (
    _Column("p50 ms", _p50),
    _Column("speed", _speed),
    _Column("MB", _size),
    _Column("memory MB", _memory),
    _Column("partitions", _partitions),
)


def print_ladder(report: LadderReport, console: Console) -> None:
    """Prints the report; decisions are coloured where the console can."""
    width = max(40, min(console.width, MAX_PROSE_WIDTH)) if console.is_terminal else None
    for line in ladder_lines(report, width):
        text = Text(line)
        for word, style in _STYLES.items():
            text.highlight_regex(rf"(?<=  ){word}$|^  {word}(?=  )", style)
        console.print(text, soft_wrap=True)


def ladder_lines(report: LadderReport, width: int | None = None) -> list[str]:
    """Returns the report as lines without trailing blanks; `width` wraps prose, None leaves it whole."""
    lines: list[str] = []
    for target in report.targets:
        rungs = report.rungs_of(target)
        lines += [target_words(target), *_table(report, rungs), ""]
        for rung in rungs:
            choice = report.choice(rung)
            head = f"  {_word(choice)}  {rung.recipe}: "
            lines += _wrap(head + printable(choice.reason) + ".", width, 4)
        lines.append("")
    lines += [part for line in captions(report) for part in _wrap(line, width, 2)]
    return [*lines, "", *shipped_lines(report), f"verdict: {report.verdict.replace('_', ' ')}"]


def shipped_lines(report: LadderReport) -> list[str]:
    """Returns one line a target: what to ship there; of several, what one file would do for all."""
    said = []
    for target in report.targets:
        choice = report.shipped(target)
        words = "nothing that the limits allow"
        if choice is not None:
            words = choice.recipe
            (accuracy,) = [rung.test_accuracy for rung in report.rungs_of(target) if rung.recipe == choice.recipe]
            if accuracy is not None:
                words += f", {quality_of(report.config.limits).scored(accuracy)}"
        said.append(f"ship on {target_words(target)}: {words}")
    if len(report.targets) > 1:
        said.append(f"one file for all: {report.everywhere or 'no recipe is allowed on every target'}")
    return said


def ladder_markdown(report: LadderReport) -> str:
    """Returns the whole ladder as Markdown; ends with a newline."""
    parts = [f"# Ladder of {report.task}", f"Verdict: **{report.verdict.replace('_', ' ')}**.", markdown_table(report)]
    reasons = []
    for rung in report.rungs:
        choice = report.choice(rung)
        where = f"`{rung.recipe}` on {target_words(rung.target)}"
        reasons.append(f"- **{_word(choice)}**, {where}: {printable(choice.reason)}.")
    return "\n\n".join([*parts, "\n".join(reasons)]) + "\n"


def markdown_table(report: LadderReport) -> str:
    """Returns the table recipe x target with its caption, as Markdown without a final newline."""
    columns = _used(report, report.rungs)
    heads = ["recipe", "runtime", *(column.title for column in columns), "verdict"]
    rows = [
        [
            f"`{rung.recipe}`",
            target_words(rung.target),
            *(column.cell(rung) for column in columns),
            _short_verdict(report.choice(rung)),
        ]
        for recipe in report.recipes
        for rung in report.rungs
        if rung.recipe == recipe
    ]
    sides = ["---", "---", *["---:"] * len(columns), "---"]
    table = "\n".join(_row(texts) for texts in (heads, sides, *rows))
    return f"{table}\n\n{' '.join(captions(report))}"


def captions(report: LadderReport) -> list[str]:
    """Returns the sentences that say what the numbers are, and what they were held to."""
    limits, quality = report.config.limits, quality_of(report.config.limits)
    decided = sorted({rung.accuracy.num_examples for rung in report.rungs if rung.accuracy is not None})
    scored = sorted({rung.test_accuracy.num_examples for rung in report.rungs if rung.test_accuracy is not None})
    said = [quality.caption(numbers(decided) or "no", numbers(scored))]
    size = f" or {limits.max_bytes / MEGABYTE:.2f} MB" if limits.max_bytes else ""
    said.append(
        f"Forbidden is what {quality.forbidden()}, is larger than {limits.max_size_ratio:.2f} of float32{size}, is "
        f"slower than {limits.min_speedup:.2f}x float32, answers wrongly, or is refused; of the rest the best in "
        f"{report.config.prefer} ships."
    )
    if any(rung.latency is not None and rung.untimed for rung in report.rungs):
        said.append("~ is not to be relied on: measure again on a quiet machine.")
    emulated = [target_words(target) for target in report.targets if report.rungs_of(target)[0].is_emulated]
    if emulated:
        said.append(
            f"Emulated, so that neither latency nor memory is measured, and few {quality.examples}: "
            f"{', '.join(emulated)}; judged by the same file and release on this processor where that was measured too."
        )
    said += _calibration_lines(report)
    return said


def _calibration_lines(report: LadderReport) -> list[str]:
    found = (report.calibration or {}).get("dev_excursions")
    if not found:
        return []
    worst = max(found, key=lambda each: float(each["share_outside"]))
    return [
        f"Of {worst['num_calls']} dev calls of {worst['signature']}, {worst['share_outside']:.1%} leave the calibrated "
        f"range of {worst['input']}, the input that leaves it most: {worst['seen_low']:.3g} to "
        f"{worst['seen_high']:.3g}, calibrated {worst['low']:.3g} to {worst['high']:.3g}."
    ]


def _table(report: LadderReport, rungs: Sequence[Rung]) -> list[str]:
    columns = _used(report, rungs)
    heads = ["recipe", *(column.title for column in columns), "verdict"]
    body = [[rung.recipe, *(c.cell(rung) for c in columns), _short_verdict(report.choice(rung))] for rung in rungs]
    widths = [max(len(row[place]) for row in [heads, *body]) for place in range(len(heads))]
    rule = "-" * (2 + sum(widths) + 2 * (len(widths) - 1))
    return [_join(heads, widths), rule, *(_join(row, widths) for row in body), rule]


def _used(report: LadderReport, rungs: Sequence[Rung]) -> list[_Column]:
    """Returns the columns in which some rung has a value: of test examples where all were scored on them."""
    quality = quality_of(report.config.limits)
    is_scored = all(rung.test_accuracy is not None for rung in rungs if rung.accuracy is not None)
    columns = [
        *(_quality_column(column, is_scored) for column in quality.columns(is_scored)),
        *(_quality_column(column, False) for column in quality.details()),
        *_COLUMNS,
    ]
    return [column for column in columns if any(column.cell(rung) != UNKNOWN for rung in rungs)]


def _quality_column(column: QualityColumn, is_test: bool) -> _Column:
    def cell(rung: Rung) -> str:
        accuracy = rung.test_accuracy if is_test else rung.accuracy
        return UNKNOWN if accuracy is None else column.cell(accuracy)

    return _Column(column.title, cell)


def _word(choice: Choice) -> str:
    return choice.decision.replace("_", " ")


def _short_verdict(choice: Choice) -> str:
    if choice.decision == "dominated":
        return f"dominated by {choice.by}"
    if choice.decision == "forbidden":
        return f"forbidden: {choice.reason.partition(':')[0]}"
    return _word(choice)


def _join(texts: Sequence[str], widths: Sequence[int]) -> str:
    last = len(texts) - 1
    placed = [
        text.ljust(width) if place in (0, last) else text.rjust(width)
        for place, (text, width) in enumerate(zip(texts, widths, strict=True))
    ]
    return ("  " + "  ".join(placed)).rstrip()


def _row(texts: Iterable[str]) -> str:
    return "| " + " | ".join(" ".join(text.split()).replace("|", "\\|") for text in texts) + " |"


def _wrap(line: str, width: int | None, indent: int) -> list[str]:
    if width is None or len(line) <= width:
        return [line]
    return textwrap.wrap(line, width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)
