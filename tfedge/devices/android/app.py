"""The demo app on a device: whether it is there, which version, and how an APK gets there."""

from __future__ import annotations

import dataclasses
import pathlib
import re

from tfedge.artifacts import read_bytes
from tfedge.devices.android.adb import Adb, transfer_s
from tfedge.errors import ArtifactError, DeviceError
from tfedge.modelfile.apk.package import open_package
from tfedge.printable import shortened

PACKAGE = "dev.tfedge.demo"
BUILD = "mvn -B -f android_demo package"
_INSTALL_S = 300.0  # A slow phone compiles the code of an app for a minute or two.
_VERSION = re.compile(r"\s*versionName=(\S+)")
_FAILURE = re.compile(r"INSTALL_[A-Z_]+")
_ADVICE = {
    "INSTALL_FAILED_UPDATE_INCOMPATIBLE": f"the one there is signed with another key: `adb uninstall {PACKAGE}`, which "
    "removes its data, then try again",
    "INSTALL_FAILED_INSUFFICIENT_STORAGE": "make room on the device",
    "INSTALL_FAILED_VERSION_DOWNGRADE": f"the one there is newer: build a newer APK, or `adb uninstall {PACKAGE}`",
    "INSTALL_FAILED_NO_MATCHING_ABIS": "the APK has no library for this processor",
    "INSTALL_FAILED_OLDER_SDK": "the APK is made for a newer Android",
    "INSTALL_FAILED_USER_RESTRICTED": "allow installing over USB in the device's developer options",
    "INSTALL_FAILED_ABORTED": "allow the installation on the device's screen",
    "INSTALL_PARSE_FAILED_NO_CERTIFICATES": "the APK is not signed: sign it with apksigner",
    "INSTALL_PARSE_FAILED_NOT_APK": "the APK is damaged: build it again",
}


@dataclasses.dataclass(frozen=True)
class App:
    """The app as a device has it.

    Attributes:
        version: its versionName; "?" where the device does not tell.
    """

    version: str


def check_apk(path: pathlib.Path) -> int:
    """Returns the size of an APK in bytes.

    Raises:
        ArtifactError: it is missing, damaged, no APK, or another app than ours.
    """
    data = read_bytes(path, "built APK")
    try:
        package = open_package(data)
    except ArtifactError as error:
        raise ArtifactError(f"expected an APK in {path}; {error}; build it with `{BUILD}`") from error
    if package.manifest is None:
        why = "; ".join(package.problems.values()) or f"it is of the kind {package.kind}"
        raise ArtifactError(f"expected an APK in {path}; {why}; build it with `{BUILD}`")
    if package.manifest.package != PACKAGE:
        raise ArtifactError(
            f"expected the app {PACKAGE} in {path}; it is {shortened(package.manifest.package)}; build ours with "
            f"`{BUILD}`"
        )
    return len(data)


def install_app(adb: Adb, apk: pathlib.Path) -> None:
    """Installs an APK, in place of an older version with its data kept.

    Raises:
        ArtifactError: no such file, or no APK.
        DeviceError: the device refused; one line says why and what to do.
    """
    size = check_apk(apk)
    said = adb.call("install", "-r", str(apk), timeout_s=_INSTALL_S + transfer_s(size))
    both = f"{said.out}\n{said.err}"
    # Old versions of adb end with 0 whatever happened; what all say is "Success".
    if said.code == 0 and re.search(r"^Success\b", both, re.MULTILINE):
        return
    found = _FAILURE.search(both)
    reason = found[0] if found else "INSTALL_FAILED_INSUFFICIENT_STORAGE" if said.is_full else ""
    advice = _ADVICE.get(reason, "read what it says")
    failed = [line.strip() for line in both.splitlines() if "INSTALL_" in line or "ailure" in line]
    raise DeviceError(
        f"expected {adb.serial} to install {apk}; adb said: {shortened(failed[0], 300) if failed else said.line}; "
        f"{advice}"
    )


def find_app(adb: Adb) -> App:
    """Returns the app of a device.

    Raises:
        DeviceError: it is not installed; the message says how to build and install it.
    """
    said = adb.shell("pm", "path", PACKAGE)
    if "package:" not in said.out:
        raise DeviceError(
            f"expected the app {PACKAGE} on {adb.serial}; it is not installed; build it with `{BUILD}` and pass the "
            "APK as --apk android_demo/app/target/tfedge-demo.apk"
        )
    versions = map(_VERSION.match, adb.shell("dumpsys", "package", PACKAGE).out.splitlines())
    return App(next((shortened(match[1], 40) for match in versions if match), "?"))
