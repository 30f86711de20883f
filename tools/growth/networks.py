"""Networks of one size whose sources and targets are longer and longer; random weights, and never a stop token."""

from __future__ import annotations

import pathlib

from tfedge.conversion import recipes
from tfedge.conversion.converter import Seq2SeqConverter, quiet
from tfedge.conversion.signatures import GREEDY
from tfedge.networks.trained_model import TrainedModel
from tfedge.pipeline.kept_signatures import keep_signatures
from tools.benchmark.endless_network import letters_model
from tools.benchmark.shapes import naive


def make(source_length: int, target_length: int, hidden_dim: int, num_layers: int) -> TrainedModel:
    """Returns a network that reads `source_length` ids at most and always writes `target_length`."""
    lengths = (source_length, target_length)
    return letters_model(lengths, hidden_dim, num_layers, intermediate_dim=4 * hidden_dim, has_biases=False)


def write(model: TrainedModel, kind: str, recipe: str, path: pathlib.Path) -> None:
    """Writes the file of one way to decode: `ours`, the loop in the graph, or `naive`, the whole model for each token.

    Either has one signature, and so the weights once in memory: `ours` is made as by
    `tfedge convert --signatures greedy --length-buckets`.

    Raises:
        ConfigError: an unknown recipe.
        ConversionError: the converter refused.
    """
    if kind == "naive":
        with quiet(path.with_suffix(".log")):
            path.write_bytes(naive(model.network, recipe))
    else:
        conversion = Seq2SeqConverter(model, length_buckets=()).convert(recipes.get(recipe))
        path.write_bytes(keep_signatures(conversion.model_bytes, [GREEDY]))
