"""CMUdict, read once."""

from __future__ import annotations

import pytest

from tfedge.tasks import g2p


@pytest.fixture(scope="session")
def cmudict():
    """The task g2p with its own data."""
    return g2p.load()
