"""How verbs show a report on stdout."""

from __future__ import annotations

import json

from rich.console import Console

from tfedge.reports import check_table, deploy_table, fix_table, ladder_table, markdown, table
from tfedge.reports.check_report import CheckReport
from tfedge.reports.deploy_report import DeployReport
from tfedge.reports.fix_report import FixReport
from tfedge.reports.ladder_report import LadderReport
from tfedge.reports.schema import Report


def show(report: Report, style: str = "table") -> int:
    """Prints `report` as "table", "markdown" or "json" and returns the exit code of its verdict."""
    if style == "json":
        print(json.dumps(report.to_json(), indent=2, ensure_ascii=False))
    elif style == "markdown":
        print(markdown.model_card(report), end="")
    else:
        table.print_report(report, Console(highlight=False))
    return report.exit_code


def show_check(report: CheckReport, as_json: bool = False) -> int:
    """Prints what was checked, as a table or as JSON, and returns the exit code of its verdict."""
    if as_json:
        print(json.dumps(report.to_json(), indent=2, ensure_ascii=False))
    else:
        check_table.print_check(report, Console(highlight=False))
    return report.exit_code


def show_fix(report: FixReport, as_json: bool = False) -> int:
    """Prints what was rewritten, or why nothing was, as text or as JSON, and returns the exit code."""
    if as_json:
        print(json.dumps(report.to_json(), indent=2, ensure_ascii=False))
    else:
        fix_table.print_fix(report, Console(highlight=False))
    return report.exit_code


def show_ladder(report: LadderReport, style: str = "table") -> int:
    """Prints what every recipe is on every target, and what ships; as `show`."""
    if style == "markdown":
        print(ladder_table.ladder_markdown(report), end="")
    elif style == "json":
        print(json.dumps(report.to_json(), indent=2, ensure_ascii=False))
    else:
        ladder_table.print_ladder(report, Console(highlight=False))
    return report.exit_code


def show_deploy(report: DeployReport, as_json: bool = False) -> int:
    """Prints what the device did beside this machine, as text or as JSON, and returns the exit code."""
    if as_json:
        print(json.dumps(report.to_json(), indent=2, ensure_ascii=False))
    else:
        deploy_table.print_deploy(report, Console(highlight=False))
    return report.exit_code
