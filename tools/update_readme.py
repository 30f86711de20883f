"""Writes the results table of a stored report into README.md, between the two `measured` marks.

    python tools/update_readme.py [REPORT.json] [--check]

No number in that region is typed by hand: the table is the model card's, drawn by the same code. With
`--check` nothing is written, and the exit code is 1 where README.md and the report differ.
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
REPORT = ROOT / "models" / "g2p" / "g2p.report.json"
BEGIN = "<!-- measured: begin -->"
END = "<!-- measured: end -->"


def measured_region(report: Report) -> str:
    """Returns what stands between the marks: the table, its caption, date and machine."""
    made = f"Measured {report.created_utc[:10]} by `tfedge {report.kind} {report.task}`"
    notes = "".join(f"- {note}\n" for note in report.notes)
    return f"\n{markdown.results_table(report)}\n{notes}\n{made} on {cells.conditions_line(report)}.\n"


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


def main(arguments: list[str] | None = None) -> int:
    """Updates or checks the README; returns 0, or 1 where `--check` found a difference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", nargs="?", type=pathlib.Path, default=REPORT, help="default: the shipped one")
    parser.add_argument("--readme", type=pathlib.Path, default=README, help="default: README.md")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where the README is stale")
    args = parser.parse_args(arguments)
    try:
        old = args.readme.read_text(encoding="utf-8")
        new = replace_region(old, measured_region(report_file.read_report(args.report)))
        if not args.check:
            write_bytes(args.readme, new.encode(), force=True)
    except TfedgeError as error:
        print(f"update_readme: error: {error}", file=sys.stderr)
        return error.exit_code
    if args.check and new != old:
        print(f"{args.readme} is not what {args.report} says; run: python tools/update_readme.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
