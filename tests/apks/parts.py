"""The parts of a small app, to be damaged one by one and packed again."""

from __future__ import annotations

from tests.apks import axml, binaries
from tests.apks.app import INTERPRETER, LIBRARY, App, build, model, published
from tfedge.artifacts import sha256_hex
from tfedge.checks.apk_rules import WantedModel
from tfedge.reports.check_package import PackageOptions
from tools.fuzz_reader import with_pack

PARTS = {
    "manifest": axml.axml(axml.manifest(permissions=["android.permission.INTERNET"], extractNativeLibs=False)),
    "manifest_utf16": axml.axml(axml.manifest(target_sdk="@7f010001"), utf8=False, ids=False),
    "dex": binaries.dex([INTERPRETER], ["Lorg/tensorflow/lite/Tensor;", "La/b;"]),
    "library": published("arm64-v8a"),
    "library_32": binaries.elf("armeabi-v7a", 4096, bytes(20)),
    "model": with_pack(model()),
    "block": binaries.signing_block(),
}
OPTIONS = PackageOptions(WantedModel("g2p.tflite", sha256_hex(PARTS["model"]), sha256_hex(model())), verify=False)


def pack(parts: dict[str, bytes]) -> bytes:
    """Returns the package; of the two manifests that which differs from the sound one."""
    changed = parts["manifest_utf16"] != PARTS["manifest_utf16"]
    app = App(
        manifest=parts["manifest_utf16" if changed else "manifest"],
        libraries={f"arm64-v8a/{LIBRARY}": parts["library"], "armeabi-v7a/libapp.so": parts["library_32"]},
        assets={"g2p.tflite": parts["model"]},
        dex=(parts["dex"],),
        library_align=4,
        block=parts["block"],
    )
    return build(app)
