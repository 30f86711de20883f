from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfedge.layers import masks
from tfedge.networks.seq2seq import Seq2SeqTransformer

SHAPES = [
    {"num_key_value_heads": 1, "position": "sinusoidal"},
    {"num_key_value_heads": 2, "position": "learned", "num_decoder_layers": 2},
    {"num_heads": 4, "num_key_value_heads": 2, "encoder_num_key_value_heads": 1},
]
# float32 logits of about 10 after some 20 sums of 32 numbers at most: 20 * 32 * 1.2e-7 * 10.
CLOSE = {"rtol": 0, "atol": 1e-3}


@pytest.fixture
def targets():
    """int32 (16, 6): ids that begin with the start id."""
    ids = np.random.default_rng(6).integers(3, 11, size=(16, 6)).astype(np.int32)
    ids[:, 0] = 1
    return ids


def logits_of(network, sources, targets):
    return np.asarray(network((sources, targets)))


@pytest.mark.parametrize("changes", SHAPES)
def test_decode_step_then_equals_the_whole_decoder_position_by_position(make_network, sources, targets, changes):
    network = make_network(**changes)
    whole = logits_of(network, sources, targets)
    assert whole.shape == (16, 6, 11)
    assert whole.std() > 0.1
    cross_caches = network.cross_caches(network.encode(sources))
    cross_bias = masks.padding_bias(sources)
    caches = network.empty_self_caches(16, 7)
    for position in range(6):
        token, index = targets[:, position : position + 1], np.array([position], np.int32)
        logits, caches = network.decode_step(token, index, cross_caches, cross_bias, caches)
        np.testing.assert_allclose(logits, whole[:, position], **CLOSE)
        np.testing.assert_array_equal(np.argmax(logits, -1), np.argmax(whole[:, position], -1))


def test_network_when_the_source_changes_then_the_output_changes(make_network, sources, targets):
    network = make_network()
    other = sources.copy()
    other[:, 0] = 3 + (other[:, 0] - 2) % 9
    difference = np.abs(logits_of(network, sources, targets) - logits_of(network, other, targets))
    assert difference.max(axis=-1).min() > 1e-3  # Every position of every row.


def test_network_when_the_order_of_the_source_changes_then_the_output_changes(make_network, targets):
    network = make_network()
    one, other = np.array([[3, 4, 5, 2]], np.int32), np.array([[5, 4, 3, 2]], np.int32)
    difference = np.abs(logits_of(network, one, targets[:1]) - logits_of(network, other, targets[:1]))
    assert difference.max() > 1e-2


def test_network_when_a_source_is_padded_more_then_the_same_answers(make_network, targets):
    network = make_network()
    source = np.array([[5, 9, 4, 2]] * 16, np.int32)
    short = logits_of(network, source, targets)
    for extra in (1, 4):
        padded = np.pad(source, ((0, 0), (0, extra)))
        np.testing.assert_allclose(logits_of(network, padded, targets), short, **CLOSE)


def test_network_when_later_targets_change_then_earlier_answers_stay(make_network, sources, targets):
    network, other = make_network(), targets.copy()
    other[:, 3:] = 3 + (other[:, 3:] - 2) % 8
    before, after = logits_of(network, sources, targets), logits_of(network, sources, other)
    np.testing.assert_array_equal(before[:, :3], after[:, :3])
    assert np.abs(before[:, 3:] - after[:, 3:]).max(axis=(1, 2)).min() > 1e-2


def test_network_when_a_row_is_alone_then_as_in_a_batch(make_network, sources, targets):
    network = make_network()
    whole = logits_of(network, sources, targets)
    np.testing.assert_allclose(logits_of(network, sources[4:5], targets[4:5]), whole[4:5], **CLOSE)


def test_network_when_trained_then_a_gradient_reaches_every_weight(make_network, sources, targets):
    network = make_network(num_decoder_layers=2, num_encoder_layers=2, position="learned")
    variables = network.trainable_variables
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(network((sources, targets), training=True) ** 2)
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    still = [
        variable.path
        for variable, gradient in zip(variables, gradients, strict=True)
        # A bias of keys moves all scores of a query alike, which changes nothing: its gradient is zero.
        if gradient is None or (not np.any(tf.convert_to_tensor(gradient)) and "key_dense/bias" not in variable.path)
    ]
    assert still == []


def test_network_when_in_training_then_dropout_alone_makes_it_random(make_network, sources, targets):
    network = make_network(dropout=0.3)
    still = logits_of(network, sources, targets)
    np.testing.assert_array_equal(logits_of(network, sources, targets), still)
    moving = [np.asarray(network((sources, targets), training=True)) for _ in range(2)]
    assert np.abs(moving[0] - moving[1]).max() > 0.1
    without = make_network(dropout=0.0)
    np.testing.assert_array_equal(without((sources, targets), training=True), logits_of(without, sources, targets))


def test_network_when_built_from_its_config_then_the_same_network(make_network, sources, targets):
    network = make_network(num_key_value_heads=2, position="learned", mask_value=-20.0)
    clone = Seq2SeqTransformer.from_config(network.get_config())
    clone.build()
    assert clone.get_config() == network.get_config()
    clone.set_weights(network.get_weights())
    np.testing.assert_array_equal(logits_of(clone, sources, targets), logits_of(network, sources, targets))


def test_network_when_called_then_no_weight_is_new(make_network, sources, targets):
    network = make_network()
    paths = [variable.path for variable in network.variables]
    logits_of(network, sources, targets)
    assert [variable.path for variable in network.variables] == paths
    assert len(set(paths)) == len(paths)


def test_network_then_one_key_value_head_in_the_decoder_and_all_in_the_encoder_by_default():
    network = Seq2SeqTransformer(12, 11, 8, 7, 16, 4, 4, 32, 1, 1)
    assert (network.num_key_value_heads, network.encoder_num_key_value_heads) == (1, 4)
    assert keras.tree.map_structure(lambda cache: cache.shape, network.empty_self_caches(2, 7)) == (
        ((2, 1, 7, 4), (2, 1, 7, 4)),
    )


@pytest.mark.parametrize("changes", [{"num_key_value_heads": 3}, {"position": "rotary"}])
def test_network_when_a_size_is_illegal_then_refused(make_network, changes):
    with pytest.raises(ValueError, match="must be"):
        make_network(**changes)
