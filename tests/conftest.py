"""What every test may use."""

from __future__ import annotations

import pathlib

import pytest


@pytest.fixture(scope="session")
def root() -> pathlib.Path:
    """The folder of the repository."""
    return pathlib.Path(__file__).resolve().parent.parent
