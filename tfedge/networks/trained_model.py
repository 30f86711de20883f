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
from tfedge.networks.anomaly_scorer import AnomalyScorer
from tfedge.networks.encoder_classifier import EncoderClassifier
from tfedge.networks.seq2seq import Seq2SeqTransformer
from tfedge.tasks.array_data import KIND as ARRAYS
from tfedge.tasks.array_data import ArraySpec
from tfedge.tasks.spec import TaskSpec

_ENTRY = "tfedge.json"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# What zipfile, HDF5 and Keras say of damaged bytes: a broken archive, packed data, member or weight file.
_UNREADABLE = (zipfile.BadZipFile, zlib.error, NotImplementedError, KeyError, ValueError, TypeError, OSError)
# Networks of tasks of arrays; naming them here is also what lets Keras build them again from a file.
ARRAY_NETWORKS = (EncoderClassifier, AnomalyScorer)


def check_name(path: str | os.PathLike[str]) -> pathlib.Path:
    """Returns `path`; ArtifactError where Keras would not write such a name, better before training than after."""
    path = pathlib.Path(path)
    if path.suffix != ".keras":
        raise ArtifactError(f"expected a file name that ends in .keras; got {path}; rename it")
    return path


@dataclasses.dataclass(frozen=True)
class _Trained:
    """A network with its task.

    Attributes:
        network: the Keras model.
        spec: what it reads and writes.
        training: provenance: command, data version, seed, seconds, figures.
        sha256: of the file it was read from; empty before it is saved.
    """

    network: Any
    spec: Any
    training: dict[str, Any]
    sha256: str = ""

    def save(self, path: str | os.PathLike[str], force: bool = False) -> Any:
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


@dataclasses.dataclass(frozen=True)
class TrainedModel(_Trained):
    """A network of texts with its task."""

    network: Seq2SeqTransformer
    spec: TaskSpec

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> TrainedModel:
        """Reads a `.keras` file written by `save`; runs no code from it.

        Raises:
            ArtifactError: missing, not a `.keras` file, or without a task of texts.
        """
        found = load(path)
        if not isinstance(found, TrainedModel):
            raise ArtifactError(f"expected a trained model of texts in {path}; it is of {found.spec.name}, of arrays")
        return found


@dataclasses.dataclass(frozen=True)
class TrainedArrayModel(_Trained):
    """A network of arrays with its task; `network.entry_points()` are its signatures."""

    network: keras.Model
    spec: ArraySpec


def load(path: str | os.PathLike[str]) -> TrainedModel | TrainedArrayModel:
    """Reads a `.keras` file written by `save`; runs no code from it.

    Raises:
        ArtifactError: missing, not a `.keras` file, or without a task that this version reads.
    """
    digest = sha256_hex(read_bytes(path, "trained model"))
    try:
        task, training = _task_and_training(path)
        spec = ArraySpec.from_json(task) if is_array_task(task) else TaskSpec.from_json(task)
        network = keras.saving.load_model(path, compile=False, safe_mode=True)
    except _UNREADABLE as error:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:  # Not the file's fault.
            raise ArtifactError(
                f"expected room in {tempfile.gettempdir()}, where Keras unpacks {path}; {error.strerror}; "
                "make room there, or set TMPDIR to another folder"
            ) from error
        first = str(error).strip().split("\n")[0][:200]
        raise ArtifactError(f"expected a .keras file written by tfedge train in {path}; {first}") from None
    if isinstance(spec, ArraySpec) and isinstance(network, ARRAY_NETWORKS):
        return TrainedArrayModel(network, spec, training, digest)
    if isinstance(spec, TaskSpec) and isinstance(network, Seq2SeqTransformer):
        return TrainedModel(network, spec, training, digest)
    kind = type(network).__name__
    raise ArtifactError(f"expected a .keras file written by tfedge train; {path} holds a {kind}")


def is_array_task(task: Any) -> bool:
    """Whether the task of a `.keras` file says that it is of arrays."""
    return isinstance(task, dict) and task.get("kind") == ARRAYS


def holds_arrays(path: str | os.PathLike[str]) -> bool:
    """Whether a `.keras` file is of a task of arrays; what is no such file at all is for `load` to refuse."""
    try:
        return is_array_task(_task_and_training(path)[0])
    except (*_UNREADABLE, ArtifactError):
        return False


def _task_and_training(path: str | os.PathLike[str]) -> tuple[Any, dict[str, Any]]:
    with zipfile.ZipFile(path) as file:
        entry = json.loads(file.read(_ENTRY)) if _ENTRY in file.namelist() else None
    if not isinstance(entry, dict) or "task" not in entry or not isinstance(entry.get("training"), dict):
        raise ArtifactError(f"expected a .keras file written by tfedge train; {path} holds no task spec")
    return entry["task"], entry["training"]
