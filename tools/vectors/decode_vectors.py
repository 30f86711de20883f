"""What the shipped model says to words that it was never trained on; every runtime must agree."""

from __future__ import annotations

from typing import Any

from tfedge.modelfile.pack import Pack
from tfedge.runtime.predict import predict
from tfedge.runtime.targets import RUNTIMES
from tfedge.validation.performance import timed_texts

WORDS = 200


def to_json(pack: Pack) -> dict[str, Any]:
    """Returns what decode.json holds: answers by word, the sha256 of the model that gave them, and which of its texts
    a benchmark times.

    A word on which runtimes part is a near tie and no vector: it is left out.
    """
    words = [example.text for example in pack.evaluation.examples[: 2 * WORDS]] if pack.evaluation else []
    answers = [predict(pack.path, words, runtime=runtime) for runtime in RUNTIMES]
    agreed = [(word, said[0]) for word, *said in zip(words, *answers, strict=True) if len(set(said)) == 1]
    every = [example.text for example in pack.evaluation.examples] if pack.evaluation else []
    return {
        "model_sha256": pack.manifest.model_sha256,
        "timed_texts": timed_texts(every),
        "answers": dict(agreed[:WORDS]),
    }
