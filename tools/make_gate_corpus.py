"""Makes the real files of the gate's corpus: small Keras models, each by every engine and recipe people use.

    python tools/make_gate_corpus.py [OUT_FOLDER]

Needs the extra `train`. Weights and inputs are seeded; biases are not zero, because a converter drops zero ones and
the file is another one then. Beside NAME.tflite stands NAME.npz with inputs and what Keras answers in float, by the
names of the signature: so a test can know the truth without the code it tests. About two minutes.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

OUT = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden" / "gate"
SEED = 11
NUM_CASES = 8
CALIBRATION = 32
SIGNATURE = "serving_default"

Inputs = dict[str, np.ndarray]
# name -> (function of named tensors, input specs, draws one case)
Model = tuple[Callable[..., Any], dict[str, Any], Callable[[np.random.Generator], Inputs]]

# Recipes of TFLiteConverter: name -> settings read by `_convert`.
CONVERTER_RECIPES: dict[str, dict[str, Any]] = {
    "float32": {},
    "float16": {"float16": True},
    "dynamic": {"optimize": True},
    "dynamic_per_tensor": {"optimize": True, "per_tensor": True},
    "static": {"optimize": True, "static": True},
    "static_int8_io": {"optimize": True, "static": True, "io": "int8"},
    "static_uint8_io": {"optimize": True, "static": True, "io": "uint8"},
    "static_without_signature": {"optimize": True, "static": True, "without_signature": True},
    "static_per_tensor": {"optimize": True, "static": True, "per_tensor": True},
    "int16x8": {"optimize": True, "static": True, "int16": True},
}
# Recipes of litert-quantizer, made from the float32 file: name -> name of its recipe function, or None for products.
QUANTIZER_RECIPES = {
    "lq_dynamic": "dynamic_wi8_afp32",
    "lq_weight_only": "weight_only_wi8_afp32",
    "lq_int4": "dynamic_wi4_afp32",
    "lq_products": None,
}


def _dense(keras: Any, units: int, **options: Any) -> Any:
    return keras.layers.Dense(units, bias_initializer=keras.initializers.RandomNormal(stddev=0.3, seed=3), **options)


def _functional(build: Callable[[Any], Any], shape: tuple[int, ...]) -> Callable[[], Model]:
    """Returns a maker of a model with one float input of `shape`, batch 1."""

    def make() -> Model:
        import keras
        import tensorflow as tf

        network = build(keras)
        network.build((1, *shape))
        spec = {"features": tf.TensorSpec((1, *shape), tf.float32)}
        return (
            lambda features: {"scores": network(features)},
            spec,
            lambda random: {"features": random.normal(size=(1, *shape)).astype(np.float32)},
        )

    return make


def _mlp(keras: Any) -> Any:
    return keras.Sequential(
        [_dense(keras, 48, activation="relu"), _dense(keras, 48, activation="relu"), _dense(keras, 8)]
    )


def _without_bias(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential([layers.Dense(64, use_bias=False, activation="relu"), layers.Dense(20, use_bias=False)])


def _per_position(keras: Any) -> Any:
    return keras.Sequential(
        [_dense(keras, 48, activation="gelu"), keras.layers.LayerNormalization(), _dense(keras, 24)]
    )


def _convolutional(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Conv2D(8, 3, strides=2, activation="relu", bias_initializer="random_normal"),
            layers.DepthwiseConv2D(3, bias_initializer="random_normal"),
            layers.BatchNormalization(),
            layers.ReLU(6.0),
            layers.Flatten(),
            _dense(keras, 24),
        ]
    )


def _recurrent(keras: Any) -> Any:
    return keras.Sequential([keras.layers.LSTM(24), _dense(keras, 48)])


def _unrolled(keras: Any) -> Any:
    return keras.Sequential([keras.layers.GRU(24, unroll=True), _dense(keras, 48)])


def _tokens(length: int, rows: int) -> Callable[[np.random.Generator], Inputs]:
    """Returns what draws ids with padding behind them; the first cases are full and almost empty."""

    def draw(random: np.random.Generator) -> Inputs:
        ids = random.integers(1, rows, size=(1, length)).astype(np.int32)
        ids[:, int(random.integers(1, length + 1)) :] = 0
        return {"token_ids": ids}

    return draw


def _text() -> Model:
    import keras
    import tensorflow as tf

    embedding = keras.layers.Embedding(50, 24, embeddings_initializer="random_normal")
    hidden, head = _dense(keras, 48, activation="relu"), _dense(keras, 4)

    def call(token_ids: Any) -> Any:
        mask = keras.ops.expand_dims(keras.ops.cast(keras.ops.not_equal(token_ids, 0), "float32"), -1)
        total = keras.ops.sum(embedding(token_ids) * mask, axis=1) / keras.ops.maximum(keras.ops.sum(mask, axis=1), 1.0)
        return {"scores": head(hidden(total * 8.0))}

    call(tf.ones((1, 10), tf.int32))
    return call, {"token_ids": tf.TensorSpec((1, 10), tf.int32)}, _tokens(10, 50)


def _attention(mask_value: float, flex: bool = False) -> Callable[[], Model]:
    def make() -> Model:
        import keras
        import tensorflow as tf

        unit = keras.initializers.RandomNormal(stddev=1.0, seed=5)
        embedding = keras.layers.Embedding(50, 32, embeddings_initializer=unit)
        query, key, value = (_dense(keras, 32) for _ in range(3))
        norm, head = keras.layers.LayerNormalization(), _dense(keras, 32)

        def call(token_ids: Any) -> Any:
            x = embedding(token_ids)
            padding = tf.cast(tf.equal(token_ids, 0), tf.float32)
            hidden = padding[:, None, :] if flex else tf.expand_dims(padding, 1)
            scores = tf.matmul(query(x), key(x), transpose_b=True) / 3.0
            # -inf times 0 is NaN, so an infinite mask is selected; a finite one is added, as most models do.
            masked = tf.where(hidden > 0, mask_value, scores) if np.isinf(mask_value) else scores + hidden * mask_value
            return {"features": head(norm(tf.matmul(tf.nn.softmax(masked), value(x))))}

        call(tf.ones((1, 8), tf.int32))
        shape = (None, None) if flex else (1, 8)
        return call, {"token_ids": tf.TensorSpec(shape, tf.int32)}, _tokens(8, 50)

    return make


MODELS: dict[str, Callable[[], Model]] = {
    "mlp": _functional(_mlp, (32,)),
    "without_bias": _functional(_without_bias, (32,)),
    "per_position": _functional(_per_position, (6, 32)),
    "convolutional": _functional(_convolutional, (12, 12, 3)),
    "unrolled": _functional(_unrolled, (4, 24)),
    "text": _text,
    "attention": _attention(-30.0),
    "attention_1e9": _attention(-1e9),
    "attention_inf": _attention(-np.inf),
}
SPECIAL = ("branches", "counter", "custom_op", "open_batch", "random", "two_signatures")
# Models that one recipe alone is made of. Calibrating a WHILE loop of TensorFlow 2.21 dies by SIGSEGV.
SINGLE: dict[str, tuple[Callable[[], Model], dict[str, dict[str, Any]]]] = {
    "attention_flex": (_attention(-30.0, flex=True), {"flex": {"flex": True}}),
    "recurrent": (
        _functional(_recurrent, (7, 24)),
        {"float32": {}, "dynamic_per_tensor": CONVERTER_RECIPES["dynamic_per_tensor"]},
    ),
}


def _special(name: str) -> bytes:
    """Returns a model of what converters make rarely, and users meet: it has no cases."""
    import tensorflow as tf

    tf.random.set_seed(SEED)
    weights = tf.Variable(tf.random.normal((8, 8)), trainable=False)
    row = tf.TensorSpec((None if name == "open_batch" else 1, 8), tf.float32, "features")

    class Special(tf.Module):
        def __init__(self) -> None:
            self.weights = weights
            self.count = tf.Variable(0.0)

        @tf.function(input_signature=[row])
        def first(self, features: Any) -> Any:
            if name == "counter":  # What it answers depends on how often it was asked.
                return {"scores": features + self.count.assign_add(1.0)}
            if name == "random":
                return {"scores": features + tf.random.normal((1, 8))}
            if name == "custom_op":
                return {"scores": tf.raw_ops.BesselI0e(x=features)}
            if name == "branches":
                scores = tf.cond(tf.reduce_sum(features) > 0, lambda: features @ self.weights, lambda: features * 2.0)
                return {"scores": scores}
            return {"scores": features @ self.weights}

        @tf.function(input_signature=[row])
        def second(self, features: Any) -> Any:
            return {"doubled": 2.0 * features}

    module = Special()
    signatures = {"first": module.first}
    if name == "two_signatures":
        signatures["second"] = module.second
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures=signatures)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=list(signatures))
        converter.allow_custom_ops = name == "custom_op"
        converter.experimental_enable_resource_variables = name == "counter"
        return bytes(converter.convert())


def _convert(folder: str, function: Any, settings: dict[str, Any], draw: Callable[[int], Iterator[Inputs]]) -> bytes:
    import tensorflow as tf

    if settings.get("without_signature"):
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function])
    else:
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=[SIGNATURE])
    if settings.get("flex"):
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    if settings.get("optimize") or settings.get("float16"):
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if settings.get("float16"):
        converter.target_spec.supported_types = [tf.float16]
    if settings.get("per_tensor"):
        converter._experimental_disable_per_channel = True
        converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    if settings.get("static"):
        converter.representative_dataset = lambda: ([*inputs.values()] for inputs in draw(CALIBRATION))
        kind = (
            tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
            if settings.get("int16")
            else tf.lite.OpsSet.TFLITE_BUILTINS_INT8
        )
        converter.target_spec.supported_ops = [kind, tf.lite.OpsSet.TFLITE_BUILTINS]
    if settings.get("io"):
        converter.inference_input_type = converter.inference_output_type = getattr(tf, settings["io"])
    return bytes(converter.convert())


def _make(
    out: pathlib.Path, samples: pathlib.Path, name: str, make: Callable[[], Model], recipes: dict[str, dict[str, Any]]
) -> None:
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(SEED)
    call, specs, draw_one = make()

    def draw(count: int, seed: int = SEED) -> Iterator[Inputs]:
        random = np.random.default_rng(seed)
        return (draw_one(random) for _ in range(count))

    module = tf.Module()
    module.serve = tf.function(call, input_signature=None)
    function = module.serve.get_concrete_function(
        **{key: tf.TensorSpec(s.shape, s.dtype, key) for key, s in specs.items()}
    )
    module.weights = list(function.variables)  # A saved model keeps only what its module owns.
    cases = list(draw(NUM_CASES, SEED + 1))
    answers = [{key: value.numpy() for key, value in call(**case).items()} for case in cases]
    truth = {key: np.stack([case[key] for case in cases]) for key in cases[0]}
    truth |= {f"expected_{key}": np.stack([answer[key] for answer in answers]) for key in answers[0]}
    np.savez_compressed(out / f"{name}.npz", **truth)
    drawn = list(draw(CALIBRATION))
    np.savez(samples / f"{name}.npz", **{f"{SIGNATURE}/{key}": np.stack([row[key] for row in drawn]) for key in specs})
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures={SIGNATURE: function})
        for recipe, settings in recipes.items():
            try:
                data = _convert(folder, function, settings, draw)
            except (
                Exception
            ) as error:  # A converter's refusal is a fact of the field: it is said, and there is no file.
                print(f"{name}.{recipe}: refused: {str(error).splitlines()[0][:150]}", file=sys.stderr)
                continue
            (out / f"{name}.{recipe}.tflite").write_bytes(data)


def quantize(out: pathlib.Path, samples: pathlib.Path) -> None:
    """Makes the files of litert-quantizer from the float32 ones; in a process without TensorFlow."""
    from litert_quantizer import quantizer, recipe

    from tfedge.conversion import quantizer_program
    from tfedge.conversion.recipes import RECIPES

    products = samples / "products.json"
    products.write_text(json.dumps(RECIPES["static_wi8_ai8_fc"].to_json()), "utf-8")
    for source in sorted(out.glob("*.float32.tflite")):
        name = source.name.partition(".")[0]
        for label, function in QUANTIZER_RECIPES.items():
            job = quantizer.Quantizer(str(source))
            target = str(out / f"{name}.{label}.tflite")
            try:
                if function is None:
                    quantizer_program.main([str(products), str(source), target, str(samples / f"{name}.npz")])
                else:
                    job.load_quantization_recipe(getattr(recipe, function)())
                    job.quantize().export_model(target, overwrite=True)
            except Exception as error:
                print(f"{name}.{label}: refused: {type(error).__name__} {str(error)[:150]}", file=sys.stderr)


def main(arguments: list[str]) -> int:
    """Makes all files; returns 0."""
    if arguments[:1] == ["--quantize"]:
        quantize(*map(pathlib.Path, arguments[1:]))
        return 0
    out = pathlib.Path(arguments[0]) if arguments else OUT
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as samples:
        for name, make in MODELS.items():
            print(name, flush=True)
            _make(out, pathlib.Path(samples), name, make, CONVERTER_RECIPES)
        for name, (make, recipes) in SINGLE.items():
            _make(out, pathlib.Path(samples), name, make, recipes)
        for name in SPECIAL:
            (out / f"special_{name}.tflite").write_bytes(_special(name))
        # An interpreter and TensorFlow crash in one process.
        command = [sys.executable, __file__, "--quantize", str(out), samples]
        return subprocess.run(command, env=os.environ, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
