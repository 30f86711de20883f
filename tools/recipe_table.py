"""Measures every recipe of the shipped model on the runtimes beside this Python, and writes the table into the README.

    python tools/recipe_table.py [--words N] [--target T ...] [--readme-only]

Runs the ladder of `tfedge convert --recipe auto` on models/g2p/g2p.keras with defaults, but scores every file on test
words (all 12,000 by default; a quarter of an hour on two quiet cores), and keeps its report and picture as
models/g2p/g2p.ladder.json and .png. `--readme-only` draws the table anew from the stored report. Decisions rest on dev
words.
"""

from __future__ import annotations

import argparse
import pathlib
import shutil
import sys
import tempfile

from tfedge.cli.terminal import TerminalReporter
from tfedge.errors import TfedgeError
from tfedge.reports.ladder_config import LadderConfig
from tfedge.reports.ladder_report import LadderReport, read_ladder
from tfedge.reports.ladder_table import markdown_table
from tools.update_readme import README, write_region

MODEL = README.parent / "models" / "g2p" / "g2p.keras"
MARKS = ("<!-- recipes: begin -->", "<!-- recipes: end -->")
ALL_TEST_WORDS = 12_000


def measure(words: int, targets: list[str] | None) -> None:
    """Runs the ladder and keeps its report and picture beside the model."""
    from tfedge.cli import wing_a
    from tfedge.pipeline import ladder

    wing_a.import_tensorflow()
    config = LadderConfig(num_test_words=words, score_all=True)
    with tempfile.TemporaryDirectory(prefix="tfedge-recipes-") as folder:
        ladder.climb(MODEL, folder, targets, config, reporter=TerminalReporter())
        made = ladder.report_files(pathlib.Path(folder), MODEL.stem)
        kept = ladder.report_files(MODEL.parent, MODEL.stem)
        for kind in ("json", "png"):
            shutil.copyfile(made[kind], kept[kind])


def region(report: LadderReport) -> str:
    """Returns what stands between the marks."""
    made = f"Measured {report.created_utc[:10]} by `tools/recipe_table.py` on {report.conditions.cpu}."
    return f"\n{markdown_table(report)}\n\n{made}\n"


def update_readme(readme: pathlib.Path = README) -> None:
    """Writes the table of the stored report between the marks."""
    write_region(readme, region(read_ladder(MODEL.with_suffix(".ladder.json"))), *MARKS)


def main(arguments: list[str] | None = None) -> int:
    """Measures and writes; returns 0, whatever the verdicts: the table shows them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--words", type=int, default=ALL_TEST_WORDS, help="test words to score (default: all)")
    parser.add_argument("--target", action="append", dest="targets", metavar="T", help="default: those installed here")
    parser.add_argument("--readme-only", action="store_true", help="draw the table from the stored report")
    args = parser.parse_args(arguments)
    try:
        if not args.readme_only:
            measure(args.words, args.targets)
        update_readme()
    except TfedgeError as error:
        print(f"recipe_table: error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
