"""Writes the results tables of the shipped tasks' reports into README.md, each between its two marks.

    python tools/update_readme.py [REPORT.json] [--check]

No number in these regions is typed by hand: a table is the model card's, drawn by the same code. With
`--check` nothing is written, and the exit code is 1 where README.md and a report differ.
"""

from __future__ import annotations

import argparse
import pathlib
import sys

from tfedge.artifacts import write_bytes
from tfedge.errors import ArtifactError, TfedgeError
from tfedge.reports import cells, markdown, report_file
from tfedge.reports.schema import Report

ROOT = pathlib.Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
REPORTS = [ROOT / "models" / task / f"{task}.report.json" for task in ("g2p", "image", "sensor", "anomaly")]


def measured_region(report: Report) -> str:
    """Returns what stands between the marks: the table, its caption, date and machine."""
    made = f"Measured {report.created_utc[:10]} by `tfedge {report.kind} {report.task}`"
    notes = "".join(f"- {note}\n" for note in report.notes)
    return f"\n{markdown.results_table(report)}\n{notes}\n{made} on {cells.conditions_line(report)}.\n"


def _place(report: Report) -> str:
    """Returns the name of a report's region: its task's, and of the first task "measured"."""
    return "measured" if report.task == "g2p" else report.task


def marks(name: str) -> tuple[str, str]:
    """Returns what stands before and behind a region of the README."""
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"


BEGIN, END = marks("measured")


def replace_region(readme: str, region: str, begin_mark: str = BEGIN, end_mark: str = END) -> str:
    """Returns `readme` with `region` between two marks.

    Raises:
        ArtifactError: the two marks are not there once each, in order.
    """
    before, begin, rest = readme.partition(begin_mark)
    _, end, after = rest.partition(end_mark)
    if not (begin and end) or begin_mark in rest or end_mark in after:
        raise ArtifactError(
            f"expected one {begin_mark} and one {end_mark} after it in the README; got other marks; restore them"
        )
    return f"{before}{begin_mark}\n{region}\n{end_mark}{after}"


def write_region(readme: pathlib.Path, region: str, begin_mark: str, end_mark: str) -> None:
    """Writes `region` between two marks of a README.

    Raises:
        ArtifactError: the marks are not there once each, in order, or the file cannot be written.
    """
    text = replace_region(readme.read_text(encoding="utf-8"), region, begin_mark, end_mark)
    write_bytes(readme, text.encode(), force=True)


def main(arguments: list[str] | None = None) -> int:
    """Updates or checks the README; returns 0, or 1 where `--check` found a difference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", nargs="?", type=pathlib.Path, help="of one task (default: those of all that ship)")
    parser.add_argument("--readme", type=pathlib.Path, default=README, help="default: README.md")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where the README is stale")
    args = parser.parse_args(arguments)
    try:
        new = old = args.readme.read_text(encoding="utf-8")
        for path in [args.report] if args.report else REPORTS:
            report = report_file.read_report(path)
            new = replace_region(new, measured_region(report), *marks(_place(report)))
        if not args.check:
            write_bytes(args.readme, new.encode(), force=True)
    except TfedgeError as error:
        print(f"update_readme: error: {error}", file=sys.stderr)
        return error.exit_code
    if args.check and new != old:
        print(f"{args.readme} is not what the reports say; run: python tools/update_readme.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
