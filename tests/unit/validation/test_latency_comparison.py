from __future__ import annotations

import dataclasses

import pytest

from tests.unit.validation.test_latency import report, steady_turns
from tfedge.errors import MeasurementError
from tfedge.validation.latency_comparison import compare_latency


def pair(target_middle=12.0, **changes):
    """A reference of 10 ms and a target; by default they differ in the model."""
    reference = report(steady_turns(seed=1), label="float32")
    target = report(steady_turns(seed=2, middle=target_middle), label="static_wi8_ai8", model_sha256="ef" * 32)
    return reference, dataclasses.replace(target, **changes)


def test_compare_latency_when_target_is_slower_gives_ratio_and_interval():
    compared = compare_latency(*pair())
    assert (compared.reference, compared.target) == ("float32", "static_wi8_ai8")
    assert compared.ratio == pytest.approx(1.2, rel=0.01)
    assert 1.15 < compared.ratio_low <= compared.ratio <= compared.ratio_high < 1.25
    assert compared.is_distinguishable


def test_compare_latency_when_both_are_alike_does_not_distinguish_them():
    compared = compare_latency(*pair(target_middle=10.0))
    assert compared.ratio_low < 1 < compared.ratio_high
    assert not compared.is_distinguishable


def test_compare_latency_when_called_twice_gives_the_same_digits():
    assert compare_latency(*pair()) == compare_latency(*pair())


@pytest.mark.parametrize(
    "change",
    [
        {"cpu": "another cpu"},
        {"num_threads": 2},
        {"sources_sha256": "00" * 32},
        {"run_id": "2"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_compare_latency_when_a_condition_differs_names_the_field(change):
    with pytest.raises(MeasurementError, match=f"one {next(iter(change))}; got"):
        compare_latency(*pair(**change))


@pytest.mark.parametrize(
    "change",
    [
        {"model_sha256": "ef" * 32},
        {"model_sha256": "ab" * 32, "runtime": "tflite-runtime==2.14.0@x86_64"},
        {"model_sha256": "ab" * 32, "entry": "encode+decode_step"},
        {"model_sha256": "ab" * 32},
    ],
    ids=["models", "runtimes", "entries", "nothing"],
)
def test_compare_latency_when_one_subject_differs_answers(change):
    assert compare_latency(*pair(**change)).ratio == pytest.approx(1.2, rel=0.01)


def test_compare_latency_when_two_subjects_differ_names_both():
    with pytest.raises(MeasurementError, match="differ in model_sha256 and entry"):
        compare_latency(*pair(entry="encode+decode_step"))


def test_compare_latency_when_a_report_is_invalid_says_why():
    with pytest.raises(MeasurementError, match="static_wi8_ai8 is invalid .not warm"):
        compare_latency(*pair(is_warm=False))
