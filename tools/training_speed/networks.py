"""The network of KerasHub's layers, as its guides put them together, in the sizes of tfedge's."""

from __future__ import annotations

import importlib
from typing import Any

import keras

from tfedge.config import TaskConfig
from tfedge.tasks.spec import TaskSpec


def keras_hub_network(spec: TaskSpec, config: TaskConfig) -> Any:
    """Returns a model of (source ids, target ids) -> logits: pre-norm blocks of the configured width, heads and depth.

    Its decoder has a key and a value head for each query head, where tfedge's has one: KerasHub's has no other.
    https://keras.io/keras_hub/api/modeling_layers/ (version 0.32).

    Raises:
        ImportError: keras_hub is not installed.
    """
    layers = importlib.import_module("keras_hub").layers
    sizes = config.network
    keras.utils.set_random_seed(config.training.seed)
    block = {
        "intermediate_dim": sizes.intermediate_dim,
        "num_heads": sizes.num_heads,
        "dropout": sizes.dropout,
        "normalize_first": True,
    }

    def embed(ids: Any, vocab_size: int, length: int) -> Any:
        x = layers.TokenAndPositionEmbedding(vocab_size, length, sizes.hidden_dim, mask_zero=True)(ids)
        return keras.layers.Dropout(sizes.dropout)(x)

    source_ids, target_ids = (keras.Input((None,), dtype="int32") for _ in range(2))
    x = embed(source_ids, spec.source_tokenizer.vocab_size, spec.max_source_length)
    for _ in range(sizes.num_encoder_layers):
        x = layers.TransformerEncoder(**block)(x)
    encoded = keras.layers.LayerNormalization()(x)
    x = embed(target_ids, spec.target_tokenizer.vocab_size, spec.max_target_length)
    for _ in range(sizes.num_decoder_layers):
        x = layers.TransformerDecoder(**block)(x, encoded)
    x = keras.layers.LayerNormalization()(x)
    logits = keras.layers.Dense(spec.target_tokenizer.vocab_size)(x)
    return keras.Model((source_ids, target_ids), logits)
