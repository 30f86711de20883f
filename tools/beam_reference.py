"""Compares the signature `beam` of a packed file with a plain beam search over its `encode` and `decode_step`.

    python -m tools.beam_reference out/g2p.float32.tflite [--words 2000] [--target ai-edge-litert]

Prints how many of the best answers are the same, token by token, and how far their scores are apart. The exit code is 1
where scores are further apart than rounding makes them; with equal scores another order of answers is a near tie.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tfedge.errors import TfedgeError
from tfedge.modelfile.pack import read_pack
from tfedge.networks.beam_config import BeamConfig
from tfedge.progress import SILENT, Reporter
from tfedge.runtime.client import Worker
from tfedge.runtime.predict import chosen_runtime
from tfedge.tasks.spec import TaskSpec
from tfedge.text.tokenizer import START_ID, STOP_ID
from tfedge.validation.stage_tracing import step_inputs

Hypothesis = tuple[float, tuple[int, ...]]
# State of a prefix, and the token to append -> log probabilities of the next one, and the state that includes it.
Step = Callable[[Any, int, int], tuple[np.ndarray, Any]]
# Right kernels differ in rounding: the same sum of a dozen log probabilities, computed with one row and with several.
# Measured on the shipped model: float 6e-6, int8 0.03.
NEAR_TIE = {"float": 1e-4, "int8": 0.1}


def plain_beam(step: Step, state: Any, length: int, config: BeamConfig) -> list[Hypothesis]:
    """Returns the `config.num_best` best (score, tokens with the stop token) as `BeamConfig` says, by lists and loops.

    Args:
        step: the model, one token at a time.
        state: before the start token.
        length: tokens at most.
        config: how to search.
    """
    running: list[tuple[float, tuple[int, ...], Any]] = [(0.0, (), state)]
    finished: list[Hypothesis] = []
    for position in range(length):
        candidates = []
        for score, tokens, before in running:
            log_probs, after = step(before, tokens[-1] if tokens else START_ID, position)
            candidates += [(score + float(each), (*tokens, token), after) for token, each in enumerate(log_probs)]
        candidates.sort(key=lambda candidate: -candidate[0])
        is_last = position == length - 1
        for score, tokens, _ in candidates[: config.width]:
            if tokens[-1] == STOP_ID or is_last:
                finished.append((score / len(tokens) ** config.length_penalty, tokens))
        running = [candidate for candidate in candidates if candidate[1][-1] != STOP_ID][: config.width]
        kept = sorted(finished, reverse=True)[: config.num_best]
        if len(finished) >= config.width:
            break
        if len(kept) == config.num_best and running[0][0] / length**config.length_penalty <= kept[-1][0]:
            break
    return sorted(finished, key=lambda each: -each[0])[: config.num_best]


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Returns float64 log probabilities of float (V,)."""
    shifted = logits.astype(np.float64) - logits.max()
    return shifted - np.log(np.exp(shifted).sum())


def worker_step(worker: Worker, source: np.ndarray) -> tuple[Step, dict[str, Any]]:
    """Returns a step by the loaded file's `decode_step`, and the state to begin with, for int32 (1, S)."""
    encoded = worker.run("encode", {"source_ids": source})
    signatures = worker.describe()

    def step(state: dict[str, Any], token: int, position: int) -> tuple[np.ndarray, dict[str, Any]]:
        outputs = worker.run("decode_step", step_inputs(signatures, encoded, state, token, position))
        return log_softmax(outputs["logits"][0]), outputs

    return step, {}


def compare(
    path: pathlib.Path,
    texts: Sequence[str] | None,
    num_words: int,
    runtime: str | None,
    reporter: Reporter = SILENT,
    beam: Mapping[str, Any] | None = None,
) -> dict[str, float]:
    """Returns counts of answers `compared`, `same`, `near_ties` and `different`, and the largest `score_difference`.

    Args:
        path: a packed file with the signature `beam`.
        texts: None takes the pack's test words.
        num_words: of them, at most.
        runtime: as `tfedge predict --target`.
        beam: how the plain search goes; None as the file was converted.
    """
    pack = read_pack(path)
    spec = TaskSpec.from_json(dict(pack.task))
    config = BeamConfig(**(beam or pack.manifest.provenance["beam"]))
    if texts is None:
        texts = [example.text for example in pack.evaluation.examples] if pack.evaluation else []
    tie = NEAR_TIE["float" if pack.manifest.recipe == "float32" else "int8"]
    found = {"compared": 0.0, "same": 0.0, "near_ties": 0.0, "different": 0.0, "score_difference": 0.0}
    chosen = texts[:num_words]
    with Worker(chosen_runtime(runtime)) as worker, reporter.bar("words", len(chosen)) as bar:
        worker.load(path)
        for text in chosen:
            source = spec.source_array(text)
            expected = plain_beam(*worker_step(worker, source), spec.max_target_length, config)
            outputs = worker.run("beam", {"source_ids": source})
            _count(found, expected, outputs["target_ids"][0], outputs["scores"][0], tie)
            bar.advance()
    return found


def _count(
    found: dict[str, float], expected: Sequence[Hypothesis], ids: np.ndarray, scores: np.ndarray, tie: float
) -> None:
    for place, (score, tokens) in enumerate(expected):
        found["compared"] += 1
        row = np.zeros_like(ids[place])
        row[: len(tokens)] = tokens
        away = abs(float(scores[place]) - score)
        found["score_difference"] = max(found["score_difference"], away)
        kind = "different" if away >= tie else "same" if np.array_equal(row, ids[place]) else "near_ties"
        found[kind] += 1


def main(arguments: list[str] | None = None) -> int:
    """Compares and prints."""
    from tfedge.cli.terminal import TerminalReporter

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--words", type=int, default=2000)
    parser.add_argument("--target", help="default: ai-edge-litert")
    args = parser.parse_args(arguments)
    try:
        found = compare(args.model, None, args.words, args.target, TerminalReporter())
    except TfedgeError as error:
        print(f"beam_reference: error: {error}", file=sys.stderr)
        return error.exit_code
    print(", ".join(f"{name} {value:,.3g}" if value % 1 else f"{name} {value:,.0f}" for name, value in found.items()))
    return 1 if found["different"] or not found["compared"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
