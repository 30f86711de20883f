"""Two devices that part ways at each stage: findings of comparing their reports."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.unit.reports import device_samples as made
from tfedge.checks.verdict import Finding
from tfedge.reports.stage_comparison import compare_reports
from tfedge.reports.stage_findings import gate_of
from tfedge.validation.case_trace import STAGES, Numbers

_BROKEN: dict[str, dict[str, Any]] = {
    "raw_bytes": {"raw_bytes": b"bb\xc2\xa0b"},
    "ids": {"ids": (5, 5, 5, 5, 2)},
    "encoder_output": {
        "encoder_output": {
            **made.trace().encoder_output,
            "memory": Numbers(np.array([[[127, 0], [5, -128]]], np.int8), scale=0.0625, zero_point=-3),
        }
    },
    "first_logits": {"first_logits": Numbers(np.array([[7.0, 0.1, 2.5, -4.125]], np.float32))},
    "tokens": {"tokens": (4, 5, 2)},
    "text": {"text": "A B C"},
}


def parted(stage: str) -> Finding:
    """Returns what is said where that stage alone is another one."""
    broken = dataclasses.replace(made.trace(), **_BROKEN[stage])
    compared = compare_reports(made.report(made.trace()), made.report(broken))
    (found,) = [each for each in compared.findings if each.verdict != "pass"]
    if found.gate != gate_of(stage):
        raise RuntimeError(f"expected {gate_of(stage)}; got {found.gate}")
    return found


MAKERS: dict[str, Callable[[], Finding]] = {gate_of(stage): functools.partial(parted, stage) for stage in STAGES}
