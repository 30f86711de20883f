"""Greedy decoding as one graph: encode once, then one cached step a token until every row has stopped."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfedge.layers import masks
from tfedge.networks.seq2seq import Seq2SeqTransformer
from tfedge.text.tokenizer import START_ID, STOP_ID


def greedy_decode(model: Seq2SeqTransformer, source_ids: Any, max_target_length: int) -> Any:
    """Returns int32 (batch, max_target_length): the best next token at each step, up to and including the stop
    token, then zeros.

    Args:
        model: a built network.
        source_ids: int32 (batch, source_length), padded with 0. The batch size must be static.
        max_target_length: tokens at most, the stop token included.
    """
    batch_size = source_ids.shape[0]
    cross_caches = model.cross_caches(model.encode(source_ids, training=False))
    cross_bias = masks.padding_bias(source_ids, mask_value=model.mask_value)

    def more(step: Any, running: Any, *_: Any) -> Any:
        return tf.logical_and(step[0] < max_target_length, tf.reduce_any(running))

    def advance(step: Any, running: Any, token_ids: Any, target_ids: Any, self_caches: Any) -> Any:
        logits, self_caches = model.decode_step(token_ids, step, cross_caches, cross_bias, self_caches)
        best = tf.argmax(logits, axis=-1, output_type=tf.int32)  # (batch,)
        best = best * tf.cast(running, tf.int32)
        here = tf.cast(tf.equal(tf.range(max_target_length), step), tf.int32)  # (max_target_length,)
        target_ids = target_ids + tf.expand_dims(best, 1) * tf.expand_dims(here, 0)
        running = tf.logical_and(running, tf.not_equal(best, STOP_ID))
        return step + 1, running, tf.expand_dims(best, 1), target_ids, self_caches

    state = (
        tf.zeros((1,), tf.int32),
        tf.ones((batch_size,), tf.bool),
        tf.fill((batch_size, 1), START_ID),
        tf.zeros((batch_size, max_target_length), tf.int32),
        model.empty_self_caches(batch_size, max_target_length),
    )
    return tf.while_loop(more, advance, state)[3]
