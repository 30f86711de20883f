from __future__ import annotations

import pytest

from tests.apks.zips import Entry, zip_bytes
from tests.fake_phone import write_apk
from tfedge.devices.android.app import App, check_apk, find_app, install_app
from tfedge.errors import ArtifactError, DeviceError


@pytest.fixture
def apk(tmp_path):
    """The app, under a name that a shell would cut in two."""
    return write_apk(tmp_path / "demo app.apk")


def test_find_app_then_its_version(adb):
    assert find_app(adb) == App("0.1.0")


def test_find_app_when_it_is_not_installed_then_how_to_build_it(adb, phone):
    phone.change(app=None)
    with pytest.raises(DeviceError, match="build it with `mvn -B -f android_demo package` and pass the APK as --apk"):
        find_app(adb)


def test_install_app_then_it_is_there(adb, phone, apk):
    phone.change(app=None)
    install_app(adb, apk)
    assert find_app(adb) == App("0.1.0")
    assert ["-s", "0A1B2C3D", "install", "-r", str(apk)] in phone.calls


@pytest.mark.parametrize("old_adb", [False, True])
@pytest.mark.parametrize(
    ("failure", "advice"),
    [
        (
            "Failure [INSTALL_FAILED_UPDATE_INCOMPATIBLE: Package dev.tfedge.demo signatures do not match previously "
            "installed version; ignoring!]",
            "signed with another key: `adb uninstall dev.tfedge.demo`",
        ),
        ("Failure [INSTALL_FAILED_INSUFFICIENT_STORAGE]", "make room on the device"),
        ("Failure [INSTALL_FAILED_USER_RESTRICTED: Install canceled by user]", "allow installing over USB"),
        ("Failure [INSTALL_FAILED_NEW_REASON: what]", "read what it says"),
        ("write failed: No space left on device", "make room on the device"),
    ],
)
def test_install_app_when_the_device_refuses_then_its_reason_and_what_to_do(adb, phone, apk, failure, advice, old_adb):
    phone.break_(install=failure, old_adb=old_adb)
    with pytest.raises(DeviceError) as caught:
        install_app(adb, apk)
    assert failure.partition("[")[0].strip() in str(caught.value) and advice in str(caught.value)


def test_check_apk_when_it_is_one_then_its_size(apk):
    assert check_apk(apk) == apk.stat().st_size


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no zip", "expected an APK in .*x.apk; .*build it with `mvn"),
        (None, "expected a built APK at .*x.apk; there is none"),
        (zip_bytes([Entry("a.txt", b"")]), "it is of the kind zip; build it"),
        (zip_bytes([Entry("BundleConfig.pb", b"")]), "it is of the kind bundle; build it"),
        (zip_bytes([Entry("AndroidManifest.xml", b"<manifest/>")]), "expected an APK in"),
    ],
)
def test_check_apk_when_it_is_none_then_bad_input(tmp_path, content, said):
    path = tmp_path / "x.apk"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ArtifactError, match=said) as caught:
        check_apk(path)
    assert "\n" not in str(caught.value)


def test_check_apk_when_it_is_another_app_then_both_names(tmp_path):
    with pytest.raises(ArtifactError, match="expected the app dev.tfedge.demo in .*; it is com.other; build ours"):
        check_apk(write_apk(tmp_path / "x.apk", "com.other"))
