"""What `tfedge inspect --lint` says of the smallest Keras models, and that the advice silences it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.explanations.case import TENSORFLOW, Case

WHERE = (TENSORFLOW,)


def lint(tf: Any, call: Callable[..., Any], *shapes: tuple[int | None, ...], batch: int | None = 1) -> None:
    """Raises what `tfedge inspect --lint` says of a model that calls this on inputs of these shapes."""
    import keras

    from tfedge.conversion.lints.lint_model import lint_model

    class Written(keras.layers.Layer):
        def call(self, *inputs: Any) -> Any:
            return call(tf, *inputs)

    inputs = [keras.Input(shape, batch_size=batch) for shape in shapes]
    found = lint_model(keras.Model(inputs, Written(name="written")(*inputs)))
    if found:
        raise RuntimeError("; ".join(each.message for each in found))


def lint_layer(tf: Any, make: Callable[[Any], Any], batch: int | None = 1) -> None:
    """Raises what is said of a Keras layer on (batch, 4, 8)."""
    import keras

    from tfedge.conversion.lints.lint_model import lint_model

    found = lint_model(keras.Sequential([keras.Input((4, 8), batch_size=batch), make(keras)]))
    if found:
        raise RuntimeError("; ".join(each.message for each in found))


def masked(*sizes: float) -> Callable[..., None]:
    """Attention with a mask of each size added: the first for padding, the second for what comes later."""

    def call(tf: Any, x: Any) -> Any:
        scores = tf.matmul(x, x, transpose_b=True)
        places = [tf.cast(x[:, None, :, 0] > 0, tf.float32), tf.constant(np.triu(np.ones((4, 4), np.float32), 1))]
        for place, size in zip(places, sizes, strict=False):
            scores += place * size
        return tf.matmul(tf.nn.softmax(scores), x)

    return lambda tf: lint(tf, call, (4, 8))


def multiplied(tf: Any) -> None:
    def call(tf: Any, x: Any) -> Any:
        flags = tf.cast(x[:, None, :, 0] > 0, tf.float32)
        return tf.matmul(tf.nn.softmax(tf.matmul(x, x, transpose_b=True) * flags), x)

    lint(tf, call, (4, 8))


def attended(keys: int) -> Callable[[Any], None]:
    def call(tf: Any, x: Any) -> Any:
        return tf.matmul(tf.nn.softmax(tf.matmul(x, x, transpose_b=True)), x)

    return lambda tf: lint(tf, call, (keys, 8))


CASES = (
    Case("mask_magnitude", masked(-1e9), masked(-30.0), WHERE),
    Case("mask_doubled", masked(-30.0, -30.0), masked(-30.0), WHERE),
    Case("mask_multiplied", multiplied, masked(-30.0), WHERE),
    Case("softmax_keys", attended(257), attended(256), WHERE),
    Case(
        "norm_epsilon",
        lambda tf: lint_layer(tf, lambda keras: keras.layers.LayerNormalization(epsilon=1e-12)),
        lambda tf: lint_layer(tf, lambda keras: keras.layers.LayerNormalization(epsilon=1e-6)),
        WHERE,
    ),
    Case(
        "gelu_exact",
        lambda tf: lint(tf, lambda tf, x: tf.nn.gelu(x), (8,)),
        lambda tf: lint(tf, lambda tf, x: tf.nn.gelu(x, approximate=True), (8,)),
        WHERE,
    ),
    Case(
        "dense_open_shape",
        lambda tf: lint_layer(tf, lambda keras: keras.layers.Dense(4), batch=None),
        lambda tf: lint_layer(tf, lambda keras: keras.layers.Dense(4)),
        WHERE,
    ),
    Case(
        "dense_without_bias",
        lambda tf: lint_layer(tf, lambda keras: keras.layers.Dense(4, use_bias=False)),
        lambda tf: lint_layer(tf, lambda keras: keras.layers.Dense(4)),
        WHERE,
    ),
    Case(
        "none_indexing",
        lambda tf: lint(tf, lambda tf, x: x[:, None, :], (None,), batch=None),
        lambda tf: lint(tf, lambda tf, x: tf.expand_dims(x, 1), (None,), batch=None),
        WHERE,
    ),
)
