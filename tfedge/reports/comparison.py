"""What a comparison of two files says: findings, lines for people, JSON for machines."""

from __future__ import annotations

import dataclasses
import math
import pathlib
from collections.abc import Sequence
from typing import Any

from tfedge.checks.verdict import Finding
from tfedge.printable import shortened
from tfedge.validation.signature_comparison import SignatureComparison, TensorError
from tfedge.validation.tensor_comparison import Comparison
from tfedge.validation.tensor_error import ONE_BIT_DB
from tfedge.validation.weight_comparison import WeightError

GATE = "layer_error"
SCHEMA_VERSION = 1
NUM_WORST, NUM_WEIGHTS = 10, 5


def comparison_findings(comparison: Comparison) -> tuple[Finding, ...]:
    """Returns one finding a signature: where it goes wrong, or how far its worst tensor is off."""
    return tuple(_finding(signature) for signature in comparison.signatures)


def comparison_lines(comparison: Comparison) -> list[str]:
    """Returns the report as lines: where it goes wrong, the worst ten tensors, the worst weights, what was left out."""
    first, second = pathlib.Path(comparison.first).name, pathlib.Path(comparison.second).name
    lines = [f"{second} against {first}, on {comparison.target} without delegates", ""]
    for finding in comparison_findings(comparison):
        lines.append(f"{finding.verdict}  {finding.message}")
        lines += [f"  {label}: {text}" for label, text in (("cause", finding.cause), ("fix", finding.fix)) if text]
    worst = comparison.worst(NUM_WORST)
    if worst:
        lines += ["", f"worst {len(worst)} of {len(comparison.tensors)} tensors", *_table(_TENSOR_HEAD, worst, _cells)]
    weights = _worst_weights(comparison)
    if weights:
        title = f"worst {len(weights)} of {len(comparison.weights)} weights"
        lines += ["", title, *_table(_WEIGHT_HEAD, weights, _weight_cells)]
    return [*lines, "", *_notes(comparison)]


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """Returns everything as JSON values. `snr_db` is null where `state` is "exact" or "not_finite"."""
    return {
        "schema_version": SCHEMA_VERSION,
        "first": {"path": comparison.first, "sha256": comparison.first_sha256},
        "second": {"path": comparison.second, "sha256": comparison.second_sha256},
        "target": comparison.target,
        "limit_db": ONE_BIT_DB,
        "findings": [finding.to_json() for finding in comparison_findings(comparison)],
        "signatures": [
            {
                "name": signature.name,
                "num_runs": signature.num_runs,
                "num_loops": signature.num_loops,
                "unmatched": list(signature.unmatched),
                "wrong": _json(signature.wrong) if signature.wrong else None,
                "tensors": [_json(tensor) for tensor in signature.tensors],
            }
            for signature in comparison.signatures
        ],
        "weights": [_json(weight) for weight in comparison.weights],
        "skipped": dict(comparison.skipped),
    }


def decibel_text(value: float | None) -> str:
    """Returns a ratio as people read it: "18.9", "exact" or "NaN"."""
    if value is None:
        return "exact"
    return f"{value:.1f}" if math.isfinite(value) else "NaN"


def _finding(signature: SignatureComparison) -> Finding:
    wrong, where = signature.wrong, f"{signature.name}: {len(signature.tensors)} tensors, {signature.num_runs} runs"
    if not signature.tensors or not signature.num_runs:
        return Finding(GATE, "not_measured", f"{where}: nothing could be compared", fix="give files of one network")
    if wrong is not None:
        finite = wrong.snr_db is not None and math.isfinite(wrong.snr_db)
        return Finding(
            GATE,
            "fail",
            f"{where}; goes wrong at {shortened(wrong.title)}: {wrong.op} {wrong.position} ({shortened(wrong.name)}) "
            f"has {decibel_text(wrong.snr_db)} dB, {wrong.lost_db:.1f} dB less than its inputs",
            cause=wrong.cause,
            consequence="everything that reads it works on noise",
            fix="keep this layer in float, or repair what the cause names; then compare again",
            measured=wrong.snr_db if finite else None,
            limit=ONE_BIT_DB,
        )
    ratios = [tensor.snr_db for tensor in signature.tensors if tensor.snr_db is not None and not tensor.is_healed]
    lowest = min(ratios, default=None)
    told = "all are equal" if lowest is None else f"the worst has {decibel_text(lowest)} dB"
    message = f"{where}; none is wrong: {told}, one bit is {ONE_BIT_DB:.1f} dB"
    return Finding(GATE, "pass", message, measured=lowest, limit=ONE_BIT_DB)


_TENSOR_HEAD = ("dB", "lost", "steps", "max", "type", "op", "where")
_WEIGHT_HEAD = ("dB", "type", "scales", "op", "where")
_TEXT_COLUMNS = ("type", "op", "where")


def _cells(tensor: TensorError) -> tuple[str, ...]:
    steps = ["" if value is None else f"{value:.1f}" for value in (tensor.steps_rms, tensor.steps_max)]
    where = f"{tensor.signature} {tensor.position}  {shortened(tensor.title)}"
    return decibel_text(tensor.snr_db), f"{tensor.lost_db:.1f}", *steps, tensor.dtype, tensor.op, where


def _weight_cells(weight: WeightError) -> tuple[str, ...]:
    return decibel_text(weight.snr_db), weight.dtype, str(weight.num_scales), weight.op, shortened(weight.title)


def _table(head: Sequence[str], rows: Sequence[Any], cells: Any) -> list[str]:
    body = [head, *(cells(row) for row in rows)]
    widths = [max(len(line[place]) for line in body) for place in range(len(head))]
    return [
        "  "
        + "  ".join(
            text.ljust(width) if name in _TEXT_COLUMNS else text.rjust(width)
            for name, text, width in zip(head, line, widths, strict=True)
        ).rstrip()
        for line in body
    ]


def _worst_weights(comparison: Comparison) -> list[WeightError]:
    """Returns the weights with the lowest ratio; biases are told by what they are added to."""
    with_error = [weight for weight in comparison.weights if weight.snr_db is not None and not weight.is_added]
    return sorted(with_error, key=lambda weight: weight.snr_db or 0.0)[:NUM_WEIGHTS]


def _notes(comparison: Comparison) -> list[str]:
    lines = [
        "dB: signal to noise. lost: how far below the worst input of its op. steps, max: error in quantization steps, "
        "root mean square and largest. Layers are named as in the file; Keras adds a number to the name of each."
    ]
    for signature in comparison.signatures:
        if signature.num_loops:
            told = f"{signature.num_loops} loop" + ("s" if signature.num_loops > 1 else "")
            lines.append(f"{signature.name}: what runs inside {told} is not compared.")
        if signature.unmatched:
            shown = ", ".join(map(shortened, signature.unmatched[:3]))
            lines.append(f"{signature.name}: {len(signature.unmatched)} tensors have no partner, such as {shown}.")
    return [*lines, *(f"{name}: not compared; {reason}." for name, reason in comparison.skipped.items())]


def _json(value: TensorError | WeightError) -> dict[str, Any]:
    fields = dataclasses.asdict(value)
    ratio = fields["snr_db"]
    fields["state"] = "exact" if ratio is None else "measured" if math.isfinite(ratio) else "not_finite"
    fields["snr_db"] = ratio if fields["state"] == "measured" else None
    fields["shape"] = list(fields["shape"])
    return fields
