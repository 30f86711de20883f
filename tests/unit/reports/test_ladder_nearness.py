"""A ladder of tensors: the same choices, table and picture, by a metric against Keras' answers."""

from __future__ import annotations

import dataclasses
import json

import pytest

from tests.unit.reports import sample_reports as made
from tests.unit.reports.ladder_samples import (
    ARM,
    accuracy,
    float_rung,
    float_tensor_rung,
    ladder,
    nearness,
    refused,
    tensor_config,
    tensor_rung,
)
from tfedge.errors import ConfigError
from tfedge.pipeline.ladder_plot import draw_front
from tfedge.reports.ladder_choice import choose
from tfedge.reports.ladder_nearness import Nearness
from tfedge.reports.ladder_report import LadderReport, read_ladder, write_ladder
from tfedge.reports.ladder_table import ladder_lines, ladder_markdown
from tfedge.tasks.tensor_task import Quality

OWN = Quality("mine:accuracy", 0.9)


def climbed(*rungs, **settings):
    """A report of tensors with `rungs`."""
    return ladder(*rungs, task="mine", config=tensor_config(**settings))


def decided(*rungs, **settings):
    """Returns recipe -> choice."""
    return {choice.recipe: choice for choice in choose(rungs, tensor_config(**settings))}


def test_choose_then_the_fastest_that_agrees_ships_and_its_nearness_is_told():
    choices = decided(float_tensor_rung(), tensor_rung())
    assert choices["int8"].decision == "ship" and choices["int8"].reason == (
        "the fastest that the limits allow, 2.00x the speed of float32, 0.28 of its size, agreement 99.00 "
        "(98.00-100.00) % against Keras"
    )
    assert choices["float32"].decision == "alternative"
    assert choices["float32"].reason == "against int8: 1.00 % of agreement better; that is 2.00x faster, 0.28x the size"


@pytest.mark.parametrize(
    ("quality", "near", "far"),
    [
        (Quality("agreement", 0.95), 0.95, 0.9),
        (Quality("cosine", 0.99), 0.991, 0.98),
        (Quality("snr_db", 20.0), 20.5, 19.0),
        (OWN, 0.9, 0.89),
        (Quality("mine:error", 0.2, is_error=True), 0.2, 0.25),
    ],
)
def test_choose_when_the_metric_misses_its_limit_then_forbidden_and_its_near_twin_is_not(quality, near, far):
    for value, decisions in ((near, {"ship"}), (far, {"forbidden"})):
        figures = dict(agreement=value, cosine=min(1.0, value), snr_db=value)
        found = nearness(value, 0.001, metric=quality.metric, is_error=quality.is_error, **figures)
        choice = decided(float_tensor_rung(), tensor_rung(accuracy=found), quality=quality)["int8"]
        assert {choice.decision} == decisions, choice
        assert choice.decision == "ship" or choice.reason.startswith("quality: ")


def test_choose_when_few_examples_miss_the_limit_then_not_measured_and_more_are_asked_for():
    few = nearness(0.9, 0.08, examples=10, agreement=0.9)
    few = dataclasses.replace(few, outputs={k: dataclasses.replace(v, num_examples=10) for k, v in few.outputs.items()})
    choice = decided(float_tensor_rung(), tensor_rung(accuracy=few))["int8"]
    assert choice.decision == "not_measured" and "give more examples" in choice.reason


def test_choose_when_the_gap_is_a_tenth_of_what_the_limit_allows_then_as_accurate():
    near, far = nearness(0.996, 0.0001), nearness(0.994, 0.0001)  # A tenth of 5 % is 0.5 %.
    choices = decided(float_tensor_rung(accuracy=nearness(1.0, 0.0)), tensor_rung(accuracy=near))
    assert choices["float32"].decision == "dominated"
    assert decided(float_tensor_rung(accuracy=nearness(1.0, 0.0)), tensor_rung(accuracy=far))["float32"].decision == (
        "alternative"
    )


def test_choose_when_emulated_then_few_examples_forbid_only_what_they_are_sure_of():
    floats = float_tensor_rung(target=ARM, milliseconds=None)
    unsure = tensor_rung(target=ARM, milliseconds=None, accuracy=nearness(0.94, 0.05, agreement=0.94))
    assert decided(floats, unsure)["int8"].decision == "ship"
    assert "(of 100 examples)" in decided(floats, unsure)["int8"].reason
    surely = tensor_rung(target=ARM, milliseconds=None, accuracy=nearness(0.5, 0.05, agreement=0.5))
    assert decided(floats, surely)["int8"].decision == "forbidden"
    stands = tensor_rung(
        target=ARM, milliseconds=None, accuracy=nearness(0.96, 0.04), stand_in=nearness(0.8, 0.01, agreement=0.8)
    )
    choice = decided(floats, stands)["int8"]
    assert choice.decision == "forbidden" and "100 examples here agree" in choice.reason


def test_report_of_tensors_is_read_as_written_and_only_with_limits_of_its_kind(tmp_path):
    report = climbed(float_tensor_rung(), tensor_rung(test_accuracy=nearness(0.98)), refused(), quality=None)
    assert LadderReport.from_json(json.loads(json.dumps(report.to_json()))) == report
    assert read_ladder(write_ladder(tmp_path / "r.json", report)) == report
    for rungs, settings in (([float_rung()], tensor_config()), ([float_tensor_rung()], None)):
        with pytest.raises(ConfigError, match="of the kind that the limits are of"):
            ladder(*rungs, **({"config": settings} if settings else {}))


def test_limits_without_a_quality_are_written_as_they_always_were():
    assert "quality" not in ladder(float_rung()).to_json()["config"]["limits"]
    assert accuracy().to_json().keys() >= {"wer", "per"}


def test_lines_then_a_row_a_recipe_with_the_metric_and_its_interval():
    report = climbed(float_tensor_rung(), tensor_rung(test_accuracy=nearness(0.9876, 0.002)), refused())
    lines = ladder_lines(report)
    (row,) = [line for line in lines if line.startswith("  int8")]
    assert row.split() == ["int8", *"99.00 (98.00-100.00) 30.0 3 0.522 2.00x 1.90 21.3 3 ship".split()]
    assert lines[1].split("  ")[1] == "recipe" and "agreement %" in lines[1] and "WER" not in "\n".join(lines)
    assert lines[-2] == (
        "ship on ai-edge-litert 2.3.0 x86_64: int8, on 100 examples that nothing was chosen by agreement 98.76 "
        "(98.56-98.96) % against Keras"
    )
    said = "\n".join(lines)
    assert "Chosen on 100 held-out examples, scored afterwards on 100 others; agreement of the output" in said
    assert "Forbidden is what has agreement below 95.00 %, is larger than 1.00 of float32" in said
    assert "| agreement % |" in ladder_markdown(report)


def test_lines_when_the_metric_is_a_users_then_what_is_lost_is_a_column():
    found = nearness(0.95, 0.02, metric="mine:accuracy")
    report = climbed(float_tensor_rung(accuracy=nearness(1.0, 0.0, metric="mine:accuracy")),
                     tensor_rung(accuracy=found), quality=OWN)  # fmt: skip
    lines = ladder_lines(report)
    (row,) = [line for line in lines if line.startswith("  int8")]
    assert row.split()[1:6] == ["0.95", "(0.93-0.97)", "+0.05", "(+0.03", "+0.07)"]
    assert any("has accuracy below 0.9," in line for line in lines)


def test_lines_when_several_signatures_then_each_has_its_time_and_partitions():
    times = dataclasses.replace(
        made.latency(entry="signatures", runs=1000),
        samples_ms=(1.0, 9.0) * 500,
        num_sources=2,
        calls=("first", "second"),
    )
    parts = {"first": 1, "second": 2}
    text = "\n".join(ladder_lines(climbed(float_tensor_rung(latency=times, partitions=parts))))
    assert "first 1.00 second 9.00" in text and "first 1 second 2" in text


def test_shares_are_cut_and_never_rounded_up_to_100():
    found = nearness(0.999996, 0.0000001)
    assert Nearness(Quality("agreement", 0.95)).against_keras(found).startswith("agreement 99.99 (")


def test_draw_front_of_tensors_then_a_picture_that_follows_the_metric():
    rungs = float_tensor_rung(), tensor_rung()
    one = draw_front(climbed(*rungs))
    assert one.startswith(b"\x89PNG") and one == draw_front(climbed(*rungs))
    assert one != draw_front(climbed(float_tensor_rung(), tensor_rung(accuracy=nearness(0.97))))
    assert draw_front(climbed(refused())).startswith(b"\x89PNG")
