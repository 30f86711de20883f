"""The entry points of a seq2seq `.tflite`: `encode`, `decode_step`, `greedy` and `beam`, fixed shapes, batch 1."""

from __future__ import annotations

import functools
from typing import Any

import tensorflow as tf

from tfedge.conversion.constants import as_constants
from tfedge.conversion.length_buckets import cross_caches
from tfedge.layers import masks
from tfedge.networks.beam import beam_search
from tfedge.networks.beam_config import BeamConfig
from tfedge.networks.greedy import greedy_decode
from tfedge.networks.seq2seq import Seq2SeqTransformer

ENCODE, DECODE_STEP, GREEDY, BEAM = "encode", "decode_step", "greedy", "beam"
STEP_SIGNATURES = (ENCODE, DECODE_STEP)
ALL_SIGNATURES = (*STEP_SIGNATURES, GREEDY)  # `beam` is made for those who ask for it.


class Seq2SeqSignatures(tf.Module):
    """Wraps a network as functions whose tensors have names, fixed shapes and no keyword left to chance.

    What `encode` returns is passed on to each `decode_step` under the same names; what `decode_step` returns
    under the name of one of its inputs is that input's next value. So a decode loop needs to know no sizes:

        encode:       source_ids int32 (1, S) -> cross_bias, cross_key_i, cross_value_i
        decode_step:  token_ids int32 (1, 1), cache_update_index int32 (1,), all of the above,
                      cache_key_i, cache_value_i float32 (1, K, T, D) -> logits float32 (1, V), cache_*
        greedy:       source_ids int32 (1, S) -> target_ids int32 (1, T)
        beam:         source_ids int32 (1, S) -> target_ids int32 (1, N, T), scores float32 (1, N), best first

    Attributes:
        network: the network; its variables become constants of the file.
        beam_config: how `beam` searches; None makes none.
        length_buckets: source lengths below the longest at which `greedy` and `beam` hold the encoder too, sorted.
    """

    def __init__(
        self,
        network: Seq2SeqTransformer,
        beam_config: BeamConfig | None = None,
        length_buckets: tuple[int, ...] = (),
    ) -> None:
        super().__init__()
        self.network = network
        self.beam_config = beam_config
        self.length_buckets = length_buckets
        # Batch 1, fixed: a batch of None splits biases from FULLY_CONNECTED, which crashes an ARM runtime in int8.
        self.source_spec = tf.TensorSpec((1, network.max_source_length), tf.int32, "source_ids")

    def names(self, has_loops: bool = True) -> tuple[str, ...]:
        """Returns the names of all signatures, or of those without a loop in the graph."""
        if not has_loops:
            return STEP_SIGNATURES
        return (*ALL_SIGNATURES, BEAM) if self.beam_config else ALL_SIGNATURES

    def functions(self, names: tuple[str, ...] | None = None) -> dict[str, Any]:
        """Returns signature name -> concrete function; of all signatures by default."""
        names = self.names() if names is None else names
        build = {ENCODE: self._encode, DECODE_STEP: self._decode_step, GREEDY: self._greedy}
        if self.beam_config is not None:
            build[BEAM] = functools.partial(self._beam, self.beam_config)
        with as_constants(self.network.variables):
            return {name: build[name]() for name in names}

    def _encode(self) -> Any:
        @tf.function(input_signature=[self.source_spec])
        def encode(source_ids: Any) -> dict[str, Any]:
            caches = self.network.cross_caches(self.network.encode(source_ids, training=False))
            bias = masks.padding_bias(source_ids, mask_value=self.network.mask_value)
            return {"cross_bias": bias, **named(caches, "cross")}

        return encode.get_concrete_function()

    def _decode_step(self) -> Any:
        network = self.network
        width = (1, network.num_key_value_heads)
        cross = tf.TensorSpec((*width, network.max_source_length, network.head_dim), tf.float32)
        cache = tf.TensorSpec((*width, network.max_target_length, network.head_dim), tf.float32)
        specs = {
            "token_ids": tf.TensorSpec((1, 1), tf.int32),
            "cache_update_index": tf.TensorSpec((1,), tf.int32),
            "cross_bias": tf.TensorSpec((1, 1, 1, network.max_source_length), tf.float32),
        }
        for i in range(network.num_decoder_layers):
            for part in ("key", "value"):
                specs[f"cross_{part}_{i}"], specs[f"cache_{part}_{i}"] = cross, cache

        @tf.function
        def decode_step(**inputs: Any) -> dict[str, Any]:
            logits, caches = network.decode_step(
                inputs["token_ids"],
                inputs["cache_update_index"],
                unnamed(inputs, "cross", network.num_decoder_layers),
                inputs["cross_bias"],
                unnamed(inputs, "cache", network.num_decoder_layers),
            )
            return {"logits": logits, **named(caches, "cache")}

        return decode_step.get_concrete_function(
            **{name: tf.TensorSpec(spec.shape, spec.dtype, name) for name, spec in specs.items()}
        )

    def _greedy(self) -> Any:
        @tf.function(input_signature=[self.source_spec])
        def greedy(source_ids: Any) -> dict[str, Any]:
            length, caches = self.network.max_target_length, self._cross_caches(source_ids)
            return {"target_ids": greedy_decode(self.network, source_ids, length, caches)}

        return greedy.get_concrete_function()

    def _beam(self, config: BeamConfig) -> Any:
        @tf.function(input_signature=[self.source_spec])
        def beam(source_ids: Any) -> dict[str, Any]:
            length, caches = self.network.max_target_length, self._cross_caches(source_ids)
            found = beam_search(self.network, source_ids, length, config, caches)
            return {"target_ids": found[0], "scores": found[1]}

        return beam.get_concrete_function()

    def _cross_caches(self, source_ids: Any) -> Any:
        return cross_caches(self.network, source_ids, self.length_buckets) if self.length_buckets else None


def named(caches: Any, prefix: str) -> dict[str, Any]:
    """Returns `prefix_key_i` and `prefix_value_i` -> tensor."""
    parts = {}
    for i, (key, value) in enumerate(caches):
        parts[f"{prefix}_key_{i}"], parts[f"{prefix}_value_{i}"] = key, value
    return parts


def unnamed(parts: Any, prefix: str, num_layers: int) -> Any:
    """Returns the pairs that `named` gave names to."""
    return tuple((parts[f"{prefix}_key_{i}"], parts[f"{prefix}_value_{i}"]) for i in range(num_layers))
