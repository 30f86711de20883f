"""Installs runtimes into the user's cache folder, and removes them: what `tfedge targets add` and `remove` do.

A runtime release is a folder of its own with the unpacked wheel; NumPy, and for ARM the emulated board, are shared by
the releases of one architecture. Each folder appears complete or not at all, and one process at a time makes them.
"""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import platform
import shutil
import subprocess
import sys
import types
from collections.abc import Sequence

from tfedge.checks import facts
from tfedge.devices import debian, emulated_arm, self_check, staging, wheels
from tfedge.errors import ConfigError, DeviceError
from tfedge.progress import SILENT, Bar, Reporter
from tfedge.runtime import environments, targets
from tfedge.runtime.environments import Environment
from tfedge.runtime.targets import RuntimeTarget

# The last NumPy 1: tflite-runtime is built against it, and every LiteRT that was measured runs with it.
NUMPY = "1.26.4"
NUMPY_2 = "2.3.5"  # where that one has no wheel: on this machine's own Python 3.13 and later
_NUMPY_SHA256 = {
    "aarch64": "7ab55401287bfec946ced39700c053796e7cc0e3acbef09993a9ad2adba6ca6e",
    "x86_64": "666dbfb6ec68962c033a450943ded891bed2d54e6755e35e5835d63f4f6931d5",
}
_BOARD = "board"


def add_targets(
    asked: Sequence[RuntimeTarget], force: bool = False, reporter: Reporter = SILENT
) -> tuple[Environment, ...]:
    """Installs what is not installed yet, and returns how to start each.

    Args:
        asked: targets; those that differ in their core only are one installation.
        force: whether to install again what is there.

    Raises:
        ConfigError: a target that cannot be installed anywhere, or a version that does not exist.
        DeviceError: this machine cannot: not Debian 12 x86-64 for ARM, no network, a tool missing, a failed self-check.
        ArtifactError: the cache folder cannot be written, or the disk is full.
    """
    for target in asked:
        check_addable(target)
    missing = [target for target in asked if force or not _is_installed(target)]
    releases = {environments.folder_of(target): target for target in missing}
    if releases:
        with staging.locked(environments.cache_folder()):
            # Another process may have made them while this one waited.
            todo = [target for target in releases.values() if force or not _is_installed(target)]
            needed = dict.fromkeys(folder for target in todo for folder in _shared_folders(target.arch))
            shared = [folder for folder in needed if not folder.exists()]
            staging.check_space(environments.cache_folder(), sum(map(_needed_bytes, [*shared, *releases])))
            total = sum(map(_num_steps, [*shared, *map(environments.folder_of, todo)]))
            with _Steps(reporter, total) as steps, contextlib.ExitStack() as stages:
                # First what may not exist, before half a minute for what it would need.
                made = [(target, _fetched_release(target, stages, steps)) for target in todo]
                for folder in shared:
                    _make_shared(folder, steps)
                for target, stage in made:
                    _check_release(target, stage, steps)
    return tuple(environments.find_environment(target) for target in asked)


def check_addable(target: RuntimeTarget) -> None:
    """Returns when this machine can install `target`; ConfigError or DeviceError otherwise."""
    if target.name == targets.ANDROID:
        raise ConfigError(
            f"expected a runtime with Python wheels, {' or '.join(targets.RUNTIMES)}; {target} is a library inside "
            "Android apps: check knows what was measured about it, and there is nothing to install"
        )
    if target.arch == platform.machine():
        if target.core:
            raise ConfigError(f"expected no core for this machine's own architecture; got {target}; leave it out")
    elif target.arch == emulated_arm.ARCH:
        debian.check_host()
    else:
        raise DeviceError(
            f"expected {platform.machine()} or {emulated_arm.ARCH}, which can run here; got {target}; "
            f"run it on a machine of {target.arch}"
        )


def remove_target(target: RuntimeTarget) -> None:
    """Removes an installed release, all its cores; with the last one of an architecture what they shared.

    Raises:
        ConfigError: it is not installed in the cache folder.
    """
    folder = environments.folder_of(target)
    if not (folder / environments.RECORD).is_file():
        raise ConfigError(f"expected a target in {environments.cache_folder()}; {target} is not there")
    with staging.locked(environments.cache_folder()):
        staging.remove(folder)
        if not any(folder.parent.glob(f"*/{environments.RECORD}")):
            for shared in _shared_folders(target.arch):
                if shared.exists():
                    staging.remove(shared)


class _Steps:
    """A bar that moves when the next step begins, or when the work ends."""

    def __init__(self, reporter: Reporter, total: int) -> None:
        self._context = reporter.bar("installing", total)
        self._bar: Bar | None = None
        self._begun = 0
        self._reporter = reporter

    def __enter__(self) -> _Steps:
        self._reporter.stage(f"targets: installing into {environments.cache_folder()}")
        self._bar = self._context.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        if self._bar is not None and error is None:
            self._bar.advance(self._begun)
        self._context.__exit__(kind, error, trace)

    def __call__(self, note: str) -> None:
        if self._bar is not None:
            self._bar.advance(self._begun, note)
            self._begun = 1


def _needed_bytes(folder: pathlib.Path) -> int:
    """Returns the space that making a folder takes at its peak: measured, and rounded up."""
    if folder.name == _BOARD:
        return 250_000_000  # lists 45 MB, packages 70, system and emulator 80
    return 120_000_000  # NumPy: wheel 14 MB, unpacked 47; LiteRT 2.3: 25 and 26, and before it is cut 45


def _num_steps(folder: pathlib.Path) -> int:
    if folder.name == _BOARD:
        return emulated_arm.NUM_STEPS
    if folder.name.startswith("numpy-"):
        return 1
    return 2 if folder.parent.name == platform.machine() else 1 + len(targets.CORES)


def _is_installed(target: RuntimeTarget) -> bool:
    here = target in targets.installed_targets()
    return here or (environments.folder_of(target) / environments.RECORD).is_file()


def _numpy_version(arch: str) -> str:
    return NUMPY if arch != platform.machine() or sys.version_info < (3, 13) else NUMPY_2


def _numpy_folder(arch: str) -> pathlib.Path:
    tag = f"cp{sys.version_info[0]}{sys.version_info[1]}" if arch == platform.machine() else "cp311"
    return environments.cache_folder() / arch / f"numpy-{_numpy_version(arch)}-{tag}"


def _shared_folders(arch: str) -> list[pathlib.Path]:
    board = [environments.cache_folder() / arch / _BOARD] if arch != platform.machine() else []
    return [*board, _numpy_folder(arch)]


def _make_shared(folder: pathlib.Path, steps: _Steps) -> None:
    arch = folder.parent.name
    with staging.staged(folder) as stage:
        if folder.name == _BOARD:
            emulated_arm.make_board(stage, steps)
            _compile(stage / "system/usr/lib/python3.11", arch)
        else:
            steps(f"numpy {_numpy_version(arch)}")
            _unpack("numpy", _numpy_version(arch), arch, _NUMPY_SHA256.get(arch, ""), stage)


def _fetched_release(target: RuntimeTarget, stages: contextlib.ExitStack, steps: _Steps) -> pathlib.Path:
    """Returns a folder with everything of one release, which takes its name when `stages` end well."""
    stage = stages.enter_context(staging.staged(environments.folder_of(target)))
    steps(f"{target.name} {target.version}")
    _unpack(target.name, target.version, target.arch, facts.wheel_sha256(target), stage)
    numpy = f"{{cache}}/{target.arch}/{_numpy_folder(target.arch).name}/site"
    variables = {"PYTHONPATH": f"{{here}}/site:{numpy}", "PYTHONDONTWRITEBYTECODE": "1"}
    environments.write_record(stage, _command(target.arch), variables)
    return stage


def _check_release(target: RuntimeTarget, stage: pathlib.Path, steps: _Steps) -> None:
    for core in targets.CORES if target.arch != platform.machine() else ("",):
        steps(f"checking {target.name} on {core or target.arch}")
        found = environments.read_record(dataclasses.replace(target, core=core), stage)
        if found is not None:
            self_check.check(found, stage)


def _command(arch: str) -> tuple[str, ...]:
    if arch != platform.machine():
        return emulated_arm.command(f"{{cache}}/{arch}/{_BOARD}", "{core}")
    # The Python under a virtual environment, which may be gone tomorrow. -S: what is installed beside it stays out.
    return (getattr(sys, "_base_executable", sys.executable), "-S", "-s")


def _unpack(name: str, version: str, arch: str, sha256: str, stage: pathlib.Path) -> None:
    """Fetches a wheel and unpacks it into `stage`/site."""
    if arch == platform.machine() and sys.version_info[:2] != (3, 11):
        sha256 = ""  # the known ones are of Python 3.11
    downloads = stage / "downloads"
    for wheel in wheels.fetch({name: (version, sha256)}, arch, downloads):
        wheels.unpack(wheel, stage / "site")
    shutil.rmtree(downloads)
    _compile(stage / "site", arch)


def _compile(folder: pathlib.Path, arch: str) -> None:
    """Compiles once what every start would compile again: 1.3 s instead of 5 s a start under emulation."""
    if arch != platform.machine() and sys.version_info[:2] != (3, 11):
        return  # the board's Python reads no other version's
    command = [sys.executable, "-m", "compileall", "-q", "-j0", "--invalidation-mode", "unchecked-hash"]
    # Some files of a wheel are of another Python's syntax and stay as they are, hence no look at the return code.
    subprocess.run([*command, "-s", str(folder), str(folder)], capture_output=True)
