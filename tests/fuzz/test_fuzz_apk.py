"""Damaged packages by the thousand are judged in words; and the fuzzer finds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.apks import parts
from tfedge.artifacts import sha256_hex
from tools import fuzz_apk

NUM_CASES = 1500  # 4 ms each on an idle machine.


def fuzz(count: int, **options: Any) -> Any:
    return fuzz_apk.fuzz(count, parts.PARTS, parts.pack, parts.OPTIONS, **options)


def test_fuzz_when_packages_are_damaged_finds_nothing() -> None:
    tally, gates = fuzz(NUM_CASES)

    assert tally.findings == [] and tally.outcomes.total() == NUM_CASES
    # Every reader refuses some and reads others: a fuzzer that is refused at the door looks at nothing.
    assert min(tally.outcomes["read"], tally.outcomes["refused"]) > NUM_CASES // 20
    assert {"entry_damaged", "entry_headers", "signing_block", "readable", "pack_whole"} <= set(gates)


@pytest.mark.parametrize("broken", [KeyError("x"), MemoryError(), UnicodeDecodeError("utf-8", b"x", 0, 1, "y")])
def test_fuzz_when_a_reader_is_broken_finds_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, broken: Exception
) -> None:
    def fail(*arguments: object) -> None:
        raise broken

    monkeypatch.setattr(fuzz_apk, "check_package", fail)
    tally, _ = fuzz(2, start=5, save=tmp_path / "found")

    assert len(tally.findings) == 2 and all(type(broken).__name__ in finding for finding in tally.findings)
    saved = sorted(path.name for path in (tmp_path / "found").iterdir())
    assert saved == ["case_1_5.apk", "case_1_6.apk"]


def test_mutated_when_asked_again_gives_the_same_bytes_and_rarely_the_sound_ones() -> None:
    cases = [fuzz_apk.mutated(3, index, parts.PARTS, parts.pack) for index in range(100)]

    assert cases == [fuzz_apk.mutated(3, index, parts.PARTS, parts.pack) for index in range(100)]
    assert {what for what, _ in cases} == {*parts.PARTS, "zip headers", "zip, blindly"}
    assert len({sha256_hex(data) for _, data in cases}) > 90
