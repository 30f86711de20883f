from __future__ import annotations

import pathlib

import pytest

from tests import apks
from tests.apks import binaries
from tests.apks.app import INTERPRETER, LIBRARY, model
from tests.apks.zips import DEFLATED, Entry, zip_bytes
from tfedge.artifacts import sha256_hex
from tfedge.modelfile.apk import dex, library, zip_file
from tfedge.modelfile.apk import package as reader
from tfedge.modelfile.apk.kind import is_package
from tfedge.modelfile.apk.package import LITERT, TFLITE, open_package


def test_package_when_sound_has_everything():
    package = open_package(apks.build())
    assert package.kind == "apk" and package.manifest.package == "dev.example" and package.problems == {}
    assert package.abis == ("arm64-v8a", "x86_64")
    assert [one.place for one in package.runtimes] == [f"arm64-v8a/{LIBRARY}", f"x86_64/{LIBRARY}"]
    assert [(one.name, one.sha256) for one in package.models] == [("assets/g2p.tflite", sha256_hex(model()))]
    assert package.defines(TFLITE) and not package.defines(LITERT)
    assert INTERPRETER in package.classes["classes.dex"].defined


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["AndroidManifest.xml", "classes.dex"], "apk"),
        (["base/manifest/AndroidManifest.xml", "BundleConfig.pb"], "bundle"),
        (["AndroidManifest.xml", "classes.jar"], "aar"),
        (["splits/base-master.apk", "toc.pb"], "apk_set"),
        (["a.txt"], "zip"),
        ([], "zip"),
    ],
)
def test_package_when_another_archive_is_known_by_its_entries(names, kind):
    assert open_package(zip_bytes([Entry(name, b"x") for name in names])).kind == kind


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (apks.build(), "a.apk", True),
        (apks.build(), "a.tflite", True),
        (model(), "a.apk", False),
        (model() + zip_bytes([Entry("a")]), "a.tflite", False),
        (b"", "a.APK", True),
        (b"<html>", "a.aab", True),
        (b"<html>", "a.tflite", False),
    ],
)
def test_is_package_goes_by_bytes_before_names(data, name, expected):
    assert is_package(data, pathlib.Path(name)) is expected


def test_models_when_named_otherwise_are_found_by_their_bytes():
    more = (
        Entry("res/raw/net.bin", model(), DEFLATED),
        Entry("assets/empty.tflite", b""),
        Entry("assets/a.txt", b"TFL3"),
    )
    names = [one.name for one in open_package(apks.build(more=more)).models]
    assert names == ["assets/g2p.tflite", "res/raw/net.bin", "assets/empty.tflite"]


def test_models_when_there_are_too_many_say_so(monkeypatch):
    monkeypatch.setattr(reader, "MAX_MODELS", 2)
    package = open_package(apks.build(more=tuple(Entry(f"assets/{n}.tflite", model()) for n in range(3))))
    assert len(package.models) == 2 and "2 models at most" in package.problems["assets/1.tflite"]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (Entry("AndroidManifest.xml", b"\3\0\10\0\xff\xff\xff\xff"), "it is cut"),
        (Entry("classes.dex", b"dex\n035\0"), "expected a dex file"),
        (Entry("lib/arm64-v8a/a.so", b"text"), "native library"),
        (Entry("assets/m.tflite", model(), central={"crc": 5}), "another CRC-32"),
        (Entry("assets/m.tflite", model(), central={"flags": 1}), "it is encrypted"),
    ],
)
def test_package_when_an_entry_is_damaged_names_it_and_reads_the_rest(entry, said):
    package = open_package(apks.build(without=[entry.name], more=(entry,)))
    assert list(package.problems) == [entry.name] and said in package.problems[entry.name]
    assert len(package.runtimes) == 2 and package.signatures.schemes == ("v2", "v3")


def test_library_when_its_words_lie_across_two_pieces_is_found(monkeypatch):
    monkeypatch.setattr(zip_file, "PIECE_BYTES", 40)
    data = apks.build(libraries={f"arm64-v8a/{LIBRARY}": binaries.interpreter(version="2.15.0", more=b"\0strtod_l\0")})
    (one,) = open_package(data).runtimes
    assert one.versions == ("2.15.0",) and one.needs_android_8


def test_package_when_it_has_more_than_any_app_stops_and_says_so(monkeypatch):
    monkeypatch.setattr(library, "MAX_LIBRARIES", 2)
    monkeypatch.setattr(reader, "MAX_DEX", 1)
    monkeypatch.setattr(dex, "MAX_NAMED", 1)
    libraries = {f"arm64-v8a/lib{n}.so": binaries.elf() for n in range(5)}
    package = open_package(apks.build(libraries=libraries, dex=[binaries.dex([INTERPRETER]), b"", b""]))
    assert len(package.libraries) == 3 and "2 libraries at most" in package.problems["lib/arm64-v8a/lib2.so"]
    assert list(package.classes) == ["classes.dex"] and "1 dex files at most" in package.problems["classes2.dex"]
    many = open_package(apks.build(dex=[binaries.dex([INTERPRETER, "Lorg/tensorflow/lite/Tensor;"])]))
    assert "1 classes of runtimes at most" in many.problems["classes.dex"]
