"""Beam search as one graph: encode once, then one cached step a token for all beams together."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from keras import ops

from tfedge.layers import masks
from tfedge.networks.beam_config import NO_SCORE, BeamConfig
from tfedge.networks.seq2seq import Cache, Seq2SeqTransformer
from tfedge.text.tokenizer import START_ID, STOP_ID


def beam_search(
    model: Seq2SeqTransformer,
    source_ids: Any,
    max_target_length: int,
    config: BeamConfig,
    cross_caches: Cache | None = None,
) -> Any:
    """Returns int32 (1, N, max_target_length) and float32 (1, N): the N = `config.num_best` best targets of one source,
    each up to and including its stop token, then zeros; and their scores, best first.

    A place that no hypothesis reached holds zeros, with a score of -1e9.

    Args:
        model: a built network.
        source_ids: int32 (1, source_length), padded with 0.
        max_target_length: tokens at most, the stop token included.
        config: how to search.
        cross_caches: `model.cross_caches` of the source, where something else has computed them.
    """
    if cross_caches is None:
        cross_caches = model.cross_caches(model.encode(source_ids, training=False))
    cross_bias = masks.padding_bias(source_ids, mask_value=model.mask_value)
    search = _Search(model, cross_caches, cross_bias, max_target_length, config)
    state = tf.while_loop(search.more, search.advance, search.start())
    return tf.expand_dims(state[7], 0), tf.expand_dims(state[6], 0)


class _Search:
    """One search. Letters: W beams, C = 2 W candidates a step, N best, T target positions, V target vocabulary.

    State, in order: step int32 (1,), number finished int32 (), last tokens int32 (W,), scores float32 (W,), tokens so
    far int32 (W, T), places in the caches to attend to as a bias float32 (W, T * W), scores of the best finished
    float32 (N,), their tokens int32 (N, T), caches.
    """

    def __init__(
        self, model: Seq2SeqTransformer, cross_caches: Cache, cross_bias: Any, length: int, config: BeamConfig
    ) -> None:
        self.model, self.length, self.config = model, length, config
        self.cross_caches, self.cross_bias = cross_caches, cross_bias
        lengths = np.arange(1, length + 1, dtype=np.float32)
        self.shares = lengths**-config.length_penalty  # (T,): by a target's length - 1
        # Stop tokens are at most W of the C best continuations, one a beam: at least W go on.
        self.num_candidates = min(2 * config.width, config.width * model.target_vocab_size)
        self.may_end = np.arange(self.num_candidates) < config.width  # (C,): a stop token further down ends nothing
        # Where each beam's own place is among the W of a step.
        self.own_place = model.mask_value * (1.0 - np.eye(config.width, dtype=np.float32))

    def start(self) -> tuple[Any, ...]:
        width, num_best = self.config.width, self.config.num_best
        # One beam exists: equal ones would all go on alike.
        scores = tf.constant([0.0] + [NO_SCORE] * (width - 1), tf.float32)
        places = np.full((width, self.length * width), self.model.mask_value, np.float32)
        places[:, :width] = self.own_place
        return (
            tf.zeros((1,), tf.int32),
            tf.zeros((), tf.int32),
            tf.fill((width,), START_ID),
            scores,
            tf.zeros((width, self.length), tf.int32),
            tf.constant(places),
            tf.fill((num_best,), NO_SCORE),
            tf.zeros((num_best, self.length), tf.int32),
            self.model.empty_self_caches(1, width * self.length),
        )

    def more(self, step: Any, num_finished: Any, _: Any, scores: Any, *state: Any) -> Any:
        finished_scores = state[2]
        # Scores only fall, and a longer target is divided by more: no running one ends above this.
        bound = tf.reduce_max(scores) * float(self.shares[-1])
        can_improve = bound > finished_scores[self.config.num_best - 1]
        searching = tf.logical_and(num_finished < self.config.width, can_improve)
        return tf.logical_and(step[0] < self.length, searching)

    def advance(
        self,
        step: Any,
        num_finished: Any,
        tokens: Any,
        scores: Any,
        written: Any,
        places: Any,
        best: Any,
        best_ids: Any,
        caches: Any,
    ) -> tuple[Any, ...]:
        width, zero = self.config.width, tf.zeros((1,), tf.int32)
        logits, caches = self.model.beam_step(tokens, step, self.cross_caches, self.cross_bias, caches, places)
        totals = tf.nn.log_softmax(logits) + tf.expand_dims(scores, 1)  # (W, V)
        top_scores, chosen = tf.math.top_k(tf.reshape(totals, (-1,)), self.num_candidates)  # (C,)
        parents = chosen // self.model.target_vocab_size
        tokens = chosen - parents * self.model.target_vocab_size
        written = ops.slice_update(
            tf.gather(written, parents), tf.concat([zero, step], 0), tf.expand_dims(tokens, 1)
        )  # (C, T)

        is_stop = tf.equal(tokens, STOP_ID)
        exists = tf.logical_and(top_scores > NO_SCORE / 2, self.may_end)
        ends = tf.logical_and(tf.logical_or(is_stop, step >= self.length - 1), exists)
        num_finished = num_finished + tf.reduce_sum(tf.cast(ends, tf.int32))
        ended = tf.where(ends, top_scores * tf.gather(self.shares, step), NO_SCORE)
        best, rows = tf.math.top_k(tf.concat([best, ended], 0), self.config.num_best)
        best_ids = tf.gather(tf.concat([best_ids, written], 0), rows)

        scores, rows = tf.math.top_k(tf.where(is_stop, NO_SCORE, top_scores), width)
        # A beam attends to what its parent does and, from the next step on, to its own place.
        places = tf.gather(places, tf.gather(parents, rows))
        places = ops.slice_update(places, tf.concat([zero, (step + 1) * width], 0), self.own_place)
        tokens, written = tf.gather(tokens, rows), tf.gather(written, rows)
        return step + 1, num_finished, tokens, scores, written, places, best, best_ids, caches
