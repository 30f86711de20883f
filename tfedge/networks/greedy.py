"""Greedy decoding as one graph: encode once, then one cached step a token until every row has stopped."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from keras import ops

from tfedge.layers import masks
from tfedge.networks.seq2seq import Cache, Seq2SeqTransformer
from tfedge.text.tokenizer import START_ID, STOP_ID


def greedy_decode(
    model: Seq2SeqTransformer, source_ids: Any, max_target_length: int, cross_caches: Cache | None = None
) -> Any:
    """Returns int32 (batch, max_target_length): the best next token at each step, up to and including the stop
    token, then zeros.

    Args:
        model: a built network.
        source_ids: int32 (batch, source_length), padded with 0. The batch size must be static.
        max_target_length: tokens at most, the stop token included.
        cross_caches: `model.cross_caches` of the source, where something else has computed them.
    """
    batch_size = source_ids.shape[0]
    if cross_caches is None:
        cross_caches = model.cross_caches(model.encode(source_ids, training=False))
    cross_bias = masks.padding_bias(source_ids, mask_value=model.mask_value)

    # A single row, which is what a file decodes, writes nothing after its stop token: the loop ends there.
    is_single = batch_size == 1

    def more(step: Any, running: Any, *_: Any) -> Any:
        is_any_running = tf.reshape(running, ()) if is_single else tf.reduce_any(running)
        return tf.logical_and(step[0] < max_target_length, is_any_running)

    def advance(step: Any, running: Any, token_ids: Any, target_ids: Any, self_caches: Any) -> Any:
        logits, self_caches = model.decode_step(token_ids, step, cross_caches, cross_bias, self_caches)
        best = tf.argmax(logits, axis=-1, output_type=tf.int32)  # (batch,)
        if not is_single:
            best = best * tf.cast(running, tf.int32)
        goes_on = tf.not_equal(best, STOP_ID)
        best = tf.expand_dims(best, 1)
        target_ids = ops.slice_update(target_ids, tf.concat([tf.zeros((1,), tf.int32), step], 0), best)
        return step + 1, goes_on if is_single else tf.logical_and(running, goes_on), best, target_ids, self_caches

    state = (
        tf.zeros((1,), tf.int32),
        tf.ones((batch_size,), tf.bool),
        tf.fill((batch_size, 1), START_ID),
        tf.zeros((batch_size, max_target_length), tf.int32),
        model.empty_self_caches(batch_size, max_target_length),
    )
    return tf.while_loop(more, advance, state)[3]
