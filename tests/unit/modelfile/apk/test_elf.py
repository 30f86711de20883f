from __future__ import annotations

import struct

import pytest

from tests.apks import binaries
from tfedge.errors import ArtifactError
from tfedge.modelfile.apk.elf import read_elf

BUILD_ID = bytes(range(16))


@pytest.mark.parametrize(
    ("abi", "wide"), [("arm64-v8a", True), ("x86_64", True), ("armeabi-v7a", False), ("x86", False)]
)
@pytest.mark.parametrize("align", [4096, 65_536])
def test_elf_when_sound_says_machine_alignment_and_build_id(abi, wide, align):
    found = read_elf(binaries.elf(abi, align, BUILD_ID), "lib")
    assert (found.abi, found.is_64_bit, found.load_alignment) == (abi, wide, align)
    assert found.build_id == BUILD_ID.hex()


def test_elf_when_it_has_no_build_id_and_another_machine_says_so():
    found = read_elf(binaries.elf("mips"), "lib")
    assert (found.abi, found.build_id) == ("machine 8", "")


def changed(at: int, layout: str, value: int) -> bytes:
    data = bytearray(binaries.elf(build_id=BUILD_ID))
    struct.pack_into(layout, data, at, value)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "begins with b''"),
        (b"MZ" + bytes(100), "native library"),
        (binaries.elf()[:40], "it is cut"),
        (changed(5, "<B", 2), "native library"),
        (changed(32, "<Q", 2**63), "it is cut or damaged"),
        (changed(54, "<H", 8), "3 of 8"),
        (changed(56, "<H", 65_535), "65535 of 56"),
    ],
)
def test_elf_when_damaged_is_refused_in_words(data, said):
    with pytest.raises(ArtifactError, match=said):
        read_elf(data, "lib")


NOTE = len(binaries.elf()) - 0  # The note of an empty library stands behind its headers.


@pytest.mark.parametrize("size", [0, 2**31, 2**32 - 1])
def test_build_id_when_a_note_lies_about_its_size_is_empty(size):
    assert read_elf(changed(NOTE, "<I", size), "lib").build_id == ""
