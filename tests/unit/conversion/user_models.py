"""Small models as users write them: nothing of tfedge is in them."""

from __future__ import annotations

import keras
import numpy as np

layers = keras.layers
RANDOM_SEED = 3


def convolutional() -> keras.Model:
    """8 x 8 images -> 4 classes: convolution, batch normalisation, depthwise, pooling."""
    image = keras.Input((8, 8, 3), name="image")
    x = layers.Conv2D(8, 3, padding="same", name="stem")(image)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    x = layers.DepthwiseConv2D(3, padding="same")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(4, activation="softmax", name="label")(x), name="convolutional")


def recurrent() -> keras.Model:
    """4 ids -> 3 numbers: an LSTM and a GRU."""
    ids = keras.Input((4,), dtype="int32", name="ids")
    x = layers.LSTM(8, return_sequences=True, name="first_memory")(layers.Embedding(20, 8)(ids))
    return keras.Model(ids, layers.Dense(3, name="numbers")(layers.GRU(8, name="memory")(x)), name="recurrent")


def attention() -> keras.Model:
    """A signal of any length with a mask -> a dict of classes and a number: self-attention, norm, feed-forward."""
    signal, keep = keras.Input((None, 4), name="signal"), keras.Input((None,), dtype="bool", name="keep")
    x = layers.Dense(16, name="enter")(signal)
    mask = keras.ops.expand_dims(keep, 1)
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 8)(x, x, attention_mask=mask))
    x = layers.Dense(16, activation="gelu")(x)
    x = layers.GlobalAveragePooling1D()(x)
    outputs = {"number": layers.Dense(1)(x), "label": layers.Dense(4, activation="softmax")(x)}
    return keras.Model({"signal": signal, "keep": keep}, outputs, name="attention")


def data(name: str, count: int = 40) -> dict[str, np.ndarray]:
    """Returns representative data of one of the models."""
    random = np.random.default_rng(5)
    if name == "convolutional":
        return {"image": random.normal(size=(count, 8, 8, 3)).astype(np.float32)}
    if name == "recurrent":
        return {"ids": random.integers(0, 20, (count, 4)).astype(np.int32)}
    lengths = random.integers(3, 8, (count, 1))
    return {
        "signal": random.normal(size=(count, 7, 4)).astype(np.float32),
        "keep": np.arange(7)[None] < lengths,
    }


def make(name: str) -> keras.Model:
    """Returns a model by name, with weights as training leaves them: spread out, no bias of zero."""
    keras.utils.set_random_seed(RANDOM_SEED)
    model = {"convolutional": convolutional, "recurrent": recurrent, "attention": attention}[name]()
    random = np.random.default_rng(RANDOM_SEED)
    for variable in model.trainable_variables:
        variable.assign(variable + random.normal(scale=0.3, size=variable.shape))
    return model


NAMES = ("convolutional", "recurrent", "attention")
