from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.golden import packed_autokey, packed_classifier
from tests.unit.reports import sample_reports as made
from tests.unit.reports.html.strict_page import StrictPage, problems
from tfedge.errors import ArtifactError
from tfedge.reports.html.page import content_of, page, write_page
from tfedge.reports.html.subject import Subject, read_subject
from tfedge.reports.report_file import write_report

KINDS = ("image", "signal", "anomaly")


def drawn(folder, kind: str, **changes) -> tuple[str, StrictPage]:
    """Returns the page of a packed classifier, as text and parsed."""
    path = packed_classifier.write(folder / f"{kind}.tflite", kind, **changes).path
    text = shown(read_subject(path))
    return text, StrictPage(text)


def shown(subject: Subject) -> str:
    """Returns the page on a subject."""
    return page(subject, content_of(subject))


def report_of(pack, **changes):
    """Returns a report with one row of a pack's model and one of another."""
    row = made.row(model_sha256=pack.manifest.model_sha256, **changes)
    return made.make_report(made.row("float32", made.TFLITE, latency=made.latency(made.TFLITE)), row)


def ids(parsed: StrictPage) -> list[str]:
    """Returns the sections of a page, in order."""
    return [attributes["id"] for attributes in parsed.all("section")]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The page of each kind of packed classifier, drawn once."""
    folder = tmp_path_factory.mktemp("pages")
    return {kind: drawn(folder, kind) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_page_of_a_pack_alone_is_strict_html_and_says_what_is_left_out(pages, kind):
    text, parsed = pages[kind]
    assert problems(text) == []
    middle = ["scores"] if kind == "anomaly" else ["classes"]
    assert ids(parsed) == ["gates", *middle, "errors", "attention", "size", "conditions", "made"]
    assert "Table and latency: there is no report at" in "".join(parsed.texts)


def test_page_of_words_with_its_report_has_every_section(tmp_path):
    pack = packed_autokey.write(tmp_path / "m.tflite")
    write_report(tmp_path / "m.report.json", report_of(pack))
    text = shown(read_subject(pack.path))
    parsed = StrictPage(text)
    assert problems(text) == []
    # No attention: the fixture's decoder has none. No errors: it makes none.
    assert ids(parsed) == ["results", "gates", "classes", "latency", "size", "conditions", "made"]
    assert len(parsed.all("tr", "this")) == 1 and len(parsed.all("div", "tile")) == 7


@pytest.mark.parametrize("name", ["m.report.json", "other.json"])
def test_page_of_a_report_alone_has_its_table_and_latency(tmp_path, report, name):
    write_report(tmp_path / name, report)
    text = shown(read_subject(tmp_path / name))
    assert problems(text) == []
    assert ids(StrictPage(text)) == ["results", "gates", "latency", "conditions", "made"]
    assert "not measured" in text and "use recipe static_wi8_ai8_fc there" in text


def test_page_when_names_are_markup_then_they_are_text(pages):
    text, parsed = pages["image"]
    assert "<script" not in text and "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>alert(1)</script>" in parsed.texts and "made <by>" in parsed.texts


def test_page_when_a_report_is_hostile_then_it_is_text(tmp_path):
    hostile = "</style><script>x</script>\"'><b onload=y>"
    changes = {"task": hostile, "notes": (hostile,), "provenance": {hostile: {hostile: hostile}}, "model_path": hostile}
    write_report(tmp_path / "m.json", made.make_report(made.row(hostile), **changes))
    text = shown(read_subject(tmp_path / "m.json"))
    assert problems(text) == [] and hostile not in text
    assert hostile in StrictPage(text).texts


@pytest.mark.parametrize("kind", ["image", "anomaly"])
def test_page_when_drawn_again_then_the_same_bytes(tmp_path, pages, kind):
    assert drawn(tmp_path, kind)[0] == pages[kind][0]


def test_page_when_signatures_are_timed_then_each_has_its_row(tmp_path):
    timed = dataclasses.replace(made.latency(), calls=("classify", "embed") * 5, entry="signatures")
    row = made.row(latency=timed, entry="signatures", memory=None)
    write_report(tmp_path / "m.json", made.make_report(row))
    text = shown(read_subject(tmp_path / "m.json"))
    assert problems(text) == []
    assert "· classify" in text and "· embed" in text and "600 samples: " in text


def test_page_when_one_sample_took_forever_then_the_axis_is_not_for_it(tmp_path):
    usual = made.latency()
    late = dataclasses.replace(usual, samples_ms=(*usual.samples_ms[:-1], 5_000.0))
    write_report(tmp_path / "m.json", made.make_report(made.row(latency=late)))
    text = shown(read_subject(tmp_path / "m.json"))
    assert "1 of 1,200 samples are slower than the axis is long." in text
    assert "500 ms" not in text


def test_write_page_then_one_file_and_the_subject(tmp_path):
    pack = packed_classifier.write(tmp_path / "m.tflite", "image")
    subject = write_page(pack.path, tmp_path / "new" / "m.html")
    assert subject.verdict == "pass"
    assert (tmp_path / "new" / "m.html").read_text("utf-8") == shown(read_subject(pack.path))


def test_write_page_when_the_file_exists_then_refused_before_anything_is_read(tmp_path):
    (tmp_path / "m.html").write_text("mine")
    with pytest.raises(ArtifactError, match="pass --force"):
        write_page(tmp_path / "absent.tflite", tmp_path / "m.html")
    assert (tmp_path / "m.html").read_text() == "mine"


def test_page_when_a_picture_has_three_channels_and_a_signal_one_then_it_is_drawn(tmp_path):
    subject = read_subject(packed_classifier.write(tmp_path / "m.tflite", "image").path)
    content = content_of(subject)
    coloured = dataclasses.replace(content.wrong[0], values=np.zeros((4, 4, 3), np.uint8), weights=None)
    single = dataclasses.replace(content.wrong[0], values=np.zeros((5, 1), np.float32), weights=None)
    text = page(subject, dataclasses.replace(content, wrong=(coloured, single)))
    assert problems(text) == []
    assert len(StrictPage(text).all("polyline")) == 1


def test_page_when_a_window_is_one_row_then_a_bar_a_channel_to_one_scale(tmp_path):
    subject = read_subject(packed_classifier.write(tmp_path / "m.tflite", "signal").path)
    content = content_of(subject)
    small, large = (
        dataclasses.replace(content.wrong[0], values=np.array([row], np.float32), weights=None)
        for row in ([1.0, -2.0], [8.0, 0.0])
    )
    text = page(subject, dataclasses.replace(content, wrong=(small, large), right=()))
    assert problems(text) == []
    assert 'width:12.5%"' in text and 'width:25%" class="low"' in text and 'width:100%"' in text
    assert "+8" in text and "-2" in text and StrictPage(text).all("polyline") == []
