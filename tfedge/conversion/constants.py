"""Variables as constants: what every function that becomes a `.tflite` is traced with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf


def as_constants(variables: Iterable[Any]) -> keras.StatelessScope:
    """Returns a scope in which each Keras variable reads as a constant of its present value.

    Variables would stay resource variables in the file, which cannot be calibrated and which some runtimes refuse.
    """
    return keras.StatelessScope(state_mapping=[(variable, tf.constant(variable.numpy())) for variable in variables])
