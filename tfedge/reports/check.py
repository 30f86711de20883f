"""The stage behind `tfedge check`: files against targets, by reading them and by running them.

Every file is read once and run on LiteRT once, for the right answers; then all targets run it side by side, each in a
worker process of its own. A file that its interpreter would die of is run all the same: that is how it is known.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import functools
import os
import pathlib
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tfedge.checks.rules import static_findings
from tfedge.checks.verdict import Finding
from tfedge.devices.reach import is_over_ssh, reach
from tfedge.errors import ConfigError
from tfedge.modelfile.apk.kind import is_package
from tfedge.modelfile.model_file import ModelData, open_model, sha256_of
from tfedge.printable import counted, printable
from tfedge.progress import SILENT, Bar, Reporter
from tfedge.reports.check_report import CheckReport, FileCheck, TargetCheck
from tfedge.reports.conditions import Conditions
from tfedge.reports.reading import read_checked
from tfedge.runtime import targets as targets_module
from tfedge.runtime.environments import Environment, find_environment, installed_environments
from tfedge.runtime.limits import Limits
from tfedge.runtime.targets import RuntimeTarget
from tfedge.validation.behaviour import check_behaviour
from tfedge.validation.expectation import CheckedFile, Expectation, expect_from_litert
from tfedge.validation.lane import Lane
from tfedge.validation.user_cases import UserCases, expect_from_user

LITERT = "ai-edge-litert"
TIMEOUT_S = 60.0


def check_files(
    paths: Sequence[str | os.PathLike[str]],
    targets: Sequence[str] | None = None,
    inputs: str | os.PathLike[str] | None = None,
    reference: str | os.PathLike[str] | None = None,
    limits: Limits | None = None,
    run: bool = True,
    timeout_s: float = TIMEOUT_S,
    seed: int = 1,
    reporter: Reporter = SILENT,
    model: str | os.PathLike[str] | None = None,
    allowed: Sequence[str] = (),
) -> CheckReport:
    """Checks each file for each target.

    Args:
        paths: .tflite files of any maker, and Android packages (APK), one or more.
        targets: as `RuntimeTarget.parse` reads them, or names of runtimes beside this Python; those installed by
            default, of an emulated architecture its default core.
        inputs: an .npz of cases: arrays by input name (or SIGNATURE/INPUT) with cases along the first axis, and
            `expected_NAME` for outputs that are known. Made up from `seed` by default.
        reference: a .tflite whose answers (on LiteRT) are right; LiteRT's reference kernels by default.
        limits: of each process that runs a file.
        run: whether files are run; else static rules alone read them, and no process is started.
        timeout_s: seconds for one answer of an interpreter.
        seed: of inputs that are made up, 0 or more.
        reporter: hears a bar over files and targets.
        model: .tflite that each package must hold, byte by byte. Packages are read and never run: their models are
            judged for the interpreters inside, or for those of `targets` that are Android's.
        allowed: ids of rules on packages whose failures become notes.

    Raises:
        ArtifactError: a path that names no file.
        ConfigError: no file, a name that is not UTF-8, an unknown target, or inputs or a reference that do not fit.
        RuntimeUnavailableError: a target is not installed; the message says how to add it.
    """
    if not paths:
        raise ConfigError("expected one file or more to check; got none; name .tflite files")
    if not run and (inputs is not None or reference is not None):
        raise ConfigError("expected files to be run where inputs or a reference are given; leave out --static")
    opened = [(pathlib.Path(path), open_model(path)) for path in map(_nameable, paths)]
    packages = [is_package(data, path) for path, data in opened]
    if not any(packages) and (model is not None or allowed):
        raise ConfigError(
            "expected an Android package (APK) with --model or --allow; got .tflite files; leave them out"
        )
    if all(packages) and (inputs is not None or reference is not None):
        raise ConfigError("expected a .tflite file with inputs or a reference; got packages, whose models are not run")
    chosen = choose(targets, run and not all(packages)) if targets or not all(packages) else {}
    check_one = None
    if any(packages):
        named = _for_packages(chosen, all(packages)) if targets else ()
        check_one = _package_checker(model, named, allowed, verify=run)
    run = run and not all(packages)
    user = UserCases.read(inputs, reference) if inputs is not None or reference is not None else None
    reporter.stage(
        f"check {counted(len(paths), 'file')}" + (f" for {counted(len(chosen), 'target')}" if chosen else "")
    )
    files: list[FileCheck] = []
    with _Runner(chosen, limits or Limits(), timeout_s, seed, user) as runner:
        with reporter.bar("check", len(opened) * max(1, len(chosen))) as bar:
            for (path, data), is_apk in zip(opened, packages, strict=True):
                if check_one is not None and is_apk:
                    files += check_one(path, data)
                    bar.advance(max(1, len(chosen)), printable(path.name))
                else:
                    files.append(_check_file(path, data, chosen, runner if run else None, bar))
    return CheckReport(tuple(files), Conditions.here(), seed, has_run=run)


def _package_checker(*asked: Any, **more: Any) -> Callable[[pathlib.Path, ModelData], tuple[FileCheck, ...]]:
    """Returns what checks a package, with options as `PackageOptions.read` takes them; imported where there is one."""
    from tfedge.reports.check_package import PackageOptions, check_package

    return functools.partial(check_package, options=PackageOptions.read(*asked, **more))


def _for_packages(chosen: Iterable[RuntimeTarget], is_all: bool) -> tuple[RuntimeTarget, ...]:
    """Returns those of the named targets that judge packages; where there is nothing else, there must be one."""
    found = tuple(target for target in chosen if target.name == targets_module.ANDROID)
    if is_all and not found:
        raise ConfigError(
            f"expected a target of Android for a package, such as {targets_module.ANDROID}==2.16.1@arm64-v8a; got "
            f"{', '.join(map(str, chosen))}; leave --target out: the interpreters inside are found"
        )
    return found


def choose(targets: Sequence[str] | None, run: bool = True) -> dict[RuntimeTarget, Environment | None]:
    """Returns the targets asked for, each with its environment; None for one that is not run.

    Raises:
        ConfigError: an unknown target.
        RuntimeUnavailableError: a target that has to be run is not installed, or there is none at all.
        DeviceError: a board that cannot be reached.
    """
    if not targets:
        found = {each.target: each for each in installed_environments() if _is_default(each.target)}
        if not found:
            targets_module.choose_targets()  # Says what to install.
        return dict(found)
    chosen: dict[RuntimeTarget, Environment | None] = {}
    for text in sorted(targets, key=is_over_ssh):  # Those here first, so that a board of the same kind is refused.
        if is_over_ssh(text):
            board = reach(text).environment
            if board.target in chosen:
                raise ConfigError(f"expected {board.target} once; {text} is another of its kind; check it alone")
            chosen[board.target] = board if run else None
            continue
        target = RuntimeTarget.parse(text) if "=" in text or "@" in text else targets_module.choose_targets([text])[0]
        is_run = run and target.name != targets_module.ANDROID
        chosen[target] = find_environment(target) if is_run else None
    return chosen


def _is_default(target: RuntimeTarget) -> bool:
    """Whether a target is checked where none is named: of emulated cores one is enough."""
    return target.core in ("", targets_module.DEFAULT_CORE) or target.arch == platform.machine()


def _nameable(path: str | os.PathLike[str]) -> str | os.PathLike[str]:
    """Returns a path that interpreters can be told; they take UTF-8 alone."""
    try:
        os.fspath(path).encode("utf-8")
    except UnicodeEncodeError:
        shown = printable(os.fspath(path))
        raise ConfigError(f"expected a file name in UTF-8; got {shown}; rename the file") from None
    return path


class _Runner:
    """The lanes of all targets, and that of LiteRT for the right answers; a context manager."""

    def __init__(
        self,
        chosen: dict[RuntimeTarget, Environment | None],
        limits: Limits,
        timeout_s: float,
        seed: int,
        user: UserCases | None,
    ) -> None:
        self._seed, self._user = seed, user
        self._lanes = {target: Lane(each, timeout_s, limits) for target, each in chosen.items() if each is not None}
        litert = [target for target in targets_module.installed_targets() if target.name == LITERT]
        self._reference = Lane(find_environment(litert[0]), timeout_s, limits) if litert else None
        self._pool = concurrent.futures.ThreadPoolExecutor(max(1, len(self._lanes)))

    def __enter__(self) -> _Runner:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.ExitStack() as stack:  # Lanes first: what a thread waits for then ends.
            stack.callback(self._pool.shutdown, cancel_futures=True)
            for lane in (*self._lanes.values(), self._reference):
                if lane is not None:
                    stack.callback(lane.close)

    def expect(self, checked: CheckedFile) -> Expectation:
        """Returns what a right runtime answers to the cases of a file."""
        if self._reference is None:
            return Expectation(seed=self._seed, reason="LiteRT is not installed beside this Python; pip install tfedge")
        if self._user is not None:
            return expect_from_user(checked, self._reference, self._user, self._seed)
        return expect_from_litert(checked, self._reference, self._seed)

    def submit(
        self, checked: CheckedFile, expectation: Expectation
    ) -> dict[RuntimeTarget, concurrent.futures.Future[tuple[tuple[Finding, ...], float]]]:
        """Starts running a file on every target that can be run here."""
        return {target: self._pool.submit(_timed, checked, lane, expectation) for target, lane in self._lanes.items()}


def _timed(checked: CheckedFile, lane: Lane, expectation: Expectation) -> tuple[tuple[Finding, ...], float]:
    start = time.monotonic()
    return check_behaviour(checked, lane, expectation), time.monotonic() - start


def _check_file(
    path: pathlib.Path,
    data: ModelData,
    chosen: dict[RuntimeTarget, Environment | None],
    runner: _Runner | None,
    bar: Bar,
) -> FileCheck:
    read = read_checked(path, data)
    if isinstance(read, Finding):
        bar.advance(len(chosen), printable(path.name))
        checks = tuple(TargetCheck(str(target), (read,)) for target in chosen)
        return FileCheck(str(path), sha256_of(data), len(data), checks)
    checked, about_pack = read
    static = {target: (*about_pack, *static_findings(checked.graph, target, checked.data)) for target in chosen}
    ran: dict[RuntimeTarget, tuple[Finding, ...]] = {}
    seconds: dict[RuntimeTarget, float] = {}
    if runner is not None:
        started = runner.submit(checked, runner.expect(checked))
        places = {future: target for target, future in started.items()}
        for future in concurrent.futures.as_completed(places):
            target = places[future]
            ran[target], seconds[target] = future.result()
            bar.advance(1, printable(path.name))
        ran |= {target: (_not_run(target),) for target in chosen if target not in ran}
    bar.advance(len(chosen) - len(seconds), printable(path.name))
    checks = tuple(
        TargetCheck(str(target), (*static[target], *ran.get(target, ())), round(seconds.get(target, 0.0), 3))
        for target in chosen
    )
    return FileCheck(str(path), sha256_of(data), len(data), checks)


def _not_run(target: RuntimeTarget) -> Finding:
    return Finding(
        "runs",
        "not_measured",
        f"expected a device that runs {target}; there is none here: static rules alone have read the file",
        fix="run it in the app on a device; --static says only what can be known without one",
    )
