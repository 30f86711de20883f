"""Errors that only TensorFlow and Keras give: a few conversions of the smallest models, in one process."""

from __future__ import annotations

import pathlib
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.explanations.case import TENSORFLOW, Case

WHERE = (TENSORFLOW,)
X = np.ones((1, 4), np.float32)


def dense() -> Any:
    import keras

    return keras.Sequential([keras.Input((4,), batch_size=1), keras.layers.Dense(3)])


def converter(tf: Any, model: Any = None) -> Any:
    return tf.lite.TFLiteConverter.from_keras_model(dense() if model is None else model)


def from_function(tf: Any, function: Callable[..., Any], *specs: Any) -> Any:
    concrete = tf.function(function).get_concrete_function(*specs)
    return tf.lite.TFLiteConverter.from_concrete_functions([concrete])


def calibrated(tf: Any, model: Any = None, samples: Any = None, kind: str = "") -> Any:
    """A converter with calibration data; `kind`: "int8", "16x8" or "16x8 and float" ops alone."""
    found = converter(tf, model)
    found.optimizations = [tf.lite.Optimize.DEFAULT]
    found.representative_dataset = samples or some
    wide = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    ops = {
        "int8": [tf.lite.OpsSet.TFLITE_BUILTINS_INT8],
        "16x8": [wide],
        "16x8 and float": [wide, tf.lite.OpsSet.TFLITE_BUILTINS],
    }
    if kind:
        found.target_spec.supported_ops = ops[kind]
    return found


def some() -> Iterator[list[np.ndarray]]:
    yield from ([X * value] for value in (-1, 0.5, 1))


def nothing() -> list[Any]:
    return []


def undefined() -> list[Any]:
    return [[X * np.nan]]


def as_array() -> list[Any]:
    return [X]


def doubles() -> list[Any]:
    return [[X.astype(np.float64)]]


def frozen(tf: Any, freeze: bool) -> Any:
    """A converter of a concrete function of a Keras 3 model, its variables left or turned into constants."""
    model = dense()
    concrete = tf.function(lambda x: model(x)).get_concrete_function(tf.TensorSpec((1, 4)))
    if freeze:
        from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

        concrete, model = convert_variables_to_constants_v2(concrete), None
    found = tf.lite.TFLiteConverter.from_concrete_functions([concrete], model)
    found.optimizations = [tf.lite.Optimize.DEFAULT]
    found.representative_dataset = some
    return found


def normalized(tf: Any, kind: str) -> None:
    import keras

    source = keras.Input((4,), batch_size=1)
    calibrated(tf, keras.Model(source, keras.layers.LayerNormalization()(source)), kind=kind).convert()


def embedding(tf: Any, kind: str) -> None:
    import keras

    ids = keras.Input((4,), batch_size=1, dtype="int32")
    model = keras.Model(ids, keras.layers.Dense(3)(keras.layers.Embedding(20, 4)(ids)))
    calibrated(tf, model, lambda: [[X.astype(np.int32)]], kind).convert()


def recurrent(tf: Any, batch: int | None) -> None:
    import keras

    source = keras.Input((3, 4), batch_size=batch)
    converter(tf, keras.Model(source, keras.layers.SimpleRNN(2)(source))).convert()


def mask(tf: Any, by_index: bool, select: bool = False) -> None:
    def axes(x: Any) -> Any:
        x = tf.cast(x, tf.float32)
        return x[..., None, :, None, None, None, None] if by_index else tf.expand_dims(tf.expand_dims(x, 1), 1)

    found = from_function(tf, axes, tf.TensorSpec((None, 8), tf.bool))
    if select:
        found.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
        found.convert()
        raise RuntimeError("converted, with the warning above")
    found.convert()


def built(tf: Any, call: bool) -> None:
    import keras

    class Plus(keras.Model):
        def call(self, x: Any) -> Any:
            return x + 1.0

    model = Plus()
    if call:
        model(X)
    converter(tf, model).convert()


def loaded(make: Callable[[Any, pathlib.Path], object]) -> Any:
    """Returns a call of `make(tf, folder)` in a folder of its own."""

    def call(tf: Any) -> None:
        with tempfile.TemporaryDirectory() as folder:
            make(tf, pathlib.Path(folder))

    return call


def custom_layer(tf: Any, folder: pathlib.Path, register: bool) -> None:
    import keras

    class Mine(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x

    layer = keras.saving.register_keras_serializable("tests")(Mine) if register else Mine
    keras.Sequential([keras.Input((4,)), layer()]).save(folder / "m.keras")
    keras.models.load_model(folder / "m.keras")


def lambda_layer(tf: Any, folder: pathlib.Path, safe: bool) -> None:
    import keras

    keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: x * 2)]).save(folder / "m.keras")
    keras.models.load_model(folder / "m.keras", safe_mode=safe)


def saved_model(tf: Any, folder: pathlib.Path, by_keras: bool) -> None:
    import keras

    dense().export(folder / "saved", verbose=False)
    if by_keras:
        keras.models.load_model(folder / "saved")
    tf.lite.TFLiteConverter.from_saved_model(str(folder / "saved")).convert()


def debugged(tf: Any, with_converter: bool) -> None:
    debugger = tf.lite.experimental.QuantizationDebugger
    if with_converter:
        debugger(converter=calibrated(tf), debug_dataset=some).run()
    else:
        debugger(quant_debug_model_content=calibrated(tf).convert(), debug_dataset=some).run()


def fake_quantized(tf: Any, per_channel: bool) -> None:
    weights = tf.constant(np.linspace(-1, 1, 16, dtype=np.float32).reshape(4, 4))

    def product(x: Any) -> Any:
        if per_channel:
            low, high = tf.constant([-1.0] * 4), tf.constant([1.0] * 4)
            return x @ tf.quantization.fake_quant_with_min_max_vars_per_channel(weights, low, high, 8, True)
        return x @ tf.quantization.fake_quant_with_min_max_args(weights, -1.0, 1.0, 8, True)

    found = from_function(tf, product, tf.TensorSpec((1, 4)))
    found.optimizations = [tf.lite.Optimize.DEFAULT]
    found.convert()


def stayed_float(samples: Any) -> Any:
    """Returns a call: are there no int8 weights in a file that was to be static int8?"""

    def call(tf: Any) -> bool:
        return np.int8 not in {tensor["dtype"] for tensor in details(tf, calibrated(tf, samples=samples).convert())}

    return call


def details(tf: Any, model: bytes) -> Any:
    return tf.lite.Interpreter(model_content=model).get_tensor_details()


def integer_input(tf: Any, samples: bool) -> None:
    found = calibrated(tf, kind="int8") if samples else converter(tf)
    found.inference_input_type = tf.int8
    found.convert()


def without_samples(tf: Any) -> None:
    found = calibrated(tf, kind="int8")
    found.representative_dataset = None
    found.convert()


def together(tf: Any) -> None:
    """tflite_runtime in TensorFlow's process."""
    import tflite_runtime.interpreter

    tflite_runtime.interpreter.Interpreter(model_content=converter(tf).convert()).allocate_tensors()


def deprecated(tf: Any) -> None:
    tf.lite.Interpreter(model_content=converter(tf).convert())
    raise RuntimeError("ran, with the warning above")


def noticed(call: Callable[[Any], object]) -> Any:
    def raised(tf: Any) -> None:
        call(tf)
        raise RuntimeError("went through, with the notice above")

    return raised


def determinant(tf: Any) -> None:
    from_function(tf, tf.linalg.det, tf.TensorSpec((1, 4, 4))).convert()


def total(tf: Any) -> None:
    from_function(tf, tf.reduce_sum, tf.TensorSpec((1, 4, 4))).convert()


CASES = (
    Case("needs_flex", determinant, total, WHERE),
    Case("flex_strided_slice", lambda tf: mask(tf, True, select=True), lambda tf: mask(tf, False), WHERE, "select"),
    Case("tensor_list", lambda tf: recurrent(tf, None), lambda tf: recurrent(tf, 1), WHERE),
    Case("keras_not_built", lambda tf: built(tf, False), lambda tf: built(tf, True), WHERE),
    Case(
        "keras_saved_model",
        loaded(lambda tf, folder: saved_model(tf, folder, True)),
        loaded(lambda tf, folder: saved_model(tf, folder, False)),
        WHERE,
    ),
    Case(
        "keras_custom_object",
        loaded(lambda tf, folder: custom_layer(tf, folder, False)),
        loaded(lambda tf, folder: custom_layer(tf, folder, True)),
        WHERE,
    ),
    Case(
        "keras_lambda",
        loaded(lambda tf, folder: lambda_layer(tf, folder, True)),
        loaded(lambda tf, folder: lambda_layer(tf, folder, False)),
        WHERE,
    ),
    Case("not_a_keras_model", lambda tf: converter(tf, "m.keras").convert(), where=WHERE),
    Case("saved_model_missing", lambda tf: tf.lite.TFLiteConverter.from_saved_model("none"), where=WHERE),
    Case("trackable_obj", noticed(total), where=WHERE),
    Case("tf_lite_interpreter", deprecated, where=WHERE),
    Case("representative_dataset_missing", without_samples, lambda tf: calibrated(tf, kind="int8").convert(), WHERE),
    Case(
        "representative_dataset_form",
        lambda tf: calibrated(tf, samples=as_array).convert(),
        where=WHERE,
    ),
    Case(
        "input_dtype",
        lambda tf: calibrated(tf, samples=doubles).convert(),
        where=WHERE,
        name="calibration",
    ),
    Case("empty_min_max", lambda tf: embedding(tf, "16x8"), lambda tf: embedding(tf, "int8"), WHERE),
    Case("op_not_quantizable", lambda tf: normalized(tf, "16x8"), lambda tf: normalized(tf, "16x8 and float"), WHERE),
    Case("debug_mode", lambda tf: debugged(tf, False), lambda tf: debugged(tf, True), WHERE),
    Case("io_type", lambda tf: integer_input(tf, False), lambda tf: integer_input(tf, True), WHERE),
    Case("fake_quant_axes", lambda tf: fake_quantized(tf, True), lambda tf: fake_quantized(tf, False), WHERE),
    Case("statistics_notice", noticed(lambda tf: calibrated(tf).convert()), where=WHERE),
    Case(
        "calibrated_to_nothing",
        stayed_float(nothing),
        stayed_float(some),
        WHERE,
        "empty",
        said="asked for static int8, the file stayed float",
    ),
    Case(
        "calibrated_to_nothing",
        stayed_float(undefined),
        where=WHERE,
        name="nan",
        said="quantized, but still float32 weights",
    ),
    Case(
        "unfrozen_variable",
        lambda tf: frozen(tf, False).convert(),
        lambda tf: frozen(tf, True).convert(),
        WHERE,
        "calibration",
    ),
    # Mostly this error; now and then std::bad_alloc instead, as memory happens to lie.
    Case("two_runtimes", together, where=WHERE, said="ValueError: vector::reserve"),
)
