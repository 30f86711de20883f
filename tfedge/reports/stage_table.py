"""A device report, and a comparison of two, as text."""

from __future__ import annotations

from tfedge.checks.verdict import Finding
from tfedge.printable import counted, printable
from tfedge.reports.device_report import DeviceReport
from tfedge.reports.stage_comparison import StageComparison, side_words
from tfedge.reports.stage_findings import StageRow, difference_words, numbers_words
from tfedge.validation.case_trace import STAGES

_MOST_CASES = 12
_VERDICTS = {"pass": "the same", "fail": "they differ", "not_measured": "not judged"}


def report_lines(report: DeviceReport, finding: Finding) -> list[str]:
    """Returns where a report was made, what the golden cases say, and which stages it cannot show.

    Args:
        finding: about the golden cases.
    """
    golden, others = report.golden.num_cases, len(report.traces) - report.golden.num_cases
    lines = [
        f"{finding.verdict}  {report.model.recipe} on {side_words(report)}",
        f"  {report.device.cpu}; {report.device.os}; {counted(report.threads.asked, 'thread')}; {report.entry}",
        f"  {counted(golden, 'golden case')}" + (f" and {counted(others, 'text')}" if others else ""),
        f"  {finding.message}",
    ]
    lines += [f"    fix: {finding.fix}"] if finding.fix else []
    lines += [f"  {stage} not shown: {why}" for stage, why in report.not_shown.items()]
    return [printable(line) for line in lines]


def comparison_lines(compared: StageComparison) -> list[str]:
    """Returns the verdict, a line a stage, the first difference of each case that has one, and notes."""
    lines = [
        f"{compared.verdict}  {_VERDICTS[compared.verdict]}: {counted(compared.num_cases, 'case')} of "
        f"{compared.recipe}, model {compared.tflite_sha256:.12}",
        f"  expected  {compared.expected}",
        f"  actual    {compared.actual}",
        "",
    ]
    width = max(map(len, STAGES))
    lines += [f"  {row.stage:<{width}}  {_row_words(row)}" for row in compared.rows]
    if compared.first is not None:
        lines += ["", f"  first difference, at {compared.first.stage}: {difference_words(compared.first)}"]
        cause, fix = next(
            (finding.cause, finding.fix) for finding in compared.findings if finding.verdict == compared.verdict
        )
        lines += [f"    {label}: {words}" for label, words in (("cause", cause), ("fix", fix)) if words]
    if compared.differences:
        shown = compared.differences[:_MOST_CASES]
        lines += ["", "  first difference of each case:"]
        lines += [f"    {each.stage:<{width}}  {difference_words(each)}" for each in shown]
        left = len(compared.differences) - len(shown)
        lines += [f"    … and {left} more; --json has all"] if left else []
    lines += ["", *(f"  note: {note}" for note in compared.notes)] if compared.notes else []
    return [printable(line) for line in lines]  # Names come from files of strangers.


def _row_words(row: StageRow) -> str:
    if row.not_shown:
        return f"not shown: {row.not_shown}"
    if not row.num_compared:
        return "-  every case differs before it"
    words = [
        f"{row.num_compared - row.num_differ - row.num_near_ties - row.num_unjudged} of {row.num_compared} the same"
    ]
    if row.num_differ:
        words.append(f"{row.num_differ} differ")
    if row.num_near_ties:
        words.append(f"{counted(row.num_near_ties, 'near tie')}: rounding decides")
    if row.num_unjudged:
        words.append(f"{row.num_unjudged} differ, not judged")
    if row.relative is not None:
        words.append(f"widest {numbers_words(row)}, in {row.widest}")
    return "; ".join(words)
