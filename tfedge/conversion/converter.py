"""Keras to `.tflite`: one network and one recipe in, the bytes of a model out."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import tensorflow as tf
from tensorflow.lite.python.convert_phase import ConverterError

from tfedge.conversion import quantizer_program
from tfedge.conversion.calibrated_ranges import RangeExcursion, excursions
from tfedge.conversion.calibration import Calibration, choose_texts, decode_calls, trace
from tfedge.conversion.length_buckets import check_buckets, default_buckets
from tfedge.conversion.recipes import CONVERTER, STATIC_EVERYTHING, Recipe
from tfedge.conversion.signatures import Seq2SeqSignatures
from tfedge.errors import CalibrationError, ConversionError, RuntimeUnavailableError, TfedgeError
from tfedge.networks.beam_config import BeamConfig
from tfedge.networks.trained_model import TrainedModel

CALIBRATION_TEXTS = 160
CALIBRATION_SEED = 7
DECODING = ("beam", "length_buckets")


@dataclasses.dataclass(frozen=True)
class Conversion:
    """A converted model, before anything travels with it.

    Attributes:
        recipe: how it was quantized.
        model_bytes: the flatbuffer.
        calibration: what calibrated it, as the manifest records it; none where nothing did.
        decoding: how its loops decode, as the manifest records it; `DECODING` names the keys.
    """

    recipe: Recipe
    model_bytes: bytes
    calibration: dict[str, Any] | None
    decoding: Mapping[str, Any] = dataclasses.field(default_factory=dict)


class Samples(Protocol):
    """What calibrates: inputs of each signature by tensor name, one dict a call."""

    @property
    def samples(self) -> Mapping[str, tuple[dict[str, Any], ...]]:
        """By signature."""


class Seq2SeqConverter:
    """Converts one trained model by several recipes, tracing and calibrating only once.

    Args:
        model: the trained model.
        calibration_texts: training texts to calibrate with; only static recipes need them.
        beam_config: adds the signature `beam`, which searches so, to each file that can hold a loop.
        length_buckets: source lengths below the longest at which files that can hold a loop hold the encoder too;
            None takes `default_buckets` of each recipe.

    Raises:
        ConversionError: the converter refused.
        CalibrationError: the texts cannot calibrate.
        ConfigError: a bucket that is no length below the longest.
    """

    def __init__(
        self,
        model: TrainedModel,
        calibration_texts: list[str] | None = None,
        beam_config: BeamConfig | None = None,
        length_buckets: Sequence[int] | None = None,
    ) -> None:
        self._spec = model.spec
        self._texts = calibration_texts
        self._network, self._beam_config = model.network, beam_config
        longest = model.network.max_source_length
        self._buckets = None if length_buckets is None else check_buckets(length_buckets, longest)
        self._traced: dict[tuple[int, ...], tuple[Seq2SeqSignatures, dict[str, Any]]] = {}
        self._calibration: Calibration | None = None
        self._converted: dict[Recipe, Conversion] = {}
        self._float_models: dict[tuple[tuple[int, ...], tuple[str, ...]], bytes] = {}

    def _buckets_of(self, recipe: Recipe) -> tuple[int, ...]:
        return default_buckets(self._network.max_source_length, recipe) if self._buckets is None else self._buckets

    def _trace(self, buckets: tuple[int, ...]) -> tuple[Seq2SeqSignatures, dict[str, Any]]:
        if buckets not in self._traced:
            signatures = Seq2SeqSignatures(self._network, self._beam_config, buckets)
            self._traced[buckets] = signatures, signatures.functions()
        return self._traced[buckets]

    @property
    def _functions(self) -> dict[str, Any]:
        """Functions to calibrate with: without loops all are the same."""
        return self._trace(next(iter(self._traced), self._buckets or ()))[1]

    def decoding(self, recipe: Recipe) -> dict[str, Any]:
        """Returns how the loops of a recipe's file decode, as its manifest records it; `DECODING` names the keys."""
        if not recipe.has_greedy:
            return {}
        buckets = self._buckets_of(recipe)
        said = {"beam": self._beam_config.to_json()} if self._beam_config else {}
        return {**said, "length_buckets": list(buckets)} if buckets else said

    def convert(self, recipe: Recipe) -> Conversion:
        """Returns the model converted by `recipe`, once. Costs about five seconds, a static recipe ten."""
        if recipe not in self._converted:
            self._converted[recipe] = self._convert(recipe)
        return self._converted[recipe]

    def _convert(self, recipe: Recipe) -> Conversion:
        buckets = self._buckets_of(recipe)
        names = self._trace(buckets)[0].names(recipe.has_greedy)
        # Behind the trace, whose functions it calls: in front of it the network would be traced once more.
        calibration = self.calibrate() if recipe.needs_calibration else None
        if recipe.engine == CONVERTER:
            data = self._lower(recipe, buckets, names, calibration)
        else:
            data = quantize_scopes(self.float_model(recipe), recipe, calibration)
        return Conversion(recipe, data, calibration.to_json() if calibration else None, self.decoding(recipe))

    def float_model(self, recipe: Recipe) -> bytes:
        """Returns the float file that litert-quantizer quantizes by the scopes of `recipe`, once a set of signatures.

        Raises:
            ConversionError: the converter refused.
        """
        buckets = self._buckets_of(recipe)
        key = (buckets, self._trace(buckets)[0].names(recipe.has_greedy))
        if key not in self._float_models:
            self._float_models[key] = self._lower(recipe, *key, None)
        return self._float_models[key]

    def _lower(
        self, recipe: Recipe, buckets: tuple[int, ...], names: tuple[str, ...], calibration: Calibration | None
    ) -> bytes:
        signatures, functions = self._trace(buckets)
        with tempfile.TemporaryDirectory(prefix="tfedge-convert-") as folder, quiet(pathlib.Path(folder) / "log"):
            save_functions(signatures, folder, {name: functions[name] for name in names})
            return convert_saved_model(folder, names, recipe, calibration)

    def calibrate(self) -> Calibration:
        """Returns the calibration data, traced at first use."""
        if self._calibration is None:
            if not self._texts:
                raise CalibrationError("expected training texts to calibrate a static recipe; got none; give --data")
            texts = choose_texts(self._texts, CALIBRATION_TEXTS, CALIBRATION_SEED)
            longest = max(len(self._spec.source_ids(text)) for text in self._texts)
            self._calibration = trace(self._functions, self._spec, texts, CALIBRATION_SEED, longest)
        return self._calibration

    def excursions(self, texts: Sequence[str]) -> tuple[RangeExcursion, ...]:
        """Returns how far decoding `texts`, which calibrated nothing, leaves the calibrated ranges."""
        return excursions(self.calibrate().samples, decode_calls(self._functions, self._spec, texts))


def save_functions(signatures: tf.Module, folder: str, functions: dict[str, Any]) -> None:
    """Writes concrete functions as the signatures of a saved model; ConversionError where there is no room."""
    try:
        tf.saved_model.save(signatures, folder, signatures=functions)
    except tf.errors.OpError as error:  # TensorFlow's own words for a disk that is full, and no OSError.
        raise ConversionError(
            f"expected to write a saved model into the temporary folder {folder}; {error.message}; "
            "make room there, or set TMPDIR to another folder"
        ) from error


def convert_saved_model(
    folder: str, names: tuple[str, ...], recipe: Recipe, calibration: Samples | None, input_dtype: str = "float32"
) -> bytes:
    """Returns the signatures `names` of the saved model in `folder`, by TFLiteConverter.

    Args:
        input_dtype: what a file with everything in int8 takes: "float32", or "uint8", which are steps of its inputs.

    Raises:
        ConversionError: it refused; its own words are the cause.
    """
    converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=list(names))
    # Builtin ops alone: anything else must fail here and not on the phone.
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if recipe.engine == CONVERTER and recipe.name != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if recipe.name == "float16_weights":
            converter.target_spec.supported_types = [tf.float16]
        # Private names, but the only switches there are: per-channel dynamic weights need FULLY_CONNECTED version 12,
        # which tflite-runtime 2.14 and Android's TFLite 2.16 refuse.
        is_per_tensor = recipe != STATIC_EVERYTHING
        converter._experimental_disable_per_channel = is_per_tensor
        converter._experimental_disable_per_channel_quantization_for_dense_layers = is_per_tensor
    if calibration is not None:
        converter.representative_dataset = lambda: _representative_dataset(calibration)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.as_dtype(input_dtype)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # The converter warns about its own use of tf.lite.Interpreter.
            return bytes(converter.convert())
    except (ConverterError, RuntimeError, ValueError, TypeError) as error:
        reason = _first_reason(str(error))
        raise ConversionError(f"expected a model of builtin ops by recipe {recipe.name}; {reason}") from error


def _representative_dataset(calibration: Samples) -> Iterator[tuple[str, dict[str, Any]]]:
    for signature, samples in calibration.samples.items():
        for sample in samples:
            yield signature, sample


def _first_reason(text: str) -> str:
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    telling = [line for line in lines if re.search(r"error:|Error|op |ops:", line)]
    return (telling or lines or ["the converter gave no reason"])[0][:300]


def quantize_scopes(
    float_model: bytes,
    recipe: Recipe,
    calibration: Samples | None,
    ranges_file: pathlib.Path | None = None,
) -> bytes:
    """Returns `float_model` quantized by the scopes of `recipe`, by litert-quantizer in a process of its own.

    Args:
        ranges_file: keeps what calibration saw, for the next recipe of the same float model and calibration; recipes
            with scopes by GPTQ see another way, and need a file of their own. None calibrates each time.

    Raises:
        ConversionError: litert-quantizer refused or died, or a scope holds no op of the network.
        RuntimeUnavailableError: it is not installed.
    """
    # The child must find this very tfedge, also when it runs from a source tree.
    path = os.pathsep.join([str(pathlib.Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])])
    with tempfile.TemporaryDirectory(prefix="tfedge-quantize-") as name:
        folder = pathlib.Path(name)
        files = [folder / "recipe.json", folder / "float.tflite", folder / "out.tflite"]
        files[0].write_text(json.dumps(recipe.to_json()), "utf-8")
        files[1].write_bytes(float_model)
        if calibration is not None:
            files.append(folder / "samples.npz")
            if ranges_file is None or not ranges_file.exists():  # Else nobody reads them.
                quantizer_program.save_samples(calibration.samples, str(files[-1]))
            files += [ranges_file.resolve()] if ranges_file else []
        command = [sys.executable, "-m", quantizer_program.__name__, *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
        if done.returncode == 0:
            return files[2].read_bytes()
    raise _quantizer_error(done, recipe)


def _quantizer_error(done: subprocess.CompletedProcess[str], recipe: Recipe) -> TfedgeError:
    if "No module named 'litert_quantizer'" in done.stderr:
        return RuntimeUnavailableError(
            "expected the package litert-quantizer; it is not installed; run: pip install 'tfedge[train]'"
        )
    last = done.stderr.strip().split("\n")[-1][:300] or f"exit code {done.returncode}, and no word"
    if done.returncode < 0:
        last = f"killed by {signal.Signals(-done.returncode).name}"
    return ConversionError(f"expected litert-quantizer to quantize by recipe {recipe.name}; it ended with: {last}")


@contextlib.contextmanager
def quiet(log: pathlib.Path) -> Iterator[None]:
    """Sends what C++ prints to stderr into a file: converter notes that help nobody, hundreds of lines of them."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(log, "wb") as file:
            os.dup2(file.fileno(), 2)
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)
