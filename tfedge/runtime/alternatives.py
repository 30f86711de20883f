"""The stage behind `tfedge predict --nbest`: several answers to each text, with scores, by the signature `beam`."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence

from tfedge.errors import ConfigError
from tfedge.modelfile.pack import read_pack
from tfedge.runtime.client import Worker
from tfedge.runtime.predict import chosen_runtime
from tfedge.runtime.signatures import Array, Signatures
from tfedge.tasks.spec import TaskSpec
from tfedge.text.tokenizer import trimmed

BEAM = "beam"


@dataclasses.dataclass(frozen=True)
class Alternative:
    """One answer.

    Attributes:
        text: as `predict` gives it.
        ids: up to and including the stop token.
        score: sum of the tokens' log probabilities, over length ** length penalty as the file was converted.
    """

    text: str
    ids: tuple[int, ...]
    score: float


def predict_nbest(
    path: str | os.PathLike[str], texts: Sequence[str], num_best: int, runtime: str | None = None
) -> list[list[Alternative]]:
    """Returns up to `num_best` answers to each text, best first; fewer where the search found no more.

    Args:
        path: a packed `.tflite` with the signature `beam`.
        texts: as a user types them.
        num_best: answers to each.
        runtime: name of an installed runtime; LiteRT where it is installed.

    Raises:
        ConfigError: the file has no `beam`, or one of fewer answers.
        ArtifactError, IntegrityError, InputError, WorkerError: as `predict`.
    """
    pack = read_pack(path)
    spec = TaskSpec.from_json(dict(pack.task))
    sources = [spec.source_array(text) for text in texts]
    with Worker(chosen_runtime(runtime)) as worker:
        worker.load(pack.path)
        _check(worker.describe(), num_best, path)
        return [_read(worker.run(BEAM, {"source_ids": source}), spec, num_best) for source in sources]


def _check(signatures: Signatures, num_best: int, path: str | os.PathLike[str]) -> None:
    held = signatures[BEAM].outputs["scores"].shape[-1] if BEAM in signatures else 0
    if held < num_best:
        what = f"one of {held} answers" if held else f"only {', '.join(signatures) or 'no signature'}"
        raise ConfigError(
            f"expected the signature `{BEAM}` with {num_best} answers or more in {path}; it has {what}; "
            f"convert it with --beam-width {num_best}" + (f", or ask for {held}" if held else "")
        )


def _read(outputs: dict[str, Array], spec: TaskSpec, num_best: int) -> list[Alternative]:
    found = []
    for row, score in zip(outputs["target_ids"][0, :num_best], outputs["scores"][0, :num_best], strict=True):
        if not row.any():  # A place that no hypothesis reached.
            continue
        ids = trimmed(row)
        found.append(Alternative(spec.target_tokenizer.decode(list(ids)), ids, float(score)))
    return found
