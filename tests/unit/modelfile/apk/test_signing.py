from __future__ import annotations

import struct

import pytest

from tests.apks import binaries
from tfedge.modelfile.apk.signing import read_signatures

BLOCK = binaries.signing_block()
V1 = {"META-INF/CERT.SF", "META-INF/CERT.RSA"}


def read(block: bytes, names: set[str] = frozenset()):  # type: ignore[assignment]
    data = bytes(100) + block
    return read_signatures(data, len(data), set(names))


@pytest.mark.parametrize(
    ("block", "names", "schemes"),
    [
        (b"", set(), ()),
        (b"", V1, ("v1",)),
        (b"", {"META-INF/CERT.SF"}, ()),
        (b"", {"META-INF/a/CERT.SF", "META-INF/a/CERT.RSA"}, ()),
        (BLOCK, set(), ("v2", "v3")),
        (binaries.signing_block([0x42726577, 0x1B93AD61, binaries.V2]), V1, ("v1", "v2", "v3.1")),
        (binaries.signing_block([0x42726577]), set(), ()),
    ],
)
def test_signatures_when_sound_name_their_schemes(block, names, schemes):
    found = read(block, names)
    assert (found.schemes, found.problem) == (schemes, "")
    assert found.start == 100


def test_signatures_when_the_certificate_is_that_of_a_debug_build_say_so():
    assert read(binaries.signing_block(certificate=b"..CN=Android Debug..")).is_debug_key
    assert not read(BLOCK).is_debug_key


def changed(at: int, value: int) -> bytes:
    data = bytearray(BLOCK)
    struct.pack_into("<Q", data, at, value)
    return bytes(data)


@pytest.mark.parametrize("at", [0, 8, len(BLOCK) - 24])
@pytest.mark.parametrize("value", [0, 3, 33, 2**32, 2**64 - 1])
def test_signatures_when_the_block_is_damaged_tell_a_problem_and_nothing_else(at, value):
    found = read(changed(at, value), V1)
    assert found.problem.isprintable() and found.problem and found.schemes == ("v1",)


def test_signatures_when_there_are_too_many_parts_tell_a_problem():
    assert "at most 1000" in read(binaries.signing_block([1] * 1001)).problem
