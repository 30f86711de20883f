"""What the gate wants to know of AndroidManifest.xml."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from tfedge.errors import ArtifactError
from tfedge.modelfile.apk.axml import Element, Key, Value, read_elements
from tfedge.modelfile.model_file import ModelData

# Resource ids of `android:` attributes: android.R.attr, which never change.
_NAME, _DEBUGGABLE, _MIN_SDK = 0x01010003, 0x0101000F, 0x0101020C
_VERSION_CODE, _VERSION_NAME, _TARGET_SDK, _TEST_ONLY = 0x0101021B, 0x0101021C, 0x01010270, 0x01010272
_EXTRACT_LIBRARIES, _CLEARTEXT = 0x010104EA, 0x010104EC
_KNOWN: Mapping[int, str] = {
    _NAME: "name",
    _DEBUGGABLE: "debuggable",
    _MIN_SDK: "minSdkVersion",
    _VERSION_CODE: "versionCode",
    _VERSION_NAME: "versionName",
    _TARGET_SDK: "targetSdkVersion",
    _TEST_ONLY: "testOnly",
    _EXTRACT_LIBRARIES: "extractNativeLibs",
    _CLEARTEXT: "usesCleartextTraffic",
}
_PERMISSIONS = ("uses-permission", "uses-permission-sdk-23", "uses-permission-sdk-m")
_MAX_PERMISSIONS = 1000
DEFAULT_MIN_SDK = 1


@dataclasses.dataclass(frozen=True)
class AppManifest:
    """The manifest of a package.

    Attributes:
        package: application id.
        version_code, version_name: as declared; empty where there is none, "@0x..." where it is a resource.
        min_sdk, target_sdk: API levels; 1, and `min_sdk`, where none is declared. 0 for one that is a name.
        permissions: that the app asks for, each once.
        debuggable, test_only, cleartext: as declared for the application; False where nothing is declared.
        extract_libraries: whether native libraries are copied out of the package; Android's default is yes.
        split: name of the split that this package is; empty for a whole or base one.
    """

    package: str
    version_code: str
    version_name: str
    min_sdk: int
    target_sdk: int
    permissions: tuple[str, ...]
    debuggable: bool
    test_only: bool
    cleartext: bool
    extract_libraries: bool
    split: str


def read_manifest(data: ModelData) -> AppManifest:
    """Reads AndroidManifest.xml out of a package.

    Raises:
        ArtifactError: no binary XML, damaged, or without <manifest> and a package name.
    """
    found: dict[str, dict[Key, Value]] = {"manifest": {}, "uses-sdk": {}, "application": {}}
    permissions: dict[str, None] = {}
    for element in read_elements(data):
        _take(element, found, permissions)
    top, sdk, application = found["manifest"], found["uses-sdk"], found["application"]
    package = top.get("package")
    if not isinstance(package, str) or not package:
        raise ArtifactError("expected <manifest package=...> in AndroidManifest.xml; it names no package")
    minimum = _level(_find(sdk, _MIN_SDK), DEFAULT_MIN_SDK)
    return AppManifest(
        package=package,
        version_code=_text(_find(top, _VERSION_CODE)),
        version_name=_text(_find(top, _VERSION_NAME)),
        min_sdk=minimum,
        target_sdk=_level(_find(sdk, _TARGET_SDK), minimum),
        permissions=tuple(permissions),
        debuggable=_find(application, _DEBUGGABLE) is True,
        test_only=_find(application, _TEST_ONLY) is True,
        cleartext=_find(application, _CLEARTEXT) is True,
        extract_libraries=_find(application, _EXTRACT_LIBRARIES) is not False,
        split=_text(top.get("split")),
    )


def _take(element: Element, found: dict[str, dict[Key, Value]], permissions: dict[str, None]) -> None:
    where = ("manifest",) if element.tag != "manifest" else ()
    if element.parents != where:
        return
    if element.tag in found:
        found[element.tag].update(element.attributes)
    elif element.tag in _PERMISSIONS and len(permissions) < _MAX_PERMISSIONS:
        name = _find(element.attributes, _NAME)
        if isinstance(name, str):
            permissions[name] = None


def _find(attributes: Mapping[Key, Value], key: int) -> Value | None:
    """Returns an attribute by its resource id, or by its name where the file has no ids."""
    return attributes.get(key, attributes.get(_KNOWN[key]))


def _level(value: Value | None, default: int) -> int:
    if value is None:
        return default
    if isinstance(value, str):  # A level of a preview is its letter; of text XML a number may be a text.
        return int(value) if value.isascii() and value.isdigit() and len(value) < 9 else 0
    return int(value)


def _text(value: Value | None) -> str:
    return "" if value is None else str(value)
