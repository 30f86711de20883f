"""Rungs and ladders by hand: float32 and a good int8 file on a target, and whatever a test changes."""

from __future__ import annotations

import dataclasses

from tests.unit.reports import sample_reports as made
from tfedge.checks.verdict import Finding
from tfedge.reports.conditions import Conditions
from tfedge.reports.ladder_config import LadderConfig
from tfedge.reports.ladder_report import LadderReport
from tfedge.reports.rung import Rung
from tfedge.tasks.tensor_task import Quality
from tfedge.validation.ladder_limits import LadderLimits, Speedup
from tfedge.validation.tensor_accuracy import TensorAccuracy
from tfedge.validation.tensor_quality import OutputQuality

ARM = "ai-edge-litert==2.3.0@aarch64:cortex-a72"
MEGABYTE = 1_000_000


def accuracy(lost=0.0, margin=0.1, words=2500, **changed):
    """Accuracy with `lost` points against Keras and an interval of `margin` to both sides."""
    paired = dict(
        wer_minus_reference_points=lost, wer_minus_reference_low=lost - margin, wer_minus_reference_high=lost + margin
    )
    return made.accuracy(num_examples=words, **{**paired, **changed})


def rung(recipe="int8", lost=0.05, milliseconds=0.5, megabytes=1.9, times=2.0, target=made.LITERT, **changed):
    """A rung that has run; `milliseconds` None: not timed."""
    timed = milliseconds is not None
    fields = dict(
        recipe=recipe,
        target=target,
        is_emulated="aarch64" in target,
        size_bytes=round(megabytes * MEGABYTE),
        model_sha256="a" * 64,
        entry="greedy",
        findings=(Finding("runs", "pass", "it runs"),),
        accuracy=accuracy(lost),
        latency=made.latency(target, milliseconds=milliseconds) if timed else None,
        untimed="" if timed else "the target is emulated here",
        speedup=Speedup(times, times * 0.98, times * 1.02, "greedy") if timed and recipe != "float32" else None,
        memory=made.memory(target) if timed else None,
        partitions={"encode": 4, "greedy": 3},
    )
    return Rung(**{**fields, **changed})


def float_rung(target=made.LITERT, **changed):
    """float32: a millisecond, 6.8 MB."""
    return rung("float32", **{**dict(lost=0.0, milliseconds=1.0, megabytes=6.8, target=target), **changed})


def refused(recipe="int4", target=made.LITERT):
    """A rung that static rules forbid."""
    finding = Finding("low_bit_weights", "fail", "int4 weights are read as int8")
    file = dict(size_bytes=1_100_000, model_sha256="b" * 64)
    return Rung(recipe, target, "aarch64" in target, findings=(finding,), **file)


def config(prefer="latency", **limits):
    """Settings with `limits` changed."""
    return dataclasses.replace(LadderConfig(), limits=LadderLimits(**limits), prefer=prefer)


def ladder(*rungs, **changed):
    """A report of rungs."""
    fields = dict(
        task="g2p",
        model_sha256="e" * 64,
        config=LadderConfig(),
        conditions=Conditions(made.CPU, "x86_64", 2, "Debian 12", "3.11.2", {"numpy": "1.26.4"}),
        rungs=rungs,
        created_utc="2026-11-21T13:00:00Z",
        tfedge_version="0.1.0",
    )
    return LadderReport(**{**fields, **changed})


def nearness(value=0.99, half=0.01, examples=100, metric="agreement", is_error=False, **changed):
    """Accuracy of tensors: `value` of a metric with an interval of `half` to both sides."""
    low, high = value - half, min(value + half, 1.0) if metric != "snr_db" else value + half
    figures = OutputQuality(examples, 0.999, 0.99, 30.0, min(1.0, max(0.0, value)), True, 3.0)
    fields = dict(
        metric=metric,
        is_error=is_error,
        key="serving_default/y",
        num_examples=examples,
        value=value,
        low=low,
        high=high,
        lost=None if metric == "snr_db" else value if is_error else 1 - value,
        lost_low=None if metric == "snr_db" else low if is_error else 1 - high,
        lost_high=None if metric == "snr_db" else high if is_error else 1 - low,
        outputs={"serving_default/y": dataclasses.replace(figures, **changed)},
    )
    return TensorAccuracy(**fields)


def tensor_rung(recipe="int8", accuracy=None, target=made.LITERT, milliseconds=0.5, **changed):
    """A rung of a model of tensors that has run."""
    timed = milliseconds is not None
    return rung(
        recipe,
        target=target,
        milliseconds=milliseconds,
        **{
            "entry": "signatures",
            "accuracy": accuracy or nearness(),
            "latency": made.latency(target, "signatures", milliseconds) if timed else None,
            "memory": made.memory(target, "signatures") if timed else None,
            "partitions": {"serving_default": 3},
            **changed,
        },
    )


def float_tensor_rung(target=made.LITERT, **changed):
    """float32 of a model of tensors: it answers as Keras does."""
    fields = {"accuracy": nearness(1.0), "milliseconds": 1.0, "megabytes": 6.8, "target": target}
    return tensor_rung("float32", **{**fields, **changed})


def tensor_config(quality=None, prefer="latency", **limits):
    """Settings of a ladder of tensors: agreement of 0.95."""
    held = LadderLimits(quality=quality or Quality("agreement", 0.95), **limits)
    return dataclasses.replace(LadderConfig(), limits=held, prefer=prefer)
