"""The stage behind `tfedge validate --trace`: one packed file on one device, seen at every stage."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence

from tfedge.devices.reach import LOCAL, Reached, reach
from tfedge.errors import ConfigError, MeasurementError
from tfedge.modelfile.pack import Pack, read_pack
from tfedge.progress import SILENT, Reporter
from tfedge.reports.conditions import system
from tfedge.reports.device_parts import Device, FirstDifference, GoldenResult, ReportedModel, Threads
from tfedge.reports.device_report import DeviceReport
from tfedge.runtime.client import Worker
from tfedge.tasks.spec import TaskSpec
from tfedge.validation.stage_tracing import Traced, asked_of, golden_divergences, trace_texts


def stage_trace(
    path: str | os.PathLike[str],
    device: str = LOCAL,
    runtime: str | None = None,
    texts: Sequence[str] = (),
    num_threads: int = 1,
    timeout_s: float = 60.0,
    reporter: Reporter = SILENT,
) -> DeviceReport:
    """Runs the golden cases, and other texts, through a packed file on one device; keeps what each stage gave.

    Args:
        path: the packed file, of a task of texts.
        device: `local`, a runtime target, or `ssh:HOST[:PYTHON]`.
        runtime: name of the interpreter, where the device has several; LiteRT by default.
        texts: run after the golden cases, as "text 1", "text 2", …
        num_threads: of the interpreter.
        timeout_s: seconds for one answer of the interpreter.
        reporter: hears a bar.

    Raises:
        ArtifactError, IntegrityError: no file, no pack, or changed bytes.
        ConfigError: an unknown device or runtime, or a file of tensors.
        InputError: a text that the task cannot read; nothing is run then.
        RuntimeUnavailableError, DeviceError: the device, or its interpreter, cannot be used.
        WorkerError: the runtime refused the file, crashed or hung.
    """
    if num_threads < 1:
        raise ConfigError(f"expected num_threads of 1 or more; got {num_threads}; give the number of threads")
    pack = read_pack(path)
    spec = TaskSpec.from_json(dict(pack.task))
    asked = asked_of(pack.golden, texts)
    for each in asked:
        spec.source_ids(each.text)  # Says at once which text the model cannot read, before a device is asked.
    reached = reach(device, runtime)
    reporter.stage(f"stages of {path} on {reached.environment.target}, {reached.name}")
    with Worker(reached.environment, timeout_s=timeout_s) as worker:
        sha256 = worker.load(pack.path, num_threads=num_threads)
        if sha256 != pack.sha256:
            raise MeasurementError(
                f"expected {path} with sha256 {pack.sha256:.12}; the device read {sha256:.12}; the file was changed "
                "meanwhile: run it again"
            )
        traced = trace_texts(worker, spec, asked, reporter)
        return _report(pack, reached, worker, num_threads, traced)


def _report(pack: Pack, reached: Reached, worker: Worker, num_threads: int, traced: Traced) -> DeviceReport:
    target, info = reached.environment.target, worker.info
    return DeviceReport(
        model=ReportedModel(pack.sha256, len(pack.file), pack.manifest.model_sha256, pack.manifest.recipe),
        runtime_name=target.name,
        runtime_version=target.version,
        device=Device(
            name=reached.name,
            kind=reached.kind,
            cpu=info.cpu,
            cores=info.cores,
            abi=target.arch,
            os=reached.os or system(),
        ),
        threads=Threads(num_threads),
        entry=traced.entry,
        golden=golden_result(pack, traced),
        traces=traced.traces,
        not_shown=traced.not_shown,
    )


def golden_result(pack: Pack, traced: Traced) -> GoldenResult:
    """Returns how many golden cases answer, stage by stage, as the file did when it was made."""
    found = golden_divergences(pack.golden, traced.traces, pack.manifest.recipe)
    first = FirstDifference(**dataclasses.asdict(found[0])) if found else None
    return GoldenResult(len(pack.golden), len(pack.golden) - len(found), first)
