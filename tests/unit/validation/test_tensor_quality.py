from __future__ import annotations

import numpy as np
import pytest

from tests import models
from tfedge.errors import ConfigError
from tfedge.modelfile.graph import read_graph
from tfedge.tasks.tensor_task import Quality
from tfedge.validation.tensor_quality import (
    DEFAULT_AGREEMENT,
    DEFAULT_COSINE,
    MAX_SNR_DB,
    compare_output,
    default_quality,
    is_classes,
    output_steps,
    own_value,
    quality_finding,
    share_interval,
    stacked,
    upper_share,
)

RANDOM = np.random.default_rng(4)
CLASSES = RANDOM.dirichlet(np.ones(5), 40).astype(np.float32)
NUMBERS = RANDOM.normal(size=(40, 3)).astype(np.float32)


def test_compare_output_when_equal_is_as_good_as_can_be():
    found = compare_output(CLASSES, CLASSES.copy(), step=1 / 256)
    assert (found.num_examples, found.agreement, found.snr_db, found.max_steps) == (40, 1.0, MAX_SNR_DB, 0.0)
    assert found.cosine == pytest.approx(1) and found.least_cosine == pytest.approx(1)
    assert found.is_classes and not compare_output(NUMBERS, NUMBERS).is_classes


def test_compare_output_measures_noise_in_decibels_and_steps():
    found = compare_output(NUMBERS, NUMBERS * 1.1, step=0.1)
    assert found.snr_db == pytest.approx(20, abs=0.01)
    assert found.max_steps == pytest.approx(np.abs(NUMBERS).max(), rel=1e-3)
    assert found.agreement == 1.0
    assert compare_output(NUMBERS, -NUMBERS).cosine == pytest.approx(-1)
    assert compare_output(np.zeros((2, 3)), np.ones((2, 3))).snr_db == -MAX_SNR_DB


def test_compare_output_when_one_example_is_lost_says_so():
    actual = NUMBERS.copy()
    actual[7] = np.nan
    found = compare_output(NUMBERS, actual)
    assert (found.least_cosine, found.agreement) == (0.0, 39 / 40)
    assert 0.9 < found.cosine < 1


def test_compare_output_when_whole_numbers_or_a_single_one_agreement_is_of_values_or_none():
    ids = np.arange(10).reshape(5, 2)
    assert compare_output(ids, np.where(ids == 3, 0, ids)).agreement == 0.9
    assert compare_output(NUMBERS[:, :1], NUMBERS[:, :1]).agreement is None
    with pytest.raises(ConfigError, match="expected answers of shape"):
        compare_output(NUMBERS, NUMBERS[:5])


def test_is_classes_when_values_are_probabilities_along_the_last_axis():
    assert is_classes(CLASSES) and is_classes(np.array([3]))
    assert not is_classes(CLASSES - 0.2) and not is_classes(CLASSES * 2) and not is_classes(np.ones((4, 1)))


def test_default_quality_is_agreement_where_an_output_is_classes():
    assert default_quality({"a": NUMBERS, "b": CLASSES}) == Quality("agreement", DEFAULT_AGREEMENT)
    assert default_quality({"a": NUMBERS}) == Quality("cosine", DEFAULT_COSINE)


def outputs(**pairs):
    return {f"s/{name}": compare_output(*pair) for name, pair in pairs.items()}


def flipped(count):
    wrong = CLASSES.copy()
    wrong[:count] = np.roll(wrong[:count], 1, axis=-1)
    return wrong


def test_quality_finding_when_the_worst_output_is_within_its_limit_passes():
    (found,) = quality_finding(Quality("cosine", 0.99), outputs(a=(NUMBERS, NUMBERS), b=(CLASSES, CLASSES)), target="t")
    assert (found.gate, found.verdict, found.limit) == ("quality", "pass", 0.99)
    assert "over 40 held-out examples on t, at least 0.99" in found.message


def test_quality_finding_when_the_worst_output_is_below_fails_and_names_it():
    (found,) = quality_finding(Quality("snr_db", 30), outputs(a=(NUMBERS, NUMBERS * 1.1), b=(CLASSES, CLASSES)))
    assert found.verdict == "fail" and "of s/a" in found.message and found.measured == pytest.approx(20, abs=0.01)


@pytest.mark.parametrize(("count", "verdict"), [(1, "pass"), (4, "not_measured"), (20, "fail")])
def test_quality_finding_when_few_answers_flip_says_that_few_examples_do_not_tell(count, verdict):
    (found,) = quality_finding(Quality("agreement", 0.95), outputs(a=(CLASSES, flipped(count))))
    assert found.verdict == verdict


@pytest.mark.parametrize(("sign", "verdict"), [(1, "pass"), (-1, "fail")])
def test_quality_finding_when_agreement_is_blind_to_an_output_its_cosine_is_judged(sign, verdict):
    pairs = outputs(classes=(CLASSES, CLASSES), number=(NUMBERS, sign * NUMBERS))
    agreed, others = quality_finding(Quality("agreement", 0.95), pairs)
    assert (agreed.gate, agreed.verdict, others.gate, others.verdict) == ("quality", "pass", "other_outputs", verdict)


def test_quality_finding_when_nothing_has_an_agreement_is_not_measured():
    single = outputs(a=(NUMBERS[:, :1], NUMBERS[:, :1]))
    (found,) = quality_finding(Quality("agreement", 0.95), single)
    assert found.verdict == "not_measured" and "--metric cosine" in found.fix


def test_quality_finding_when_the_metric_is_a_users_judges_what_it_said():
    quality, pairs = Quality("mine:rmse", 0.1, is_error=True), outputs(a=(NUMBERS, NUMBERS))
    assert [quality_finding(quality, pairs, own)[0].verdict for own in (0.05, 0.2, None)] == [
        "pass",
        "fail",
        "not_measured",
    ]
    assert quality_finding(Quality("mine:rmse", None), pairs, 9.0)[0].verdict == "pass"


def test_own_value_gives_arrays_of_one_output_and_dicts_of_several():
    def shape(expected, actual):
        return expected.shape[0] if hasattr(expected, "shape") else len(expected)

    assert own_value(shape, "mine:shape", {"a": NUMBERS}, {"a": NUMBERS}) == 40
    assert own_value(shape, "mine:shape", {"a": NUMBERS, "b": CLASSES}, {"a": NUMBERS, "b": CLASSES}) == 2


@pytest.mark.parametrize("returned", [None, "much", float("nan"), ZeroDivisionError])
def test_own_value_when_the_function_fails_then_config_error_names_it(returned):
    def metric(expected, actual):
        return 1 / 0 if returned is ZeroDivisionError else returned

    with pytest.raises(ConfigError, match="mine:metric"):
        own_value(metric, "mine:metric", {"a": NUMBERS}, {"a": NUMBERS})


def test_upper_share_is_wilsons():
    assert upper_share(0.9, 50) == pytest.approx(0.9566, abs=1e-4)
    assert upper_share(1.0, 10) == pytest.approx(1)
    assert share_interval(0.0, 10) == (0.0, pytest.approx(0.2775, abs=1e-4))
    assert share_interval(1.0, 10)[0] == pytest.approx(1 - 0.2775, abs=1e-4)


def test_output_steps_are_of_outputs_that_are_stored_in_steps():
    assert output_steps(read_graph(models.dense("int8_static"))) == {"serving_default/y": 1 / 16}
    assert output_steps(read_graph(models.dense("int8_dynamic"))) == {}


def test_stacked_puts_calls_along_the_first_axis():
    rows = [{"a": np.ones((1, 2)), "b": np.float32(3).reshape(())}] * 3
    assert {key: array.shape for key, array in stacked(rows).items()} == {"a": (3, 2), "b": (3,)}
