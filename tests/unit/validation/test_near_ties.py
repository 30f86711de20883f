from __future__ import annotations

import numpy as np
import pytest

from tfedge.modelfile.pack import read_pack
from tfedge.validation.case_trace import Numbers
from tfedge.validation.near_ties import Fork, tie_of, ties_of
from tfedge.validation.stage_tolerance import tolerance_of

DYNAMIC, STATIC = tolerance_of("dynamic_wi8_afp32"), tolerance_of("static_wi8_ai8")
LOGITS = Numbers(np.array([[-3.0, 0.0, 1.0, 1.1, 4.0, 4.05]], np.float32))


@pytest.mark.parametrize(
    ("expected", "actual", "is_near"), [(4, 5, True), (5, 4, True), (5, 3, False), (5, 0, False), (5, 6, False)]
)
def test_tie_of_when_two_logits_are_closer_than_rounding_then_near(expected, actual, is_near):
    assert tie_of(LOGITS, expected, actual, DYNAMIC).is_near == is_near


def test_ties_of_when_the_file_is_asked_then_its_own_logits_at_that_step(root):
    pack = read_pack(root / "models/g2p/g2p.tflite")
    case = next(each for each in pack.golden if each.name == "random_0")
    answer = case.expected_ids["keras"]
    forks = [
        Fork("runner_up", case.source_ids, answer[:3], answer[3], 5),  # 0.28 apart, of a deviation of 1.14.
        Fork("wrong", case.source_ids, answer[:3], answer[3], 40),
    ]
    ties = ties_of(pack, "ai-edge-litert", forks, STATIC)
    assert ties["runner_up"].gap == pytest.approx(0.283, abs=0.1)
    assert ties["runner_up"].is_near and not ties["wrong"].is_near
    assert not ties_of(pack, "ai-edge-litert", forks[:1], DYNAMIC)["runner_up"].is_near
