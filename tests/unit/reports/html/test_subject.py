from __future__ import annotations

import json

import pytest

from tests import models
from tests.golden import packed_autokey
from tests.unit.reports import sample_reports as made
from tfedge.errors import ArtifactError, ConfigError, IntegrityError
from tfedge.modelfile.pack import reseal
from tfedge.reports.html.subject import Subject, read_subject
from tfedge.reports.report_file import write_report


@pytest.fixture
def pack(tmp_path):
    return packed_autokey.write(tmp_path / "m.tflite")


@pytest.mark.parametrize("name", ["m.tflite", "m.report.json"])
def test_subject_when_both_lie_beside_each_other_then_either_name_gives_both(tmp_path, pack, name):
    report = made.make_report(made.row(), made.row(model_sha256=pack.manifest.model_sha256))
    write_report(tmp_path / "m.report.json", report)
    subject = read_subject(tmp_path / name)
    assert (subject.name, subject.pack.sha256, subject.report, subject.note) == (name, pack.sha256, report, "")


def test_subject_when_the_report_is_of_another_model_then_it_is_left_out_and_said(tmp_path, pack, report):
    write_report(tmp_path / "m.report.json", report)
    of_pack, of_report = read_subject(pack.path), read_subject(tmp_path / "m.report.json")
    assert of_pack.report is None and "is of another model, by its sha256" in of_pack.note
    assert of_report.pack is None and "is another model, by its sha256" in of_report.note


def test_subject_of_a_pack_alone_then_its_own_gates_decide(tmp_path):
    gate = {"gate": "accuracy", "message": "lost 3 points", "verdict": "fail", "target": made.LITERT}
    pack = packed_autokey.write(tmp_path / "m.tflite")
    reseal(pack, pack.path, gates=[gate])
    subject = read_subject(pack.path)
    assert (subject.task, subject.verdict) == ("g2p", "fail")
    assert [where for where, _ in subject.findings] == [f"{pack.manifest.recipe} on {made.LITERT}"]


def test_subject_of_neither_then_config_error():
    with pytest.raises(ConfigError, match="a pack or a report; got neither"):
        Subject("m", None, None)


def test_subject_when_there_is_no_file_then_refused(tmp_path):
    with pytest.raises(ArtifactError, match="there is none; check the path"):
        read_subject(tmp_path / "absent.tflite")


@pytest.mark.parametrize("data", [models.dense("float32"), b"", b"anything"])
def test_subject_when_the_file_is_neither_then_refused(tmp_path, data):
    (tmp_path / "m.tflite").write_bytes(data)
    with pytest.raises(ArtifactError, match="it is neither"):
        read_subject(tmp_path / "m.tflite")


def test_subject_when_the_pack_was_changed_then_refused(pack):
    data = bytearray(pack.path.read_bytes())
    data[100] ^= 1
    pack.path.write_bytes(data)
    with pytest.raises(IntegrityError):
        read_subject(pack.path)


@pytest.mark.parametrize("name", ["m.tflite", "m.report.json"])
def test_subject_when_the_report_has_another_schema_then_refused(tmp_path, pack, report, name):
    (tmp_path / "m.report.json").write_text(json.dumps({**report.to_json(), "schema_version": 99}))
    with pytest.raises(ArtifactError, match="schema_version"):
        read_subject(tmp_path / name)


def test_subject_when_it_is_a_ladder_then_refused_by_that_name(tmp_path):
    (tmp_path / "m.ladder.json").write_text('{"rungs": []}')
    with pytest.raises(ArtifactError, match="it is that of a ladder"):
        read_subject(tmp_path / "m.ladder.json")
