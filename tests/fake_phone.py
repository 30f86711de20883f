"""A phone for tests: `fake_adb.py` on PATH, and the folder that is its storage."""

from __future__ import annotations

import json
import pathlib
import sys
from typing import Any

from tests.apks import axml
from tests.apks.zips import Entry, zip_bytes

SERIAL = "0A1B2C3D"
PACKAGE = "dev.tfedge.demo"
FILES = f"/sdcard/Android/data/{PACKAGE}/files"
MODELS = f"{FILES}/models"
PROPERTIES = {
    "ro.build.version.sdk": "34",
    "ro.build.version.release": "14",
    "ro.product.cpu.abilist": "arm64-v8a,armeabi-v7a",
    "ro.product.manufacturer": "Google",
    "ro.product.model": "Pixel 8",
}
# -IS: no site packages, which would double the time of each of hundreds of starts; imported, it is compiled once.
_PROGRAM = f"""\
#!{sys.executable} -IS
import sys
sys.path.append({str(pathlib.Path(__file__).parent)!r})
import fake_adb
"""


class FakePhone:
    """What stands behind the program `adb` in a test.

    Attributes:
        folder: everything of it; `bin` in it goes on PATH.
        adb: the program.
    """

    def __init__(self, folder: pathlib.Path, **changes: Any) -> None:
        self.folder = folder
        self.adb = folder / "bin" / "adb"
        self.adb.parent.mkdir(parents=True)
        self.at("/data/local/tmp").mkdir(parents=True)
        self.adb.write_text(_PROGRAM, encoding="utf-8")
        self.adb.chmod(0o755)
        about = "usb:1-1 product:shiba model:Pixel_8 device:shiba transport_id:1"
        self._facts = {"devices": [[SERIAL, "device", about]], "properties": dict(PROPERTIES), "app": "0.1.0"}
        self._faults: dict[str, Any] = {}
        self.change(**changes)

    def change(self, **facts: Any) -> None:
        """Changes `devices`, `app`, or `properties`, of which those not named stay."""
        self._facts["properties"].update(facts.pop("properties", {}))
        self._facts.update(facts)
        self._write()

    def break_(self, **faults: Any) -> None:
        """Makes something go wrong from now on; see the program for the names."""
        self._faults.update(faults)
        self._write()

    def _write(self) -> None:
        (self.folder / "phone.json").write_text(json.dumps({**self._facts, "faults": self._faults}), encoding="utf-8")

    def answer(self, action: str, report: bytes) -> None:
        """Sets the report that the app writes for "selftest" or "benchmark"."""
        (self.folder / f"{action}.json").write_bytes(report)

    def at(self, remote: str) -> pathlib.Path:
        """Returns where a path of the device stands here."""
        return self.folder / "storage" / remote.lstrip("/")

    def plug_in(self) -> None:
        """Plugs the cable in again."""
        (self.folder / "unplugged").unlink(missing_ok=True)

    @property
    def calls(self) -> list[list[str]]:
        """The words of every call so far."""
        path = self.folder / "calls.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def pushes(self) -> int:
        """How many files were pushed, or half."""
        return sum("push" in call for call in self.calls)

    @property
    def models(self) -> dict[str, bytes]:
        """Name -> bytes of what stands in the app's folder of models."""
        return {path.name: path.read_bytes() for path in sorted(self.at(MODELS).glob("*"))}

    @property
    def staged(self) -> list[str]:
        """Names of what stands in adb's own folder."""
        return sorted(path.name for path in self.at("/data/local/tmp").iterdir())


def write_apk(path: pathlib.Path, package: str = PACKAGE) -> pathlib.Path:
    """Writes a package of which the manifest alone is there, and returns its path."""
    path.write_bytes(zip_bytes([Entry("AndroidManifest.xml", axml.axml(axml.manifest(package)))]))
    return path


def put_on_path(folder: pathlib.Path, monkeypatch: Any, **changes: Any) -> FakePhone:
    """Makes a phone, and its adb the only program on PATH."""
    phone = FakePhone(folder, **changes)
    monkeypatch.setenv("PATH", str(phone.adb.parent))
    for variable in ("ANDROID_HOME", "ANDROID_SDK_ROOT", "ANDROID_SERIAL"):
        monkeypatch.delenv(variable, raising=False)
    return phone
