"""Where a report was measured: processor, system, Python, packages."""

from __future__ import annotations

import dataclasses
import os
import platform
from collections.abc import Mapping
from typing import Any

from tfedge.config import from_keys
from tfedge.errors import ConfigError
from tfedge.runtime.cpu import this_cpu
from tfedge.runtime.targets import installed_versions

# Every package whose version changes what is measured; those that are not installed are left out.
MEASURED_PACKAGES = (
    "ai-edge-litert",
    "tflite-runtime",
    "tensorflow",
    "tensorflow-cpu",
    "keras",
    "litert-quantizer",
    "numpy",
)


@dataclasses.dataclass(frozen=True)
class Conditions:
    """A machine and its software.

    Attributes:
        cpu: processor model, number of cores and int8 features, as every measurement names them.
        machine: instruction set, for example "x86_64".
        cores: logical cores this process may use.
        os: system and release.
        python: version.
        packages: version of each installed package of `MEASURED_PACKAGES`.
    """

    cpu: str
    machine: str
    cores: int
    os: str
    python: str
    packages: Mapping[str, str]

    def __post_init__(self) -> None:
        if isinstance(self.cores, bool) or not isinstance(self.cores, int) or self.cores < 1:
            raise ConfigError(f"`cores` must be an integer of 1 or more; got {self.cores!r}")
        for key in ("cpu", "machine", "os", "python"):
            if not isinstance(getattr(self, key), str):
                raise ConfigError(f"`{key}` of the conditions must be a text; got {getattr(self, key)!r}")
        if not isinstance(self.packages, Mapping):
            raise ConfigError(f"`packages` must be an object of versions; got {self.packages!r}")

    def to_json(self) -> dict[str, Any]:
        """Returns the conditions as JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: Any) -> Conditions:
        """Reads what `to_json` wrote; ConfigError on an unknown key or an illegal value."""
        return from_keys(cls, value, "conditions")

    @classmethod
    def here(cls) -> Conditions:
        """Reads the conditions of this process."""
        return cls(
            cpu=this_cpu(),
            machine=platform.machine(),
            cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
            os=system(),
            python=platform.python_version(),
            packages=installed_versions(MEASURED_PACKAGES),
        )


def system() -> str:
    """Returns system and release of this machine."""
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):  # Not a Linux with an os-release file.
        return f"{platform.system()} {platform.release()}"
