"""Networks of one size whose sources and targets are longer and longer; random weights, and never a stop token."""

from __future__ import annotations

import pathlib

import keras
import numpy as np

from tfedge.conversion import recipes
from tfedge.conversion.converter import Seq2SeqConverter, quiet
from tfedge.networks.seq2seq import Seq2SeqTransformer
from tfedge.networks.trained_model import TrainedModel
from tfedge.tasks.spec import TaskSpec
from tfedge.text.tokenizer import STOP_ID, SymbolTokenizer
from tools.benchmark.shapes import _naive

_SYMBOLS = tuple("abcdefghijklmnopqrstuvwxyz")


def make(source_length: int, target_length: int, hidden_dim: int, num_layers: int) -> TrainedModel:
    """Returns a network that reads `source_length` ids at most and always writes `target_length`."""
    keras.utils.set_random_seed(7)
    side = SymbolTokenizer(_SYMBOLS, separator="", lowercase=True)
    vocab_size = len(_SYMBOLS) + 3
    network = Seq2SeqTransformer(
        vocab_size,
        vocab_size,
        max_source_length=source_length,
        max_target_length=target_length,
        hidden_dim=hidden_dim,
        num_heads=4,
        head_dim=hidden_dim // 4,
        intermediate_dim=4 * hidden_dim,
        num_encoder_layers=num_layers,
        num_decoder_layers=num_layers,
    )
    network.build()
    bias = network.logits_dense.bias
    bias.assign(bias.numpy() - 1000.0 * np.eye(vocab_size)[STOP_ID])
    spec = TaskSpec("g2p", side, side, max_source_length=source_length, max_target_length=target_length)
    return TrainedModel(network, spec, {})


def write(model: TrainedModel, kind: str, recipe: str, path: pathlib.Path) -> None:
    """Writes the file of one way to decode: `ours`, the loop in the graph, or `naive`, the whole model for each token.

    Raises:
        ConfigError: an unknown recipe.
        ConversionError: the converter refused.
    """
    if kind == "naive":
        with quiet(path.with_suffix(".log")):
            path.write_bytes(_naive(model.network, recipe))
    else:
        path.write_bytes(Seq2SeqConverter(model).convert(recipes.get(recipe)).model_bytes)
