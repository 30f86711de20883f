"""Training state on disk, so that a killed run goes on where it was."""

from __future__ import annotations

import dataclasses
import io
import json
import pathlib
import zipfile
from typing import Any

import numpy as np

from tfedge.artifacts import read_bytes, write_bytes
from tfedge.errors import ArtifactError


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """Everything a run needs to go on.

    Attributes:
        arrays: named groups of arrays: weights, averaged weights, best averaged weights, optimizer state, seeds.
        state: JSON values: next epoch, best dev word error rate, history, and a fingerprint of config and data.
    """

    arrays: dict[str, list[np.ndarray]]
    state: dict[str, Any]

    def save(self, path: pathlib.Path) -> None:
        """Writes the checkpoint completely or not at all."""
        flat = {f"{name}/{i}": value for name, group in self.arrays.items() for i, value in enumerate(group)}
        buffer = io.BytesIO()
        np.savez(buffer, state=np.array(json.dumps(self.state)), **flat)
        write_bytes(path, buffer.getvalue(), force=True)

    @classmethod
    def load(cls, path: pathlib.Path) -> Checkpoint:
        """Reads a checkpoint.

        Raises:
            ArtifactError: missing or unreadable.
        """
        try:
            with np.load(io.BytesIO(read_bytes(path, "checkpoint")), allow_pickle=False) as file:
                flat = {name: file[name] for name in file.files}
            state = json.loads(str(flat.pop("state")))
            places = {key: (key.split("/")[0], int(key.split("/")[1])) for key in flat}
        except (ValueError, TypeError, LookupError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise ArtifactError(f"expected a training checkpoint in {path}; {error}; delete it to start anew") from None
        arrays: dict[str, list[np.ndarray]] = {}
        for key in sorted(flat, key=places.__getitem__):
            arrays.setdefault(places[key][0], []).append(flat[key])
        return cls(arrays, state)
