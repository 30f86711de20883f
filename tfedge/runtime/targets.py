"""Where a model must run: `tflite-runtime==2.14.0@aarch64:cortex-a76`, and what is installed here."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import platform
import re
from collections.abc import Iterable, Sequence

from tfedge.errors import ConfigError, RuntimeUnavailableError, one_of
from tfedge.runtime import worker

RUNTIMES = tuple(worker.RUNTIME_MODULES)
ANDROID = "android-tflite"
NAMES = (*RUNTIMES, ANDROID)

# The cores of the Raspberry Pi 3, 4 and 5, and of most phones of their time. Only the last has the dot product
# instructions, so int8 kernels and their results differ between them.
CORES = ("cortex-a53", "cortex-a72", "cortex-a76")
DEFAULT_CORE = "cortex-a72"
ANDROID_ARCHS = ("arm64-v8a", "armeabi-v7a", "x86", "x86_64")  # the four folders of native libraries in an AAR
_ARM64 = ("aarch64", "arm64-v8a")

_FORM = re.compile(r"(?P<name>[^=@:]+)==(?P<version>[^=@:]+)@(?P<arch>[^=@:]+)(?::(?P<core>[^=@:]+))?")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


@dataclasses.dataclass(frozen=True, order=True)
class RuntimeTarget:
    """A runtime, its version, and the architecture it runs on.

    Attributes:
        name: the package, `tflite-runtime` or `ai-edge-litert`; `android-tflite` is the library of Android's AAR.
        version: the package's version, such as `2.14.0`.
        arch: as `platform.machine()` says it, such as `x86_64` or `aarch64`; on Android the ABI, `arm64-v8a`.
        core: which ARM core, one of `CORES`; empty means any, and where one must be emulated `DEFAULT_CORE`.

    Raises:
        ConfigError: an unknown runtime or core, a core of another architecture than 64-bit ARM, or a version or
            architecture that is not one word.
    """

    name: str
    version: str
    arch: str
    core: str = ""

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            raise one_of("runtime", self.name, NAMES)
        for what, word in (("version", self.version), ("architecture", self.arch)):
            if not _WORD.fullmatch(word):
                raise ConfigError(
                    f"expected a {what} of letters, digits and '._+-'; got {word!r}; see `{self.name}==2.0@x86_64`"
                )
        if self.name == ANDROID and self.arch not in ANDROID_ARCHS:
            raise one_of(f"architecture of {ANDROID}", self.arch, ANDROID_ARCHS)
        if self.name != ANDROID and self.arch == "arm64-v8a":
            raise ConfigError(f"expected aarch64, as Linux says it, for {self.name}; got {self.arch!r}")
        if self.core and self.core not in CORES:
            raise one_of("core", self.core, CORES)
        if self.core and self.arch not in _ARM64:
            raise ConfigError(f"expected a core with aarch64 only; got {self.core!r} with {self.arch!r}; leave it out")

    @property
    def emulated_core(self) -> str:
        """The core that is emulated for this target: `core`, or the default one; empty unless it is 64-bit ARM."""
        return (self.core or DEFAULT_CORE) if self.arch in _ARM64 else ""

    @classmethod
    def parse(cls, text: str) -> RuntimeTarget:
        """Reads `name==version@arch` or `name==version@arch:core`; the inverse of `str`.

        Raises:
            ConfigError: `text` has another form, or names an unknown runtime or core.
        """
        match = _FORM.fullmatch(text)
        if match is None:
            raise ConfigError(
                f"expected a target in the form name==version@arch or name==version@arch:core; got {text!r}; "
                "write for example tflite-runtime==2.14.0@aarch64 or ai-edge-litert==2.3.0@aarch64:cortex-a76"
            )
        return cls(**match.groupdict(default=""))

    def __str__(self) -> str:
        return f"{self.name}=={self.version}@{self.arch}" + (f":{self.core}" if self.core else "")


def check_runtime(name: str) -> str:
    """Returns `name` when it is a known runtime.

    Raises:
        ConfigError: it is not; the message names the nearest.
    """
    if name not in RUNTIMES:
        raise one_of("runtime", name, RUNTIMES)
    return name


def installed_versions(packages: Iterable[str]) -> dict[str, str]:
    """Returns the version of each of `packages` that is installed beside this Python, in that order."""
    found = {}
    for package in packages:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue  # Left out: that it is missing is the fact.
    return found


def installed_targets() -> tuple[RuntimeTarget, ...]:
    """Returns the runtimes installed beside this Python, by package metadata: nothing is imported."""
    found = installed_versions(RUNTIMES)
    return tuple(RuntimeTarget(name, version, platform.machine()) for name, version in found.items())


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
