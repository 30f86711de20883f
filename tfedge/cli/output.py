"""How verbs show a report on stdout."""

from __future__ import annotations

import json

from rich.console import Console

from tfedge.reports import markdown, table
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
