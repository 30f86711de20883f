"""Lints of a `.keras` file: one of ours by the signatures it is converted to, any other by its own inputs."""

from __future__ import annotations

import os
import zipfile
import zlib

import keras

from tfedge.artifacts import read_bytes
from tfedge.conversion.lints.lint import Lint
from tfedge.conversion.lints.lint_model import lint_functions, lint_model
from tfedge.conversion.signatures import Seq2SeqSignatures
from tfedge.errors import ArtifactError
from tfedge.networks.seq2seq import Seq2SeqTransformer

# What zipfile, HDF5 and Keras say of damaged bytes, unknown layers, and code that safe mode does not run.
_UNREADABLE = (zipfile.BadZipFile, zlib.error, NotImplementedError, KeyError, ValueError, TypeError, OSError)


def lint_file(path: str | os.PathLike[str]) -> tuple[Lint, ...]:
    """Returns what will go wrong on a device although it converts; runs no code from the file.

    Raises:
        ArtifactError: no such file, no `.keras` file, or one with layers or code that are not loaded.
        ConversionError: a model that does not tell its inputs.
    """
    read_bytes(path, "Keras model")
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except _UNREADABLE as error:
        first = " ".join(str(error).split())[:300]
        raise ArtifactError(
            f"expected a .keras file of layers that Keras knows in {path}; {first}; "
            "lint a model with layers of your own from Python: tfedge.conversion.lints.lint_model"
        ) from error
    if isinstance(model, Seq2SeqTransformer):
        return lint_functions(Seq2SeqSignatures(model).functions())
    return lint_model(model)
