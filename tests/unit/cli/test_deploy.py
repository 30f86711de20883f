from __future__ import annotations

import json

import pytest

from tests.fake_phone import put_on_path
from tests.golden import packed_autokey
from tests.unit.reports import device_answers as answers
from tfedge.cli import main
from tfedge.reports.stage_trace import stage_trace


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A packed file."""
    return packed_autokey.write(tmp_path_factory.mktemp("deploy") / "m.tflite").path


@pytest.fixture(scope="module")
def sent(path):
    """What a phone that runs it right sends back."""
    return answers.as_phone(stage_trace(path))


@pytest.fixture
def phone(tmp_path, monkeypatch, sent):
    """That phone."""
    phone = put_on_path(tmp_path / "phone", monkeypatch)
    phone.answer("selftest", answers.to_bytes(sent))
    return phone


def test_deploy_then_a_table_on_stdout_and_exit_0(phone, path, capsys):
    assert main.main(["deploy", "android", str(path)]) == 0
    out, err = capsys.readouterr()
    assert "device: Google Pixel 8, Android 14" in out and out.endswith("verdict: pass\n")
    assert "model pushed" in err


def test_deploy_when_a_stage_differs_then_json_says_which_and_exit_1(phone, path, sent, capsys):
    phone.answer("selftest", answers.to_bytes(answers.broken_at("ids", sent)))
    assert main.main(["deploy", "android", str(path), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["comparison"]["first"]["stage"] == "ids"


def test_deploy_when_there_is_no_device_then_one_line_and_exit_3(phone, path, capsys):
    phone.change(devices=[])
    assert main.main(["deploy", "android", str(path)]) == 3
    out, err = capsys.readouterr()
    assert out == "" and err.splitlines()[-1].startswith("tfedge: error: expected an Android device; adb sees none")
