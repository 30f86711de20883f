"""Which TensorFlow release first ran an op version, as published: what `min_runtime_version` in a file should say.

`published_versions.json` lists facts of TensorFlow Lite's own versioning table; its "source" says where and of when.
What a release really registers is measured (`tfedge.checks.facts`), and is the stronger of the two.
"""

from __future__ import annotations

import functools
import json
import pathlib
from collections.abc import Iterable, Mapping

from tfedge.errors import ArtifactError

FILE = pathlib.Path(__file__).with_name("published_versions.json")


@functools.cache
def _releases() -> Mapping[str, list[str | None]]:
    try:
        held = json.loads(FILE.read_text(encoding="utf-8"))["versions"]
        return {str(op): list(releases) for op, releases in held.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArtifactError(f"expected published op versions in {FILE}; {error}; install tfedge again") from error


def first_release(op: str, version: int) -> str | None:
    """Returns the first TensorFlow release that runs this version of a builtin op; None where none is published."""
    releases = _releases().get(op, [])
    return releases[version - 1] if 1 <= version <= len(releases) else None


def first_version(op: str) -> int:
    """Returns the lowest version that a builtin op has: 1, but for one that was taken back and came again."""
    return next((number for number, release in enumerate(_releases().get(op, []), 1) if release), 1)


def min_runtime_version(ops: Iterable[tuple[str, int]]) -> str | None:
    """Returns the first release that runs all ops, given as (name, version).

    Ops without a published release (custom ones, and those newer than the table) are passed over, as the converter
    does: the true minimum may be later. None where no op has one.
    """
    releases = {release for op in set(ops) if (release := first_release(*op))}
    return max(releases, key=release_order, default=None)


def release_order(release: str) -> tuple[int, ...]:
    """Returns what releases are sorted by: "2.9.0" is before "2.17.0"; a part that is no number counts as 0."""
    return tuple(int(part) if part.isdigit() else 0 for part in release.split("."))
