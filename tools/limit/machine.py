"""What one core of this machine can do: `machine.c`, compiled here and run."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import shutil
import subprocess
import tempfile

from tfedge.errors import DeviceError, MeasurementError

SOURCE = pathlib.Path(__file__).with_name("machine.c")
COMPILER = "gcc"
MILLISECONDS = 2000


@dataclasses.dataclass(frozen=True)
class Machine:
    """The limits of one core.

    Attributes:
        ghz: billions of cycles a second while it was measured.
        read_gb_s: billions of bytes a second, from the cache level that holds `read_bytes`.
        int8_gmac_s, float_gmac_s: billions of multiply-accumulates a second, from registers.
        kernels: by which instructions.
        read_bytes: how many bytes were read again and again.

    Raises:
        MeasurementError: a limit that is not above 0.
    """

    ghz: float
    read_gb_s: float
    int8_gmac_s: float
    float_gmac_s: float
    kernels: str
    read_bytes: int

    def __post_init__(self) -> None:
        for name in ("ghz", "read_gb_s", "int8_gmac_s", "float_gmac_s"):
            if not 0 < getattr(self, name) < float("inf"):
                raise MeasurementError(
                    f"expected a rate above 0 for {name}; got {getattr(self, name)!r}; measure again"
                )

    @property
    def per_cycle(self) -> dict[str, float]:
        """Bytes read, int8 and float multiply-accumulates in a cycle: what a CPU's manual states."""
        rates = {"bytes": self.read_gb_s, "int8": self.int8_gmac_s, "float": self.float_gmac_s}
        return {name: rate / self.ghz for name, rate in rates.items()}


def measure(read_bytes: int, milliseconds: int = MILLISECONDS, compiler: str = COMPILER) -> Machine:
    """Compiles and runs the program.

    Raises:
        DeviceError: no compiler, it refused, or the CPU has not the instructions.
        MeasurementError: the program said something else than its result.
    """
    if shutil.which(compiler) is None:
        raise DeviceError(f"expected {compiler} to compile {SOURCE.name}; it is missing; run: apt-get install gcc")
    with tempfile.TemporaryDirectory(prefix="tfedge-limit-") as folder:
        program = f"{folder}/machine"
        _run([compiler, "-O3", "-o", program, str(SOURCE)], f"{compiler} to compile {SOURCE.name}")
        said = _run([program, str(read_bytes), str(milliseconds)], "this machine's limits to be measured")
    return parse(said, read_bytes)


def parse(said: str, read_bytes: int) -> Machine:
    """Returns what the program printed.

    Raises:
        MeasurementError: it printed something else.
    """
    try:
        return Machine(**json.loads(said), read_bytes=read_bytes)
    except (ValueError, TypeError) as error:
        raise MeasurementError(f"expected the limits as JSON; got {said[:80]!r}; measure again") from error


def _run(command: list[str], what: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise DeviceError(f"expected {what}; {said[0]}; run it on an x86-64 machine with gcc")
    return done.stdout
