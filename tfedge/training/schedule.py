"""The learning rate: up, flat, down to zero."""

from __future__ import annotations


def learning_rate(step: int, total_steps: int, peak: float, warmup_steps: int, decay_share: float) -> float:
    """Returns the rate at `step` of `total_steps`: linear warm-up, a plateau, then linear decay to zero.

    The plateau makes a run extensible: a run resumed with more epochs repeats nothing. Warm-up takes at most a
    tenth of a short run.

    References:
        - Scaling Laws and Compute-Optimal Training Beyond Fixed Training Durations, https://arxiv.org/abs/2405.18392
    """
    warmup_steps = min(warmup_steps, max(1, total_steps // 10))
    rise = (step + 1) / warmup_steps
    fall = (total_steps - step) / max(1.0, decay_share * total_steps)
    return peak * max(0.0, min(1.0, rise, fall))
