"""Writes binary XML as aapt2 does: a pool of strings, resource ids of attribute names, elements."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

IDS = {
    "name": 0x01010003,
    "debuggable": 0x0101000F,
    "minSdkVersion": 0x0101020C,
    "versionCode": 0x0101021B,
    "versionName": 0x0101021C,
    "targetSdkVersion": 0x01010270,
    "testOnly": 0x01010272,
    "extractNativeLibs": 0x010104EA,
    "usesCleartextTraffic": 0x010104EC,
}
_NONE = 0xFFFFFFFF
Value = str | int | bool
Node = tuple[str, Mapping[str, Value], "tuple[Node, ...]"]


def manifest(
    package: str = "dev.example",
    min_sdk: int | str | None = 26,
    target_sdk: int | str | None = 36,
    permissions: Iterable[str] = (),
    split: str = "",
    **application: Value,
) -> Node:
    """Returns the tree of an AndroidManifest.xml; `application` are attributes of its <application>."""
    levels = {"minSdkVersion": min_sdk, "targetSdkVersion": target_sdk}
    top: dict[str, Value] = {"package": package, "versionCode": 7, "versionName": "1.2"}
    asked: tuple[Node, ...] = tuple(("uses-permission", {"name": name}, ()) for name in permissions)
    sdk: Node = ("uses-sdk", {name: value for name, value in levels.items() if value is not None}, ())
    activity: Node = ("activity", {"name": ".MainActivity"}, ())
    return (
        "manifest",
        top | ({"split": split} if split else {}),
        (sdk, *asked, ("application", application, (activity,))),
    )


def axml(root: Node, utf8: bool = True, ids: bool = True) -> bytes:
    """Returns binary XML, with strings in UTF-8 or UTF-16, with or without resource ids of attributes."""
    strings = [name for name in IDS] if ids else []  # Attributes with an id come first: an id's place is its string's.
    _collect(root, strings)
    parts = [_pool(strings, utf8)]
    if ids:
        parts.append(struct.pack(f"<HHI{len(IDS)}I", 0x0180, 8, 8 + 4 * len(IDS), *IDS.values()))
    _elements(root, strings, parts)
    body = b"".join(parts)
    return struct.pack("<HHI", 0x0003, 8, 8 + len(body)) + body


def _collect(node: Node, strings: list[str]) -> None:
    tag, attributes, children = node
    texts = [value for value in attributes.values() if isinstance(value, str)]
    for text in (tag, *attributes, *texts):
        if text not in strings:
            strings.append(text)
    for child in children:
        _collect(child, strings)


def _pool(strings: list[str], utf8: bool) -> bytes:
    places, data = [], bytearray()
    for text in strings:
        places.append(len(data))
        if utf8:
            raw = text.encode()
            data += _length8(len(text)) + _length8(len(raw)) + raw + b"\0"
        else:
            raw = text.encode("utf-16-le")
            data += struct.pack("<H", len(raw) // 2) + raw + b"\0\0"
    data += bytes(-len(data) % 4)
    start = 28 + 4 * len(places)
    head = struct.pack("<HHIIIIII", 0x0001, 28, start + len(data), len(places), 0, 0x100 if utf8 else 0, start, 0)
    return head + struct.pack(f"<{len(places)}I", *places) + bytes(data)


def _length8(length: int) -> bytes:
    return bytes([length]) if length < 0x80 else bytes([0x80 | length >> 8, length & 0xFF])


def _elements(node: Node, strings: list[str], parts: list[bytes]) -> None:
    tag, attributes, children = node
    rows = b"".join(_attribute(strings, name, value) for name, value in attributes.items())
    index = strings.index(tag)
    size = 36 + len(rows)
    head = struct.pack("<HHIII", 0x0102, 16, size, 1, _NONE)
    parts.append(head + struct.pack("<IIHHHHHH", _NONE, index, 20, 20, len(attributes), 0, 0, 0) + rows)
    for child in children:
        _elements(child, strings, parts)
    parts.append(struct.pack("<HHIIIII", 0x0103, 16, 24, 1, _NONE, _NONE, index))


def _attribute(strings: list[str], name: str, value: Value) -> bytes:
    if isinstance(value, bool):
        raw, kind, number = _NONE, 0x12, 0xFFFFFFFF if value else 0
    elif isinstance(value, int):
        raw, kind, number = _NONE, 0x10, value
    elif value.startswith("@"):
        raw, kind, number = _NONE, 0x01, int(value[1:], 16)
    else:
        raw = number = strings.index(value)
        kind = 0x03
    return struct.pack("<IIIHBBI", _NONE, strings.index(name), raw, 8, 0, kind, number)
