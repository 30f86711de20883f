"""What a process that reads a stranger's file may use."""

from __future__ import annotations

import dataclasses
import pathlib
import resource

from tfedge.errors import ConfigError

GIB = 1 << 30


@dataclasses.dataclass(frozen=True)
class Limits:
    """Limits of the process that holds one file; none of its processes dumps core or writes a byte to a file.

    Attributes:
        address_space_bytes: what a model may map above what the bare interpreter has.
        cpu_seconds: processor time of everything that is done with one file; threads count together.

    Raises:
        ConfigError: a limit that is no whole number above 0.
    """

    # Measured above the bare interpreter, on both runtimes and on emulated ARM: the shipped model 7 MiB with one
    # thread, 31 MiB with four (284 MiB emulated); a file of 105 MB with float32 weights 200 MiB, int8 101 to 202 MiB,
    # float16 503 MiB, five times the file, as it is unpacked. So this holds every file up to 400 MB.
    address_space_bytes: int = 2 * GIB
    # One decode of the shipped model takes 1 to 3 s on an emulated core and milliseconds elsewhere.
    cpu_seconds: int = 120

    def __post_init__(self) -> None:
        for key, value in dataclasses.asdict(self).items():
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ConfigError(f"`{key}` of limits must be a whole number above 0; got {value!r}")


def limit_address_space(pid: int, limits: Limits) -> None:
    """Limits a running process and the children it will fork, from outside: an emulated one cannot do it itself.

    Raises:
        ProcessLookupError: the process is gone.
    """
    pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + limits.address_space_bytes
    resource.prlimit(pid, resource.RLIMIT_AS, (most, most))
