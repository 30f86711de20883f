from __future__ import annotations

import pytest

from tfedge.training.schedule import learning_rate

# 1,000 steps, peak 0.1, 50 steps of warm-up, decay over the last 400.
RUN = {"total_steps": 1000, "peak": 0.1, "warmup_steps": 50, "decay_share": 0.4}


@pytest.mark.parametrize(
    ("step", "rate"),
    [
        *[(0, 0.1 / 50), (24, 0.05), (49, 0.1)],  # Up.
        *[(50, 0.1), (600, 0.1)],  # Flat.
        *[(700, 0.075), (800, 0.05), (999, 0.1 / 400), (1000, 0.0), (1200, 0.0)],  # Down.
    ],
)
def test_learning_rate_then_up_flat_down(step, rate):
    assert learning_rate(step, **RUN) == pytest.approx(rate)


def test_learning_rate_when_the_run_is_short_then_warm_up_takes_a_tenth():
    rates = [learning_rate(step, 100, 1.0, warmup_steps=300, decay_share=0.5) for step in range(100)]
    assert rates[9] == 1.0
    assert rates[:10] == pytest.approx([0.1 * (step + 1) for step in range(10)])


def test_learning_rate_when_the_run_is_one_step_then_the_peak():
    assert learning_rate(0, 1, 0.1, warmup_steps=300, decay_share=0.5) == 0.1


def test_learning_rate_when_nothing_decays_then_flat_to_the_end():
    assert learning_rate(999, 1000, 0.1, warmup_steps=1, decay_share=0.0) == 0.1


def test_learning_rate_when_a_run_is_made_longer_then_its_first_part_is_the_same():
    longer = {**RUN, "total_steps": 2000}
    assert [learning_rate(step, **RUN) for step in range(600)] == [learning_rate(step, **longer) for step in range(600)]
