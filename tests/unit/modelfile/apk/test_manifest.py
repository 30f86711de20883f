from __future__ import annotations

import struct

import pytest

from tests.apks import axml
from tfedge.errors import ArtifactError
from tfedge.modelfile.apk import axml as reader
from tfedge.modelfile.apk.manifest import read_manifest

SOUND = axml.axml(axml.manifest(permissions=["android.permission.INTERNET"], debuggable=True))


@pytest.mark.parametrize("utf8", [True, False])
@pytest.mark.parametrize("ids", [True, False])
def test_manifest_when_strings_and_ids_are_written_either_way_reads_the_same(utf8, ids):
    tree = axml.manifest(
        "org.wörter" + "x" * 200,
        24,
        35,
        ["a.b", "a.b", "c"],
        split="config.de",
        debuggable=True,
        extractNativeLibs=False,
    )
    found = read_manifest(axml.axml(tree, utf8, ids))
    assert found.package == "org.wörter" + "x" * 200
    assert (found.min_sdk, found.target_sdk, found.permissions) == (24, 35, ("a.b", "c"))
    assert (found.version_code, found.version_name, found.split) == ("7", "1.2", "config.de")
    assert found.debuggable and not found.extract_libraries and not found.test_only and not found.cleartext


def test_manifest_when_little_is_said_has_androids_defaults():
    found = read_manifest(axml.axml(axml.manifest(min_sdk=None, target_sdk=None)))
    assert (found.min_sdk, found.target_sdk) == (1, 1)
    assert found.extract_libraries and not found.debuggable


@pytest.mark.parametrize(("said", "level"), [("@7f010001", 0), ("VanillaIceCream", 0), ("34", 34)])
def test_manifest_when_a_level_is_no_number_is_unknown(said, level):
    assert read_manifest(axml.axml(axml.manifest(target_sdk=said))).target_sdk == level


def test_manifest_when_an_element_stands_elsewhere_is_not_taken_for_it():
    inner = ("uses-sdk", {"minSdkVersion": 9}, ())
    tree = ("manifest", {"package": "a.b"}, (("queries", {}, (inner, ("uses-permission", {"name": "x"}, ()))),))
    found = read_manifest(axml.axml(tree))
    assert (found.min_sdk, found.permissions) == (1, ())


def with_number(at: int, value: int, layout: str = "<I") -> bytes:
    data = bytearray(SOUND)
    struct.pack_into(layout, data, at, value)
    return bytes(data)


# Places in SOUND: the pool begins at 8, with its number of strings at 16, its flags at 24; string 9, the first that is
# no name of an attribute with an id, is at 72.
ELEMENT = SOUND.index(struct.pack("<HH", 0x0102, 16))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it has 0: it is cut"),
        (b"<?xml version='1.0'?><manifest/>", "it is text"),
        (b"\xef\xbb\xbf<manifest/>", "it is text"),
        (SOUND[: len(SOUND) // 2], "it is cut, or something else"),
        (b"\x7fELF" + bytes(100), "as binary XML"),
        (with_number(16, 2**32 - 1), "17179869180 bytes at byte 36"),
        (with_number(72, 2**31), "it is cut or damaged"),
        (with_number(12, 3), "its size, 3, does not fit"),
        (with_number(12, 2**32 - 1), "does not fit"),
        (with_number(ELEMENT + 28, 0xFFFF, "<H"), "65535 attributes"),
        (with_number(ELEMENT + 26, 0, "<H"), "they do not fit"),
        (with_number(ELEMENT + 20, 4000), "got string 4000"),
        (axml.axml(("manifest", {"versionName": "1"}, ())), "it names no package"),
    ],
)
def test_manifest_when_damaged_is_refused_in_words(data, said):
    with pytest.raises(ArtifactError, match=said) as raised:
        read_manifest(data)
    assert str(raised.value).isprintable()


def test_elements_when_there_are_too_many_stop(monkeypatch):
    monkeypatch.setattr(reader, "MAX_ELEMENTS", 3)
    with pytest.raises(ArtifactError, match="3 elements at most"):
        read_manifest(SOUND)


def test_elements_when_the_file_is_too_large_are_not_read(monkeypatch):
    monkeypatch.setattr(reader, "MAX_BYTES", 100)
    with pytest.raises(ArtifactError, match="100 bytes at most"):
        read_manifest(SOUND)


def test_text_when_longer_than_any_name_is_cut():
    found = read_manifest(axml.axml(axml.manifest("p" * 9000), utf8=False))
    assert found.package == "p" * reader.MAX_TEXT


def test_strings_when_they_share_bytes_are_not_read_without_end(monkeypatch):
    monkeypatch.setattr(reader, "MAX_TEXTS", 100)
    with pytest.raises(ArtifactError, match="strings of 100 characters"):
        read_manifest(axml.axml(axml.manifest("p" * 90)))
