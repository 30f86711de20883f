"""Where it was measured, and how the model was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tfedge.reports.html.markup import Markup, element
from tfedge.reports.markdown import flatten
from tfedge.reports.schema import Report

Facts = Sequence[tuple[str, str]]


def conditions_section(report: Report | None, runtime: str, missing: Sequence[str]) -> Markup:
    """Returns what figures and answers hold for.

    Args:
        report: whose figures the page shows.
        runtime: that gave the answers the page shows; empty where none did.
        missing: what the page leaves out and why, a sentence each.
    """
    facts = [*_measured(report)] if report else []
    if runtime:
        facts.append(("answers and attention", f"by {runtime}, when this page was drawn"))
    left_out = [element("h3", "Left out", style="margin-top:18px")] if missing else []
    left_out += [element("ul", *(element("li", each) for each in missing), class_="soft")] if missing else []
    listed = [definitions(facts)] if facts else []
    return element("section", element("h2", "Conditions"), *listed, *left_out, id="conditions")


def made_section(provenance: Mapping[str, Any]) -> Markup | None:
    """Returns how the model was trained and converted, as its maker wrote it down; None where nobody did."""
    facts = list(flatten("", provenance))
    if not facts:
        return None
    folded = element("details", element("summary", f"all {len(facts)} facts"), definitions(facts, "made"))
    return element("section", element("h2", "How it was made"), folded, id="made")


def definitions(facts: Facts, style: str | None = None) -> Markup:
    """Returns names with their values, each a text or made by `element`."""
    pairs = (part for name, value in facts for part in (element("dt", name), element("dd", value)))
    return element("dl", *pairs, class_=style)


def _measured(report: Report) -> Facts:
    here = report.conditions
    threads = sorted({row.latency.num_threads for row in report.rows if row.latency is not None})
    facts = [
        ("measured", f"{report.created_utc} by tfedge {report.tfedge_version}, `tfedge {report.kind}`"),
        ("processor", f"{here.cpu} ({here.machine}), {here.cores} cores used at most"),
        ("system", f"{here.os}, Python {here.python}"),
        ("packages", ", ".join(f"{name} {version}" for name, version in sorted(here.packages.items()))),
    ]
    return [*facts, ("threads", " or ".join(map(str, threads)))] if threads else facts
