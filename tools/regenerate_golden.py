"""Writes the committed fixtures of tests/golden/data; needs the `train` extra (TensorFlow).

Each fixture is NAME plus NAME-without-suffix.json: who made it with which versions, its sha256, and the facts that
tests expect of it. To add one: write a function that returns (bytes, facts) and list it in FIXTURES.

Example:
    python tools/regenerate_golden.py                  all of them
    python tools/regenerate_golden.py autokey_seq2seq.tflite
"""

from __future__ import annotations

import itertools
import json
import pathlib
import sys
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tfedge import artifacts

DATA = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden" / "data"

PAD_ID, START_ID, STOP_ID, FIRST_LETTER_ID = 0, 1, 2, 3
NUM_LETTERS = 5
VOCAB_SIZE = FIRST_LETTER_ID + NUM_LETTERS
MAX_SOURCE_LENGTH, MAX_TARGET_LENGTH = 10, 8  # unequal, so that a source can outlast the target


def autokey_ids(source_ids: list[int]) -> list[int]:
    """The autokey cipher in plain Python: each letter moves on by the sum of all letters written before it.

    Args:
        source_ids: letters 3..7, then the stop token.
    Returns:
        The same form, cut to MAX_TARGET_LENGTH (then without a stop token).
    """
    target: list[int] = []
    for token in source_ids[:MAX_TARGET_LENGTH]:
        written = sum(letter - FIRST_LETTER_ID for letter in target)
        target.append(
            token if token == STOP_ID else FIRST_LETTER_ID + (token - FIRST_LETTER_ID + written) % NUM_LETTERS
        )
    return target


def _rotations() -> np.ndarray:
    """Returns float32 (NUM_LETTERS, VOCAB_SIZE, VOCAB_SIZE): permutation k moves every letter on by k."""
    rotations = np.zeros((NUM_LETTERS, VOCAB_SIZE, VOCAB_SIZE), np.float32)
    for shift, token in itertools.product(range(NUM_LETTERS), range(VOCAB_SIZE)):
        moved = token if token < FIRST_LETTER_ID else FIRST_LETTER_ID + (token - FIRST_LETTER_ID + shift) % NUM_LETTERS
        rotations[shift, token, moved] = 1.0
    return rotations


def _ids(length: int, name: str) -> tf.TensorSpec:
    return tf.TensorSpec([1, length], tf.int32, name=name)


class AutokeySeq2Seq(tf.Module):
    """An exact encoder-decoder with the three signatures of a tfedge seq2seq model.

    Its answer depends on every input (source, mask, last token, index, cache), so a host loop that drops, reorders
    or fails to carry one of them gives another answer.
    """

    def __init__(self) -> None:
        self.rotations = tf.constant(_rotations().reshape(NUM_LETTERS, -1))

    def _encode(self, source_ids: tf.Tensor) -> dict[str, tf.Tensor]:
        return {
            "encoded_letters": tf.one_hot(source_ids, VOCAB_SIZE),  # (1, source, vocab)
            "encoded_mask": tf.cast(tf.not_equal(source_ids, PAD_ID), tf.float32),  # (1, source)
        }

    def _step(
        self, token_ids: tf.Tensor, index: tf.Tensor, letters: tf.Tensor, mask: tf.Tensor, cache: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        row = tf.one_hot(index, MAX_TARGET_LENGTH)  # (1, target)
        token = tf.one_hot(tf.reshape(token_ids, [1]), VOCAB_SIZE)  # (1, vocab)
        cache = cache + tf.expand_dims(row, 2) * tf.expand_dims(token, 1)  # (1, target, vocab)
        counts = tf.reduce_sum(cache, axis=1)  # (1, vocab): how often each token was written
        values = tf.constant([[0.0]] * FIRST_LETTER_ID + [[float(value)] for value in range(NUM_LETTERS)])
        written = tf.cast(tf.reshape(tf.matmul(counts, values), [1]), tf.int32)
        rotation = tf.reshape(
            tf.gather(self.rotations, tf.math.floormod(written, NUM_LETTERS)), [VOCAB_SIZE, VOCAB_SIZE]
        )
        here = tf.one_hot(index, MAX_SOURCE_LENGTH) * mask  # (1, source)
        letter = tf.matmul(here, tf.reshape(letters, [MAX_SOURCE_LENGTH, VOCAB_SIZE]))  # (1, vocab)
        return tf.matmul(letter, rotation), cache

    @tf.function(autograph=False, input_signature=[_ids(MAX_SOURCE_LENGTH, "source_ids")])
    def encode(self, source_ids: tf.Tensor) -> dict[str, tf.Tensor]:
        return self._encode(source_ids)

    @tf.function(
        autograph=False,
        input_signature=[
            _ids(1, "token_ids"),
            tf.TensorSpec([1], tf.int32, name="cache_update_index"),
            tf.TensorSpec([1, MAX_SOURCE_LENGTH, VOCAB_SIZE], tf.float32, name="encoded_letters"),
            tf.TensorSpec([1, MAX_SOURCE_LENGTH], tf.float32, name="encoded_mask"),
            tf.TensorSpec([1, MAX_TARGET_LENGTH, VOCAB_SIZE], tf.float32, name="cache_tokens"),
        ],
    )
    def decode_step(
        self,
        token_ids: tf.Tensor,
        cache_update_index: tf.Tensor,
        encoded_letters: tf.Tensor,
        encoded_mask: tf.Tensor,
        cache_tokens: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        logits, cache = self._step(token_ids, cache_update_index, encoded_letters, encoded_mask, cache_tokens)
        return {"logits": logits, "cache_tokens": cache}

    @tf.function(autograph=False, input_signature=[_ids(MAX_SOURCE_LENGTH, "source_ids")])
    def greedy(self, source_ids: tf.Tensor) -> dict[str, tf.Tensor]:
        encoded = self._encode(source_ids)

        def goes_on(index: tf.Tensor, token: tf.Tensor, *_: tf.Tensor) -> tf.Tensor:
            return tf.logical_and(
                tf.reduce_all(tf.less(index, MAX_TARGET_LENGTH)), tf.reduce_all(tf.not_equal(token, STOP_ID))
            )

        def body(index: tf.Tensor, token: tf.Tensor, cache: tf.Tensor, out: tf.Tensor) -> tuple[tf.Tensor, ...]:
            logits, cache = self._step(token, index, encoded["encoded_letters"], encoded["encoded_mask"], cache)
            token = tf.expand_dims(tf.argmax(logits, -1, output_type=tf.int32), 1)  # (1, 1)
            here = tf.cast(tf.one_hot(index, MAX_TARGET_LENGTH), tf.int32)  # (1, target)
            return index + 1, token, cache, out + here * token

        start = (
            tf.zeros([1], tf.int32),
            tf.fill([1, 1], START_ID),
            tf.zeros([1, MAX_TARGET_LENGTH, VOCAB_SIZE]),
            tf.zeros([1, MAX_TARGET_LENGTH], tf.int32),
        )
        return {"target_ids": tf.while_loop(goes_on, body, start)[-1]}


def autokey_seq2seq() -> tuple[bytes, dict[str, Any]]:
    """A float32 file with `encode`, `decode_step` and `greedy` that any builtin-op runtime computes exactly."""
    module = AutokeySeq2Seq()
    functions = [f.get_concrete_function() for f in (module.encode, module.decode_step, module.greedy)]
    model = _convert_signatures(module, dict(zip(("encode", "decode_step", "greedy"), functions, strict=True)))
    sources = {
        "one_letter": [4],
        "repeated": [4, 4, 4, 4],
        "all_letters": [3, 4, 5, 6, 7],
        "fills_target": [7, 6, 5, 7, 6, 5, 7],
        "outlasts_target": [5, 7, 4, 6, 5, 7, 4, 6, 5],
    }
    cases = [
        {"name": name, "source_ids": [*letters, STOP_ID], "expected_ids": autokey_ids([*letters, STOP_ID])}
        for name, letters in sources.items()
    ]
    lengths = {"max_source_length": MAX_SOURCE_LENGTH, "max_target_length": MAX_TARGET_LENGTH}
    return model, {**lengths, "cases": cases}


def _convert_signatures(module: tf.Module, signatures: dict[str, Any], quantize: bool = False) -> bytes:
    """Returns a .tflite with builtin ops only: float32, or with dynamic int8 weights."""
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures=signatures)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=list(signatures))
        if quantize:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        return bytes(converter.convert())


def dynamic_fully_connected_v12() -> tuple[bytes, dict[str, Any]]:
    """A dense layer, free batch size, per-channel dynamic int8: FULLY_CONNECTED v12, which tflite-runtime refuses."""
    size = 48  # the converter quantizes weights from 1,024 elements on
    weights = np.random.default_rng(0).normal(size=(size, size)).astype(np.float32)

    class Dense(tf.Module):
        @tf.function(autograph=False, input_signature=[tf.TensorSpec([None, size], tf.float32, name="features")])
        def classify(self, features: tf.Tensor) -> dict[str, tf.Tensor]:
            return {"scores": tf.matmul(features, tf.constant(weights))}

    module = Dense()
    model = _convert_signatures(module, {"classify": module.classify.get_concrete_function()}, quantize=True)
    return model, {"refused_by": "tflite-runtime==2.14.0"}


FIXTURES: dict[str, Callable[[], tuple[bytes, dict[str, Any]]]] = {
    "autokey_seq2seq.tflite": autokey_seq2seq,
    "dynamic_fully_connected_v12.tflite": dynamic_fully_connected_v12,
}


def write_fixture(name: str) -> pathlib.Path:
    """Makes one fixture and its JSON; returns the path of the fixture."""
    data, facts = FIXTURES[name]()
    header = {
        "made_by": f"tools/regenerate_golden.py {name}",
        "tensorflow": tf.__version__,
        "numpy": np.__version__,
        "sha256": artifacts.sha256_hex(data),
    }
    path = artifacts.write_bytes(DATA / name, data, force=True)
    text = json.dumps({**header, **facts}, indent=1) + "\n"
    artifacts.write_bytes(path.with_suffix(".json"), text.encode(), force=True)
    return path


def main(names: list[str]) -> int:
    for name in names or list(FIXTURES):
        path = write_fixture(name)
        print(f"{path.name}: {path.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
