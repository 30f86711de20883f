"""Where a runtime is installed, and how a Python that has it is started: here, or in the user's cache folder.

    ${TFEDGE_CACHE:-${XDG_CACHE_HOME:-~/.cache}/tfedge}/targets-1/
        x86_64/tflite-runtime-2.14.0/environment.json   how to start it
        aarch64/board/...                               emulator and system files that all ARM targets share
        aarch64/ai-edge-litert-2.3.0/environment.json

A folder appears complete or not at all. Nothing is installed here: that is `tfedge targets add`.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import platform
import sys
from collections.abc import Mapping, Sequence
from typing import Protocol

from tfedge.errors import ArtifactError, ConfigError, RuntimeUnavailableError, TfedgeError
from tfedge.runtime import targets
from tfedge.runtime.targets import RuntimeTarget

RECORD = "environment.json"
_LAYOUT = "targets-1"  # the next layout gets the next number, and never meets files of this one


class Board(Protocol):
    """Another machine that processes are started on, and how files get there."""

    @property
    def name(self) -> str:
        """What messages call it."""

    def place(self, path: pathlib.Path) -> str:
        """Sends a model's file where it is not there yet; returns its path on the board."""

    def place_together(self, paths: Sequence[pathlib.Path]) -> dict[str, str]:
        """Sends files into one folder; returns their paths on the board by those here."""

    def command_line(self, words: Sequence[str]) -> list[str]:
        """Returns the command of this machine that runs `words` there."""

    def lost(self, returncode: int, said: str, what: str) -> TfedgeError | None:
        """Returns the error where a return code says that the connection broke; None else."""

    def install_hint(self, runtime: str) -> str:
        """Returns what installs a runtime there."""


@dataclasses.dataclass(frozen=True)
class Environment:
    """A Python that has a runtime.

    Attributes:
        target: the runtime, version, architecture and core that it runs.
        command: the first words of a command line; a script and its arguments follow.
        variables: added to the environment of the process.
        board: the machine that has this Python; None: this one.

    Raises:
        ConfigError: no command, or a value that is not text.
    """

    target: RuntimeTarget
    command: tuple[str, ...]
    variables: Mapping[str, str] = dataclasses.field(default_factory=dict, hash=False)
    board: Board | None = None

    def __post_init__(self) -> None:
        words = [*self.command, *self.variables, *self.variables.values()]
        if not self.command or not all(isinstance(word, str) and word for word in words):
            raise ConfigError(f"expected a command of one or more words for {self.target}; got {words!r}")


def cache_folder() -> pathlib.Path:
    """Returns the folder that holds every target's environment; it need not exist."""
    named = os.environ.get("TFEDGE_CACHE")
    if named:
        return pathlib.Path(named).absolute() / _LAYOUT
    user = os.environ.get("XDG_CACHE_HOME")
    return (pathlib.Path(user) if user else pathlib.Path.home() / ".cache").absolute() / "tfedge" / _LAYOUT


def folder_of(target: RuntimeTarget) -> pathlib.Path:
    """Returns the folder of a target's environment; cores of one architecture share it."""
    return cache_folder() / target.arch / f"{target.name}-{target.version}"


def write_record(folder: pathlib.Path, command: tuple[str, ...], variables: Mapping[str, str]) -> None:
    """Writes how to start the environment in `folder`.

    The words `{here}`, `{cache}` and `{core}` stand for this folder, the cache folder and the core, so that a cache
    may be moved.
    """
    record = {"command": list(command), "variables": dict(variables)}
    (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def read_record(target: RuntimeTarget, folder: pathlib.Path) -> Environment | None:
    """Returns the environment in `folder`; None: there is none.

    Raises:
        ArtifactError: its record is damaged.
    """
    path = folder / RECORD

    def filled(word: str) -> str:
        for name, value in (("here", folder), ("cache", cache_folder()), ("core", target.emulated_core)):
            word = word.replace("{" + name + "}", str(value))
        return word

    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        variables = {name: filled(value) for name, value in record["variables"].items()}
        return Environment(target, tuple(filled(word) for word in record["command"]), variables)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ArtifactError(
            f"expected a readable record of {target} in {path}; {error}; run: tfedge targets add {target} --force"
        ) from None


def find_environment(target: RuntimeTarget) -> Environment:
    """Returns how to start a Python that has exactly this runtime: this one, else one from the cache folder.

    Raises:
        RuntimeUnavailableError: it is not installed; the message says what installs it.
        ArtifactError: the cache's record of it is damaged.
    """
    if target.name == targets.ANDROID:
        raise RuntimeUnavailableError(
            f"expected an Android device to run {target} on; there is none here: only what was measured about it is "
            "known; run the file in the app on a device"
        )
    if target in targets.installed_targets():
        return Environment(target, (sys.executable,))
    environment = read_record(target, folder_of(target))
    if environment is None:
        raise RuntimeUnavailableError(f"expected {target} to be installed; it is not; run: tfedge targets add {target}")
    return environment


def installed_environments() -> tuple[Environment, ...]:
    """Returns every environment that can be started, one a core for emulated ARM: this Python's own first.

    Raises:
        ArtifactError: a record in the cache is damaged.
    """
    found = [find_environment(target) for target in targets.installed_targets()]
    known = {environment.target for environment in found}
    for record in sorted(cache_folder().glob(f"*/*/{RECORD}")):
        name, _, version = record.parent.name.rpartition("-")
        arch = record.parent.parent.name
        if name not in targets.RUNTIMES:  # not ours: whoever put it there knows what it is
            continue
        cores = targets.CORES if arch == "aarch64" != platform.machine() else ("",)
        members = (RuntimeTarget(name, version, arch, core) for core in cores)
        found += [find_environment(target) for target in members if target not in known]
    return tuple(found)
