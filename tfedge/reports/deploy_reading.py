"""What a device sent back, believed only where it is whole, of our schema, of our file and of that kind of device."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfedge.artifacts import sha256_hex
from tfedge.checks.verdict import Finding
from tfedge.errors import ConfigError, DeviceError
from tfedge.modelfile.pack import Pack
from tfedge.modelfile.strict_json import load_object
from tfedge.reports.device_parts import DeviceLatency
from tfedge.reports.device_report import DeviceReport
from tfedge.validation.golden import check_golden
from tfedge.validation.latency import MAX_SPREAD_RATIO, MIN_RUNS, MIN_SECONDS
from tfedge.validation.performance import timed_texts

_WHAT = "the device's report"


def read_sent(data: bytes, pack: Pack, kind: str, num_threads: int) -> DeviceReport:
    """Reads the report that a device sent back.

    Args:
        data: the bytes, as they came.
        pack: the file that it must be about.
        kind: of the device, one of `DEVICE_KINDS`.
        num_threads: that were asked for.

    Raises:
        DeviceError: it is cut, of another schema version, of another file, or not what was asked for.
    """
    try:
        report = DeviceReport.from_json(load_object(data, _WHAT))
    except (ConfigError, TypeError) as error:
        raise DeviceError(
            f"expected a whole report that this tfedge reads; {error}; run it again, and if it says the same install "
            "the app of this version with --apk"
        ) from error
    if report.model.sha256 != pack.sha256:
        raise DeviceError(
            f"expected a report of {pack.path}, sha256 {pack.sha256}; got one of {report.model.sha256}; run it again"
        )
    if (report.device.kind, report.threads.asked) != (kind, num_threads):
        raise DeviceError(
            f"expected a report of {kind} with {num_threads} threads; got one of {report.device.kind} with "
            f"{report.threads.asked}; install the app of this version with --apk"
        )
    return report


def golden_finding(report: DeviceReport, pack: Pack) -> Finding:
    """Judges the tokens of the golden cases as everywhere else, whatever the device itself counted."""
    tokens = {trace.name: trace.tokens for trace in report.traces}
    (found,) = check_golden(pack.golden, [tokens.get(case.name) for case in pack.golden], pack.manifest.recipe)
    return found


def latency_finding(latency: DeviceLatency | None) -> Finding:
    """Says whether the device's figures may be relied on: the same limits as on this machine."""
    if latency is None:
        fix = "install the app of this version with --apk"
        return Finding(
            "device_latency", "not_measured", "expected latencies of the device; its report holds none", fix=fix
        )
    reasons = invalid_reasons(latency)
    told = f"p50 {latency.latency_p50_ms:.3g} ms of {latency.num_runs} answers"
    if not reasons:
        return Finding("device_latency", "pass", told)
    fix = "let the device cool down, close other apps and measure again"
    return Finding("device_latency", "not_measured", f"{told}, not to be relied on: {'; '.join(reasons)}", fix=fix)


def texts_to_time(pack: Pack) -> list[str]:
    """Returns the texts whose answers are timed, on any device: a few by length, of those that the file carries."""
    examples = [example.text for example in pack.evaluation.examples] if pack.evaluation else []
    return timed_texts(examples or [case.text for case in pack.golden])


def texts_sha256(texts: Sequence[str]) -> str:
    """Returns the sha256 of texts as `DeviceLatency.texts_sha256` has it: UTF-8, a line feed after each."""
    return sha256_hex("".join(f"{text}\n" for text in texts).encode("utf-8"))


def invalid_reasons(latency: DeviceLatency) -> tuple[str, ...]:
    """Returns why a device's figures must not be relied on; `LatencyReport.invalid_reasons` has the limits' reasons."""
    samples = latency.samples_ms
    reasons = []
    if latency.num_runs < MIN_RUNS:
        reasons.append(f"too few runs: {latency.num_runs} of {MIN_RUNS}")
    seconds = float(samples.sum()) / 1000
    if seconds < MIN_SECONDS:
        reasons.append(f"too short: {seconds:.2f} s of {MIN_SECONDS:g} s")
    if not latency.is_warm:
        reasons.append(f"not warm after {latency.warmup_runs} runs")
    whole = samples[: len(samples) // latency.num_sources * latency.num_sources].reshape(-1, latency.num_sources)
    if len(whole):
        medians = np.maximum(np.median(whole, axis=0), np.finfo(np.float64).tiny)
        spread = float(np.percentile(whole / medians, 90))
        if spread > MAX_SPREAD_RATIO:
            reasons.append(f"busy or hot device: p90 of the noise is {spread:.2f} p50, limit {MAX_SPREAD_RATIO:g}")
    return tuple(reasons)
