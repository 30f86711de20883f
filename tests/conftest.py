"""What every test may use."""

from __future__ import annotations

import os
import pathlib

import pytest

from tfedge.devices.environment import add_targets
from tfedge.runtime.targets import RuntimeTarget

# The two releases that tfedge is pinned to, on an emulated Cortex-A72.
ARM_TARGETS = ("tflite-runtime==2.14.0@aarch64", "ai-edge-litert==2.3.0@aarch64")


@pytest.fixture(scope="session")
def root() -> pathlib.Path:
    """The folder of the repository."""
    return pathlib.Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def arm(tmp_path_factory):
    """The environments of the two pinned runtimes on emulated ARM, by target; set up once, about 20 s.

    They are installed by the public function, into `TFEDGE_CACHE` where it is set and else into a folder that is
    gone after the tests.
    """
    if "TFEDGE_CACHE" not in os.environ:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TFEDGE_CACHE", str(tmp_path_factory.mktemp("cache")))
            yield _added()
    else:
        yield _added()


def _added():
    return dict(zip(ARM_TARGETS, add_targets([RuntimeTarget.parse(text) for text in ARM_TARGETS]), strict=True))
