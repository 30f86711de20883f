from __future__ import annotations

import pytest

from tfedge.devices.android.phone import Phone, read_phone
from tfedge.errors import DeviceError


def test_read_phone_then_maker_model_version_and_abis(adb):
    assert read_phone(adb) == Phone("0A1B2C3D", "Google Pixel 8", "14", 34, ("arm64-v8a", "armeabi-v7a"))


def test_phone_then_its_text_says_what_it_is(adb):
    assert str(read_phone(adb)) == "Google Pixel 8, Android 14 (API 34), arm64-v8a"


def test_read_phone_when_the_model_says_its_maker_then_not_twice(adb, phone):
    phone.change(properties={"ro.product.manufacturer": "samsung", "ro.product.model": "Samsung A3"})
    assert read_phone(adb).name == "Samsung A3"


@pytest.mark.parametrize("level", ["26", "35"])
def test_read_phone_when_it_is_new_enough_then_it_is_taken(adb, phone, level):
    phone.change(properties={"ro.build.version.sdk": level})
    assert read_phone(adb).api_level == int(level)


def test_read_phone_when_it_is_too_old_then_one_line(adb, phone):
    phone.change(properties={"ro.build.version.sdk": "25", "ro.build.version.release": "7.1.2"})
    with pytest.raises(
        DeviceError, match=r"API 26\) or newer; Google Pixel 8 has Android 7.1.2 \(API 25\); use a newer"
    ):
        read_phone(adb)


def test_read_phone_when_the_app_has_no_library_for_it_then_one_line(adb, phone):
    phone.change(properties={"ro.product.cpu.abilist": "armeabi-v7a,armeabi"})
    with pytest.raises(
        DeviceError, match="runs arm64-v8a or x86_64, .* runs armeabi-v7a, armeabi; use a 64-bit device"
    ):
        read_phone(adb)


@pytest.mark.parametrize("level", ["", "-1", "３４", "34; reboot"])
def test_read_phone_when_it_does_not_tell_its_level_then_one_line(adb, phone, level):
    phone.change(properties={"ro.build.version.sdk": level})
    with pytest.raises(DeviceError, match="expected 0A1B2C3D to tell its API level"):
        read_phone(adb)
