"""A trained model as one `.keras` file that also holds its task spec and how it was trained."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import pathlib
import tempfile
import zipfile
import zlib
from typing import Any

import keras

from tfedge.artifacts import atomic_path, read_bytes, sha256_hex
from tfedge.errors import ArtifactError
from tfedge.networks.seq2seq import Seq2SeqTransformer
from tfedge.tasks.spec import TaskSpec

_ENTRY = "tfedge.json"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# What zipfile, HDF5 and Keras say of damaged bytes: a broken archive, packed data, member or weight file.
_UNREADABLE = (zipfile.BadZipFile, zlib.error, NotImplementedError, KeyError, ValueError, TypeError, OSError)


def check_name(path: str | os.PathLike[str]) -> pathlib.Path:
    """Returns `path`; ArtifactError where Keras would not write such a name, better before training than after."""
    path = pathlib.Path(path)
    if path.suffix != ".keras":
        raise ArtifactError(f"expected a file name that ends in .keras; got {path}; rename it")
    return path


@dataclasses.dataclass(frozen=True)
class TrainedModel:
    """A network with its task.

    Attributes:
        network: the Keras model.
        spec: what it reads and writes.
        training: provenance: command, data version, seed, seconds, figures.
        sha256: of the file it was read from; empty before it is saved.
    """

    network: Seq2SeqTransformer
    spec: TaskSpec
    training: dict[str, Any]
    sha256: str = ""

    def save(self, path: str | os.PathLike[str], force: bool = False) -> TrainedModel:
        """Writes a `.keras` file that Keras itself can load too; returns this model with the file's sha256.

        Raises:
            ArtifactError: `path` does not end in .keras, exists without `force`, or cannot be written.
        """
        path = check_name(path)
        with atomic_path(path, force) as temporary:
            self.network.save(temporary)
            with zipfile.ZipFile(temporary, "a", zipfile.ZIP_DEFLATED) as file:
                file.writestr(_ENTRY, json.dumps({"task": self.spec.to_json(), "training": self.training}, indent=1))
        return dataclasses.replace(self, sha256=sha256_hex(path.read_bytes()))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> TrainedModel:
        """Reads a `.keras` file written by `save`; runs no code from it.

        Raises:
            ArtifactError: missing, not a `.keras` file, or without a task.
        """
        digest = sha256_hex(read_bytes(path, "trained model"))
        try:
            with zipfile.ZipFile(path) as file:
                entry = json.loads(file.read(_ENTRY)) if _ENTRY in file.namelist() else None
            spec, training = _task_and_training(entry, path)
            network = keras.saving.load_model(path, compile=False, safe_mode=True)
        except _UNREADABLE as error:
            if isinstance(error, OSError) and error.errno in _NO_ROOM:  # Not the file's fault.
                raise ArtifactError(
                    f"expected room in {tempfile.gettempdir()}, where Keras unpacks {path}; {error.strerror}; "
                    "make room there, or set TMPDIR to another folder"
                ) from error
            first = str(error).strip().split("\n")[0][:200]
            raise ArtifactError(f"expected a .keras file written by tfedge train in {path}; {first}") from None
        if not isinstance(network, Seq2SeqTransformer):
            kind = type(network).__name__
            raise ArtifactError(f"expected a .keras file written by tfedge train; {path} holds a {kind}")
        return cls(network, spec, training, digest)


def _task_and_training(entry: Any, path: str | os.PathLike[str]) -> tuple[TaskSpec, dict[str, Any]]:
    if not isinstance(entry, dict) or "task" not in entry or not isinstance(entry.get("training"), dict):
        raise ArtifactError(f"expected a .keras file written by tfedge train; {path} holds no task spec")
    return TaskSpec.from_json(entry["task"]), entry["training"]
