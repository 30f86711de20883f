"""The stage behind `tfedge report --html`: one page on one model, whole in one file, without network or script.

The same pack, report and runtime give the same bytes.
"""

from __future__ import annotations

import os
import pathlib
import re
from collections.abc import Sequence

from tfedge.artifacts import check_writable, write_bytes
from tfedge.modelfile.pack import Pack
from tfedge.progress import SILENT, Reporter
from tfedge.reports.html import array_cases, text_cases
from tfedge.reports.html.array_content import array_content
from tfedge.reports.html.classes import classes_section
from tfedge.reports.html.conditions import conditions_section, made_section
from tfedge.reports.html.content import ArrayCase, Content, TextCase
from tfedge.reports.html.header import header
from tfedge.reports.html.latency import latency_section
from tfedge.reports.html.markup import Markup, element, raw
from tfedge.reports.html.results import gates_section, results_section
from tfedge.reports.html.scores import scores_section
from tfedge.reports.html.subject import Subject, read_subject
from tfedge.reports.html.text_content import text_content
from tfedge.reports.html.weights import weights_section
from tfedge.tasks.preprocessing.windows import WindowPreprocessing
from tfedge.tasks.tensor_task import TensorTask, is_tensor_task


def write_page(
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    force: bool = False,
    runtime: str | None = None,
    reporter: Reporter = SILENT,
) -> Subject:
    """Writes the page on a packed file, on a report, or on both where they lie beside each other.

    Args:
        path: a packed `.tflite`, or a report as `tfedge run`, `validate` and `bench` write it.
        out: the page to write.
        force: whether it may replace a file.
        runtime: to ask; LiteRT where it is installed.
        reporter: hears what is done.

    Raises:
        ArtifactError, IntegrityError: as `read_subject`; or `out` exists or cannot be written.
        RuntimeUnavailableError: no runtime is installed.
    """
    check_writable(out, force)
    subject = read_subject(path)
    reporter.stage(f"page on {subject.name}")
    content = content_of(subject, runtime, reporter)
    data = page(subject, content).encode()
    write_bytes(out, data, force)
    reporter.say(f"{pathlib.Path(out)}: {len(data):,} bytes")
    return subject


def content_of(subject: Subject, runtime: str | None = None, reporter: Reporter = SILENT) -> Content:
    """Returns what the file answers; of a report alone nothing."""
    if subject.pack is None:
        return Content()
    if is_tensor_task(subject.pack.task):
        return array_content(subject.pack, subject.report, runtime, reporter)
    return text_content(subject.pack, runtime, reporter)


def page(subject: Subject, content: Content) -> str:
    """Returns the page as HTML."""
    sections = _sections(subject, content)
    title = f"{subject.task} · {subject.name}"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        # Nothing but what is in the file, whatever a reader's browser would let it do.
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("title", title),
        element("style", raw(_style())),
    )
    body = element(
        "body",
        header(subject, [(identity, name) for identity, name, _ in sections]),
        element("main", *(section for _, _, section in sections)),
        element(
            "footer",
            element("p", "Drawn by tfedge report --html. This file is whole: it asks no network for anything."),
        ),
    )
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def _style() -> str:
    """Returns the style sheet, without its comments."""
    return re.sub(r"/\*.*?\*/\s*", "", pathlib.Path(__file__).with_name("page.css").read_text("utf-8"), flags=re.DOTALL)


_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def _sections(subject: Subject, content: Content) -> list[tuple[str, str, Markup]]:
    """Returns id, title and content of each section that has something to show."""
    report, pack = subject.report, subject.pack
    missing = [*((subject.note,) if subject.note else ()), *content.missing]
    sha256 = pack.manifest.model_sha256 if pack else None
    provenance = report.provenance if report else pack.manifest.provenance if pack else {}
    every: list[tuple[str, str, Markup | None]] = [
        ("results", "Recipes", results_section(report, sha256) if report else None),
        ("gates", "Gates", gates_section(subject.findings) if subject.findings else None),
        ("classes", "Classes", classes_section(content.classes) if content.classes else None),
        ("scores", "Scores", scores_section(content.scores) if content.scores else None),
        ("errors", "Errors", _cases("errors", "Where it errs", content.wrong_caption, content.wrong, pack)),
        ("attention", "Examples", _cases("attention", content.right_title, content.right_caption, content.right, pack)),
        ("latency", "Latency", latency_section(report) if report else None),
        ("size", "Size", weights_section(pack) if pack else None),
        ("conditions", "Conditions", conditions_section(report, content.runtime, missing)),
        ("made", "Making", made_section(provenance)),
    ]
    return [(identity, title, section) for identity, title, section in every if section is not None]


def _cases(
    identity: str, title: str, caption: str, cases: Sequence[TextCase | ArrayCase], pack: Pack | None
) -> Markup | None:
    texts = [case for case in cases if isinstance(case, TextCase)]
    arrays = [case for case in cases if isinstance(case, ArrayCase)]
    if not caption or not cases:
        return None
    drawn = [text_cases.cards(texts, is_open=identity == "attention")] if texts else []
    drawn += [array_cases.cards(arrays, _channels(pack))] if arrays else []
    return element("section", element("h2", title), element("p", caption, class_="caption"), *drawn, id=identity)


def _channels(pack: Pack | None) -> tuple[str, ...]:
    """Returns the names of a signal's channels; none of anything else."""
    preprocessing = TensorTask.from_json(dict(pack.task)).preprocessing if pack else None
    return preprocessing.channels if isinstance(preprocessing, WindowPreprocessing) else ()
