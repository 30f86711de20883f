"""The parts of a device report: which file, on what, how many golden cases passed, and how long an answer took."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from tfedge.errors import ConfigError, one_of
from tfedge.modelfile.strict_json import check_keys
from tfedge.reports.schema import check_sha256
from tfedge.runtime.client import ENTRIES
from tfedge.validation.case_trace import STAGES

LOCAL, EMULATED_ARM, SSH, ANDROID_HOST, ANDROID = DEVICE_KINDS = (
    "local",
    "emulated_arm",
    "ssh",
    "android-host",
    "android",
)
T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class ReportedModel:
    """The file that answered.

    Attributes:
        sha256: of the whole file as the device opened it, pack included.
        size_bytes: of the whole file.
        tflite_sha256: of the .tflite part alone, as the pack's manifest has it.
        recipe: how it was quantized, from the manifest.
    """

    sha256: str
    size_bytes: int
    tflite_sha256: str
    recipe: str

    def __post_init__(self) -> None:
        check_sha256("sha256", self.sha256)
        check_sha256("tflite_sha256", self.tflite_sha256)
        _check_whole("size_bytes", self.size_bytes, 1)
        _check_text("recipe", self.recipe)


@dataclasses.dataclass(frozen=True)
class Device:
    """Where it was measured.

    Attributes:
        name: as a person calls it: "raspberrypi", "Pixel 8", the host's name.
        kind: one of `DEVICE_KINDS`.
        cpu: processor model; with the int8 features where they are known.
        cores: logical cores.
        abi: instruction set, as Linux says it ("aarch64") or on Android the ABI ("arm64-v8a").
        os: system and release.
        thermal: the system's own word for its heat ("none", "light", ...); None where it has none.
        battery_percent: 0 to 100; None without a battery.
        is_charging: None where that is not known.
    """

    name: str
    kind: str
    cpu: str
    cores: int
    abi: str
    os: str
    thermal: str | None = None
    battery_percent: int | None = None
    is_charging: bool | None = None

    def __post_init__(self) -> None:
        if self.kind not in DEVICE_KINDS:
            raise one_of("`kind` of a device", self.kind, DEVICE_KINDS)
        for key in ("name", "cpu", "abi", "os"):
            _check_text(key, getattr(self, key))
        _check_whole("cores", self.cores, 1)
        if self.thermal is not None:
            _check_text("thermal", self.thermal)
        if self.battery_percent is not None:
            _check_whole("battery_percent", self.battery_percent, 0, 100)
        if self.is_charging is not None and not isinstance(self.is_charging, bool):
            raise ConfigError(f"`is_charging` must be true, false or null; got {self.is_charging!r}")


@dataclasses.dataclass(frozen=True)
class Threads:
    """Threads of the interpreter.

    Attributes:
        asked: number it was asked to use.
        seen: number that the device saw busy; None where it cannot tell.
    """

    asked: int = 1
    seen: int | None = None

    def __post_init__(self) -> None:
        _check_whole("asked", self.asked, 1)
        if self.seen is not None:
            _check_whole("seen", self.seen, 1)


@dataclasses.dataclass(frozen=True)
class FirstDifference:
    """Where an answer first differs from the golden case's.

    Attributes:
        case: its name.
        stage: one of `STAGES`.
        index: place in the ids or tokens, from 0; of a text the place of the character.
        expected, actual: what stands there, in words; None where the one side has ended.
        quant_steps: how far apart, where the stage has numbers.
    """

    case: str
    stage: str
    index: int
    expected: str | None
    actual: str | None
    quant_steps: float | None = None

    def __post_init__(self) -> None:
        _check_text("case", self.case)
        if self.stage not in STAGES:
            raise one_of("`stage`", self.stage, STAGES)
        _check_whole("index", self.index, 0)
        for key in ("expected", "actual"):
            if getattr(self, key) is not None and not isinstance(getattr(self, key), str):
                raise ConfigError(f"`{key}` of a difference must be a text or null; got {getattr(self, key)!r}")
        steps = self.quant_steps
        if steps is not None and (isinstance(steps, bool) or not isinstance(steps, int | float) or not steps >= 0):
            raise ConfigError(f"`quant_steps` must be a number of 0 or more or null; got {steps!r}")


@dataclasses.dataclass(frozen=True)
class GoldenResult:
    """How many golden cases answer as the file did when it was made.

    Attributes:
        num_cases: golden cases of the pack.
        num_passed: those whose ids, tokens and text are the expected ones of the file's recipe.
        first_difference: of the first case that is not; None where all passed.
    """

    num_cases: int
    num_passed: int
    first_difference: FirstDifference | None = None

    def __post_init__(self) -> None:
        _check_whole("num_cases", self.num_cases, 0)
        _check_whole("num_passed", self.num_passed, 0, self.num_cases)
        if (self.num_passed == self.num_cases) != (self.first_difference is None):
            raise ConfigError(
                f"`first_difference` must be null where all cases passed, and only there; got {self.num_passed} of "
                f"{self.num_cases}"
            )


@dataclasses.dataclass(frozen=True)
class DeviceLatency:
    """Times of whole answers, batch 1; statistics are derived.

    Attributes:
        entry: `greedy` or `encode+decode_step`.
        num_sources: different texts; sample k belongs to text k % num_sources.
        texts_sha256: of the texts in UTF-8 with a line feed after each.
        warmup_runs: answers before the first sample.
        is_warm: whether the warm-up became stable.
        write_ms, run_ms, read_ms: of each answer, in order: filling inputs, interpreter calls, reading outputs; of an
            answer of several calls their sums.
    """

    entry: str
    num_sources: int
    texts_sha256: str
    warmup_runs: int
    is_warm: bool
    write_ms: tuple[float, ...]
    run_ms: tuple[float, ...]
    read_ms: tuple[float, ...]

    def __post_init__(self) -> None:
        if self.entry not in ENTRIES:
            raise one_of("`entry`", self.entry, ENTRIES)
        check_sha256("texts_sha256", self.texts_sha256)
        _check_whole("num_sources", self.num_sources, 1)
        _check_whole("warmup_runs", self.warmup_runs, 0)
        if not isinstance(self.is_warm, bool):
            raise ConfigError(f"`is_warm` must be true or false; got {self.is_warm!r}")
        lengths = {len(self.write_ms), len(self.run_ms), len(self.read_ms)}
        if len(lengths) > 1 or 0 in lengths:
            raise ConfigError(f"`write_ms`, `run_ms` and `read_ms` must be equally long, 1 or more; got {lengths}")
        for key in ("write_ms", "run_ms", "read_ms"):
            values = getattr(self, key)
            if not all(_is_time(value) for value in values):
                raise ConfigError(f"`{key}` must be milliseconds, 0 or more; got {list(values)!r:.60}")

    @property
    def num_runs(self) -> int:
        """Number of samples."""
        return len(self.run_ms)

    @property
    def samples_ms(self) -> npt.NDArray[np.float64]:
        """Milliseconds of each whole answer, float64 (num_runs,)."""
        total: npt.NDArray[np.float64] = np.array([self.write_ms, self.run_ms, self.read_ms], np.float64).sum(axis=0)
        return total

    @property
    def latency_p50_ms(self) -> float:
        """Median milliseconds of an answer."""
        return float(np.percentile(self.samples_ms, 50))

    @property
    def latency_p90_ms(self) -> float:
        """Milliseconds that nine answers of ten stay below."""
        return float(np.percentile(self.samples_ms, 90))

    @classmethod
    def from_json(cls, value: Any) -> DeviceLatency:
        """Reads it; ConfigError on an unknown or missing key or an illegal value."""
        fields = exact_keys(cls, value, "`latency`")
        for key in ("write_ms", "run_ms", "read_ms"):
            if not isinstance(fields[key], list):
                raise ConfigError(f"`{key}` must be a list of milliseconds; got {fields[key]!r:.40}")
            fields[key] = tuple(fields[key])
        return cls(**fields)


def exact_keys(kind: type, value: Any, what: str) -> dict[str, Any]:
    """Returns the values of a JSON object whose keys are exactly the fields of the dataclass `kind`; ConfigError."""
    keys = [field.name for field in dataclasses.fields(kind)]
    check_keys(value, keys, what)
    return {key: value[key] for key in keys}


def part_from_json(kind: type[T], value: Any, what: str) -> T:
    """Reads a part that holds plain values only; ConfigError on an unknown or missing key or an illegal value."""
    return kind(**exact_keys(kind, value, what))


def _check_whole(key: str, value: object, least: int, most: float = math.inf) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        end = "" if most == math.inf else f" to {most:g}"
        raise ConfigError(f"`{key}` must be a whole number of {least}{end or ' or more'}; got {value!r}")


def _check_text(key: str, value: object) -> None:
    if not isinstance(value, str) or not value:
        raise ConfigError(f"`{key}` must be a text that is not empty; got {value!r}")


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf
