"""The tiny trained network, converted once by every recipe."""

from __future__ import annotations

import functools
import os

import pytest

from tfedge.conversion import recipes
from tfedge.conversion.converter import Seq2SeqConverter
from tfedge.modelfile.graph import read_graph


@pytest.fixture(scope="session")
def trained_model(trained):
    """The tiny trained network with its task."""
    return trained[0]


@pytest.fixture(scope="session")
def converter(trained_model, tiny_data):
    """A converter of the tiny network; it keeps what it converted."""
    return Seq2SeqConverter(trained_model, [example.text for example in tiny_data.train])


@pytest.fixture(scope="session")
def convert_to_file(converter, tmp_path_factory):
    """Returns a function: recipe name -> path of the converted file."""
    folder = tmp_path_factory.mktemp("converted")

    @functools.cache
    def convert(recipe: str):
        path, standard_error = folder / f"{recipe}.tflite", os.fstat(2)
        path.write_bytes(converter.convert(recipes.get(recipe)).model_bytes)
        # What the converter's C++ prints went elsewhere, and what comes later does not.
        assert os.path.samestat(os.fstat(2), standard_error)
        return path

    return convert


@pytest.fixture(scope="session")
def graph_of(convert_to_file):
    """Returns a function: recipe name -> summary of the converted file's graph."""
    return functools.cache(lambda recipe: read_graph(convert_to_file(recipe).read_bytes()))
