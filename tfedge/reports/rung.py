"""One rung of the ladder: a recipe on a target, and everything that was measured of it."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from tfedge.checks.verdict import Finding
from tfedge.config import from_keys
from tfedge.errors import ConfigError, one_of
from tfedge.modelfile.strict_json import check_keys
from tfedge.reports.ladder_marks import Accuracy
from tfedge.reports.ladder_quality import accuracy_from_json
from tfedge.runtime.targets import RuntimeTarget
from tfedge.validation.ladder_limits import Speedup
from tfedge.validation.latency import LatencyReport
from tfedge.validation.memory import MemoryReport
from tfedge.validation.workload import ALL_ENTRIES

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclasses.dataclass(frozen=True)
class Rung:
    """A recipe on a target. What was not measured is None.

    Attributes:
        recipe: how the file was quantized.
        target: for example "ai-edge-litert==2.3.0@x86_64".
        is_emulated: whether the target is emulated here, so that time and memory mean nothing.
        size_bytes: of the model part of the file; None where the converter refused.
        model_sha256: of that part.
        entry: what one would call: "greedy", "encode+decode_step", or "signatures"; None where it was not run.
        findings: what conversion, static rules and running it showed.
        accuracy: on dev words or held-out examples, by which the choice is made.
        stand_in: of an emulated target, which can be asked few of them: what the same file on the same release scores
            on this processor. The choice is then made by it, and `accuracy` must not speak against it.
        test_accuracy: on test words or further examples, by which nothing is chosen.
        latency: of a whole decode or call by `entry`.
        untimed: why there is no latency, or why it must not be relied on; empty where neither is so.
        speedup: over float32 by the same entry.
        most_speedup: what it may be at best where the machine was too busy to tell more: the upper end of float32's
            interval over the lower end of its own.
        memory: of a process of its own.
        partitions: signature -> delegate calls that one invocation makes.
    """

    recipe: str
    target: str
    is_emulated: bool
    size_bytes: int | None = None
    model_sha256: str | None = None
    entry: str | None = None
    findings: tuple[Finding, ...] = ()
    accuracy: Accuracy | None = None
    stand_in: Accuracy | None = None
    test_accuracy: Accuracy | None = None
    latency: LatencyReport | None = None
    untimed: str = ""
    speedup: Speedup | None = None
    most_speedup: float | None = None
    memory: MemoryReport | None = None
    partitions: Mapping[str, int] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        RuntimeTarget.parse(self.target)
        if not isinstance(self.recipe, str) or not self.recipe or not isinstance(self.is_emulated, bool):
            raise ConfigError(f"a rung must have a recipe, and say whether it is emulated; got {self.recipe!r}")
        if (self.size_bytes is None) != (self.model_sha256 is None):
            raise ConfigError(f"a rung of {self.recipe} must have size and sha256 together, or neither")
        if self.size_bytes is not None and (type(self.size_bytes) is not int or self.size_bytes < 1):
            raise ConfigError(f"`size_bytes` must be an integer of 1 or more; got {self.size_bytes!r}")
        if self.model_sha256 is not None and not _SHA256.fullmatch(str(self.model_sha256)):
            raise ConfigError(f"`model_sha256` must be 64 hexadecimal digits; got {self.model_sha256!r}")
        if self.entry is not None and self.entry not in ALL_ENTRIES:
            raise one_of("`entry`", self.entry, ALL_ENTRIES)
        if self.stand_in is not None and not self.is_emulated:
            raise ConfigError(
                f"only an emulated rung may have a `stand_in`; got one for {self.recipe} on {self.target}"
            )
        if self.most_speedup is not None and not 0 < self.most_speedup < math.inf:
            raise ConfigError(f"`most_speedup` must be above 0; got {self.most_speedup!r}")
        if not isinstance(self.untimed, str) or not isinstance(self.partitions, Mapping):
            raise ConfigError("`untimed` must be a text and `partitions` an object; got other types")

    @property
    def judged_accuracy(self) -> Accuracy | None:
        """The accuracy that the choice is made by."""
        return self.stand_in or self.accuracy

    @property
    def has_failed(self) -> bool:
        """Whether conversion, rules or running it found what forbids it on this target."""
        return any(finding.verdict == "fail" for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Returns the rung as JSON values; `from_json` of it is equal to this rung."""
        parts = {key: getattr(self, key) for key in _PARTS}
        return {
            **{field.name: getattr(self, field.name) for field in dataclasses.fields(self)},
            **{key: None if part is None else part.to_json() for key, part in parts.items()},
            "speedup": None if self.speedup is None else dataclasses.asdict(self.speedup),
            "findings": [finding.to_json() for finding in self.findings],
            "partitions": dict(self.partitions),
        }

    @classmethod
    def from_json(cls, value: Any) -> Rung:
        """Reads what `to_json` wrote; ConfigError on an unknown or missing key or an illegal value."""
        check_keys(value, [field.name for field in dataclasses.fields(cls)], "a rung")
        fields = dict(value)
        for key, read in _PARTS.items():
            if fields[key] is not None:
                fields[key] = read(fields[key])
        if fields["speedup"] is not None:
            fields["speedup"] = from_keys(Speedup, fields["speedup"], "speedup")
        if not isinstance(fields["findings"], list):
            raise ConfigError(f"`findings` must be a JSON array; got {type(fields['findings']).__name__}")
        fields["findings"] = tuple(Finding.from_json(finding) for finding in fields["findings"])
        return cls(**fields)


_PARTS: Mapping[str, Callable[[Any], Any]] = {
    "accuracy": accuracy_from_json,
    "stand_in": accuracy_from_json,
    "test_accuracy": accuracy_from_json,
    "latency": LatencyReport.from_json,
    "memory": MemoryReport.from_json,
}
