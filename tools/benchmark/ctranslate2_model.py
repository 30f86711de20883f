"""The shipped network in CTranslate2's model specification: the same weights, so that answers are the same.

CTranslate2 has all its parts: pre-norm blocks, RMS norms, ReLU, one key/value head in the decoder, sinusoids as a
stored table. https://opennmt.net/CTranslate2/ (classes of `ctranslate2.specs`, version 4.8).
"""

from __future__ import annotations

import importlib
import pathlib
from typing import Any

import numpy as np

from tfedge.layers.attention import CachedMultiHeadAttention
from tfedge.layers.positions import sinusoids
from tfedge.layers.token_embedding import TokenAndPositionEmbedding
from tfedge.networks.seq2seq import Seq2SeqTransformer

SPECIAL = ("<blank>", "<s>", "</s>")


def symbols(size: int) -> list[str]:
    """Returns the symbol of each id; ids are what is compared, so any will do."""
    return [*SPECIAL, *map(str, range(len(SPECIAL), size))]


def write_model(network: Seq2SeqTransformer, folder: pathlib.Path) -> None:
    """Writes `network`, with sinusoidal positions, as a CTranslate2 model in float32; CTranslate2 quantizes it at load.

    Raises:
        ImportError: ctranslate2 is not installed; the extra `benchmark` has it.
    """
    specs = importlib.import_module("ctranslate2.specs.transformer_spec")
    relu = importlib.import_module("ctranslate2.specs.common_spec").Activation.RELU
    shape = {"num_heads": network.num_heads, "pre_norm": True, "rms_norm": True, "activation": relu}
    encoder = specs.TransformerEncoderSpec(
        network.num_encoder_layers, **shape, **_heads(network.num_heads, network.encoder_num_key_value_heads)
    )
    decoder = specs.TransformerDecoderSpec(
        network.num_decoder_layers, **shape, **_heads(network.num_heads, network.num_key_value_heads)
    )
    _fill_encoder(encoder, network)
    _fill_decoder(decoder, network)
    spec = specs.TransformerSpec(encoder, decoder)
    spec.register_source_vocabulary(symbols(network.source_vocab_size))
    spec.register_target_vocabulary(symbols(network.target_vocab_size))
    spec.config.layer_norm_epsilon = network.encoder_norm.epsilon
    spec.config.unk_token, spec.config.bos_token, spec.config.eos_token = SPECIAL
    spec.config.decoder_start_token, spec.config.add_source_bos, spec.config.add_source_eos = "<s>", False, True
    spec.validate()
    folder.mkdir(parents=True)
    spec.save(str(folder))


def _heads(num_heads: int, num_key_value_heads: int) -> dict[str, int]:
    return {} if num_heads == num_key_value_heads else {"num_heads_kv": num_key_value_heads}


def _fill_encoder(spec: Any, network: Seq2SeqTransformer) -> None:
    _embedding(spec, spec.embeddings[0], network.source_embedding)
    for layer, block in zip(spec.layer, network.encoder_blocks, strict=True):
        _self_attention(layer.self_attention, block)
        _feed_forward(layer.ffn, block)
    _norm(spec.layer_norm, network.encoder_norm)


def _fill_decoder(spec: Any, network: Seq2SeqTransformer) -> None:
    _embedding(spec, spec.embeddings, network.target_embedding)
    for layer, block in zip(spec.layer, network.decoder_blocks, strict=True):
        _self_attention(layer.self_attention, block)
        attention: CachedMultiHeadAttention = block.cross_attention
        _norm(layer.attention.layer_norm, block.cross_attention_norm)
        _linear(layer.attention.linear[0], attention.query_dense)
        _linear(layer.attention.linear[1], attention.key_dense, attention.value_dense)
        _linear(layer.attention.linear[2], attention.output_dense)
        _feed_forward(layer.ffn, block)
    _norm(spec.layer_norm, network.decoder_norm)
    _linear(spec.projection, network.logits_dense)


def _embedding(side: Any, spec: Any, layer: TokenAndPositionEmbedding) -> None:
    spec.weight = layer.token_embedding.embeddings.numpy()
    side.scale_embeddings = False
    side.position_encodings.encodings = sinusoids(layer.max_length, layer.hidden_dim)


def _self_attention(spec: Any, block: Any) -> None:
    attention = block.self_attention
    _norm(spec.layer_norm, block.self_attention_norm)
    _linear(spec.linear[0], attention.query_dense, attention.key_dense, attention.value_dense)
    _linear(spec.linear[1], attention.output_dense)


def _feed_forward(spec: Any, block: Any) -> None:
    _norm(spec.layer_norm, block.feed_forward_norm)
    _linear(spec.linear_0, block.feed_forward.intermediate_dense)
    _linear(spec.linear_1, block.feed_forward.output_dense)


def _linear(spec: Any, *layers: Any) -> None:
    spec.weight = np.concatenate([layer.kernel.numpy().T for layer in layers])
    spec.bias = np.concatenate([layer.bias.numpy() for layer in layers])


def _norm(spec: Any, layer: Any) -> None:
    spec.gamma = layer.scale.numpy()
