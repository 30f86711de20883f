"""The worker's own parts, without a process; what it does as a process is in test_client.py and test_process.py."""

from __future__ import annotations

import ast
import sys

import numpy as np
import pytest

from tests.golden import autokey
from tfedge.runtime import worker
from tfedge.runtime.process import ISOLATION_FILE, WORKER_FILE

LETTERS = "#^$abcdefghijklmnopqrstuvwxyz"  # pad, start, stop, then letters


class SpellingStepper:
    """A decoder that spells one word and records what it was asked."""

    def __init__(self, word):
        self.word, self.asked = word, []

    def __call__(self, token_id, index):
        self.asked.append((LETTERS[token_id], index))
        logits = np.zeros(len(LETTERS), np.float32)
        logits[LETTERS.index(self.word[index])] = 1.0
        return logits


def spelled(target):
    return "".join(LETTERS[token] for token in target)


def test_greedy_steps_when_stop_comes_ends_there_and_pads():
    target = worker.greedy_steps(SpellingStepper("cat$"), max_target_length=6)
    assert spelled(target) == "cat$##"
    assert target.dtype == np.int32


def test_greedy_steps_when_no_stop_comes_ends_after_max_target_length():
    assert spelled(worker.greedy_steps(SpellingStepper("caterpillar"), max_target_length=5)) == "cater"


def test_greedy_steps_feeds_start_then_each_last_token_with_its_index():
    stepper = SpellingStepper("cat$")
    worker.greedy_steps(stepper, max_target_length=6)
    assert stepper.asked == [("^", 0), ("c", 1), ("a", 2), ("t", 3)]


class FakeSignature:
    """A signature in Python: records each call's inputs and answers by a function."""

    def __init__(self, inputs, answer):
        self.inputs, self.answer, self.calls = inputs, answer, []

    def plan(self, inputs):
        pass

    def __call__(self, inputs):
        self.calls.append({name: np.copy(array) for name, array in inputs.items()})
        return self.answer(inputs)


def tensor(name, shape, dtype, zero_points=()):
    return {"name": name, "shape": shape, "dtype": dtype, "zero_points": list(zero_points)}


def test_stepper_when_cache_is_quantized_starts_it_at_its_zero_point_and_carries_it():
    encode = FakeSignature(
        {"source_ids": tensor("source_ids", (1, 4), "int32")}, lambda _: {"encoded": np.full((1, 2), 7, np.float32)}
    )
    inputs = {
        "token_ids": tensor("token_ids", (1, 1), "int32"),
        "cache_update_index": tensor("cache_update_index", (1,), "int32"),
        "encoded": tensor("encoded", (1, 2), "float32"),
        "cache_keys": tensor("cache_keys", (1, 3), "int8", [-5]),
    }
    step = FakeSignature(inputs, lambda got: {"logits": np.zeros((1, 4)), "cache_keys": got["cache_keys"] + np.int8(1)})
    stepper = worker.Stepper(encode, step)
    for _ in range(2):  # the second source must not see the first one's cache
        stepper.start(np.zeros((1, 4), np.int32))
        stepper(1, 0)
        stepper(3, 1)
    assert [int(call["cache_keys"][0, 0]) for call in step.calls] == [-5, -4, -5, -4]
    assert [int(call["token_ids"][0, 0]) for call in step.calls] == [1, 3, 1, 3]
    assert [int(call["cache_update_index"][0]) for call in step.calls] == [0, 1, 0, 1]
    assert np.all(step.calls[0]["encoded"] == 7)


@pytest.mark.parametrize(
    "array",
    [np.arange(6, dtype=np.int32).reshape(2, 3), np.zeros((0, 4), np.float32), np.array(1.5), np.array([True])],
    ids=["matrix", "empty", "scalar", "bool"],
)
def test_message_when_packed_and_unpacked_is_the_same(array):
    data = worker.pack_message({"verb": "run"}, {"first": array, "second": np.ones((2, 2), np.int8)[:, ::-1]})
    header_length, body_length = worker.LENGTHS.unpack(data[: worker.LENGTHS.size])
    rest = data[worker.LENGTHS.size :]
    header, arrays = worker.unpack_message(rest[:header_length], rest[header_length:])
    assert len(rest) == header_length + body_length
    assert header == {"verb": "run"}
    np.testing.assert_array_equal(arrays["first"], array)
    assert arrays["first"].dtype == array.dtype and arrays["first"].shape == array.shape


def test_session_when_python_raises_answers_with_the_first_line():
    session = worker.Session("ai-edge-litert")
    reply, arrays = session.answer({"verb": "load", "path": "/nowhere.tflite"}, {})
    assert reply["kind"] == "error" and reply["error"] == "refused"
    assert reply["type"] == "FileNotFoundError" and "/nowhere.tflite" in reply["message"]
    assert arrays == {}


def test_memory_bytes_when_memory_was_touched_peak_grows():
    before = worker.memory_bytes()
    block = np.ones(8 * 1024 * 1024, np.float64)  # 64 MiB
    after = worker.memory_bytes()
    assert block.sum() > 0
    assert before["peak_bytes"] >= before["rss_bytes"] > 0
    assert after["peak_bytes"] >= before["rss_bytes"] + 60 * 1024 * 1024


def test_file_sha256_when_given_the_fixture_is_the_recorded_one():
    assert worker.file_sha256(str(autokey.MODEL)) == autokey.FACTS["sha256"]


@pytest.mark.parametrize("path", [WORKER_FILE, ISOLATION_FILE], ids=["worker", "isolation"])
def test_worker_file_when_read_is_python_3_9_with_nothing_but_numpy(path):
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
    assert imported - sys.stdlib_module_names <= {"numpy"}


@pytest.mark.parametrize(
    ("names", "expected"), [(["a", "b"], ["a", "b"]), (["a", "a"], ["0", "1"]), (["", "b"], ["0", "1"]), ([], [])]
)
def test_by_name_when_names_are_empty_or_repeat_uses_positions(names, expected):
    assert list(worker.by_name([{"name": name} for name in names])) == expected
