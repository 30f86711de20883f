"""The built Android app; tools/check.py has begun to build it, and who asks for it here waits."""

from __future__ import annotations

import pathlib

import pytest

from tools.android import build


@pytest.fixture(scope="session")
def demo() -> pathlib.Path:
    """The folder android_demo, built and tested by Maven from the sources that stand there."""
    code = build.build()
    assert code == 0, build.summary()
    return build.DEMO


@pytest.fixture(scope="session")
def apk(demo) -> pathlib.Path:
    """The signed package."""
    return demo / "app" / "target" / "tfedge-demo.apk"
