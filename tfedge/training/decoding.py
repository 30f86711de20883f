"""Decodes many texts with a Keras model: what training, golden cases and identity are judged by."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf

from tfedge.networks.greedy import greedy_decode
from tfedge.networks.seq2seq import Seq2SeqTransformer
from tfedge.progress import Bar
from tfedge.text.tokenizer import STOP_ID, trimmed
from tfedge.training.batches import pad

_ROWS = 256
_WIDTHS = (8, 12, 16)


class GreedyDecoder:
    """Greedy decoding in batches; traced once a width and reused as the weights change.

    Args:
        model: a built network.
        max_target_length: tokens at most, the stop token included.
    """

    def __init__(self, model: Seq2SeqTransformer, max_target_length: int) -> None:
        self._max_source_length = model.max_source_length
        self._max_target_length = max_target_length
        self._decode: Callable[..., tf.Tensor] = tf.function(
            lambda source_ids: greedy_decode(model, source_ids, max_target_length), reduce_retracing=False
        )

    def __call__(self, sources: Sequence[Sequence[int]], bar: Bar | None = None) -> list[list[int]]:
        """Returns for each source, ids with the stop token, the output ids up to and including the stop token."""
        order = sorted(range(len(sources)), key=lambda i: len(sources[i]))
        outputs: list[list[int]] = [[] for _ in sources]
        for start in range(0, len(order), _ROWS):
            members = order[start : start + _ROWS]
            longest = max(len(sources[i]) for i in members)
            width = next((w for w in _WIDTHS if longest <= w <= self._max_source_length), self._max_source_length)
            # The last rows of a short batch are padding: an empty source costs a few steps and is thrown away.
            rows = [sources[i] for i in members] + [[STOP_ID]] * (_ROWS - len(members))
            decoded = self._decode(tf.constant(pad(rows, width))).numpy()
            for index, row in zip(members, decoded, strict=False):
                outputs[index] = list(trimmed(row))
            if bar:
                bar.advance(len(members))
        return outputs
