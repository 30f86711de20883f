from __future__ import annotations

import pytest

from tfedge.devices.android.attached import AttachedDevice, choose_attached, list_attached
from tfedge.errors import DeviceError

PIXEL = AttachedDevice("0A1B2C3D", "device", "Pixel_8")
OTHER = AttachedDevice("emulator-5554", "device", "sdk_gphone64_x86_64")


def test_list_attached_then_serial_state_and_model(adb):
    assert list_attached(adb) == (PIXEL,)


@pytest.mark.parametrize("fault", ["server_noise", "crlf"])
def test_list_attached_when_there_is_noise_then_the_same(adb, phone, fault):
    phone.break_(**{fault: True})
    assert list_attached(adb) == (PIXEL,)


@pytest.mark.parametrize(
    ("serial", "state", "about"),
    [
        ("adb-0A1B (2)._adb-tls-connect._tcp", "offline", "transport_id:3"),
        ("192.168.1.5:5555", "device", "product:x model:M device:x transport_id:3"),
        ("????????????", "no permissions", "(user in plugdev group; are your udev rules wrong?); see [http://x] usb:1"),
        ("device", "device", ""),
        ("R58", "unauthorized", "usb:1-2 transport_id:4"),
        ("R59", "authorizing", "transport_id:4"),
    ],
)
def test_list_attached_when_a_line_is_odd_then_it_is_read(adb, phone, serial, state, about):
    phone.change(devices=[[serial, state, about]])
    (found,) = list_attached(adb)
    assert (found.serial, found.state) == (serial, state)


def test_choose_when_there_is_one_then_it_with_and_without_its_serial():
    assert choose_attached([PIXEL]) == choose_attached([PIXEL], PIXEL.serial) == PIXEL


def test_choose_when_there_are_two_then_the_one_named():
    assert choose_attached([PIXEL, OTHER], OTHER.serial) == OTHER


def test_choose_when_there_are_two_and_no_serial_then_both_are_named():
    with pytest.raises(DeviceError, match=r"sees 2: 0A1B2C3D \(Pixel 8\), emulator-5554 .*choose one with --serial"):
        choose_attached([PIXEL, OTHER])


def test_choose_when_there_is_none_then_what_to_do():
    with pytest.raises(DeviceError, match="adb sees none; plug one in and turn on USB debugging"):
        choose_attached([])


def test_choose_when_the_serial_is_wrong_then_the_nearest():
    with pytest.raises(DeviceError, match="got '0A1B2C3E'; adb sees .*; did you mean '0A1B2C3D'?"):
        choose_attached([PIXEL, OTHER], "0A1B2C3E")


@pytest.mark.parametrize(
    ("state", "advice"),
    [
        ("unauthorized", "allow USB debugging for this computer"),
        ("offline", "plug the cable in again"),
        ("no permissions", "udev rules"),
        ("recovery", "adb reboot"),
        ("detached", "see `adb devices`"),
    ],
)
def test_choose_when_it_is_not_ready_then_what_to_do(state, advice):
    with pytest.raises(DeviceError, match=f"expected device R58 to be ready; it is {state}; .*{advice}"):
        choose_attached([AttachedDevice("R58", state)])
