"""The stage behind `tfedge predict`: texts in, texts out, with nothing but a packed file."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from tfedge.modelfile.pack import read_pack
from tfedge.runtime.client import GREEDY, STEPS, Worker
from tfedge.runtime.targets import choose_targets
from tfedge.tasks.spec import TaskSpec


def predict(path: str | os.PathLike[str], texts: Sequence[str], runtime: str | None = None) -> list[str]:
    """Returns the model's answer to each text.

    Args:
        path: a packed `.tflite`.
        texts: as a user types them.
        runtime: name of an installed runtime; LiteRT where it is installed.

    Raises:
        ArtifactError, IntegrityError: no file, no pack, or changed bytes.
        InputError: an empty text, one that is too long, or unknown symbols; nothing is run then.
        WorkerError: the runtime refused the file, crashed or hung.
    """
    pack = read_pack(path)
    spec = TaskSpec.from_json(dict(pack.task))
    sources = np.concatenate([spec.source_array(text) for text in texts])
    with Worker(chosen_runtime(runtime)) as worker:
        worker.load(pack.path)
        outputs = worker.decode_many(sources, decode_entry(worker), spec.max_target_length)
    return [spec.target_tokenizer.decode([int(value) for value in row]) for row in outputs]


def chosen_runtime(runtime: str | None) -> str:
    """Returns the name of the runtime to predict with: the one asked for, else LiteRT where it is installed."""
    return choose_targets([runtime] if runtime else None)[-1 if runtime is None else 0].name


def decode_entry(worker: Worker) -> str:
    """Returns how to decode with the loaded file: the loop in the graph where there is one, else the host's."""
    return GREEDY if GREEDY in worker.describe() else STEPS
