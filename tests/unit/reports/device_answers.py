"""What a phone would send back of a packed file: the file's real run on this machine, under a phone's name."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from tests.unit.reports.device_samples import report as sample
from tfedge.modelfile.strict_json import dump_object
from tfedge.reports.device_parts import ANDROID, DeviceLatency
from tfedge.reports.device_report import DeviceReport
from tfedge.validation.case_trace import CaseTrace, Numbers


def as_phone(local: DeviceReport, kind: str = ANDROID, **changes: Any) -> DeviceReport:
    """Returns the run of this machine as a phone reports its own."""
    device = dataclasses.replace(sample().device, kind=kind)
    fields: dict[str, Any] = {"device": device, "runtime_name": "android-tflite", "runtime_version": "2.16.1"}
    return dataclasses.replace(local, **{**fields, **changes})


def to_bytes(report: DeviceReport) -> bytes:
    """Returns the file that the app writes."""
    return dump_object(report.to_json(), "a device report")


def with_case(report: DeviceReport, **changes: Any) -> DeviceReport:
    """Returns the report with one case, the fourth, changed."""
    traces = list(report.traces)
    traces[3] = dataclasses.replace(traces[3], **changes)
    return dataclasses.replace(report, traces=tuple(traces))


def broken_at(stage: str, report: DeviceReport) -> DeviceReport:
    """Returns the report as a device would write it that goes wrong at exactly one stage of one case."""
    return with_case(report, **_broken(stage, report.traces[3]))


def _broken(stage: str, trace: CaseTrace) -> dict[str, Any]:
    if stage == "raw_bytes":
        return {"raw_bytes": trace.raw_bytes + b"\n"}
    if stage == "ids":
        return {"ids": (trace.ids[0] + 1, *trace.ids[1:])}
    if stage == "tokens":
        return {"tokens": trace.tokens[:-1]}
    if stage == "text":
        return {"text": trace.text.lower()}
    if stage == "first_logits":
        return {"first_logits": Numbers(np.ascontiguousarray(trace.first_logits.array[..., ::-1]))}
    name = sorted(trace.encoder_output)[0]
    held = trace.encoder_output[name]
    swapped = Numbers(held.array + np.float32(1.0) * (held.array.max() + 1), held.scale, held.zero_point)
    return {"encoder_output": {**trace.encoder_output, name: swapped}}


def latency(
    entry: str, texts_sha256: str, milliseconds: float = 10.0, runs: int = 240, **changes: Any
) -> DeviceLatency:
    """Returns times of `runs` answers to 12 texts, each a few per cent from the next."""
    times = tuple(milliseconds * (1 + place % 10 / 100) for place in range(runs))
    fields: dict[str, Any] = {
        "entry": entry,
        "num_sources": 12,
        "texts_sha256": texts_sha256,
        "warmup_runs": 24,
        "is_warm": True,
        "write_ms": (0.001,) * runs,
        "run_ms": times,
        "read_ms": (0.001,) * runs,
    }
    return DeviceLatency(**{**fields, **changes})
