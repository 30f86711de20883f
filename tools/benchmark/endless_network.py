"""A network of random weights that never writes the stop token, so that each decode has as many steps as it may."""

from __future__ import annotations

import keras
import numpy as np

from tfedge.networks.seq2seq import Seq2SeqTransformer
from tfedge.networks.trained_model import TrainedModel
from tfedge.tasks.spec import TaskSpec
from tfedge.text.tokenizer import STOP_ID, SymbolTokenizer

LETTERS = tuple("abcdefghijklmnopqrstuvwxyz")
_SEED = 7  # Of weights and biases: counts of instructions are kept for them.


def make_network(
    vocab_sizes: tuple[int, int],
    lengths: tuple[int, int],
    hidden_dim: int,
    num_layers: int,
    intermediate_dim: int,
    has_biases: bool = True,
) -> Seq2SeqTransformer:
    """Returns a network of 4 heads; its speed is that of a trained one, its answers mean nothing.

    Args:
        vocab_sizes, lengths: of source and target.
        hidden_dim, intermediate_dim: features of a position, and inside the feed-forward parts.
        num_layers: of encoder and decoder each.
        has_biases: whether biases are random; they are zero at first, and a converter drops those.
    """
    keras.utils.set_random_seed(_SEED)
    network = Seq2SeqTransformer(
        *vocab_sizes,
        *lengths,
        hidden_dim=hidden_dim,
        num_heads=4,
        head_dim=hidden_dim // 4,
        intermediate_dim=intermediate_dim,
        num_encoder_layers=num_layers,
        num_decoder_layers=num_layers,
    )
    network.build()
    random = np.random.default_rng(_SEED)
    for variable in network.trainable_variables if has_biases else ():
        if len(variable.shape) == 1 and "scale" not in variable.name:
            variable.assign(0.1 * random.standard_normal(variable.shape))
    bias = network.logits_dense.bias
    bias.assign(bias.numpy() - 1000.0 * np.eye(bias.shape[0])[STOP_ID])
    return network


def letters_model(
    lengths: tuple[int, int], hidden_dim: int, num_layers: int, intermediate_dim: int, has_biases: bool = True
) -> TrainedModel:
    """Returns `make_network` with a task that reads and writes letters."""
    side = SymbolTokenizer(LETTERS, separator="", lowercase=True)
    spec = TaskSpec("g2p", side, side, max_source_length=lengths[0], max_target_length=lengths[1])
    sizes = (side.vocab_size, side.vocab_size)
    return TrainedModel(make_network(sizes, lengths, hidden_dim, num_layers, intermediate_dim, has_biases), spec, {})
