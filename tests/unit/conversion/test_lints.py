"""Each rule finds the model that breaks it, with the layer's name, and leaves its near twin alone."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from tfedge.conversion.lints.lint import Lint
from tfedge.conversion.lints.lint_model import lint_functions, lint_model
from tfedge.conversion.lints.rules import RULES
from tfedge.conversion.signatures import Seq2SeqSignatures
from tfedge.errors import ConfigError, ConversionError
from tfedge.networks.seq2seq import Seq2SeqTransformer
from tfedge.networks.trained_model import TrainedModel
from tfedge.tasks.shipped import shipped_file

FLOAT, LENGTH, WIDTH = tf.float32, 6, 8


@keras.saving.register_keras_serializable(package="tests")
class Attention(layers.Layer):
    """One head; `masked` makes weights of scores (batch, T, T) and flags (batch, T), 1 where a token stands."""

    def __init__(self, masked, **kwargs):
        super().__init__(**kwargs)
        self.masked = masked
        self.query_dense, self.key_dense = layers.Dense(WIDTH, name="query"), layers.Dense(WIDTH, name="key")

    def call(self, x, ids):
        scores = ops.matmul(self.query_dense(x), ops.swapaxes(self.key_dense(x), 1, 2))
        flags = ops.expand_dims(ops.cast(ops.not_equal(ids, 0), "float32"), 1)
        return ops.matmul(self.masked(scores, flags), x)


def attention(masked, length=LENGTH, batch=1):
    x, ids = keras.Input((length, WIDTH), batch_size=batch), keras.Input((length,), batch_size=batch, dtype="int32")
    return keras.Model([x, ids], Attention(masked, name="attention")(x, ids))


def traced(function, *shapes):
    specs = [tf.TensorSpec(shape, FLOAT) for shape in shapes]
    return lint_functions({"f": tf.function(function, input_signature=specs).get_concrete_function()})


def rules(lints):
    return sorted({lint.rule for lint in lints})


def causal(size):
    """A causal bias made by ops from nothing: the graph holds no -1e9 that is added, only how it is made."""
    rows, columns = ops.expand_dims(ops.arange(LENGTH), 1), ops.expand_dims(ops.arange(LENGTH), 0)
    return ops.cast(columns > rows, "float32") * size


MASKS_TOO_LARGE = {
    "times a constant": lambda scores, flags: ops.softmax(scores + (1 - flags) * -1e9),
    "subtracted": lambda scores, flags: ops.softmax(scores - (1 - flags) * 1e9),
    "selected": lambda scores, flags: ops.softmax(ops.where(flags > 0, scores, -1e9)),
    "a constant table": lambda scores, flags: ops.softmax(scores + np.triu(np.full((LENGTH, LENGTH), -1e4, "f4"), 1)),
    "made by ops": lambda scores, flags: ops.softmax(scores + causal(-1e9)),
    "minus infinity": lambda scores, flags: ops.softmax(ops.where(flags > 0, scores, -np.inf)),
}
MASKS = {
    "times a constant": lambda scores, flags: ops.softmax(scores + (1 - flags) * -30.0),
    "selected": lambda scores, flags: ops.softmax(ops.where(flags > 0, scores, -30.0)),
    "a constant table": lambda scores, flags: ops.softmax(scores + np.triu(np.full((LENGTH, LENGTH), -30, "f4"), 1)),
    "made by ops": lambda scores, flags: ops.softmax(scores + causal(-30.0)),
    "scaled scores": lambda scores, flags: ops.softmax(scores * 0.125 + (1 - flags) * -30.0),
    "none": lambda scores, flags: ops.softmax(scores),
}


@pytest.mark.parametrize("masked", MASKS_TOO_LARGE.values(), ids=MASKS_TOO_LARGE)
def test_mask_magnitude_when_a_mask_is_too_large_names_the_layer(masked):
    lints = lint_model(attention(masked))
    assert rules(lints) == ["mask_magnitude"]
    assert lints[0].layer == "attention"


@pytest.mark.parametrize("masked", MASKS.values(), ids=MASKS)
def test_attention_when_its_mask_is_small_is_clean(masked):
    assert lint_model(attention(masked)) == ()


def test_mask_magnitude_when_keras_masks_by_itself_is_found():
    x, mask = keras.Input((LENGTH, WIDTH), batch_size=1), keras.Input((LENGTH, LENGTH), batch_size=1, dtype="bool")
    layer = layers.MultiHeadAttention(2, 4, name="mha")
    assert rules(lint_model(keras.Model([x, mask], layer(x, x, attention_mask=mask)))) == ["mask_magnitude"]
    assert lint_model(keras.Model(x, layer(x, x))) == ()


def test_mask_doubled_when_two_masks_are_added_and_not_when_one_is_made_of_both():
    def doubled(scores, flags):
        return ops.softmax(scores + (1 - flags) * -30.0 + causal(-30.0))

    def joined(scores, flags):
        return ops.softmax(scores + ops.minimum((1 - flags) * -30.0, causal(-30.0)))

    assert [(lint.rule, lint.found) for lint in lint_model(attention(doubled))] == [
        ("mask_doubled", "2 masks are added to its scores")
    ]
    assert lint_model(attention(joined)) == ()


@pytest.mark.parametrize(
    "masked",
    [lambda scores, flags: ops.softmax(scores * flags), lambda scores, flags: flags * ops.softmax(scores)],
    ids=["before softmax", "after softmax"],
)
def test_mask_multiplied_when_it_is_is_found(masked):
    assert rules(lint_model(attention(masked))) == ["mask_multiplied"]


def renormalized(scores, flags):
    weights = ops.softmax(scores) * flags
    return weights / ops.sum(weights, -1, keepdims=True)


@pytest.mark.parametrize(
    "masked",
    [
        lambda scores, flags: ops.softmax(scores * flags + (1 - flags) * -30.0),
        lambda scores, flags: flags * ops.softmax(scores + (1 - flags) * -30.0),
        lambda scores, flags: ops.softmax(scores) * ops.any(flags > 0, -1, keepdims=True),
        renormalized,
    ],
    ids=["and added, as GPT-2 does", "after a mask", "one flag a query", "divided by their sum"],
)
def test_mask_multiplied_when_nothing_is_lost_is_clean(masked):
    assert lint_model(attention(masked)) == ()


@pytest.mark.parametrize(("epsilon", "found"), [(1e-12, ["norm_epsilon"]), (1e-6, [])])
@pytest.mark.parametrize("layer", [layers.LayerNormalization, layers.RMSNormalization])
def test_norm_epsilon_when_it_is_zero_in_float16_is_found(layer, epsilon, found):
    x = keras.Input((LENGTH, WIDTH), batch_size=1)
    lints = lint_model(keras.Model(x, layer(epsilon=epsilon, name="norm")(x)))
    assert rules(lints) == found
    assert all(lint.layer == "norm" for lint in lints)


def test_norm_epsilon_limit_is_where_float16_becomes_zero():
    assert np.float16(2.0**-25 * 1.01) > 0 and np.float16(2.0**-25 * 0.99) == 0


@pytest.mark.parametrize(("keys", "found"), [(257, ["softmax_keys"]), (256, [])])
def test_softmax_keys_when_there_are_more_than_steps_is_found(keys, found):
    assert rules(lint_model(attention(MASKS["none"], length=keys))) == found


def test_softmax_keys_when_a_classifier_has_many_classes_is_clean():
    x = keras.Input((WIDTH,))
    assert lint_model(keras.Model(x, layers.Dense(1000, activation="softmax")(x))) == ()


@pytest.mark.parametrize(("approximate", "found"), [(False, ["gelu_exact"]), (True, [])])
def test_gelu_when_exact_is_found(approximate, found):
    x = keras.Input((WIDTH,))
    gelu = layers.Activation(lambda x: keras.activations.gelu(x, approximate=approximate), name="gelu")
    assert rules(lint_model(keras.Model(x, gelu(x)))) == found


@pytest.mark.parametrize(
    ("index", "shape", "found"),
    [
        (lambda x: x[:, None, :], (None, None), True),
        (lambda x: x[..., None], (None, None, 16), True),
        (lambda x: x[:, None, None, :], (None, None, 16), True),
        # These stay builtin ops: the same index with one open size, in a form of as few entries as axes, or written so.
        (lambda x: x[:, None, :], (1, None), False),
        (lambda x: x[:, None, :], (None, 16), False),
        (lambda x: x[:, None], (None, None), False),
        (lambda x: ops.expand_dims(x, 1), (None, None), False),
        (lambda x: x[:, 1:], (None, None), False),
    ],
)
def test_none_indexing_when_it_becomes_a_flex_op_is_found(index, shape, found):
    assert rules(traced(index, shape)) == (["none_indexing"] if found else [])


@pytest.mark.parametrize(
    ("shape", "batch", "found"),
    [((LENGTH, WIDTH), None, True), ((None, WIDTH), 1, True), ((LENGTH, WIDTH), 1, False), ((WIDTH,), None, False)],
)
def test_dense_open_shape_when_the_bias_cannot_fold_in_is_found(shape, batch, found):
    model = keras.Sequential([keras.Input(shape, batch_size=batch), layers.Dense(4, name="dense")])
    assert rules(lint_model(model)) == (["dense_open_shape"] if found else [])


@pytest.mark.parametrize(("use_bias", "found"), [(False, ["dense_without_bias"]), (True, [])])
def test_dense_without_bias_when_it_has_none_is_found(use_bias, found):
    model = keras.Sequential([keras.Input((WIDTH,)), layers.Dense(4, use_bias=use_bias, name="dense")])
    assert rules(lint_model(model)) == found


@pytest.mark.parametrize(("mask_value", "found"), [(-1e9, ["mask_magnitude"]), (-30.0, [])])
@pytest.mark.parametrize("signature", ["encode", "decode_step", "greedy"])
def test_own_network_when_its_mask_is_large_is_found_in_every_signature(signature, mask_value, found):
    functions = Seq2SeqSignatures(network(mask_value)).functions((signature,))
    assert rules(lint_functions(functions)) == found


def test_layers_when_their_names_differ_by_a_number_are_told_apart():
    x = keras.Input((WIDTH,))
    first, second = (layers.Dense(WIDTH, use_bias=False, name=name) for name in ("dense", "dense_1"))
    lints = lint_model(keras.Model(x, second(first(x))))
    assert [lint.layer for lint in lints] == ["dense", "dense_1"]


def test_shipped_network_is_clean():
    shipped = TrainedModel.load(shipped_file("g2p/g2p.keras")).network
    assert lint_functions(Seq2SeqSignatures(shipped).functions(("greedy",))) == ()  # It holds the encoder and a step.


def network(mask_value):
    sizes = {"hidden_dim": 16, "num_heads": 2, "head_dim": 8, "intermediate_dim": 32}
    depths = {"num_encoder_layers": 1, "num_decoder_layers": 1}
    made = Seq2SeqTransformer(9, 9, 8, 8, mask_value=mask_value, **sizes, **depths)
    made.build()
    return made


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(4, use_bias=False, name="dense")

    def call(self, inputs):
        return self.dense(inputs["x"])


def test_subclassed_model_when_specs_are_given_is_traced_and_else_says_what_it_needs():
    with pytest.raises(ConversionError, match="specs"):
        lint_model(Subclassed())
    (lint,) = lint_model(Subclassed(), {"x": tf.TensorSpec((1, WIDTH), FLOAT)})
    assert (lint.rule, lint.layer) == ("dense_without_bias", "dense")
    with pytest.raises(ConversionError, match="expected subclassed"):
        lint_model(Subclassed(), {"y": tf.TensorSpec((1, WIDTH), FLOAT)})


def test_rules_when_listed_have_ids_of_their_own_and_say_why_and_fix():
    assert len({rule.id for rule in RULES}) == len(RULES) == 9
    assert all(rule.why and rule.fix for rule in RULES)
    with pytest.raises(ConfigError):
        Lint("rule", "layer", "found", "", "fix")
    assert Lint("rule", "", "found", "why", "fix").message == "rule: outside any layer: found"
