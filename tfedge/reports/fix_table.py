"""A fix report as text for a person: what was changed, what it cost, and how the new file does on each target."""

from __future__ import annotations

from rich.console import Console

from tfedge.printable import printable
from tfedge.reports.check_table import print_check
from tfedge.reports.fix_report import FixReport


def print_fix(report: FixReport, console: Console) -> None:
    """Prints the report: the check of the new file below what was done; of a file left alone, its own check."""
    print_check(report.shown, console)
    for line in fix_lines(report):
        console.print(line, soft_wrap=True, markup=False)


def fix_lines(report: FixReport) -> list[str]:
    """Returns what was done, as lines without trailing blanks."""
    name = printable(report.before.files[0].path)
    lines = [""]
    if report.out:
        lines += [f"{name} rewritten as {printable(report.out)}:", *(f"  {line}" for line in report.lines)]
    if report.cost is not None:
        lines += ["cost:", *(f"  {printable(line)}" for line in report.cost.lines())]
    if report.rejected:
        lines.append("changes less, and was not enough:" if report.out else "tried, and not written:")
        lines += [f"  {each.plan}: {printable(each.reason)}" for each in report.rejected]
    if not report.out:
        lines.append(f"{name}: no file was written: {printable(report.reason)}")
    return lines
