"""What a run of a task writes, whatever the task: sealed files, the report, the model card."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

from tfedge.artifacts import check_writable, write_bytes
from tfedge.checks.verdict import worst
from tfedge.conversion.recipes import RECIPES, recipe_file
from tfedge.modelfile.pack import Pack, reseal
from tfedge.progress import Reporter
from tfedge.reports.markdown import model_card
from tfedge.reports.report_file import report_path, write_report
from tfedge.reports.schema import Report
from tfedge.validation.evaluate import Evaluation


def shipped_path(out: pathlib.Path, name: str) -> pathlib.Path:
    """Returns where the file that ships is written."""
    return out / f"{name}.tflite"


def card_path(out: pathlib.Path, name: str) -> pathlib.Path:
    """Returns where the model card is written."""
    return out / f"{name}.md"


def check_free(out: pathlib.Path, name: str, force: bool) -> None:
    """Refuses to run where a file would be replaced; ArtifactError names it."""
    files = (shipped_path(out, name), report_path(out, name), card_path(out, name))
    for path in (*files, *(recipe_file(out, name, recipe) for recipe in RECIPES)):
        check_writable(path, force)


def seal(
    packs: Sequence[Pack], evaluations: Sequence[Sequence[Evaluation]], shipped: pathlib.Path, recipe: str
) -> None:
    """Records the gates' results and the runtimes that passed, and writes the file of `recipe` under its short name."""
    for pack, row in zip(packs, evaluations, strict=True):
        gates = [{"target": str(each.target), **finding.to_json()} for each in row for finding in each.findings]
        passed = [str(each.target) for each in row if worst(each.findings) == "pass"]
        sealed = reseal(pack, pack.path, gates, passed)
        if pack.manifest.recipe == recipe:
            reseal(sealed, shipped)


def write_results(report: Report, out: pathlib.Path, name: str, force: bool, reporter: Reporter) -> None:
    """Writes the report and the model card, and says where all is."""
    write_report(report_path(out, name), report, force)
    write_bytes(card_path(out, name), model_card(report).encode(), force)
    reporter.say(f"model  {shipped_path(out, name)}")
    reporter.say(f"report {report_path(out, name)}, {card_path(out, name)}")
