from __future__ import annotations

import struct

import pytest

from tests.apks import binaries
from tfedge.errors import ArtifactError
from tfedge.modelfile.apk.dex import read_classes

LITE = "Lorg/tensorflow/lite/"
SOUND = binaries.dex([f"{LITE}Interpreter;", "La/b;"], [f"{LITE}Tensor;", f"{LITE}gpu/Gpu;", "Lorg/tensorflow/litex;"])


def read(data: bytes):
    return read_classes(data, "classes.dex", (LITE,))


def test_classes_when_sound_are_those_under_the_prefix():
    found = read(SOUND)
    assert found.defined == {f"{LITE}Interpreter;"}
    assert found.named == {f"{LITE}Interpreter;", f"{LITE}Tensor;", f"{LITE}gpu/Gpu;"}


def test_classes_when_there_are_none_are_empty():
    assert read(binaries.dex()).named == frozenset()


def test_classes_when_a_name_is_endless_are_read_up_to_a_limit():
    data = binaries.dex([LITE + "x" * 80])
    at = data.index(LITE.encode())
    data = data[: at + 90].replace(b"x\0", b"xx") + b"x" * 5000
    (name,) = read(data).named
    assert len(name) < 300


def changed(at: int, value: int) -> bytes:
    data = bytearray(SOUND)
    struct.pack_into("<I", data, at, value)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "begins with b''"),
        (b"cdex001\0" + bytes(200), "begins with b'cdex'"),
        (SOUND[:100], "begins with b'dex"),
        (changed(56, 2**32 - 1), "4294967295 strings"),
        (changed(60, 2**31), "strings in classes.dex; they do not fit"),
        (changed(64, 2**20), "types in classes.dex"),
        (changed(96, 2**20), "classes in classes.dex"),
        (changed(112, 2**32 - 1), "it is cut or damaged"),
    ],
)
def test_classes_when_damaged_are_refused_in_words(data, said):
    with pytest.raises(ArtifactError, match=said):
        for place in range(112, 140, 4):  # Whichever string a search meets first.
            damaged = bytearray(data)
            if data != SOUND and len(data) == len(SOUND) and data[112:116] == b"\xff" * 4:
                struct.pack_into("<I", damaged, place, 2**32 - 1)
            data = bytes(damaged)
        read(data)
