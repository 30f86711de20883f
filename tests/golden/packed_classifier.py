"""Classifiers of tiny pictures and signals as packed files; NumPy is the float model, and gives the answers.

Class k is the likeliest where the input is brightest in its k-th part, and pooling weighs places by how bright they
are: so it is known which answer is right, and where the file must say that it looked.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from tfedge.modelfile.array_examples import ArrayExamples
from tfedge.modelfile.builder import ModelBuilder
from tfedge.modelfile.pack import Pack, write_pack
from tfedge.modelfile.tensor_cases import TensorCase, TensorGolden
from tfedge.tasks.meaning import AnomalyMeaning, ClassesMeaning
from tfedge.tasks.preprocessing.image import ImagePreprocessing
from tfedge.tasks.preprocessing.windows import WindowPreprocessing
from tfedge.tasks.tensor_task import Quality, TensorForm, TensorSignature, TensorTask

SIDE, CHANNELS = 4, 2
PLACES = SIDE * SIDE
CLASSES = ("top", "<script>alert(1)</script>", "low & wide", "bottom")
SOURCE = {"name": "squares", "version": "1", "sha256": "e" * 64}
_SCALE = 1 / 64  # Bytes are up to 255: logits of a few units, so that probabilities differ and none is 1.


def shape_of(kind: str) -> tuple[int, ...]:
    """Returns (rows, columns, 1) of a picture, (rows, channels) of a signal."""
    return (SIDE, SIDE, 1) if kind == "image" else (PLACES // CHANNELS, CHANNELS)


def weights(broken: bool = False) -> np.ndarray:
    """Returns float32 (classes, places); `broken` answers NaN."""
    matrix = np.kron(np.eye(len(CLASSES)), np.ones((1, PLACES // len(CLASSES)))) * _SCALE
    return (matrix * (np.nan if broken else 1)).astype(np.float32)


def model(kind: str, broken: bool = False) -> bytes:
    """Returns a file of `kind`.

    image, signal: `classify` (inputs -> probabilities) and `embed` (inputs -> features, pooling_weights).
    anomaly: `score` (inputs -> score), the sum of a signal.
    """
    builder = ModelBuilder(kind)
    for place, name in enumerate(("score",) if kind == "anomaly" else ("classify", "embed")):
        if place:
            builder.subgraph(name)
        inputs = builder.tensor("inputs", (1, *shape_of(kind)))
        outputs = {"classify": _classified, "embed": _pooled, "score": _scored}[name](builder, inputs, kind, broken)
        builder.interface([inputs], list(outputs.values()))
        builder.signature(name, {"inputs": inputs}, outputs)
    return builder.build()


def _reshaped(builder: ModelBuilder, inputs: int, *shape: int) -> int:
    flat = builder.tensor("flat", shape)
    builder.op("RESHAPE", [inputs, builder.tensor("shape", (len(shape),), "int32", shape)], [flat])
    return flat


def _classified(builder: ModelBuilder, inputs: int, kind: str, broken: bool) -> dict[str, int]:
    logits, probabilities = (builder.tensor(name, (1, len(CLASSES))) for name in ("head/logits", "probabilities"))
    kernel = builder.tensor("head/kernel", weights().shape, data=weights(broken))
    builder.op("FULLY_CONNECTED", [_reshaped(builder, inputs, 1, PLACES), kernel, None], [logits])
    builder.op("SOFTMAX", [logits], [probabilities], options={"beta": 1.0})
    return {"probabilities": probabilities}


def _pooled(builder: ModelBuilder, inputs: int, kind: str, _: bool) -> dict[str, int]:
    places = PLACES if kind == "image" else shape_of(kind)[0]
    features = _reshaped(builder, inputs, 1, 1, places, PLACES // places)
    bright, pooled = (builder.tensor(name, (1, 1, places)) for name in ("bright", "pooling_weights"))
    builder.op("SUM", [features, builder.tensor("axis", (1,), "int32", [3])], [bright])
    builder.op("SOFTMAX", [bright], [pooled], options={"beta": _SCALE})
    return {"features": features, "pooling_weights": pooled}


def _scored(builder: ModelBuilder, inputs: int, _: str, __: bool) -> dict[str, int]:
    score = builder.tensor("score", (1,))
    builder.op("SUM", [_reshaped(builder, inputs, 1, PLACES), builder.tensor("axis", (1,), "int32", [1])], [score])
    return {"score": score}


def examples(kind: str, wrong: int = 3) -> ArrayExamples:
    """Returns three examples a class, each brightest in one place of its class; of the first `wrong` another is right.

    Of "anomaly" every third is one, and of these all but the first `wrong` are bright enough.
    """
    count = 3 * len(CLASSES)
    random = np.random.default_rng(3)
    inputs = random.integers(0, 90, (count, PLACES)).astype(np.float32)
    labels = np.arange(count) % len(CLASSES)
    inputs[np.arange(count), labels * (PLACES // len(CLASSES)) + 1] = 255.0
    if kind == "anomaly":
        labels = (np.arange(count) % 3 == 0).astype(np.int64)
        inputs[labels == 1] += np.where(np.arange(int(labels.sum())) < wrong, 0, 100)[:, None]
        keras = inputs.sum(axis=1, keepdims=True)
    else:
        keras = softmax(inputs @ weights().T)
        labels = np.where(np.arange(count) < wrong, (labels + 1) % len(CLASSES), labels)
    signature, output = ("score", "score") if kind == "anomaly" else ("classify", "probabilities")
    if kind == "anomaly":
        keras = keras[:, 0]
    shaped = inputs.reshape(count, *shape_of(kind))
    return ArrayExamples(signature, "inputs", output, shaped, labels.astype(np.int64), keras.astype(np.float32), SOURCE)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Returns probabilities over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def task(kind: str, threshold: float | None = 1500.0, names: Sequence[str] = CLASSES) -> TensorTask:
    """Returns what travels as task.json."""
    place = PLACES if kind == "image" else shape_of(kind)[0]
    forms = {"inputs": TensorForm("float32", (1, *shape_of(kind)))}
    preprocessing = ImagePreprocessing(SIDE, SIDE, 1) if kind == "image" else _windows()
    if kind == "anomaly":
        signatures = {"score": TensorSignature(forms, {"score": TensorForm("float32", (1,))})}
        return TensorTask(kind, Quality("cosine", 0.9), signatures, preprocessing, AnomalyMeaning(threshold))
    pooled = {
        "features": TensorForm("float32", (1, 1, place, PLACES // place)),
        "pooling_weights": TensorForm("float32", (1, 1, place)),
    }
    classified = TensorSignature(forms, {"probabilities": TensorForm("float32", (1, len(CLASSES)))})
    signatures = {"classify": classified, "embed": TensorSignature(forms, pooled)}
    return TensorTask(kind, Quality("agreement", 0.9), signatures, preprocessing, ClassesMeaning(tuple(names)))


def _windows() -> WindowPreprocessing:
    length, channels = shape_of("signal")
    names = tuple(f"axis <{place}>" for place in range(channels))
    return WindowPreprocessing(names, length, length, (0.0,) * channels, (1.0,) * channels, 50.0)


def write(path: str | os.PathLike[str], kind: str, wrong: int = 3, broken: bool = False, **changes: object) -> Pack:
    """Writes the packed file; `changes` are arguments of `write_pack`, such as `evaluation=None`."""
    held = examples(kind, wrong)
    cases = tuple(
        TensorCase(f"case_{at}", held.signature, {"inputs": held.inputs[at][None]}, {held.output: _row(held, at)})
        for at in range(2)
    )
    golden = TensorGolden(cases, {f"{held.signature}/{held.output}": 1e-6})
    gates = [{"gate": "runs", "verdict": "pass", "message": "loaded", "target": "ai-edge-litert==2.3.0@x86_64"}]
    fields = {"recipe": "float32", "provenance": {"made <by>": "tests"}, "gates": gates}
    return write_pack(
        path, model(kind, broken), task(kind).to_json(), golden, fields, **{"evaluation": held, **changes}
    )


def _row(held: ArrayExamples, at: int) -> np.ndarray:
    return held.keras[at : at + 1]
