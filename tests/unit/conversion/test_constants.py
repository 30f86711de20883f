"""Variables that are read as constants."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from tfedge.conversion.constants import as_constants


def test_as_constants_then_the_function_holds_the_value_of_then_and_no_variable():
    variable = keras.Variable(np.float32([2.0]))
    spec = tf.TensorSpec((1,), tf.float32)
    times = tf.function(lambda x: x * variable)
    with as_constants([variable]):
        frozen = times.get_concrete_function(spec)
    live = tf.function(lambda x: x * variable).get_concrete_function(spec)
    variable.assign([3.0])
    assert frozen(tf.constant([10.0])).numpy() == [20.0] and live(tf.constant([10.0])).numpy() == [30.0]
    assert not frozen.variables and live.variables
