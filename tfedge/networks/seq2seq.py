"""The encoder-decoder Transformer, whole and one step at a time."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfedge.layers import masks
from tfedge.layers.decoder_block import DecoderBlock
from tfedge.layers.encoder_block import EncoderBlock
from tfedge.layers.token_embedding import TokenAndPositionEmbedding

Cache = tuple[tuple[Any, Any], ...]


@keras.saving.register_keras_serializable(package="tfedge")
class Seq2SeqTransformer(keras.Model):
    """A pre-norm encoder-decoder Transformer with a cached decoder.

    Calling it scores a whole target (training); `encode`, `cross_caches` and `decode_step` are the same
    network one position at a time (inference), and give the same logits position by position.

    Letters: B batch, S source positions, T target positions, V target vocabulary.

    Args:
        source_vocab_size, target_vocab_size: int. Ids of each side; 0 is padding.
        max_source_length, max_target_length: int. Longest source and target, in tokens.
        hidden_dim: int. Features of a position.
        num_heads, head_dim: int. Query heads and their features.
        intermediate_dim: int. Features inside the feed-forward parts.
        num_encoder_layers, num_decoder_layers: int.
        num_key_value_heads: int. Key and value heads in the decoder. Defaults to 1 (multi-query), which nearly
            halves decode time.
        encoder_num_key_value_heads: int. The same in the encoder. Defaults to `num_heads`.
        position: str. "sinusoidal" or "learned".
        dropout: float. Share dropped in training.
        mask_value: float. Added to the scores of forbidden positions.

    Call arguments:
        inputs: pair of int32 (B, S) source ids and int32 (B, T) target ids that begin with the start id.

    Returns:
        float (B, T, V): logits of the next target id after each target position.

    References:
        - Attention Is All You Need, https://arxiv.org/abs/1706.03762
    """

    def __init__(
        self,
        source_vocab_size: int,
        target_vocab_size: int,
        max_source_length: int,
        max_target_length: int,
        hidden_dim: int,
        num_heads: int,
        head_dim: int,
        intermediate_dim: int,
        num_encoder_layers: int,
        num_decoder_layers: int,
        num_key_value_heads: int = 1,
        encoder_num_key_value_heads: int | None = None,
        position: str = "sinusoidal",
        dropout: float = 0.0,
        mask_value: float = masks.MASK_VALUE,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source_vocab_size = source_vocab_size
        self.target_vocab_size = target_vocab_size
        self.max_source_length = max_source_length
        self.max_target_length = max_target_length
        self.hidden_dim = hidden_dim
        self.num_heads = num_heads
        self.head_dim = head_dim
        self.intermediate_dim = intermediate_dim
        self.num_encoder_layers = num_encoder_layers
        self.num_decoder_layers = num_decoder_layers
        self.num_key_value_heads = num_key_value_heads
        self.encoder_num_key_value_heads = encoder_num_key_value_heads or num_heads
        self.position = position
        self.dropout = dropout
        self.mask_value = mask_value
        self._add_parts()

    def _add_parts(self) -> None:
        self.source_embedding = TokenAndPositionEmbedding(
            self.source_vocab_size, self.hidden_dim, self.max_source_length, self.position, name="source_embedding"
        )
        self.target_embedding = TokenAndPositionEmbedding(
            self.target_vocab_size, self.hidden_dim, self.max_target_length, self.position, name="target_embedding"
        )
        heads, width = (self.num_heads, self.head_dim), self.intermediate_dim
        self.encoder_blocks = [
            EncoderBlock(*heads, width, self.encoder_num_key_value_heads, self.dropout, name=f"encoder_block_{i}")
            for i in range(self.num_encoder_layers)
        ]
        self.decoder_blocks = [
            DecoderBlock(*heads, width, self.num_key_value_heads, self.dropout, name=f"decoder_block_{i}")
            for i in range(self.num_decoder_layers)
        ]
        self.encoder_norm = keras.layers.RMSNormalization(name="encoder_norm")
        self.decoder_norm = keras.layers.RMSNormalization(name="decoder_norm")
        self.logits_dense = keras.layers.Dense(self.target_vocab_size, dtype="float32", name="logits_dense")
        self.embedding_dropout = keras.layers.Dropout(
            self.dropout, noise_shape=(None, 1, None), name="embedding_dropout"
        )

    def build(self, _: Any = None) -> None:
        hidden = (None, None, self.hidden_dim)
        self.source_embedding.build((None, None))
        self.target_embedding.build((None, None))
        for layer in (*self.encoder_blocks, *self.decoder_blocks, self.encoder_norm, self.decoder_norm):
            layer.build(hidden)
        self.logits_dense.build(hidden)
        self.built = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        source_ids, target_ids = inputs
        encoded = self.encode(source_ids, training=training)
        cross_bias = masks.padding_bias(source_ids, mask_value=self.mask_value)
        self_bias = masks.causal_bias(target_ids.shape[1], mask_value=self.mask_value)
        x = self.embedding_dropout(self.target_embedding(target_ids), training=training)
        for block, cross_cache in zip(self.decoder_blocks, self.cross_caches(encoded), strict=True):
            x = block(x, cross_cache, self_bias, cross_bias, training=training)
        return self.logits_dense(self.decoder_norm(x))

    def encode(self, source_ids: Any, training: bool | None = None) -> Any:
        """Returns float (B, S, hidden_dim), the encoder's output for int32 (B, S)."""
        return self.encode_embedded(*self.embed_source(source_ids, training), training)

    def embed_source(self, source_ids: Any, training: bool | None = None) -> tuple[Any, Any]:
        """Returns what the encoder's blocks take: float (B, S, hidden_dim), and the bias (B, 1, 1, S) of padding."""
        attention_bias = masks.padding_bias(source_ids, mask_value=self.mask_value)
        return self.embedding_dropout(self.source_embedding(source_ids), training=training), attention_bias

    def encode_embedded(self, x: Any, attention_bias: Any, training: bool | None = None) -> Any:
        """Returns float (B, S, hidden_dim): `encode`, of what `embed_source` returned or its first positions."""
        for block in self.encoder_blocks:
            x = block(x, attention_bias, training=training)
        return self.encoder_norm(x)

    def cross_caches(self, encoded: Any) -> Cache:
        """Returns a pair of keys and values, each (B, K, S, D), for each decoder block: computed once a source."""
        caches = []
        for block in self.decoder_blocks:
            # Tensors of a converted file are named after layers, and this is computed outside of any.
            with keras.name_scope(block.name), keras.name_scope(block.cross_attention.name):
                caches.append(block.cross_attention.project(encoded))
        return tuple(caches)

    def empty_self_caches(self, batch_size: Any, cache_length: int) -> Cache:
        """Returns a pair of zeros (B, K, cache_length, D) for each decoder block."""
        shape = (batch_size, self.num_key_value_heads, cache_length, self.head_dim)
        return tuple((ops.zeros(shape), ops.zeros(shape)) for _ in self.decoder_blocks)

    def decode_step(
        self, token_ids: Any, cache_update_index: Any, cross_caches: Cache, cross_bias: Any, self_caches: Cache
    ) -> tuple[Any, Cache]:
        """Scores the token after one position.

        Args:
            token_ids: int32 (B, 1), the token at position `cache_update_index`.
            cache_update_index: int32 (1,).
            cross_caches: as `cross_caches` returns them.
            cross_bias: float (B, 1, 1, S), `masks.padding_bias` of the source.
            self_caches: as `empty_self_caches` or the previous step returned them.

        Returns:
            float (B, V) logits, and the updated self caches.
        """
        cache_length = self_caches[0][0].shape[2]
        self_bias = masks.cache_bias(cache_length, cache_update_index, self.mask_value)
        x = self.target_embedding(token_ids, start=cache_update_index)
        return self._decode_cached(x, cross_caches, cross_bias, self_caches, self_bias, cache_update_index)

    def beam_step(
        self, token_ids: Any, step: Any, cross_caches: Cache, cross_bias: Any, self_caches: Cache, self_bias: Any
    ) -> tuple[Any, Cache]:
        """Scores the token after the last one of each beam of one source.

        The beams are rows of each product, and share one cache: what beam w computes at a step stands at position
        step * W + w and is never moved. When a beam goes on from another, its row of `self_bias` alone changes.

        Args:
            token_ids: int32 (W,), the last token of each of W beams.
            step: int32 (1,), the position of those tokens.
            cross_caches, cross_bias: of one source, as for `decode_step`.
            self_caches: as `empty_self_caches(1, W * target positions)` or the previous step returned them.
            self_bias: float (W, W * target positions): 0 where a beam or one that it goes on from stands in the
                caches, this step's own place included, and `mask_value` elsewhere.

        Returns:
            float (W, V) logits, and the updated self caches.
        """
        width, length = self_bias.shape
        self_bias = ops.reshape(self_bias, (1, 1, width, length))
        x = self.target_embedding(ops.expand_dims(token_ids, 1), start=step)  # (W, 1, hidden_dim)
        x = ops.reshape(x, (1, width, self.hidden_dim))
        return self._decode_cached(x, cross_caches, cross_bias, self_caches, self_bias, step * width)

    def _decode_cached(
        self, x: Any, cross_caches: Cache, cross_bias: Any, self_caches: Cache, self_bias: Any, cache_update_index: Any
    ) -> tuple[Any, Cache]:
        updated = []
        for block, cross_cache, self_cache in zip(self.decoder_blocks, cross_caches, self_caches, strict=True):
            x, self_cache = block(x, cross_cache, self_bias, cross_bias, self_cache, cache_update_index)
            updated.append(self_cache)
        logits = self.logits_dense(self.decoder_norm(x))
        return ops.reshape(logits, (-1, self.target_vocab_size)), tuple(updated)

    def get_config(self) -> dict[str, Any]:
        keys = (
            "source_vocab_size target_vocab_size max_source_length max_target_length hidden_dim num_heads head_dim "
            "intermediate_dim num_encoder_layers num_decoder_layers num_key_value_heads encoder_num_key_value_heads "
            "position dropout mask_value"
        )
        return {**super().get_config(), **{key: getattr(self, key) for key in keys.split()}}
