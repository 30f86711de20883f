"""Which published archive an interpreter's library comes from, by its sha256 or its build id.

`known_libraries.json` beside this file is written by `tools/measure_android_libraries.py` and by nothing else.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import pathlib
from collections.abc import Mapping

from tfedge.errors import ArtifactError

FILE = pathlib.Path(__file__).with_name("known_libraries.json")


@dataclasses.dataclass(frozen=True)
class KnownLibrary:
    """A library of a published archive.

    Attributes:
        artifact: its Maven name, "org.tensorflow:tensorflow-lite".
        version: of the archive.
        abi: the folder it lies in.
    """

    artifact: str
    version: str
    abi: str


@functools.cache
def _known() -> Mapping[str, KnownLibrary]:
    try:
        rows = json.loads(FILE.read_text(encoding="utf-8"))["libraries"]
        found: dict[str, KnownLibrary] = {}
        for artifact, version, abi, sha256, build_id in rows:
            found |= {key: KnownLibrary(artifact, version, abi) for key in (sha256, build_id) if key}
        return found
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"expected known libraries in {FILE}; {error}; install tfedge again") from error


def known_library(sha256: str, build_id: str = "") -> KnownLibrary | None:
    """Returns the published library with this content, or with this build id, which stripping leaves; None: unknown.

    Raises:
        ArtifactError: the table is damaged.
    """
    known = _known()
    return known.get(sha256) or (known.get(build_id) if build_id else None)
