from __future__ import annotations

import pytest

from tests.unit.reports import sample_reports as made
from tests.unit.reports.ladder_samples import ARM, accuracy, config, float_rung, ladder, refused, rung
from tfedge.checks.verdict import Finding
from tfedge.errors import ConfigError
from tfedge.reports.ladder_choice import Choice, choose, not_converted
from tfedge.reports.rung import Rung


def decided(*rungs, **settings):
    """Returns recipe -> choice."""
    return {choice.recipe: choice for choice in choose(rungs, config(**settings))}


def test_choose_then_the_fastest_ships_and_float_is_dominated():
    choices = decided(float_rung(), rung())
    assert choices["int8"].decision == "ship"
    assert choices["int8"].reason == (
        "the best that the limits allow, 2.00x the speed of float32, 0.28 of its size, +0.05 +-0.10 points of WER "
        "against Keras"
    )
    assert (choices["float32"].decision, choices["float32"].by) == ("dominated", "int8")
    assert choices["float32"].reason == "int8 is 2.00x faster, 0.28x the size, and no worse"


def test_choose_when_float_is_more_accurate_beyond_the_margin_then_an_alternative():
    choices = decided(float_rung(), rung(lost=0.2))
    assert choices["int8"].decision == "ship" and choices["float32"].decision == "alternative"
    assert choices["float32"].reason == (
        "against int8: 0.20 points of WER better; that is 2.00x faster, 0.28x the size"
    )


def test_choose_when_another_is_as_good_then_both_stay():
    choices = decided(float_rung(), rung("a"), rung("b"))
    assert (choices["a"].decision, choices["b"].decision) == ("ship", "alternative")
    assert choices["b"].reason == "as good as a"


@pytest.mark.parametrize(
    ("changes", "gate", "number"),
    [
        (dict(times=0.94), "speed", "0.94x the speed of float32"),
        (dict(lost=0.51), "accuracy", r"lost \+0.51 points"),
        (dict(megabytes=6.9), "size", "1.015 of the float file's 6.80 MB"),
        (dict(findings=(Finding("golden_cases", "fail", "9 of 9 differ"),)), "golden_cases", "9 of 9 differ"),
    ],
)
def test_choose_when_a_limit_is_broken_then_forbidden_with_the_number(changes, gate, number):
    choice = decided(float_rung(), rung(**changes))["int8"]
    assert choice.decision == "forbidden"
    assert choice.finding.verdict == "fail"
    with pytest.raises(AssertionError, match=f"^{gate}: .*{number}"):
        raise AssertionError(choice.reason)


@pytest.mark.parametrize(
    "changes", [dict(times=0.95), dict(lost=0.4), dict(megabytes=6.8), dict(findings=(Finding("a", "pass", "fine"),))]
)
def test_choose_when_a_limit_is_just_kept_then_allowed(changes):
    assert decided(float_rung(), rung(**changes))["int8"].decision != "forbidden"


def test_choose_when_several_limits_are_broken_then_the_first_is_told_and_the_others_named():
    choice = decided(float_rung(), rung(lost=1.0, times=0.5))["int8"]
    assert choice.reason.startswith("accuracy: ") and choice.reason.endswith("(also: speed)")


def test_choose_when_limits_are_wider_then_the_same_rung_is_allowed():
    slow = rung(times=0.5, milliseconds=2.0)
    assert decided(float_rung(), slow)["int8"].decision == "forbidden"
    assert decided(float_rung(), slow, min_speedup=0)["int8"].decision == "alternative"
    assert decided(float_rung(), slow, min_speedup=0, prefer="size")["int8"].decision == "ship"


def test_choose_when_a_megabyte_is_the_limit_then_what_is_larger_is_forbidden():
    choices = decided(float_rung(), rung(), max_bytes=2_000_000)
    assert [choices[name].decision for name in ("float32", "int8")] == ["forbidden", "ship"]


def test_choose_when_static_rules_forbid_then_the_rule_is_named():
    choice = decided(float_rung(), refused())["int4"]
    assert choice.decision == "forbidden" and choice.reason == "low_bit_weights: int4 weights are read as int8"


def test_choose_when_the_converter_refused_then_forbidden():
    nothing = Rung("static", made.LITERT, False, findings=(not_converted(ValueError("no such kernel")),))
    choice = decided(float_rung(), nothing)["static"]
    assert choice.decision == "forbidden" and choice.reason == "converts: no such kernel"


def test_choose_when_words_are_too_few_to_tell_then_not_measured_and_more_are_asked_for():
    unsure = rung(accuracy=accuracy(0.3, margin=0.25))  # Surely worse than Keras, perhaps beyond half a point.
    choice = decided(float_rung(), unsure)["int8"]
    assert choice.decision == "not_measured" and "measure more words" in choice.reason
    assert choice.finding.verdict == "not_measured"
    assert decided(float_rung(), rung(accuracy=accuracy(0.2, margin=0.25)))["int8"].decision == "ship"


def test_choose_when_emulated_then_few_words_and_no_latency_do_not_keep_it_from_shipping():
    few = accuracy(0.3, margin=0.25, words=40)
    measured = rung(target=ARM, milliseconds=None, accuracy=few)
    choices = decided(float_rung(target=ARM, milliseconds=None), measured)
    assert choices["int8"].decision == "ship"
    assert choices["int8"].reason.endswith("latency not measured (the target is emulated here)")


def test_choose_when_emulated_then_the_same_file_on_this_processor_stands_in():
    few = dict(target=ARM, milliseconds=None, accuracy=accuracy(0.0, margin=21.0, words=12))
    floats = float_rung(target=ARM, milliseconds=None)
    choices = decided(floats, rung(**few, stand_in=accuracy(0.6)))
    assert choices["int8"].decision == "forbidden" and "lost +0.60 points" in choices["int8"].reason
    assert "the same file and release on this processor" in choices["int8"].reason
    choices = decided(floats, rung(**few, stand_in=accuracy(0.05)))
    assert choices["int8"].decision == "ship" and "+0.05 +-0.10 points of WER" in choices["int8"].reason
    assert "(measured on this processor), latency not measured" in choices["int8"].reason
    unsure = accuracy(0.3, margin=0.25)
    assert decided(floats, rung(**few, stand_in=unsure))["int8"].decision == "not_measured"


def test_choose_when_emulated_and_few_words_are_sure_that_it_is_worse_then_forbidden():
    here = dict(target=ARM, milliseconds=None, stand_in=accuracy(0.05))
    floats = float_rung(target=ARM, milliseconds=None)
    worse = decided(floats, rung(**here, accuracy=accuracy(30.0, margin=20.0, words=12)))["int8"]
    assert worse.decision == "forbidden" and "lost +30.00" in worse.reason
    near = decided(floats, rung(**here, accuracy=accuracy(8.3, margin=20.0, words=12)))["int8"]
    assert near.decision == "ship"  # One word of twelve proves nothing.


def test_choose_when_a_busy_machine_tells_only_that_it_is_slower_then_forbidden():
    doubtful = dict(untimed="busy machine", speedup=None)
    slow = decided(float_rung(), rung(**doubtful, most_speedup=0.3))["int8"]
    assert slow.decision == "forbidden" and slow.reason.startswith("speed: at best 0.30x the speed of float32")
    assert decided(float_rung(), rung(**doubtful, most_speedup=0.95))["int8"].decision == "not_measured"


def test_choose_when_a_time_must_not_be_relied_on_then_it_decides_nothing():
    doubtful = dict(untimed="busy machine", speedup=None)
    rungs = (float_rung(milliseconds=0.1, **doubtful), rung(milliseconds=9.0, **doubtful))
    choices = decided(*rungs)
    assert choices["float32"].decision == "ship" and choices["float32"].reason.endswith("; not judged: int8")
    assert choices["int8"].decision == "not_measured" and "busy machine" in choices["int8"].reason
    # Where no speed is asked for, accuracy and size decide alone.
    choices = decided(*rungs, min_speedup=0)
    assert choices["int8"].decision == "ship" and "busy machine" in choices["int8"].reason
    assert choices["float32"].by == "int8"


def test_choose_when_float_does_not_run_there_then_nothing_is_slower_than_it():
    broken = float_rung(findings=(Finding("loads", "fail", "refused"),))
    assert decided(broken, rung(speedup=None))["int8"].decision == "ship"


def test_choose_when_all_are_forbidden_then_none_ships():
    choices = decided(float_rung(), rung(), max_bytes=1)
    assert {choice.decision for choice in choices.values()} == {"forbidden"}


@pytest.mark.parametrize(
    ("there", "prefer", "name"),
    [
        (dict(times=2.0), "latency", "int8"),
        (dict(times=0.5), "latency", "float32"),  # Forbidden on one target: no file for all.
        (dict(times=2.0), "accuracy", "int8"),
        (dict(times=2.0, lost=0.3), "accuracy", "float32"),  # The worst target counts.
    ],
)
def test_choose_everywhere_then_the_best_of_what_is_allowed_on_each_target(there, prefer, name):
    rungs = (float_rung(), rung(), float_rung(made.TFLITE), rung(target=made.TFLITE, **there))
    assert ladder(*rungs, config=config(prefer=prefer)).everywhere == name
    assert ladder(*rungs, config=config(max_bytes=1)).everywhere is None


def test_choose_everywhere_then_latency_is_the_mean_over_targets():
    slow, fast = rung("a", milliseconds=0.8), rung("a", milliseconds=0.2, target=made.TFLITE)
    even = [rung("b", milliseconds=0.5, target=target) for target in (made.LITERT, made.TFLITE)]
    floats = float_rung(), float_rung(made.TFLITE)
    assert ladder(*floats, slow, fast, *even).everywhere == "a"  # 0.4 ms against 0.5.
    assert [ladder(*floats, slow, fast, *even).shipped(target).recipe for target in (made.LITERT, made.TFLITE)] == [
        *("b", "a"),
    ]


def test_choose_when_rungs_are_of_two_targets_then_config_error():
    with pytest.raises(ConfigError, match="the rungs of one target"):
        choose((rung(), rung(target=made.TFLITE)), config())
    with pytest.raises(ConfigError, match="each recipe once"):
        choose((rung(), rung()), config())


@pytest.mark.parametrize(
    "wrong", [dict(decision="maybe"), dict(reason=""), dict(by="int8"), dict(decision="dominated")]
)
def test_choice_when_illegal_then_config_error(wrong):
    with pytest.raises(ConfigError):
        Choice(**{**dict(recipe="a", target=made.LITERT, decision="ship", reason="best"), **wrong})


def test_choice_then_its_finding_passes_where_it_may_be_shipped():
    finding = ladder(float_rung(), rung()).choices[1].finding
    assert (finding.gate, finding.verdict) == ("ladder", "pass") and finding.message.startswith("ship: the best")
