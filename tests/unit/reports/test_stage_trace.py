from __future__ import annotations

import json

import pytest

from tests.golden import packed_autokey, packed_tensors
from tests.listener import Listener
from tests.unit.devices import ssh_here
from tfedge.artifacts import sha256_hex
from tfedge.errors import ConfigError, InputError, IntegrityError, WorkerError
from tfedge.reports.stage_comparison import compare_reports
from tfedge.reports.stage_table import report_lines
from tfedge.reports.stage_trace import stage_trace
from tfedge.validation.golden import check_golden


@pytest.fixture
def pack(tmp_path):
    return packed_autokey.write(tmp_path / "m.tflite", evaluated=[])


def test_stage_trace_when_local_then_what_ran_where_and_every_golden_case_passed(pack):
    listener = Listener()
    report = stage_trace(pack.path, runtime="tflite-runtime", texts=["ab"], num_threads=2, reporter=listener)
    assert report.model.sha256 == sha256_hex(pack.path.read_bytes()) and report.model.size_bytes == len(pack.file)
    assert report.model.tflite_sha256 == pack.manifest.model_sha256
    assert (report.runtime_name, report.device.kind, report.threads.asked) == ("tflite-runtime", "local", 2)
    assert (report.golden.num_cases, report.golden.num_passed, report.latency) == (12, 12, None)
    assert len(report.traces) == 13 and report.device.cores >= 1 and report.device.os
    assert any(str(pack.path) in said for said in listener.said)
    json.dumps(report.to_json(), allow_nan=False)


def test_stage_trace_when_the_file_answers_wrongly_then_the_first_difference_is_named(tmp_path):
    path = packed_autokey.write(tmp_path / "m.tflite", model_bytes=packed_autokey.slipping_model()).path
    golden = stage_trace(path).golden
    assert golden.num_passed < golden.num_cases
    assert (golden.first_difference.stage, golden.first_difference.quant_steps) == ("tokens", None)
    assert golden.first_difference.expected != golden.first_difference.actual


def test_stage_trace_when_over_ssh_then_the_same_at_every_stage(pack, tmp_path, monkeypatch):
    machine = ssh_here.install(tmp_path, monkeypatch)
    board = stage_trace(pack.path, f"ssh:pi:{machine.python()}", texts=["ab"])
    assert (board.device.name, board.device.kind) == ("pi", "ssh")
    compared = compare_reports(stage_trace(pack.path, texts=["ab"]), board)
    assert compared.verdict == "pass" and compared.actual.startswith("pi (ssh), ")


def test_stage_trace_when_a_text_cannot_be_read_then_no_device_is_asked(pack):
    with pytest.raises(InputError, match="'xyz'"):
        stage_trace(pack.path, "ssh:nowhere", texts=["xyz"])


@pytest.mark.parametrize(("change", "error"), [({"num_threads": 0}, ConfigError), ({"device": "moon"}, ConfigError)])
def test_stage_trace_when_asked_wrongly_then_config_error(pack, change, error):
    with pytest.raises(error):
        stage_trace(pack.path, **change)


def test_stage_trace_when_the_file_was_changed_or_takes_tensors_then_refused(pack, tmp_path):
    data = bytearray(pack.path.read_bytes())
    data[100] ^= 1
    (tmp_path / "x.tflite").write_bytes(data)
    with pytest.raises(IntegrityError):
        stage_trace(tmp_path / "x.tflite")
    packed_tensors.write(tmp_path / "t.tflite")
    with pytest.raises(ConfigError, match="takes and gives tensors"):
        stage_trace(tmp_path / "t.tflite")


def test_stage_trace_when_the_runtime_refuses_the_file_then_its_words(tmp_path):
    from tests.golden import autokey

    path = packed_autokey.write(tmp_path / "m.tflite", model_bytes=autokey.REFUSED_MODEL.read_bytes()).path
    with pytest.raises(WorkerError, match="FULLY_CONNECTED"):
        stage_trace(path, runtime="tflite-runtime")


def test_report_lines_then_device_runtime_and_finding(pack):
    report = stage_trace(pack.path, texts=["ab"])
    tokens = [trace.tokens for trace in report.traces[:12]]
    (finding,) = check_golden(pack.golden, tokens, "float32")
    lines = report_lines(report, finding)
    assert lines[0].startswith("pass  float32 on ") and "12 golden cases and 1 text" in lines[2]
