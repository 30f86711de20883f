from __future__ import annotations

import pytest

from tests.golden import autokey
from tfedge.runtime import targets
from tfedge.runtime.client import Worker

RUNTIMES = [target.name for target in targets.installed_targets()]


@pytest.fixture(params=RUNTIMES)
def runtime(request):
    """Name of each installed runtime."""
    return request.param


@pytest.fixture
def worker(runtime):
    """A started worker with the autokey model."""
    with Worker(runtime, timeout_s=30) as started:
        started.load(autokey.MODEL)
        yield started
