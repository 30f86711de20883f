"""The pack of a rewritten model: the same task, cases and texts, with what the rewrite made untrue measured again."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import tfedge
from tfedge.artifacts import write_bytes
from tfedge.modelfile.golden import GoldenCase
from tfedge.modelfile.pack import Pack, write_pack
from tfedge.modelfile.tensor_cases import TensorGolden
from tfedge.runtime.predict import decode_entry
from tfedge.tasks.spec import TaskSpec
from tfedge.text.tokenizer import trimmed
from tfedge.validation.lane import Lane
from tfedge.validation.tensor_golden import distances, run_golden

# Where a manifest's provenance tells what was done to the file after it was made, oldest first.
FIXES = "fixes"


def write_fixed_pack(
    path: str | os.PathLike[str],
    pack: Pack,
    model_bytes: bytes,
    plan: Mapping[str, Any],
    targets: Sequence[str],
    lane: Lane,
) -> Pack:
    """Writes the pack of a rewritten model to a new file.

    Where numbers changed, the recipe's own golden ids are measured again on LiteRT, and what gates said of the original
    is left out: it was said of other weights.

    Args:
        path: a file that does not exist.
        pack: of the original.
        model_bytes: the rewritten model alone.
        plan: the rewrite, as `FixPlan.to_json` gives it.
        targets: that the file is made for; each must be proved before the file is handed out.
        lane: of LiteRT.

    Raises:
        WorkerError: LiteRT cannot run the rewritten model.
    """
    manifest, changed = pack.manifest, bool(plan["changes_numbers"])
    earlier = manifest.provenance.get(FIXES)
    fixes = [*(earlier if isinstance(earlier, list) else []), _record(pack, plan)]
    fields = {
        "recipe": manifest.recipe,
        "provenance": {**manifest.provenance, FIXES: fixes},
        "calibration": manifest.calibration,
        "gates": () if changed else manifest.gates,
        "targets": tuple(targets),
    }
    golden: TensorGolden | tuple[GoldenCase, ...] = pack.tensors or pack.golden
    if changed:
        golden = _measured_again(pathlib.Path(path), pack, model_bytes, lane)
    return write_pack(path, model_bytes, pack.task, golden, fields, evaluation=pack.evaluation or pack.array_examples)


def _record(pack: Pack, plan: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what the manifest says of a rewrite: how many edits of a kind, not each of thousands."""
    kinds: dict[str, int] = {}
    for edit in plan["edits"]:
        kinds[edit["kind"]] = kinds.get(edit["kind"], 0) + 1
    return {
        "tfedge_version": tfedge.__version__,
        "original_sha256": pack.sha256,
        "original_targets": list(pack.manifest.targets),
        "plan": plan["name"],
        "edits": kinds,
        "changes_numbers": plan["changes_numbers"],
    }


def _measured_again(
    path: pathlib.Path, pack: Pack, model_bytes: bytes, lane: Lane
) -> TensorGolden | tuple[GoldenCase, ...]:
    """Returns the golden cases with the recipe's ids, or distances, as LiteRT gives them for the rewritten model."""
    model = write_bytes(path.with_name(f"{path.name}.model.tflite"), model_bytes)
    try:
        worker = lane.load(model)
        if pack.tensors is not None:
            cases, outcomes = pack.tensors.cases, run_golden(worker, pack.tensors)
            return TensorGolden(cases, distances(cases, outcomes, worker.describe()))
        spec = TaskSpec.from_json(dict(pack.task))
        sources = np.concatenate([spec.source_array(case.text) for case in pack.golden])
        rows = worker.decode_many(sources, decode_entry(worker), spec.max_target_length)
    finally:
        model.unlink()
    return tuple(
        dataclasses.replace(case, expected_ids={**case.expected_ids, pack.manifest.recipe: trimmed(row)})
        for case, row in zip(pack.golden, rows, strict=True)
    )
