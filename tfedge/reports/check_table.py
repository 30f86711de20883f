"""A check report as text for a person: a line a file, below it what each target finds, with cause and fix.

What passes takes one line, so that what does not is seen. Plain ASCII; prose is wrapped on a terminal only, so that a
pipe can be searched by line.
"""

from __future__ import annotations

import collections
import textwrap
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from tfedge.checks.verdict import Finding, Verdict
from tfedge.printable import counted, printable
from tfedge.reports.cells import MEGABYTE
from tfedge.reports.check_report import PACKAGE, CheckReport, FileCheck, TargetCheck
from tfedge.reports.table import MAX_PROSE_WIDTH
from tfedge.runtime.targets import RuntimeTarget

_STYLES = {"pass": "green", "fail": "bold red", "not measured": "yellow", "note": "cyan"}
_WORDS: dict[Verdict, str] = {"pass": "pass", "fail": "fail", "not_measured": "not measured"}
_LABELS = ("cause", "so", "fix")
_LEAST_COLUMNS = 40
# Of so few files the reader wants to see what was done; of more, what went wrong.
_TOLD_FILES = 3
_TOLD_GATES = ("runs", "golden_cases", "matches_reference", "model_matches", "signature_verified")
# What a package is stands beside what is wrong with it.
_ALWAYS_TOLD = ("apk_facts", "apk_runtime")


def print_check(report: CheckReport, console: Console) -> None:
    """Prints the report; verdicts are coloured where the console can."""
    width = max(_LEAST_COLUMNS, min(console.width, MAX_PROSE_WIDTH)) if console.is_terminal else None
    for line in check_lines(report, width):
        text = Text(line)
        for word, style in _STYLES.items():
            text.highlight_regex(rf"^ *{word}(?=  |$)|(?<=^verdict: ){word}", style)
        text.highlight_regex(r"^ {6}(?:cause|so|fix):(?= )", "dim")
        console.print(text, soft_wrap=True)


def check_lines(report: CheckReport, width: int | None = None) -> list[str]:
    """Returns the report as lines without trailing blanks; `width` wraps prose, None leaves it whole."""
    is_long = len(report.files) > _TOLD_FILES
    words = max(len(_WORDS[file.verdict]) for file in report.files)
    lines: list[str] = []
    for file in report.files:
        head = f"{_WORDS[file.verdict]:{words}}  {printable(file.path)}  {_size(file.size_bytes)}"
        if is_long and not _has_more(file):
            lines.append(f"{head}  {counted(len(file.targets), 'target')}")
            continue
        if lines and lines[-1]:
            lines.append("")
        lines.append(head)
        for group in _alike(file.targets, is_long):
            lines += _target_lines(group, len(file.targets), width, is_long)
        lines.append("")
    return [*lines, *([""] if lines[-1] else []), *_summary(report)]


def _has_more(file: FileCheck) -> bool:
    """Whether there is more to say about a file than that it passed."""
    return file.verdict != "pass" or any(check.notes for check in file.targets)


def _alike(checks: Sequence[TargetCheck], is_long: bool) -> list[list[TargetCheck]]:
    """Returns the targets in groups that say the same: a damaged file is not told once a target."""
    groups: dict[tuple[Verdict, tuple[Finding, ...]], list[TargetCheck]] = {}
    for check in checks:
        told = tuple(finding for finding in check.findings if _is_told(finding, is_long or check.verdict != "pass"))
        groups.setdefault((check.verdict, told), []).append(check)
    return list(groups.values())


def _target_lines(group: Sequence[TargetCheck], total: int, width: int | None, is_long: bool) -> list[str]:
    names = ", ".join(target_words(check.target) for check in group)
    names = f"all {total} targets" if len(group) == total > 2 else names
    first = group[0]
    lines = _wrap(f"  {_WORDS[first.verdict]}  {names}", width, indent=8)
    is_long = is_long or first.verdict != "pass"  # What passed beside a failure is no news.
    order: dict[Verdict, int] = {"fail": 0, "not_measured": 1, "pass": 2}
    said: set[str] = set()
    for finding in sorted(first.findings, key=lambda each: (each.gate not in _ALWAYS_TOLD, order[each.verdict])):
        if finding.verdict != "pass" or finding.consequence:
            lines += _finding_lines(finding, said, width)
        elif _is_told(finding, is_long):
            lines += _wrap(f"    {finding.gate}: {printable(finding.message)}", width, indent=6)
    return lines


def _is_told(finding: Finding, is_long: bool) -> bool:
    """Whether a finding gets lines of its own."""
    if finding.verdict != "pass" or finding.consequence or finding.gate in _ALWAYS_TOLD:
        return True
    return not is_long and finding.gate in _TOLD_GATES


def _finding_lines(finding: Finding, said: set[str], width: int | None) -> Iterator[str]:
    """Yields a finding with cause, consequence and fix; what was `said` of this target before is not said again."""
    word = "note" if finding.verdict == "pass" else _WORDS[finding.verdict]
    yield from _wrap(f"    {word}  {finding.gate}: {printable(finding.message)}", width, indent=6)
    for label, text in zip(_LABELS, (finding.cause, finding.consequence, finding.fix), strict=True):
        if text and text not in said:
            said.add(text)
            yield from _wrap(f"      {label + ':':7}{printable(text)}", width, indent=13)


def target_words(target: str) -> str:
    """Returns a target for a person: "tflite-runtime 2.14.0 aarch64 cortex-a72"."""
    if target == PACKAGE:
        return "Android package"
    parsed = RuntimeTarget.parse(target)
    return " ".join(part for part in (parsed.name, parsed.version, parsed.arch, parsed.core) if part)


def _summary(report: CheckReport) -> list[str]:
    counts = collections.Counter(file.verdict for file in report.files)
    order: tuple[Verdict, ...] = ("pass", "fail", "not_measured")
    told = ", ".join(f"{counts[verdict]} {_WORDS[verdict]}" for verdict in order if counts[verdict])
    bad = [finding.gate for _, check in report.checks() for finding in check.findings if _is_bad(finding)]
    gates = list(dict.fromkeys(bad))  # In the order in which they stand above.
    targets = [target for target in report.targets if target != PACKAGE]
    lines = [
        f"{counted(len(report.files), 'file')}"
        + (f" on {counted(len(targets), 'target')}" if targets else "")
        + f": {told}"
        + ("" if report.has_run else " (static rules only: nothing was run)")
    ]
    if gates:
        lines.append(f"more: tfedge explain {gates[0]}" + (f"  (also: {', '.join(gates[1:])})" if gates[1:] else ""))
    return [*lines, f"verdict: {_WORDS[report.verdict]}"]


def _is_bad(finding: Finding) -> bool:
    return finding.verdict != "pass"


def _size(size_bytes: int) -> str:
    if size_bytes < MEGABYTE / 10:
        return f"{size_bytes / 1000:.1f} kB"
    return f"{size_bytes / MEGABYTE:.2f} MB"


def _wrap(line: str, width: int | None, indent: int) -> list[str]:
    if width is None or len(line) <= width:
        return [line]
    return textwrap.wrap(
        line.lstrip(),
        width,
        initial_indent=" " * (len(line) - len(line.lstrip())),
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )
