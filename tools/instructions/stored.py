"""Counts that are kept beside the code, so that a decode that grew is noticed when it grows."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Mapping
from typing import Any

from tfedge.artifacts import read_bytes, write_bytes
from tfedge.errors import ArtifactError

KEPT = pathlib.Path(__file__).with_name("stored_counts.json")
TOLERANCE = 0.02  # counts repeat to 0.1 %; two hundredths are less than one product more in a small network
SCHEMA_VERSION = 1


@dataclasses.dataclass(frozen=True)
class StoredCounts:
    """What decodes took when they were last looked at.

    Attributes:
        counts: instructions a decode, by what was decoded and where.
        versions: what they were made with, for the reader.

    Raises:
        ArtifactError: a count that is not a positive number, or a version that is no text.
    """

    counts: Mapping[str, float]
    versions: Mapping[str, str]

    def __post_init__(self) -> None:
        for name, value in self.counts.items():
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
                raise ArtifactError(
                    f"expected a positive number of instructions for {name}; got {value!r}; store it again"
                )
        if not all(isinstance(value, str) for value in self.versions.values()):
            raise ArtifactError(f"expected versions as text; got {dict(self.versions)!r}; store the counts again")

    @classmethod
    def read(cls, path: pathlib.Path = KEPT) -> StoredCounts:
        """Reads what `write` wrote.

        Raises:
            ArtifactError: missing, not such a file, or of another schema version.
        """
        try:
            values = json.loads(read_bytes(path, "stored counts"))
            if values.pop("schema_version") != SCHEMA_VERSION or set(values) != {"counts", "versions"}:
                raise ValueError("its schema version or its keys are others")
            return cls(dict(values["counts"]), dict(values["versions"]))
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            raise ArtifactError(
                f"expected stored counts in {path}; {error}; run: python -m tools.instructions check --store"
            ) from None

    def write(self, path: pathlib.Path = KEPT) -> None:
        """Writes the file, in place of one that is there."""
        values: dict[str, Any] = {"schema_version": SCHEMA_VERSION, **dataclasses.asdict(self)}
        write_bytes(path, (json.dumps(values, indent=1) + "\n").encode(), force=True)


def differences(measured: Mapping[str, float], stored: StoredCounts, tolerance: float = TOLERANCE) -> list[str]:
    """Returns a line for each decode that takes more or fewer instructions than it did; none where all is well.

    Fewer is a difference too: else the next growth, back to what is stored, would go unnoticed.
    """
    lines = []
    for name in sorted({*measured, *stored.counts}):
        if name not in measured or name not in stored.counts:
            where = "stored" if name in stored.counts else "measured"
            lines.append(f"{name}: only {where}; store the counts again")
            continue
        now, before = measured[name], stored.counts[name]
        share = now / before - 1.0
        if share > tolerance:
            advice = "find what made it grow, or store the count where it is worth it"
        elif share < -tolerance:
            advice = "well done; store the count"
        else:
            continue
        numbers = f"{before / 1e6:.3f} million instructions are stored, {now / 1e6:.3f} were counted ({share:+.1%})"
        lines.append(f"{name}: {numbers}; {advice}")
    return lines
