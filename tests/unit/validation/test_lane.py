from __future__ import annotations

import numpy as np
import pytest

from tests import models
from tests.models import behaving
from tests.unit.validation.conftest import LITERT, TFLITE
from tfedge.errors import WorkerError
from tfedge.runtime.environments import find_environment
from tfedge.runtime.limits import Limits
from tfedge.validation.lane import Lane

X = np.ones((1, 16), np.float32)


def test_load_when_a_file_killed_the_last_process_starts_another(tflite, checked):
    worker = tflite.load(checked(behaving.slices(behaving.FAR)).path)
    with pytest.raises(WorkerError) as caught:
        worker.run("serving_default", {"x": X[:, :8]})
    assert caught.value.kind == "crashed"
    assert tflite.load(checked(models.dense()).path).run("serving_default", {"x": X})["y"].shape == (1, 8)


def test_load_when_a_time_is_given_holds_for_that_file_alone(checked):
    with Lane(find_environment(LITERT), timeout_s=30) as lane:
        worker = lane.load(checked(behaving.endless()).path, timeout_s=0.3)
        with pytest.raises(WorkerError, match=r"within 0\.3 s") as caught:
            worker.run("serving_default", {"x": X[:, :8]})
        assert caught.value.kind == "timed_out"
        assert lane.load(checked(models.dense()).path).process.timeout_s == 30


def test_load_when_a_file_wants_more_memory_than_it_may_have_says_so(checked):
    with Lane(find_environment(TFLITE), limits=Limits(address_space_bytes=64 * 2**20)) as lane:
        with pytest.raises(WorkerError) as caught:
            lane.load(checked(behaving.tiles(2**8)).path).run("serving_default", {"x": X[:, :1]})
        assert caught.value.kind == "out_of_memory"
        assert lane.load(checked(behaving.tiles(1)).path).run("serving_default", {"x": X[:, :1]})["y"] == 1


def test_close_when_done_leaves_no_process(checked):
    with Lane(find_environment(LITERT)) as lane:
        process = lane.load(checked(models.dense()).path).process
        assert process.is_alive
    assert not process.is_alive
