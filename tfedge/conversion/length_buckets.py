"""The encoder for a few source lengths in one file: a short source does not cost what the longest one does.

A `.tflite` has fixed shapes, and an encoder of 25 positions computes 25 of them for a word of seven letters. With
buckets, the graph holds the encoder at several lengths and runs the first that holds the source. The weights are stored
once, but a runtime packs them once a length.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tfedge.conversion.constants import as_constants
from tfedge.conversion.recipes import Recipe
from tfedge.errors import ConfigError
from tfedge.networks.seq2seq import Cache, Seq2SeqTransformer
from tfedge.text.tokenizer import PAD_ID

# Kernels compute several rows at once, 4 to 8 of them on most CPUs: a bucket between two multiples costs the larger.
_ROWS = 8


def default_buckets(max_source_length: int, recipe: Recipe) -> tuple[int, ...]:
    """Returns a quarter and a half of the longest source, in multiples of 8, where they are shorter than it; none for
    a recipe of hybrid products.

    Those die on ARM cores with a dot product where tflite-runtime 2.14 multiplies few rows, 4 or 8 or 16, by int8
    weights (rule hybrid_dot_product of the gate): a file that runs everywhere has the longest source alone.
    """
    if recipe.is_hybrid:
        return ()
    wanted = {-(-max_source_length // (parts * _ROWS)) * _ROWS for parts in (4, 2)}
    return tuple(sorted(length for length in wanted if length < max_source_length))


def check_buckets(buckets: Sequence[int], max_source_length: int) -> tuple[int, ...]:
    """Returns `buckets`, sorted.

    Raises:
        ConfigError: one of them is no length below `max_source_length`, or is there twice.
    """
    if len(set(buckets)) < len(buckets) or not all(1 <= length < max_source_length for length in buckets):
        raise ConfigError(
            f"expected length buckets from 1 to {max_source_length - 1}, each once, for sources of at most "
            f"{max_source_length} tokens; got {', '.join(map(str, buckets))}"
        )
    return tuple(sorted(buckets))


def cross_caches(network: Seq2SeqTransformer, source_ids: Any, buckets: Sequence[int]) -> Cache:
    """Returns what `network.cross_caches` gives of one source, int32 (1, S), padded with zeros behind the bucket.

    Nothing attends to those: `masks.padding_bias` of the source hides them.

    Args:
        network: a built network.
        source_ids: the stop token and what stands before it, then padding.
        buckets: sorted lengths below S.
    """
    longest = source_ids.shape[1]
    x, attention_bias = network.embed_source(source_ids)
    num_used = _num_used(source_ids)

    def encoded(length: int) -> list[Any]:
        # Constants of the branch itself: one from outside would be its input, and a product no FULLY_CONNECTED.
        with as_constants(network.variables):
            caches = network.cross_caches(network.encode_embedded(x[:, :length], attention_bias[..., :length]))
        behind = [[0, 0], [0, 0], [0, longest - length], [0, 0]]
        return [tf.pad(part, behind) if length < longest else part for pair in caches for part in pair]

    # One choice after another, each of which may leave what it got, and not one inside the other: runtimes prepare
    # the branches of an inner choice again at each call.
    found = [tf.zeros_like(part) for pair in network.empty_self_caches(1, longest) for part in pair]
    shorter = 0
    for length in (*buckets, longest):
        fits = num_used > shorter if length == longest else tf.logical_and(num_used > shorter, num_used <= length)
        found = tf.cond(fits, lambda length=length: encoded(length), lambda found=found: [*map(tf.identity, found)])
        shorter = length
    return tuple(zip(found[::2], found[1::2], strict=True))


def _num_used(source_ids: Any) -> Any:
    """Returns int32 (): how many positions there are up to the last one that is no padding."""
    is_used = tf.cast(tf.not_equal(source_ids, PAD_ID), tf.int32)
    return tf.reduce_max(is_used * tf.range(1, source_ids.shape[1] + 1))
