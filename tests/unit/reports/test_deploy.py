from __future__ import annotations

import json
import sys

import pytest

from tests.fake_phone import SERIAL, put_on_path, write_apk
from tests.golden import packed_autokey
from tests.listener import Listener
from tests.unit.reports import device_answers as answers
from tfedge.devices.android import android_host
from tfedge.devices.android.following import Patience
from tfedge.errors import ArtifactError, ConfigError, DeviceError
from tfedge.reports import deploy
from tfedge.reports.deploy import DeployConfig, deploy_android
from tfedge.reports.deploy_reading import texts_sha256, texts_to_time
from tfedge.reports.device_report import read_device_report
from tfedge.reports.stage_trace import stage_trace
from tfedge.validation.case_trace import STAGES

# Of a machine that is busy with other tests; a hang is waited for less.
PATIENCE = Patience(look_s=2.0, silence_s=60.0, total_s=120.0)
HURRY = Patience(look_s=0.1, silence_s=0.3)


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """A right file, its pack, and what it does on this machine."""
    pack = packed_autokey.write(tmp_path_factory.mktemp("deploy") / "m.tflite")
    return pack, stage_trace(pack.path)


@pytest.fixture
def phone(tmp_path, monkeypatch, packed):
    """A phone with the app, on which the file does what it does here."""
    phone = put_on_path(tmp_path / "phone", monkeypatch)
    phone.answer("selftest", answers.to_bytes(answers.as_phone(packed[1])))
    return phone


@pytest.fixture
def here_once(monkeypatch, packed):
    """Lets this machine's real run of the file, which is the same in every test, be made once."""
    monkeypatch.setattr(deploy, "stage_trace", lambda *_, **__: packed[1])


@pytest.fixture
def host(tmp_path, monkeypatch, packed):
    """A program in place of android-host, which is quicker than a phone; returns a function that sets its report."""
    program = tmp_path / "host.py"
    sent = tmp_path / "sent.json"
    program.write_text(f"import sys\nopen(sys.argv[4], 'wb').write(open({str(sent)!r}, 'rb').read())\n")
    monkeypatch.setattr(android_host, "host_command", lambda: (sys.executable, "-IS", str(program)))

    def answer(report):
        sent.write_bytes(answers.to_bytes(report))

    answer(answers.as_phone(packed[1], kind="android-host"))
    return answer


@pytest.fixture(scope="module")
def timed_here(packed):
    """What this machine measures, once."""
    pack, local = packed
    return deploy._time_here(pack, texts_to_time(pack), local, 1, Listener())


@pytest.fixture
def timed_once(monkeypatch, timed_here):
    """Lets this machine's latency be measured once."""
    monkeypatch.setattr(deploy, "measure_latency", lambda *_, **__: (timed_here,))


def run(packed, reporter=None, patience=PATIENCE, **config):
    return deploy_android(packed[0].path, DeployConfig(**config), reporter or Listener(), patience)


def test_deploy_when_the_phone_does_the_same_then_pass_and_exit_0(phone, packed):
    report = run(packed)
    assert (report.verdict, report.exit_code, report.comparison.first) == ("pass", 0, None)
    assert (report.how, report.app_version) == ("pushed", "0.1.0")
    assert report.place == f"Google Pixel 8, Android 14 (API 34), arm64-v8a, serial {SERIAL}"
    assert phone.models == {f"{packed[0].sha256}.tflite": packed[0].path.read_bytes()}


def test_deploy_when_the_model_is_there_then_it_is_not_pushed_again(phone, packed, here_once):
    assert [run(packed).how for _ in range(2)] == ["pushed", "already there"]
    assert phone.pushes == 1


@pytest.mark.parametrize("stage", STAGES)
def test_deploy_when_one_stage_differs_then_that_one_is_named_and_exit_1(host, packed, here_once, stage):
    host(answers.broken_at(stage, answers.as_phone(packed[1], kind="android-host")))
    report = run(packed, device="android-host")
    assert (report.exit_code, report.comparison.first.stage) == (1, stage)
    assert report.comparison.first.case == packed[0].golden[3].name


def test_deploy_when_the_device_runs_stale_weights_under_our_name_then_exit_1(host, packed, here_once, tmp_path):
    other = packed_autokey.write(tmp_path / "other.tflite", model_bytes=packed_autokey.slipping_model())
    stale = answers.as_phone(stage_trace(other.path), kind="android-host", model=packed[1].model)
    host(stale)
    report = run(packed, device="android-host")
    golden = [finding for finding in report.findings if finding.gate == "golden_cases"]
    assert (report.exit_code, report.comparison.first.stage, golden[0].verdict) == (1, "tokens", "fail")


@pytest.mark.parametrize("fault", ["server_noise", "crlf", "no_sha256sum"])
def test_deploy_when_adb_or_the_device_is_odd_then_all_the_same(phone, packed, here_once, fault):
    phone.break_(**{fault: True})
    heard = Listener()
    assert run(packed, heard).exit_code == 0
    assert any("lacks sha256sum" in said for said in heard.said) == (fault == "no_sha256sum")


@pytest.mark.parametrize(
    ("change", "fault", "said"),
    [
        ({"devices": []}, {}, "adb sees none"),
        ({"devices": [[SERIAL, "unauthorized", ""]]}, {}, "allow USB debugging for this computer"),
        ({"devices": [[SERIAL, "offline", ""]]}, {}, "it is offline; plug the cable in again"),
        ({"devices": [[SERIAL, "device", ""], ["emulator-5554", "device", ""]]}, {}, "choose one with --serial"),
        ({"properties": {"ro.build.version.sdk": "23"}}, {}, "use a newer device"),
        ({"properties": {"ro.product.cpu.abilist": "x86"}}, {}, "use a 64-bit device"),
        ({"app": None}, {}, "mvn -B -f android_demo package"),
        ({}, {"push": "full"}, "its storage is full"),
        ({}, {"push": "cable"}, "to stay connected"),
        ({}, {"app": "exception"}, "the app crashed: java.lang.OutOfMemoryError"),
        ({}, {"app": "hang"}, "was stopped; unlock the screen"),
        ({}, {"app": "fail:this pack is too new"}, "the app said: this pack is too new"),
    ],
)
def test_deploy_when_it_cannot_be_measured_then_one_line_and_exit_3(phone, packed, change, fault, said):
    phone.change(**change)
    phone.break_(**fault)
    with pytest.raises(DeviceError) as caught:
        run(packed, patience=HURRY if fault == {"app": "hang"} else PATIENCE)
    assert said in str(caught.value) and "\n" not in str(caught.value) and caught.value.exit_code == 3


@pytest.mark.parametrize("serial", ["--serial", "ANDROID_SERIAL"])
def test_deploy_when_there_are_two_devices_then_the_one_named(phone, packed, here_once, monkeypatch, serial):
    phone.change(devices=[["emulator-5554", "offline", ""], [SERIAL, "device", ""]])
    if serial == "ANDROID_SERIAL":
        monkeypatch.setenv(serial, SERIAL)
    assert run(packed, serial=SERIAL if serial == "--serial" else None).exit_code == 0


def test_deploy_when_an_apk_is_given_then_it_is_installed_first(phone, packed, here_once, tmp_path):
    phone.change(app=None)
    assert run(packed, apk=write_apk(tmp_path / "demo.apk")).exit_code == 0
    assert ["-s", SERIAL, "install", "-r", str(tmp_path / "demo.apk")] in phone.calls


def test_deploy_when_a_benchmark_is_asked_for_then_both_sides_are_timed(phone, packed, here_once, timed_once):
    pack, local = packed
    timed = answers.latency(local.entry, texts_sha256(texts_to_time(pack)))
    phone.answer("benchmark", answers.to_bytes(answers.as_phone(local, latency=timed)))
    report = run(packed, benchmark=True)
    assert report.notes == () and report.device.latency.num_runs == 240 and report.local_latency.num_runs >= 100
    assert [finding.verdict for finding in report.findings if finding.gate == "device_latency"] == ["pass"]


@pytest.mark.parametrize("has_latency", [True, False])
def test_deploy_when_latency_is_of_other_texts_or_missing_then_a_note_or_exit_3(
    host, packed, here_once, timed_once, has_latency
):
    timed = answers.latency(packed[1].entry, "e" * 64) if has_latency else None
    host(answers.as_phone(packed[1], kind="android-host", latency=timed))
    report = run(packed, device="android-host", benchmark=True)
    assert report.exit_code == (0 if has_latency else 3)
    assert [("other texts" in note) for note in report.notes] == [True] * has_latency


def test_deploy_when_a_folder_is_given_then_both_reports_are_there_and_are_not_replaced(
    host, packed, here_once, tmp_path
):
    report = run(packed, device="android-host", out=tmp_path / "out")
    sides = [read_device_report(path) for path in report.written]
    assert [side.device.kind for side in sides] == ["android-host", "local"]
    with pytest.raises(ArtifactError, match="m.android-host.json exists; pass --force"):
        run(packed, device="android-host", out=tmp_path / "out")
    assert run(packed, device="android-host", out=tmp_path / "out", force=True).written == report.written


def test_deploy_when_the_input_is_bad_then_the_phone_is_not_touched(phone, packed, tmp_path):
    junk = tmp_path / "junk.tflite"
    junk.write_bytes(b"no model")
    with pytest.raises(ArtifactError, match="there is no pack"):
        deploy_android(junk)
    with pytest.raises(ArtifactError, match="expected an APK in"):
        run(packed, apk=junk)
    assert phone.calls == []


def test_deploy_on_android_host_then_the_same_without_a_phone(host, packed):
    report = run(packed, device="android-host")
    assert (report.exit_code, report.how, report.device.device.kind) == (0, "read in place", "android-host")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"device": "iphone"}, "`device` must be one of android, android-host"),
        ({"num_threads": 0}, "`num_threads` must be 1 or more"),
        ({"device": "android-host", "serial": "x"}, "expected --device android with --serial; got android-host"),
    ],
)
def test_deploy_config_when_it_is_illegal_then_config_error(config, said):
    with pytest.raises(ConfigError, match=said):
        DeployConfig(**config)


def test_report_then_json_has_what_a_machine_needs_and_no_traces(host, packed, here_once):
    value = json.loads(json.dumps(run(packed, device="android-host").to_json()))
    assert (value["kind"], value["verdict"], value["model"]["sha256"]) == ("deploy", "pass", packed[0].sha256)
    assert value["device"]["runtime"] == "android-tflite==2.16.1@arm64-v8a" and "traces" not in value["device"]
