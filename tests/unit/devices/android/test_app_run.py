from __future__ import annotations

import time

import pytest

from tests.fake_phone import FILES, MODELS
from tfedge.artifacts import sha256_hex
from tfedge.devices.android.app_run import prepare, run_app
from tfedge.devices.android.following import Patience
from tfedge.errors import DeviceError
from tfedge.progress import SILENT

DATA = b"a model"
REMOTE = f"{MODELS}/{sha256_hex(DATA)}.tflite"
# Of a machine that is busy with other tests; what never comes is waited for less.
PATIENCE = Patience(look_s=2.0, silence_s=60.0, total_s=120.0)
HURRY = Patience(look_s=0.1, silence_s=0.3)


@pytest.fixture
def ready(adb, phone):
    """adb of a phone whose app is prepared, and has a model and an answer."""
    prepare(adb, SILENT, PATIENCE)
    phone.at(REMOTE).write_bytes(DATA)
    phone.answer("selftest", b'{"a": 1}\r\n')
    return adb


def run(adb, patience=PATIENCE, action="selftest"):
    return run_app(adb, action, REMOTE, 2, SILENT, patience)


def test_prepare_then_the_app_makes_its_folders(adb, phone):
    assert prepare(adb, SILENT, PATIENCE) == FILES
    assert phone.at(MODELS).is_dir() and phone.at(f"{FILES}/reports").is_dir()


def test_run_then_the_report_byte_by_byte_and_none_left_on_the_device(ready, phone):
    assert run(ready) == b'{"a": 1}\r\n'
    assert list(phone.at(f"{FILES}/reports").iterdir()) == []


def test_run_then_the_intent_is_that_of_the_contract(ready, phone):
    run(ready)
    (started,) = [call[-1] for call in phone.calls if "--es action selftest" in call[-1]]
    assert started.startswith(f"am start -S -n dev.tfedge.demo/.RunActivity --es action selftest --es model {REMOTE} ")
    assert started.endswith(" --ei threads 2")


@pytest.mark.parametrize("fault", ["server_noise", "crlf"])
def test_run_when_adb_is_noisy_then_the_same(ready, phone, fault):
    phone.break_(**{fault: True})
    assert run(ready) == b'{"a": 1}\r\n'


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("exception", "the app crashed: java.lang.OutOfMemoryError: Failed to allocate a 7340044 byte allocation; see"),
        ("signal", r"the app crashed: Fatal signal 11 \(SIGSEGV\)"),
        ("vanish", "the app's process ended without a word"),
        ("fail:op FULLY_CONNECTED version 12 is not known", "the app said: op FULLY_CONNECTED version 12 is not known"),
        ("cable", "expected 0A1B2C3D to stay connected"),
        ("no_activity", "Android said: Error: Activity class .* does not exist.; install the app of this version"),
        ("hang", "the app said nothing for .* and was stopped; unlock the screen"),
    ],
)
def test_run_when_the_app_fails_then_one_line(ready, phone, fault, said):
    phone.break_(app=fault)
    with pytest.raises(DeviceError, match=said) as caught:
        run(ready, HURRY if fault in ("hang", "vanish") else PATIENCE)
    assert "\n" not in str(caught.value)


def test_run_when_the_app_hangs_then_it_is_stopped(ready, phone):
    phone.break_(app="hang")
    begun = time.monotonic()
    with pytest.raises(DeviceError):
        run(ready, HURRY)
    assert ["-s", "0A1B2C3D", "shell", "am force-stop dev.tfedge.demo"] in phone.calls
    assert time.monotonic() - begun < 10.0


def test_run_when_it_takes_longer_than_all_patience_then_one_line(ready, phone):
    phone.break_(app="hang")
    with pytest.raises(DeviceError, match="was stopped"):
        run(ready, Patience(look_s=0.1, silence_s=60.0, total_s=0.3))


def test_run_when_the_model_on_the_device_is_another_then_the_app_says_so(ready, phone):
    phone.at(REMOTE).write_bytes(b"A model")
    with pytest.raises(DeviceError, match="the app said: expected the sha256 of the file's name"):
        run(ready)
