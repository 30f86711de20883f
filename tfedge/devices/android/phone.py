"""What a device is: maker, model, Android version and ABIs, and whether the app can run there."""

from __future__ import annotations

import dataclasses
import re

from tfedge.devices.android.adb import Adb
from tfedge.errors import DeviceError
from tfedge.printable import shortened

MIN_API_LEVEL = 26  # minSdk of android_demo
ABIS = ("arm64-v8a", "x86_64")  # those with a native library in the app
_PROPERTY = re.compile(r"\[(?P<key>[^\]]+)\]: \[(?P<value>[^\]]*)\]")


@dataclasses.dataclass(frozen=True)
class Phone:
    """One device with Android.

    Attributes:
        serial: its name for adb.
        name: maker and model, such as "Google Pixel 8".
        release: of Android, such as "14".
        api_level: such as 34.
        abis: instruction sets it runs, best first.
    """

    serial: str
    name: str
    release: str
    api_level: int
    abis: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name}, Android {self.release} (API {self.api_level}), {self.abis[0]}"


def read_phone(adb: Adb) -> Phone:
    """Asks a device what it is.

    Raises:
        DeviceError: it does not say; it is older than the app's lowest API level; or its processor runs none of the
            app's native libraries.
    """
    said = adb.shell("getprop")
    held = {match["key"]: match["value"].strip() for match in map(_PROPERTY.match, said.out.splitlines()) if match}
    level = held.get("ro.build.version.sdk", "")
    if not level.isascii() or not level.isdigit():
        raise DeviceError(
            f"expected {adb.serial} to tell its API level by `getprop`; it said: {said.line}; unlock it and try again"
        )
    abis = [abi for abi in held.get("ro.product.cpu.abilist", held.get("ro.product.cpu.abi", "")).split(",") if abi]
    maker, model = held.get("ro.product.manufacturer", ""), held.get("ro.product.model", "") or adb.serial
    name = model if model.lower().startswith(maker.lower()) else f"{maker} {model}"
    release = held.get("ro.build.version.release", "?")
    phone = Phone(adb.serial, shortened(name), shortened(release, 20), int(level), tuple(abis) or ("unknown",))
    if phone.api_level < MIN_API_LEVEL:
        raise DeviceError(
            f"expected Android 8.0 (API {MIN_API_LEVEL}) or newer; {phone.name} has Android {phone.release} "
            f"(API {phone.api_level}); use a newer device"
        )
    if not set(abis) & set(ABIS):
        raise DeviceError(
            f"expected a device that runs {' or '.join(ABIS)}, for which the app has libraries; {phone.name} runs "
            f"{', '.join(map(shortened, phone.abis))}; use a 64-bit device"
        )
    return phone
