from __future__ import annotations

from tests.unit.reports.ladder_samples import ARM, accuracy, config, float_rung, ladder, refused, rung
from tfedge.pipeline.ladder_plot import draw_front


def height(png):
    """Returns the height of a PNG in pixels."""
    assert png.startswith(b"\x89PNG")
    return int.from_bytes(png[20:24], "big")


def test_draw_front_then_a_panel_a_target():
    one = draw_front(ladder(float_rung(), rung(), refused()))
    two = draw_front(ladder(float_rung(), rung(), float_rung(target=ARM, milliseconds=None)))
    assert 1.8 < height(two) / height(one) < 2


def test_draw_front_then_a_decision_changes_the_picture():
    rungs = float_rung(), rung(lost=0.2)
    assert draw_front(ladder(*rungs)) == draw_front(ladder(*rungs))
    assert draw_front(ladder(*rungs)) != draw_front(ladder(*rungs, config=config(prefer="accuracy")))


def test_draw_front_when_emulated_then_what_stands_in_is_drawn():
    few = dict(target=ARM, milliseconds=None, accuracy=accuracy(0.0, margin=20.0, words=12))
    pictures = [draw_front(ladder(rung(**few, stand_in=accuracy(0.1, margin=margin)))) for margin in (0.1, 0.3)]
    assert pictures[0] != pictures[1]


def test_draw_front_when_nothing_was_measured_or_without_keras_then_drawn_all_the_same():
    paired = ("wer_minus_reference_points", "wer_minus_reference_low", "wer_minus_reference_high", "reference_wer")
    nothing = dict.fromkeys((*paired, "identical_share", "only_target_wrong", "only_reference_wrong", "mcnemar_p"))
    assert height(draw_front(ladder(refused()))) == height(draw_front(ladder(rung(accuracy=accuracy(**nothing)))))
