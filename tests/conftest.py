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


@pytest.fixture(scope="session", autouse=True)
def session_cache(tmp_path_factory):
    """The folder of installed targets: `TFEDGE_CACHE` where it is set, else one that is gone after the tests."""
    with pytest.MonkeyPatch.context() as patch:
        if "TFEDGE_CACHE" not in os.environ:
            patch.setenv("TFEDGE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield os.environ["TFEDGE_CACHE"]


@pytest.fixture(scope="session")
def arm(session_cache):
    """The environments of the two pinned runtimes on emulated ARM, by target; set up once, about 20 s."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TFEDGE_CACHE", session_cache)  # a test may have set another one while it asks for this
        found = add_targets([RuntimeTarget.parse(text) for text in ARM_TARGETS])
    return dict(zip(ARM_TARGETS, found, strict=True))
