"""The stage behind `tfedge deploy`: a packed file on an Android device, or on its core here, beside this machine."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from collections.abc import Callable, Sequence

from tfedge.artifacts import check_writable
from tfedge.devices.android import android_host, app, app_run
from tfedge.devices.android.adb import Adb, find_adb
from tfedge.devices.android.attached import choose_attached, list_attached
from tfedge.devices.android.following import Patience
from tfedge.devices.android.phone import read_phone
from tfedge.devices.android.push import push_model
from tfedge.errors import ConfigError, one_of
from tfedge.modelfile.pack import Pack, read_pack
from tfedge.progress import SILENT, Reporter
from tfedge.reports.deploy_reading import (
    golden_finding,
    latency_finding,
    read_sent,
    texts_sha256,
    texts_to_time,
)
from tfedge.reports.deploy_report import DeployReport
from tfedge.reports.device_parts import ANDROID, ANDROID_HOST
from tfedge.reports.device_report import DeviceReport, write_device_report
from tfedge.reports.stage_comparison import compare_reports
from tfedge.reports.stage_trace import stage_trace
from tfedge.tasks.spec import TaskSpec
from tfedge.validation.latency import LatencyCandidate, LatencyReport, measure_latency
from tfedge.validation.workload import Decodes

DEVICES = (ANDROID, ANDROID_HOST)
SELFTEST, BENCHMARK = "selftest", "benchmark"


@dataclasses.dataclass(frozen=True)
class DeployConfig:
    """What is asked of `deploy_android`.

    Attributes:
        device: "android", a device behind adb; or "android-host", the app's core on this machine's JVM.
        serial: of the device; None takes the only one, or the one that ANDROID_SERIAL names.
        apk: the app, to be installed first; None takes the one that is there.
        benchmark: whether to measure latency too.
        num_threads: of the interpreters, on both sides.
        out: folder for the two device reports; None writes none.
        force: whether to replace reports that are there.

    Raises:
        ConfigError: an unknown device, fewer than one thread, or a serial or APK where no phone is asked for.
    """

    device: str = ANDROID
    serial: str | None = None
    apk: pathlib.Path | None = None
    benchmark: bool = False
    num_threads: int = 1
    out: pathlib.Path | None = None
    force: bool = False

    def __post_init__(self) -> None:
        if self.device not in DEVICES:
            raise one_of("`device`", self.device, DEVICES)
        if self.num_threads < 1:
            raise ConfigError(f"`num_threads` must be 1 or more; got {self.num_threads}")
        given = [name for name, value in (("--serial", self.serial), ("--apk", self.apk)) if value is not None]
        if self.device == ANDROID_HOST and given:
            raise ConfigError(f"expected --device {ANDROID} with {' and '.join(given)}; got {ANDROID_HOST}")


@dataclasses.dataclass(frozen=True)
class _Place:
    """Somewhere a file can run: in words, and how."""

    words: str
    app_version: str
    how: str
    run: Callable[[str], bytes]  # "selftest" or "benchmark" -> the report's bytes


def deploy_android(
    path: str | os.PathLike[str],
    config: DeployConfig | None = None,
    reporter: Reporter = SILENT,
    patience: Patience | None = None,
) -> DeployReport:
    """Brings a packed file to a device, runs its self-test there, and compares every stage with this machine.

    A device that refuses the file, crashes or hangs has measured nothing: that is an error and no finding.

    Args:
        path: the packed file, of a task of texts.
        config: by default the only device, self-test alone.
        reporter: hears stages and a bar.
        patience: how long to wait for the device.

    Raises:
        ArtifactError, IntegrityError: no file, no pack, or changed bytes; no such APK; a report that exists.
        ConfigError: a file of tensors, which the app has no screen for.
        DeviceError: no adb, no device, no app; a full storage, a pulled cable, a crash; a report that is not ours.
        MeasurementError: the two sides ran other cases.
        RuntimeUnavailableError, WorkerError: this machine cannot run the file.
    """
    config, patience = config or DeployConfig(), patience or Patience()
    pack = read_pack(path)
    if pack.tensors is not None:
        raise ConfigError(f"expected a model of a task of texts in {path}; it takes tensors, and the app reads texts")
    paths = _report_paths(pack, config)
    if config.apk is not None:
        app.check_apk(config.apk)
    reporter.stage(f"deploy {path} to {config.device}")
    place = (
        _host(pack, config, reporter, patience)
        if config.device == ANDROID_HOST
        else _phone(pack, config, reporter, patience)
    )
    reporter.say(f"model {place.how}")
    sent = place.run(BENCHMARK if config.benchmark else SELFTEST)
    device = read_sent(sent, pack, config.device, config.num_threads)
    reporter.stage("the same on this machine")
    local = stage_trace(path, num_threads=config.num_threads, reporter=reporter)
    findings = [golden_finding(device, pack)]
    timed, notes = None, []
    if config.benchmark:
        findings.append(latency_finding(device.latency))
        texts = texts_to_time(pack)
        timed = _time_here(pack, texts, local, config.num_threads, reporter)
        if device.latency is not None and device.latency.texts_sha256 != texts_sha256(texts):
            notes.append("the device timed other texts than this machine: compare neither's latency with the other's")
    for each, report in zip(paths, (device, local), strict=False):
        write_device_report(each, report, config.force)
    return DeployReport(
        model_path=str(path),
        model_sha256=pack.sha256,
        place=place.words,
        app_version=place.app_version,
        how=place.how,
        device=device,
        local=local,
        comparison=compare_reports(local, device, path),
        findings=tuple(findings),
        local_latency=timed,
        notes=tuple(notes),
        written=tuple(map(str, paths)),
    )


def _report_paths(pack: Pack, config: DeployConfig) -> tuple[pathlib.Path, ...]:
    """Returns where the device's report and this machine's go; none without a folder."""
    if config.out is None:
        return ()
    names = (f"{pack.path.stem}.{config.device}.json", f"{pack.path.stem}.local.json")
    return tuple(check_writable(config.out / name, config.force) for name in names)


def _phone(pack: Pack, config: DeployConfig, reporter: Reporter, patience: Patience) -> _Place:
    """Finds adb, device and app, and brings the file there."""
    serial = config.serial or os.environ.get("ANDROID_SERIAL") or None  # As adb itself chooses.
    adb = Adb(find_adb())
    adb = dataclasses.replace(adb, serial=choose_attached(list_attached(adb), serial).serial)
    phone = read_phone(adb)
    reporter.say(str(phone))
    if config.apk is not None:
        reporter.say(f"installing {config.apk}")
        app.install_app(adb, config.apk)
    installed = app.find_app(adb)
    folder = app_run.prepare(adb, reporter, patience)
    pushed = push_model(adb, pack.path, pack.sha256, len(pack.file), f"{folder}/models")
    if pushed.hashed_by != "sha256sum":
        reporter.say(f"the device lacks sha256sum: the model was compared by {pushed.hashed_by}")

    def run(action: str) -> bytes:
        return app_run.run_app(adb, action, pushed.remote, config.num_threads, reporter, patience)

    how = "already there" if pushed.was_there else "pushed"
    return _Place(f"{phone}, serial {adb.serial}", installed.version, how, run)


def _host(pack: Pack, config: DeployConfig, reporter: Reporter, patience: Patience) -> _Place:
    command = android_host.host_command()

    def run(action: str) -> bytes:
        return android_host.run_host(command, action, pack.path, config.num_threads, reporter, patience)

    return _Place(f"{android_host.NAME}, the app's core and Android's library on this JVM", "", "read in place", run)


def _time_here(
    pack: Pack, texts: Sequence[str], local: DeviceReport, num_threads: int, reporter: Reporter
) -> LatencyReport:
    """Times `texts` on the runtime of `local`."""
    candidate = LatencyCandidate(str(pack.path), local.runtime_name, pack.path, local.entry)
    spec = TaskSpec.from_json(dict(pack.task))
    workload = Decodes([spec.source_array(text)[0] for text in texts], spec.max_target_length)
    (timed,) = measure_latency([candidate], workload, num_threads=num_threads, reporter=reporter)
    return timed
