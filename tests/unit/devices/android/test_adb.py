from __future__ import annotations

import dataclasses
import json

import pytest

from tests.fake_phone import SERIAL
from tfedge.devices.android import adb as adb_module
from tfedge.devices.android.adb import Adb, find_adb
from tfedge.errors import DeviceError


def test_find_adb_when_it_is_on_path_then_that_one(phone):
    assert find_adb() == phone.adb


@pytest.mark.parametrize("variable", ["ANDROID_HOME", "ANDROID_SDK_ROOT"])
def test_find_adb_when_only_the_sdk_has_it_then_that_one(phone, monkeypatch, tmp_path, variable):
    tools = tmp_path / "sdk" / "platform-tools"
    tools.mkdir(parents=True)
    phone.adb.rename(tools / "adb")
    monkeypatch.setenv(variable, str(tmp_path / "sdk"))
    assert find_adb() == tools / "adb"


def test_find_adb_when_there_is_none_then_one_line_says_what_to_do(phone, monkeypatch, tmp_path):
    phone.adb.unlink()
    monkeypatch.setenv("ANDROID_HOME", str(tmp_path))
    with pytest.raises(DeviceError, match="apt install adb.*--device android-host") as caught:
        find_adb()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("word", ["a b", "$(rm -rf /)", "it's", "", "; reboot", "a\nb", "Ünï \\x"])
def test_shell_when_a_word_means_something_to_a_shell_then_it_arrives_as_it_is(adb, word):
    assert adb.shell("echo", word, "end").out.startswith(json.dumps([word, "end"]))


def test_call_when_the_server_chatters_on_stdout_and_lines_end_as_on_windows_then_only_the_answer_is_read(adb, phone):
    phone.break_(server_noise=True, crlf=True)
    assert adb.call("get-state").out == "device\n"


def test_call_when_a_command_of_the_device_fails_then_its_code_and_words_are_the_answer(adb):
    said = adb.shell("frobnicate")
    assert (said.code, said.line) == (127, "/system/bin/sh: frobnicate: inaccessible or not found")


@pytest.mark.parametrize("state", ["offline", "unauthorized"])
def test_call_when_the_device_is_not_ready_then_one_line(adb, phone, state):
    phone.change(devices=[[SERIAL, state, ""]])
    with pytest.raises(DeviceError, match=f"expected {SERIAL} to stay connected; adb said: error: device {state}"):
        adb.shell("date")


def test_call_when_the_device_is_gone_then_one_line(adb, phone):
    phone.change(devices=[])
    with pytest.raises(DeviceError, match=f"error: device '{SERIAL}' not found; plug the cable in again"):
        adb.shell("date")


def test_call_when_the_server_does_not_start_then_one_line(adb, phone):
    phone.break_(server="* failed to start daemon\nerror: cannot connect to daemon")
    with pytest.raises(DeviceError, match="expected adb to start its server; .* `adb kill-server`"):
        adb.call("devices")


def test_call_when_adb_never_answers_then_one_line_in_time(adb, phone):
    phone.break_(never_answers=True)
    with pytest.raises(DeviceError, match="within 0.3 s; there was none"):
        adb.call("devices", timeout_s=0.3)


def test_call_when_adb_is_no_program_then_one_line(adb, phone):
    phone.adb.write_text("no program")
    with pytest.raises(DeviceError, match="expected to start .*adb; Exec format error"):
        adb.call("devices")


def test_call_when_the_device_itself_says_error_then_it_is_no_lost_device(adb, phone, monkeypatch):
    monkeypatch.setattr(Adb, "_finish", lambda *_: (1, b"", b"cat: error: closed\n"))
    assert adb.shell("cat", "x").code == 1


def test_read_then_the_very_bytes(adb, phone):
    data = bytes(range(256)) * 8 + b"\r\n\n"
    phone.at("/data/local/tmp/a b").write_bytes(data)
    assert adb.read("/data/local/tmp/a b") == data


def test_said_when_the_storage_is_full_then_it_says_so():
    said = adb_module.Said(1, "", "cp: x: No space left on device")
    assert said.is_full and not dataclasses.replace(said, err="cp: x: Permission denied").is_full
