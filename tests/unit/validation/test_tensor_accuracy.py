from __future__ import annotations

import json
import math

import numpy as np
import pytest

from tfedge.errors import ConfigError
from tfedge.tasks.tensor_task import Quality
from tfedge.validation.tensor_accuracy import OwnJudge, TensorAccuracy, measure_accuracy

RANDOM = np.random.default_rng(9)
CLASSES = RANDOM.dirichlet(np.ones(5), 40).astype(np.float32)
NUMBERS = RANDOM.normal(size=(40, 3)).astype(np.float32)
KEY = "serving_default/y"
AGREEMENT, COSINE, SNR = Quality("agreement", 0.95), Quality("cosine", 0.99), Quality("snr_db", 20.0)


def accuracy(quality, expected, actual, own=None, **settings):
    return measure_accuracy(quality, {KEY: expected}, {KEY: actual}, {}, own, **settings)


def flipped(count):
    wrong = CLASSES.copy()
    wrong[:count] = np.roll(wrong[:count], 1, axis=-1)
    return wrong


def judge(function):
    return OwnJudge(function, "mine:function", has_one_signature=True)


def right(expected, actual):
    return float((expected.argmax(-1) == actual.argmax(-1)).mean())


def rmse(expected, actual):
    return float(np.sqrt(np.mean((expected - actual) ** 2)))


def absolute(expected, actual):
    return float(np.abs(expected - actual).mean())


def test_agreement_then_wilsons_interval_which_is_open_where_all_agree():
    found = accuracy(AGREEMENT, CLASSES, flipped(4))
    assert (found.key, found.num_examples, found.value) == (KEY, 40, 0.9)
    # Wilson's interval of 36 of 40, as published tables have it.
    assert (found.low, found.high) == (pytest.approx(0.7695, abs=1e-3), pytest.approx(0.9604, abs=1e-3))
    assert (found.lost, found.lost_low) == (pytest.approx(0.1), pytest.approx(1 - found.high))
    every = accuracy(AGREEMENT, CLASSES, CLASSES)
    assert (every.value, every.high) == (1.0, 1.0) and 0.9 < every.low < 0.95


@pytest.mark.parametrize("quality", [COSINE, SNR])
def test_ratio_of_sums_then_its_interval_holds_it_and_narrows_with_more_examples(quality):
    noisy = NUMBERS + RANDOM.normal(size=NUMBERS.shape).astype(np.float32) * 0.1
    few = accuracy(quality, NUMBERS[:10], noisy[:10])
    many = accuracy(quality, np.tile(NUMBERS, (10, 1)), np.tile(noisy, (10, 1)))
    for found in (few, many):
        assert found.low < found.value < found.high
    assert many.high - many.low < 0.5 * (few.high - few.low)
    assert (few.lost is None) == (quality is SNR)
    assert accuracy(quality, NUMBERS, noisy) == accuracy(quality, NUMBERS, noisy)  # Seeded.


def test_ratio_when_answers_are_equal_then_a_number_that_json_has():
    found = accuracy(SNR, NUMBERS, NUMBERS)
    assert (found.value, found.low, found.high) == (200.0, 200.0, 200.0)
    assert TensorAccuracy.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_worst_output_is_the_one_that_counts():
    expected = {"s/a": CLASSES, "s/b": CLASSES}
    found = measure_accuracy(AGREEMENT, expected, {"s/a": flipped(2), "s/b": flipped(8)}, {})
    assert (found.key, found.value) == ("s/b", 0.8)
    assert {key: each.agreement for key, each in found.outputs.items()} == {"s/a": 0.95, "s/b": 0.8}


def test_agreement_when_no_output_has_two_values_then_no_value():
    found = accuracy(AGREEMENT, NUMBERS[:, :1], NUMBERS[:, :1])
    assert found.value is found.low is found.lost is None and found.key == ""


def test_own_metric_that_is_a_mean_over_examples_then_a_paired_interval():
    found = accuracy(Quality("mine:right", 0.9), CLASSES, flipped(4), judge(right))
    assert (found.value, found.lost) == (0.9, pytest.approx(0.1))
    assert found.low == pytest.approx(0.7695, abs=1e-3)  # Yes or no: a share.
    assert 0 < found.lost_low < 0.1 < found.lost_high < 0.3
    error = accuracy(Quality("mine:absolute", 1.0, is_error=True), NUMBERS, NUMBERS + 0.5, judge(absolute))
    assert (error.value, error.lost) == (pytest.approx(0.5), pytest.approx(0.5))
    assert error.lost_low == pytest.approx(0.5) and error.is_error


def test_own_metric_of_all_examples_together_then_no_interval():
    found = accuracy(Quality("mine:rmse", 1.0, is_error=True), NUMBERS, NUMBERS * 1.1, judge(rmse))
    assert found.value > 0 and found.lost == pytest.approx(found.value)
    assert found.low is found.high is found.lost_low is found.lost_high is None


def test_own_metric_when_no_interval_is_asked_for_then_called_with_all_examples_alone():
    sizes = []

    def counting(expected, actual):
        sizes.append(len(expected))
        return right(expected, actual)

    found = accuracy(Quality("mine:counting", 0.9), CLASSES, CLASSES, judge(counting), with_interval=False)
    assert set(sizes) == {40} and found.value == 1.0 and found.low is None


def test_own_metric_that_is_infinite_for_equal_answers_then_nothing_is_lost_of_it():
    def ratio(expected, actual):
        with np.errstate(divide="ignore"):
            return float(10 * np.log10(np.sum(expected**2) / np.sum((expected - actual) ** 2)))

    found = accuracy(Quality("mine:ratio", 10.0), NUMBERS, NUMBERS * 1.1, judge(ratio))
    assert found.value == pytest.approx(20, abs=0.01) and found.lost is None
    judge(ratio).check({KEY: NUMBERS})  # Infinity is a number.


def test_own_metric_that_raises_then_config_error_before_any_file_is_made():
    def broken(expected, actual):
        raise ValueError("my own mistake")

    with pytest.raises(ConfigError, match="mine:function.*ValueError: my own mistake"):
        judge(broken).check({KEY: NUMBERS})
    with pytest.raises(ConfigError, match="return a number"):
        judge(lambda expected, actual: "good").check({KEY: NUMBERS})
    with pytest.raises(ConfigError, match="expected the function mine:right"):
        accuracy(Quality("mine:right", 0.9), CLASSES, CLASSES)


def test_own_metric_when_a_signature_has_several_outputs_then_dicts_by_their_names():
    seen = []
    own = judge(lambda expected, actual: seen.append(sorted(expected)) or 1.0)
    own.value({"s/a": NUMBERS, "s/b": NUMBERS}, {"s/a": NUMBERS, "s/b": NUMBERS})
    several = OwnJudge(lambda expected, actual: seen.append(sorted(expected)) or 1.0, "mine:f", False)
    arrays = {"s/a": NUMBERS, "t/b": NUMBERS[:5]}
    several.value(arrays, arrays)
    assert seen == [["a", "b"], ["s/a", "t/b"]]
    assert several.of_each(arrays, arrays) is None  # There is no example of both.


@pytest.mark.parametrize(
    "change",
    [{"value": math.nan}, {"num_examples": 0}, {"metric": "accuracy"}, {"outputs": {}}, {"low": True}, {"x": 1}],
)
def test_accuracy_when_a_field_is_illegal_cannot_be_read(change):
    with pytest.raises(ConfigError):
        TensorAccuracy.from_json({**accuracy(AGREEMENT, CLASSES, CLASSES).to_json(), **change})
