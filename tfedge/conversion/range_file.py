"""What calibration saw, kept in a file: candidates of a search differ in scopes, and their ranges are the same.

Measured on g2p: ranges gathered for everything-int8 and for everything but softmax are equal, tensor by tensor, and
so are the files quantized by them. Gathering takes half a minute, quantizing by ranges two seconds.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from tfedge.artifacts import atomic_path

Ranges = dict[str, dict[str, Any]]


def save_ranges(ranges: Mapping[str, Mapping[str, Any]], path: str | os.PathLike[str]) -> None:
    """Writes ranges, {tensor name: {"min": array, "max": array, …}}, to the `.npz` file `path`, whole or not at all.

    Raises:
        ArtifactError: the file cannot be written.
    """
    # Numbers and not names: tensor names hold characters that members of an archive may not.
    arrays = {"names": np.array(list(ranges)) if ranges else np.zeros(0, "U1")}
    for place, seen in enumerate(ranges.values()):
        arrays |= {f"{place}/{kind}": np.asarray(value) for kind, value in seen.items()}
    with atomic_path(path, force=True) as temporary, open(temporary, "wb") as file:
        np.savez(file, **arrays)


def load_ranges(path: str | os.PathLike[str]) -> Ranges:
    """Reads what `save_ranges` wrote."""
    with np.load(path, allow_pickle=False) as file:
        names = [str(name) for name in file["names"]]
        ranges: Ranges = {name: {} for name in names}
        for key in file.files:
            place, _, kind = key.partition("/")
            if kind:
                ranges[names[int(place)]][kind] = file[key]
    return ranges
