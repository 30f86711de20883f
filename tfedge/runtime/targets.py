"""Where a model must run: `tflite-runtime==2.14.0@aarch64`, and what is installed here."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import platform
import re
from collections.abc import Sequence

from tfedge.errors import ConfigError, RuntimeUnavailableError, one_of
from tfedge.runtime import worker

RUNTIMES = tuple(worker.RUNTIME_MODULES)

_FORM = re.compile(r"(?P<name>[^=@]+)==(?P<version>[^=@]+)@(?P<arch>[^=@]+)")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


@dataclasses.dataclass(frozen=True, order=True)
class RuntimeTarget:
    """A runtime, its version, and the architecture it runs on.

    Attributes:
        name: the package, `tflite-runtime` or `ai-edge-litert`.
        version: the package's version, such as `2.14.0`.
        arch: as `platform.machine()` says it, such as `x86_64` or `aarch64`.

    Raises:
        ConfigError: an unknown runtime, or a version or architecture that is not one word.
    """

    name: str
    version: str
    arch: str

    def __post_init__(self) -> None:
        if self.name not in RUNTIMES:
            raise one_of("runtime", self.name, RUNTIMES)
        for what, word in (("version", self.version), ("architecture", self.arch)):
            if not _WORD.fullmatch(word):
                raise ConfigError(
                    f"expected a {what} of letters, digits and '._+-'; got {word!r}; see `{self.name}==2.0@x86_64`"
                )

    @classmethod
    def parse(cls, text: str) -> RuntimeTarget:
        """Reads `name==version@arch`; the inverse of `str`.

        Raises:
            ConfigError: `text` has another form, or names an unknown runtime.
        """
        match = _FORM.fullmatch(text)
        if match is None:
            raise ConfigError(
                f"expected a target in the form name==version@arch; got {text!r}; "
                "write for example tflite-runtime==2.14.0@aarch64"
            )
        return cls(**match.groupdict())

    def __str__(self) -> str:
        return f"{self.name}=={self.version}@{self.arch}"


def check_runtime(name: str) -> str:
    """Returns `name` when it is a known runtime.

    Raises:
        ConfigError: it is not; the message names the nearest.
    """
    if name not in RUNTIMES:
        raise one_of("runtime", name, RUNTIMES)
    return name


def installed_targets() -> tuple[RuntimeTarget, ...]:
    """Returns the runtimes installed beside this Python, by package metadata: nothing is imported."""
    targets = []
    for name in RUNTIMES:
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        targets.append(RuntimeTarget(name, version, platform.machine()))
    return tuple(targets)


def choose_targets(names: Sequence[str] | None = None) -> tuple[RuntimeTarget, ...]:
    """Returns the installed runtimes called `names`, in that order; all installed ones without names.

    Raises:
        ConfigError: an unknown runtime, or a version or architecture that is not the installed one.
        RuntimeUnavailableError: a runtime is not installed, or none is.
    """
    installed = {target.name: target for target in installed_targets()}
    if not installed:
        raise RuntimeUnavailableError(
            "expected an interpreter, ai-edge-litert or tflite-runtime; none is installed; run: pip install tfedge"
        )
    chosen = []
    for name in names or installed:
        asked = RuntimeTarget.parse(name) if "==" in name else None
        plain = check_runtime(asked.name if asked else name)
        if plain not in installed:
            raise RuntimeUnavailableError(f"expected {plain} to be installed; it is not; run: pip install {plain}")
        if asked and asked != installed[plain]:
            raise ConfigError(f"expected an installed target, {installed[plain]}; got {asked}; leave out the version")
        chosen.append(installed[plain])
    return tuple(chosen)
