from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.unit.networks.test_greedy import LETTER, STOP, prefer
from tfedge.networks.beam import beam_search
from tfedge.networks.beam_config import NO_SCORE, BeamConfig
from tfedge.networks.greedy import greedy_decode
from tools.beam_reference import log_softmax, plain_beam

# Sums of 7 log probabilities, in float32 there and in float64 here.
SCORE_TOLERANCE = 1e-4


def uncached(network, source, length):
    """Returns the step of a plain search that runs the whole decoder for every prefix."""
    known = {}

    def step(tokens, token, position):
        tokens = (*tokens, token)
        if tokens not in known:
            ids = np.full((1, length), LETTER, np.int32)
            ids[0, : len(tokens)] = tokens
            known[tokens] = log_softmax(np.asarray(network(source[None], ids))[0, position])
        return known[tokens], tokens

    return step


def as_graph(network):
    """Returns the network as one graph: eager calls would take most of the time here."""
    return tf.function(lambda source, ids: network((source, ids)), reduce_retracing=True)


@pytest.fixture(scope="module")
def words(trained, tiny_data):
    """Three sources with the steps of a plain search over six tokens, shared by all searches."""
    graph = as_graph(trained[0].network)
    sources = [tiny_data.spec.source_array(example.text)[0] for example in tiny_data.dev[:3]]
    return [(source, uncached(graph, source, 6)) for source in sources]


def searched(network, source, length, config):
    ids, scores = beam_search(network, tf.constant(source[None]), length, config)
    return np.asarray(ids)[0], np.asarray(scores)[0]


def agrees(found, expected):
    ids, scores = found
    for row, score, (expected_score, tokens) in zip(ids, scores, expected, strict=False):
        np.testing.assert_array_equal(row[: len(tokens)], tokens)
        assert not row[len(tokens) :].any()
        assert score == pytest.approx(expected_score, abs=SCORE_TOLERANCE)
    for row, score in zip(ids[len(expected) :], scores[len(expected) :], strict=True):
        assert not row.any() and score == NO_SCORE


@pytest.mark.parametrize(
    "config",
    [
        BeamConfig(4, 4, 0.0),
        BeamConfig(3, 1, 0.0),
        BeamConfig(4, 2, 1.0),
        BeamConfig(5, 5, 0.6),
        BeamConfig(1, 1, 0.0),
        BeamConfig(12, 12, 0.0),  # More than there are tokens.
    ],
    ids=str,
)
def test_beam_search_then_equals_a_plain_search_scores_included(trained, words, config):
    lengths = set()
    for source, step in words:
        expected = plain_beam(step, (), 6, config)
        agrees(searched(trained[0].network, source, 6, config), expected)
        lengths |= {len(tokens) for _, tokens in expected}
    assert config.width == 1 or len(lengths) > 1  # Else stopping is not tried.


@pytest.mark.parametrize("changes", [{"num_key_value_heads": 2}, {"position": "learned", "num_decoder_layers": 2}])
def test_beam_search_when_of_other_sizes_then_equals_a_plain_search(make_network, sources, changes):
    network, config = make_network(**changes), BeamConfig(3, 3, 0.5)
    for source in sources[:2]:
        expected = plain_beam(uncached(as_graph(network), source, 5), (), 5, config)
        agrees(searched(network, source, 5, config), expected)


def test_beam_search_when_one_wide_then_greedy(trained, tiny_data):
    network = trained[0].network
    for example in tiny_data.dev[:3]:
        source = tiny_data.spec.source_array(example.text)
        ids = searched(network, source[0], 8, BeamConfig(1, 1))[0]
        np.testing.assert_array_equal(ids, np.asarray(greedy_decode(network, source, 8)))


def test_beam_search_when_it_stops_at_once_then_the_stop_is_best(make_network, sources):
    network = make_network()
    prefer(network, STOP, by=1000.0)
    ids, scores = searched(network, sources[0], 4, BeamConfig(2, 1))
    np.testing.assert_array_equal(ids, [[STOP, 0, 0, 0]])
    assert scores[0] == pytest.approx(0.0, abs=SCORE_TOLERANCE)


def test_beam_search_when_it_never_stops_then_ends_at_the_longest(make_network, sources):
    network = make_network()
    prefer(network, STOP, by=-1000.0)
    ids, scores = searched(network, sources[0], 7, BeamConfig(3, 3))
    assert ids.shape == (3, 7) and ids.all() and STOP not in ids
    assert list(scores) == sorted(scores, reverse=True)


def test_agrees_when_a_score_or_the_order_is_another_then_seen(trained, words):
    config, (source, step) = BeamConfig(2, 2), words[0]
    expected = plain_beam(step, (), 6, config)
    found = searched(trained[0].network, source, 6, config)
    with pytest.raises(AssertionError):
        agrees(found, [(score - 0.01, tokens) for score, tokens in expected])
    with pytest.raises(AssertionError):
        agrees(found, expected[::-1])
