"""The devices that adb sees, and which of them is meant."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Sequence

from tfedge.devices.android.adb import Adb
from tfedge.errors import DeviceError
from tfedge.printable import printable

READY = "device"
# adb's words for a state: `ConnectionState` in adb.h, as `adb devices` writes it.
_STATES = (
    *(READY, "offline", "unauthorized", "authorizing", "connecting", "no permissions"),
    *("recovery", "rescue", "sideload", "bootloader", "host", "detached", "unknown"),
)
# A serial found by mDNS may hold a space: "adb-0A1B (2)._adb-tls-connect._tcp".
_LINE = re.compile(rf"(?P<serial>\S.*?)\s+(?P<state>{'|'.join(_STATES)})(?P<rest>\s.*|)$")
_PLUG = "plug the cable in again, or run `adb reconnect offline`"
_START = "start Android on it: `adb reboot`"
_ADVICE = {
    "offline": _PLUG,
    "connecting": "wait a moment and try again",
    "unauthorized": "unlock its screen and allow USB debugging for this computer",
    "authorizing": "unlock its screen and allow USB debugging for this computer",
    "no permissions": "this user may not open its USB port: Debian's package android-sdk-platform-tools-common has "
    "the udev rules, then plug it in again",
    **dict.fromkeys(("recovery", "rescue", "sideload", "bootloader"), _START),
}


@dataclasses.dataclass(frozen=True)
class AttachedDevice:
    """One line of `adb devices -l`.

    Attributes:
        serial: its name for adb.
        state: adb's word: "device" where it is ready, "offline", "unauthorized", …
        model: as adb says it, such as "Pixel_8"; empty where it does not know.
    """

    serial: str
    state: str
    model: str = ""

    def __str__(self) -> str:
        about = [self.model.replace("_", " ")] if self.model else []
        about += [] if self.state == READY else [self.state]
        return printable(f"{self.serial} ({', '.join(about)})" if about else self.serial)


def list_attached(adb: Adb) -> tuple[AttachedDevice, ...]:
    """Returns what adb sees, ready or not; DeviceError where adb does not work."""
    said = adb.call("devices", "-l")
    if said.code:
        raise DeviceError(f"expected `adb devices` to list devices; it said: {said.line}; run `adb kill-server`")
    matches = [_LINE.match(line) for line in said.out.splitlines() if not line.startswith("List of devices")]
    return tuple(
        AttachedDevice(match["serial"], match["state"], _model(match["rest"])) for match in matches if match is not None
    )


def _model(rest: str) -> str:
    found = re.search(r"\bmodel:(\S+)", rest)
    return found[1] if found else ""


def choose_attached(devices: Sequence[AttachedDevice], serial: str | None = None) -> AttachedDevice:
    """Returns the device called `serial`, or the only one.

    Raises:
        DeviceError: there is none, or several and no serial, or it is not ready; one line says what to do.
    """
    if not devices:
        raise DeviceError(
            "expected an Android device; adb sees none; plug one in and turn on USB debugging in its developer "
            "options, or run the same code here with --device android-host"
        )
    seen = ", ".join(map(str, devices))
    if serial is None and len(devices) > 1:
        raise DeviceError(f"expected one Android device; adb sees {len(devices)}: {seen}; choose one with --serial")
    found = [device for device in devices if serial in (None, device.serial)]
    if not found:
        near = difflib.get_close_matches(serial or "", [device.serial for device in devices], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "; see `adb devices`"
        raise DeviceError(f"expected --serial of a connected device; got {serial!r}; adb sees {seen}{hint}")
    if found[0].state != READY:
        advice = _ADVICE.get(found[0].state, "see `adb devices`")
        raise DeviceError(f"expected device {printable(found[0].serial)} to be ready; it is {found[0].state}; {advice}")
    return found[0]
