from __future__ import annotations

import pytest

from tests.fake_phone import SERIAL, put_on_path
from tfedge.devices.android.adb import Adb


@pytest.fixture
def phone(tmp_path, monkeypatch):
    """A phone with the app, on a cable."""
    return put_on_path(tmp_path / "phone", monkeypatch)


@pytest.fixture
def adb(phone):
    """adb with that phone chosen."""
    return Adb(phone.adb, SERIAL)
