"""Whether a file is to be read as an Android package, and which kind of archive it is."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Collection

from tfedge.modelfile.model_file import ModelData

MANIFEST = "AndroidManifest.xml"
_IDENTIFIER = b"TFL3"  # At byte 4 of every .tflite.
_ZIP = b"PK"
# Only where the bytes are neither a zip nor a model: it decides which of two errors is told.
_ENDINGS = (".apk", ".aab", ".apks", ".xapk", ".apkm")

APK = "apk"
BUNDLE = "bundle"
APK_SET = "apk_set"
ARCHIVE = "aar"
ZIP = "zip"


def is_package(data: ModelData, path: str | os.PathLike[str]) -> bool:
    """Returns whether a file is a package or the remains of one, and no model: a model may have a zip behind it."""
    head = bytes(data[:8])
    if head[4:8] == _IDENTIFIER:
        return False
    return head.startswith(_ZIP) or pathlib.Path(path).suffix.lower() in _ENDINGS


def kind_of(names: Collection[str]) -> str:
    """Returns what a zip with these entries is: "apk", "bundle" (AAB), "apk_set", "aar" or "zip"."""
    if "BundleConfig.pb" in names or "base/manifest/AndroidManifest.xml" in names:
        return BUNDLE
    if MANIFEST in names:
        return ARCHIVE if "classes.jar" in names else APK
    if any(name.lower().endswith(".apk") for name in names):
        return APK_SET
    return ZIP
