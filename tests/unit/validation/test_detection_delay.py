from __future__ import annotations

import numpy as np
import pytest

from tfedge.errors import InputError
from tfedge.validation.detection_delay import DetectionDelay, detection_delay

LABELS = np.array([0, 1, 1, 1, 0, 0, 1, 0, 1, 1])


def test_delay_when_the_third_row_of_a_segment_rings_then_two():
    scores = np.array([0, 0, 0, 5, 0, 0, 5, 0, 0, 0.0])
    assert detection_delay(scores, LABELS, 5.0) == DetectionDelay(3, 2, 1.0, 2, 0.0)


def test_delay_when_nothing_rings_then_none_is_told():
    assert detection_delay(np.zeros(10), LABELS, 1.0) == DetectionDelay(3, 0, None, None, 0.0)


def test_delay_when_a_normal_row_rings_then_a_false_alarm_and_no_earlier_detection():
    scores = np.array([9, 0, 0, 0, 9, 0, 0, 0, 0, 0.0])
    assert detection_delay(scores, LABELS, 1.0) == DetectionDelay(3, 0, None, None, 500.0)


@pytest.mark.parametrize("labels", [np.zeros(3), np.ones(3), np.array([0, 1])])
def test_delay_when_one_kind_is_missing_or_lengths_differ_then_refused(labels):
    with pytest.raises(InputError, match="expected"):
        detection_delay(np.zeros(3), labels, 1.0)
