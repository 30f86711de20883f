from __future__ import annotations

import numpy as np
import pytest

from tests import models
from tests.models import behaving
from tfedge.errors import InputError
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.pack import read_pack
from tfedge.runtime.client import Worker
from tfedge.runtime.predict import predict
from tfedge.tasks.shipped import shipped_file
from tfedge.tasks.spec import TaskSpec
from tfedge.validation import cross_attention as looked


@pytest.fixture(scope="module")
def pack():
    return read_pack(shipped_file("g2p/g2p.tflite"))


@pytest.fixture(scope="module")
def tensors(pack):
    return looked.attention_tensors(read_graph(pack.model_bytes))


@pytest.fixture(scope="module")
def worker(pack):
    with Worker(looked.RUNTIME) as started:
        looked.load_for_attention(started, str(pack.path))
        yield started


def test_tensors_are_those_of_cross_attention_and_not_of_self_attention(tensors):
    assert [tensor.layer for tensor in tensors] == [
        f"decoder_block_{at}_1/cross_attention_1/softmax_1" for at in (0, 1)
    ]


@pytest.mark.parametrize("data", [behaving.seq2seq(), models.dense("float32")])
def test_tensors_when_the_file_has_no_such_input_then_none(data):
    assert looked.attention_tensors(read_graph(data)) == ()


def test_cross_attention_then_the_answer_is_greedy_and_weights_are_shares(pack, tensors, worker):
    found = looked.cross_attention(worker, tensors, TaskSpec.from_json(dict(pack.task)), "crochet")
    assert found.sources == (*"crochet", "end") and found.targets[-1] == "end"
    assert " ".join(found.targets[:-1]) == predict(pack.path, ["crochet"])[0] == "K R OW SH EY"
    assert found.weights.shape == (6, 8) and found.weights.min() >= 0
    # 1e-3: what the mask value of -30 leaves on padding is e-30; the rest is float32 rounding.
    assert np.abs(found.weights.sum(axis=1) - 1).max() < 1e-3


def test_cross_attention_then_a_first_sound_comes_from_the_first_letters(pack, tensors, worker):
    """The shipped model reads from left to right: were keys or steps mixed up, it would not seem so."""
    found = looked.cross_attention(worker, tensors, TaskSpec.from_json(dict(pack.task)), "newfield")
    centres = found.weights @ np.arange(len(found.sources))
    assert (np.diff(centres) > 0).all()


def test_cross_attention_when_a_letter_is_unknown_then_input_error(pack, tensors, worker):
    with pytest.raises(InputError):
        looked.cross_attention(worker, tensors, TaskSpec.from_json(dict(pack.task)), "日")
