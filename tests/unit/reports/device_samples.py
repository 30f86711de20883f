"""A device report of two cases: the one that stands in tests/golden/device_report/example.json, for both languages."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.golden.autokey import DATA
from tfedge.reports.device_parts import (
    Device,
    DeviceLatency,
    FirstDifference,
    GoldenResult,
    ReportedModel,
    Threads,
)
from tfedge.reports.device_report import DeviceReport
from tfedge.validation.case_trace import CaseTrace, Numbers

EXAMPLE = DATA.parent / "device_report" / "example.json"


def trace(name: str = "repeated", asked: str = "bbbb", **changes: Any) -> CaseTrace:
    """Returns a trace of four letters: an int8 state, a float state, float logits."""
    fields: dict[str, Any] = {
        "name": name,
        "raw_bytes": asked.encode(),
        "ids": (4, 4, 4, 4, 2),
        "encoder_output": {
            "memory": Numbers(np.array([[[-128, 0], [5, 127]]], np.int8), scale=0.0625, zero_point=-3),
            "cross_bias": Numbers(np.array([[0.0, -30.0]], np.float32)),
        },
        "first_logits": Numbers(np.array([[-4.125, 0.1, 2.5, 7.0]], np.float32)),
        "tokens": (4, 5, 7, 6, 2),
        "text": "B C E D",
    }
    return CaseTrace(**{**fields, **changes})


def report(*traces: CaseTrace, **changes: Any) -> DeviceReport:
    """Returns a report of a phone, of `traces` or of two cases."""
    fields: dict[str, Any] = {
        "model": ReportedModel("a" * 64, 1_234_567, "b" * 64, "static_wi8_ai8"),
        "runtime_name": "android-tflite",
        "runtime_version": "2.16.1",
        "device": Device(
            name="Pixel 8",
            kind="android",
            cpu="Tensor G3",
            cores=9,
            abi="arm64-v8a",
            os="Android 14 (34)",
            thermal="none",
            battery_percent=81,
            is_charging=False,
        ),
        "threads": Threads(asked=2, seen=None),
        "entry": "encode+decode_step",
        "golden": GoldenResult(2, 1, FirstDifference("accented", "tokens", 1, "5", "7", 0.5)),
        "traces": traces or (trace(), trace("accented", "É", text="B E D", first_logits=None)),
        "latency": DeviceLatency(
            "encode+decode_step", 2, "c" * 64, 8, True, (0.01, 0.01, 0.02), (1.25, 1.5, 1.0), (0.002, 0.001, 0.001)
        ),
        "written_by": "tfedge-android 0.1.0",
        "created_utc": "2026-11-21T13:00:00Z",
    }
    return DeviceReport(**{**fields, **changes})
