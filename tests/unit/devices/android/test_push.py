from __future__ import annotations

import pytest

from tests.fake_phone import MODELS
from tfedge.artifacts import sha256_hex
from tfedge.devices.android.push import push_model
from tfedge.errors import DeviceError

DATA = bytes(range(256)) * 40
SHA256 = sha256_hex(DATA)
STALE = bytes(reversed(DATA))  # Other weights, of the same size.
NAME = f"{SHA256}.tflite"


@pytest.fixture
def path(tmp_path):
    """The model here, in a folder whose name a shell would take apart."""
    (tmp_path / "it's here").mkdir()
    path = tmp_path / "it's here" / "m.tflite"
    path.write_bytes(DATA)
    return path


@pytest.fixture
def push(adb, phone, path):
    """Returns a function that pushes the model, once the app has made its folder."""
    phone.at(MODELS).mkdir(parents=True)
    return lambda: push_model(adb, path, SHA256, len(DATA), MODELS)


def test_push_then_the_very_bytes_under_their_sha256_and_nothing_else(push, phone):
    pushed = push()
    assert (pushed.remote, pushed.was_there, pushed.hashed_by) == (f"{MODELS}/{NAME}", False, "sha256sum")
    assert (phone.models, phone.staged) == ({NAME: DATA}, [])


def test_push_when_it_is_there_then_not_again(push, phone):
    push()
    assert push().was_there and phone.pushes == 1


def test_push_when_a_stale_file_has_its_name_and_size_then_it_is_replaced(push, phone):
    phone.at(f"{MODELS}/{NAME}").write_bytes(STALE)
    assert not push().was_there
    assert phone.models == {NAME: DATA}


def test_push_when_the_device_lacks_sha256sum_then_the_bytes_are_read_back(push, phone):
    phone.break_(no_sha256sum=True)
    first, second = push(), push()
    assert (first.was_there, second.was_there, second.hashed_by) == (False, True, "reading back")
    assert (phone.models, phone.pushes) == ({NAME: DATA}, 1)


def test_push_when_it_lacks_sha256sum_and_holds_a_stale_file_then_it_is_replaced(push, phone):
    phone.break_(no_sha256sum=True)
    phone.at(f"{MODELS}/{NAME}").write_bytes(STALE)
    assert not push().was_there
    assert phone.models == {NAME: DATA}


@pytest.mark.parametrize("place", ["push", "cp"])
def test_push_when_the_storage_is_full_then_one_line_and_nothing_half(push, phone, place):
    phone.break_(**{place: "full"})
    with pytest.raises(DeviceError, match="expected room on 0A1B2C3D .*; its storage is full; remove something there"):
        push()
    assert (phone.models, phone.staged) == ({}, [])


@pytest.mark.parametrize("place", ["push", "cp"])
def test_push_when_other_bytes_arrive_then_one_line_and_the_old_file_stays(push, phone, place):
    phone.at(f"{MODELS}/{NAME}").write_bytes(STALE)
    phone.break_(**{place: "corrupt"})
    with pytest.raises(DeviceError, match=f"expected sha256 {SHA256} .* other bytes arrived"):
        push()
    assert (phone.models, phone.staged) == ({NAME: STALE}, [])


def test_push_when_the_cable_is_pulled_then_one_line_and_the_next_push_clears_what_was_left(push, phone):
    phone.break_(push="cable")
    with pytest.raises(DeviceError, match="expected 0A1B2C3D to stay connected; adb said: .*; plug the cable in again"):
        push()
    assert phone.models == {} and len(phone.staged) == 1
    phone.break_(push="")
    phone.plug_in()
    phone.at(f"{MODELS}/other.tflite.partial").write_bytes(b"left by another")
    push()
    assert (phone.models, phone.staged) == ({NAME: DATA}, [])
