"""One contender in a process of its own, which decodes sources and says how long each took.

    python -m tools.benchmark.contender '{"kind": "tflite", "path": "g2p.tflite", "signature": "greedy"}'

Reads a JSON line `{"sources": [[ids], ...], "passes": n}` on stdin and answers with a JSON line
`{"ns": [[n times], ...], "answers": [[ids], ...], "peak_bytes": b}`, until stdin ends. A source and an answer are ids
without padding and without the stop token. What is timed goes from ids to ids, in the library's own Python API, on one
thread; of a program without one (`phonetisaurus`), from word to word.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfedge.runtime import worker
from tfedge.text.tokenizer import START_ID, STOP_ID, trimmed
from tools.benchmark import phonetisaurus_model

Decode = Callable[[list[int]], list[int]]


def cut(ids: Any) -> list[int]:
    """Returns ids up to the stop token, without it."""
    return [value for value in trimmed(ids) if value != STOP_ID]


def load(path: str, runtime: str = "ai-edge-litert") -> worker.Model:
    """Returns a loaded file, one thread."""
    session = worker.Session(runtime)
    session.hello({}, {})
    session.load({"path": path, "resolver": "default", "num_threads": 1}, {})
    return session._model


def tflite(path: str, signature: str, runtime: str = "ai-edge-litert") -> Decode:
    """Returns a decode by one call of a signature with the loop inside: `greedy` or `beam`."""
    called = load(path, runtime).signature(signature)
    source = np.zeros(called.inputs["source_ids"]["shape"], np.int32)
    called.plan({"source_ids": source})

    def decode(ids: list[int]) -> list[int]:
        source[:] = 0
        source[0, : len(ids) + 1] = [*ids, STOP_ID]
        answers = called({"source_ids": source})["target_ids"]
        return cut(answers.reshape(-1, answers.shape[-1])[0])

    return decode


def naive(path: str, runtime: str = "ai-edge-litert") -> Decode:
    """Returns a decode that runs the whole model again for every token, as a plain export makes one do."""
    called = load(path, runtime).signature("score")
    source, target = (np.zeros(called.inputs[name]["shape"], np.int32) for name in ("source_ids", "target_ids"))
    called.plan({"source_ids": source, "target_ids": target})

    def decode(ids: list[int]) -> list[int]:
        source[:], target[:] = 0, 0
        source[0, : len(ids) + 1] = [*ids, STOP_ID]
        last = START_ID
        for position in range(target.shape[1]):
            target[0, position] = last
            last = int(np.argmax(called({"source_ids": source, "target_ids": target})["logits"][0, position]))
            if last == STOP_ID:
                return [int(value) for value in target[0, 1 : position + 1]]
        return [*map(int, target[0, 1:]), last]

    return decode


def ctranslate2(path: str, compute_type: str, beam: int, max_target_length: int) -> Decode:
    """Returns a decode by CTranslate2."""
    library = importlib.import_module("ctranslate2")  # Of the extra `benchmark`.

    translator = library.Translator(path, device="cpu", compute_type=compute_type, inter_threads=1, intra_threads=1)
    options = {"beam_size": beam, "max_decoding_length": max_target_length, "length_penalty": 0.0}

    def decode(ids: list[int]) -> list[int]:
        tokens = translator.translate_batch([[str(value) for value in ids]], **options)[0].hypotheses[0]
        return [int(token) for token in tokens]

    return decode


def onnxruntime(path: str) -> Decode:
    """Returns a decode by ONNX Runtime, with the loop in the graph."""
    library = importlib.import_module("onnxruntime")  # Of the extra `benchmark`.

    options = library.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = library.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def decode(ids: list[int]) -> list[int]:
        return cut(session.run(None, {"source_ids": np.array([*ids, STOP_ID], np.int32)})[0])

    return decode


class OneByOne:
    """Times a decode, source by source."""

    def __init__(self, decode: Decode) -> None:
        self._decode = decode

    @property
    def peak_bytes(self) -> int:
        """Resident memory of this process at most."""
        return worker.memory_bytes()["peak_bytes"]

    def timed(self, sources: Sequence[list[int]], passes: int) -> tuple[list[list[int]], list[list[int]]]:
        """Returns nanoseconds (sources, passes) and the answer to each source."""
        clock, decode = time.perf_counter_ns, self._decode
        times: list[list[int]] = [[] for _ in sources]
        answers: list[list[int]] = [[] for _ in sources]
        for _ in range(passes):
            for place, source in enumerate(sources):
                start = clock()
                answers[place] = decode(source)
                times[place].append(clock() - start)
        return times, answers


KINDS: dict[str, Callable[..., Decode]] = {
    "tflite": tflite,
    "naive": naive,
    "ctranslate2": ctranslate2,
    "onnxruntime": onnxruntime,
}


def contender_of(config: dict[str, Any]) -> OneByOne | phonetisaurus_model.Decoder:
    """Returns what `config` names, loaded."""
    kind = config.pop("kind")
    return phonetisaurus_model.Decoder(**config) if kind == "phonetisaurus" else OneByOne(KINDS[kind](**config))


def main(argument: str) -> None:
    """Serves until stdin ends."""
    contender = contender_of(json.loads(argument))
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        times, answers = contender.timed(request["sources"], request["passes"])
        print(json.dumps({"ns": times, "answers": answers, "peak_bytes": contender.peak_bytes}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
