"""The pack of a rewritten model keeps what is still true, and measures again what is not."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest

from tests.golden import packed_autokey
from tfedge.modelfile.golden import KERAS
from tfedge.modelfile.pack import Pack, read_pack
from tfedge.runtime.environments import find_environment
from tfedge.runtime.targets import installed_targets
from tfedge.validation.fixed_pack import FIXES, write_fixed_pack
from tfedge.validation.lane import Lane

TARGET = "ai-edge-litert==2.3.0@x86_64"
EDITS = [{"kind": "op_version"}, {"kind": "op_version"}, {"kind": "one_scale"}]


@pytest.fixture(scope="module")
def litert() -> Iterator[Lane]:
    """A lane on LiteRT, which is always installed."""
    target = next(target for target in installed_targets() if target.name == "ai-edge-litert")
    with Lane(find_environment(target)) as lane:
        yield lane


def fixed(lane: Lane, folder: pathlib.Path, model_bytes: bytes, changes_numbers: bool) -> tuple[Pack, Pack]:
    original = packed_autokey.write(folder / "original.tflite", "dynamic_wi8_afp32")
    plan = {"name": "a plan", "changes_numbers": changes_numbers, "edits": EDITS}
    write_fixed_pack(folder / "fixed.tflite", original, model_bytes, plan, [TARGET], lane)
    return original, read_pack(folder / "fixed.tflite")


def test_write_fixed_pack_when_numbers_stay_keeps_cases_and_gates(litert: Lane, tmp_path: pathlib.Path) -> None:
    original, pack = fixed(litert, tmp_path, packed_autokey.MODEL_BYTES, changes_numbers=False)

    assert (pack.golden, pack.task, pack.evaluation) == (original.golden, original.task, original.evaluation)
    assert pack.manifest.gates == original.manifest.gates
    assert pack.manifest.targets == (TARGET,)
    record = pack.manifest.provenance[FIXES][0]
    assert record["original_sha256"] == original.sha256 and record["edits"] == {"op_version": 2, "one_scale": 1}
    assert {**pack.manifest.provenance, FIXES: None} == {**original.manifest.provenance, FIXES: None}


def test_write_fixed_pack_when_numbers_change_measures_the_recipes_ids_again(
    litert: Lane, tmp_path: pathlib.Path
) -> None:
    original, pack = fixed(litert, tmp_path, packed_autokey.slipping_model(), changes_numbers=True)

    recipe = original.manifest.recipe
    assert [case.expected_ids[KERAS] for case in pack.golden] == [case.expected_ids[KERAS] for case in original.golden]
    changed = [
        one.expected_ids[recipe] != other.expected_ids[recipe]
        for one, other in zip(pack.golden, original.golden, strict=True)
    ]
    assert 0 < sum(changed) < len(changed)  # The slipping model is wrong after some prefixes and right after others.
    assert pack.manifest.gates == ()
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["fixed.tflite", "original.tflite"]


def test_write_fixed_pack_when_fixed_twice_records_both(litert: Lane, tmp_path: pathlib.Path) -> None:
    _, once = fixed(litert, tmp_path, packed_autokey.MODEL_BYTES, changes_numbers=False)
    plan = {"name": "another", "changes_numbers": False, "edits": []}

    write_fixed_pack(tmp_path / "twice.tflite", once, once.model_bytes, plan, [TARGET], litert)

    records = read_pack(tmp_path / "twice.tflite").manifest.provenance[FIXES]
    assert [record["plan"] for record in records] == ["a plan", "another"]
    assert records[1]["original_sha256"] == once.sha256
