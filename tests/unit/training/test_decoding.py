from __future__ import annotations

import numpy as np
import pytest

from tfedge.networks.greedy import greedy_decode
from tfedge.text.tokenizer import trimmed
from tfedge.training.decoding import GreedyDecoder


class Recorder:
    """A bar that remembers how far it came."""

    def __init__(self) -> None:
        self.done = 0.0

    def advance(self, amount: float = 1, note: str = "") -> None:
        self.done += amount


@pytest.mark.parametrize(
    ("row", "ids"),
    [
        ([5, 6, 2, 0, 0], [5, 6, 2]),
        ([2, 0, 0], [2]),
        ([5, 6, 7], [5, 6, 7]),
        ([5, 0, 6, 2, 0], [5, 0, 6, 2]),
        ([5, 0, 6, 0, 0], [5, 0, 6]),
        ([0, 0, 0], []),
        ([0, 2, 0], [0, 2]),
    ],
)
def test_trimmed_then_ends_with_the_stop_or_the_last_token(row, ids):
    assert list(trimmed(np.array(row, np.int32))) == ids


def test_decoder_then_answers_in_order_as_one_by_one(trained):
    network = trained[0].network
    random = np.random.default_rng(2)
    sources = [[*random.integers(3, 11, size=length), 2] for length in random.integers(1, 8, size=300)]
    bar = Recorder()
    answers = GreedyDecoder(network, 6)(sources, bar)
    assert bar.done == len(answers) == 300
    for source, ids in list(zip(sources, answers, strict=True))[::25]:
        alone = np.asarray(greedy_decode(network, np.array([source], np.int32), 6))[0]
        assert ids == list(trimmed(alone))
    assert len({tuple(ids) for ids in answers}) > 50


def test_decoder_when_there_is_nothing_then_nothing(trained):
    assert GreedyDecoder(trained[0].network, 6)([]) == []


def test_decoder_when_weights_change_then_the_answers_do(make_network):
    network = make_network()
    decoder = GreedyDecoder(network, 4)
    network.logits_dense.bias.assign(1000 * np.eye(11)[5])
    assert decoder([[3, 2]]) == [[5, 5, 5, 5]]
    network.logits_dense.bias.assign(1000 * np.eye(11)[2])
    assert decoder([[3, 2]]) == [[2]]
