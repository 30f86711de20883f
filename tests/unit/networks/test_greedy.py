from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfedge.networks.greedy import greedy_decode

STOP, LETTER = 2, 3


def plain_loop(network, sources, max_target_length):
    """Greedy decoding without cache and graph: the whole decoder again for every token.

    Behind what is written stand letters, as in training, and not padding: a mask of -30 hides what training taught it
    to hide, and no padding whose score happens to be above 30.
    """
    ids = np.zeros((len(sources), max_target_length + 1), np.int32)
    ids[:, 0] = 1
    for position in range(max_target_length):
        unwritten = np.arange(max_target_length) > position
        best = np.argmax(network((sources, np.where(unwritten, LETTER, ids[:, :-1])))[:, position], axis=-1)
        ids[:, position + 1] = np.where(np.any(ids == STOP, axis=1), 0, best)
    return ids[:, 1:]


def prefer(network, token, by):
    """Adds to the logit of `token`."""
    bias = network.logits_dense.bias
    bias.assign(bias.numpy() + by * np.eye(bias.shape[0])[token])


@pytest.fixture(scope="module")
def words(tiny_data):
    """int32 (12, 8): words whose answers have two lengths."""
    return np.concatenate([tiny_data.spec.source_array(example.text) for example in tiny_data.dev[:12]])


@pytest.mark.parametrize("max_target_length", [5, 8])
def test_greedy_decode_then_equals_a_plain_loop(trained, words, max_target_length):
    network = trained[0].network
    decoded = np.asarray(greedy_decode(network, words, max_target_length))
    assert decoded.dtype == np.int32
    np.testing.assert_array_equal(decoded, plain_loop(network, words, max_target_length))
    # Rows that end at different steps and one that does not end in time: else this compares little.
    stops = {int(np.argmax(row == STOP)) if STOP in row else -1 for row in decoded}
    assert stops >= ({3, -1} if max_target_length == 5 else {3, 6})


@pytest.mark.parametrize("changes", [{"num_key_value_heads": 2}, {"position": "learned", "num_decoder_layers": 2}])
def test_greedy_decode_when_of_other_sizes_then_equals_a_plain_loop(make_network, sources, changes):
    network = make_network(**changes)
    np.testing.assert_array_equal(greedy_decode(network, sources[:6], 5), plain_loop(network, sources[:6], 5))


def test_greedy_decode_when_in_a_graph_then_the_same(trained, words):
    network = trained[0].network
    graph = tf.function(lambda ids: greedy_decode(network, ids, 8))
    np.testing.assert_array_equal(graph(tf.constant(words)), greedy_decode(network, words, 8))


def test_greedy_decode_when_it_stops_at_once_then_the_stop_and_zeros(make_network, sources):
    network = make_network()
    prefer(network, STOP, by=1000.0)
    np.testing.assert_array_equal(greedy_decode(network, sources, 4), [[STOP, 0, 0, 0]] * 16)


def test_greedy_decode_when_it_never_stops_then_ends_at_the_longest(make_network, sources):
    network = make_network()
    prefer(network, STOP, by=-1000.0)
    decoded = np.asarray(greedy_decode(network, sources, 7))
    assert decoded.shape == (16, 7)
    assert STOP not in decoded


def test_greedy_decode_when_a_source_is_padded_more_then_the_same_answers(make_network, sources):
    network = make_network()
    cut = np.where(np.arange(8) < 5, sources, 0)
    np.testing.assert_array_equal(greedy_decode(network, cut, 6), greedy_decode(network, cut[:, :5], 6))
