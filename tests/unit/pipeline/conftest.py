"""The tiny task of tests/unit with test words, as the task `g2p` of this process."""

from __future__ import annotations

import dataclasses

import pytest

from tfedge.tasks import registry

TEST_WORDS = 24


@pytest.fixture
def data(tiny_data, monkeypatch):
    """What `load_task("g2p")` returns, whatever lexicon is named."""
    loaded = dataclasses.replace(tiny_data, train=tiny_data.train[TEST_WORDS:], test=tiny_data.train[:TEST_WORDS])
    monkeypatch.setitem(registry.LOADERS, "g2p", lambda _: loaded)
    return loaded


@pytest.fixture
def model_file(trained):
    """The `.keras` file of the tiny network."""
    return trained[1]
