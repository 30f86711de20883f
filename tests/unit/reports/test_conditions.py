from __future__ import annotations

import importlib.metadata
import os
import platform

import pytest

from tfedge.errors import ConfigError
from tfedge.reports import conditions
from tfedge.reports.conditions import Conditions


def test_here_then_this_machine():
    here = Conditions.here()
    assert here.machine == platform.machine()
    assert 1 <= here.cores <= os.cpu_count()
    assert here.python == platform.python_version()
    assert here.packages["numpy"] == importlib.metadata.version("numpy")
    assert here.cpu and here.os
    assert Conditions.from_json(here.to_json()) == here


def test_here_when_a_package_is_missing_then_it_is_left_out(monkeypatch):
    monkeypatch.setattr(conditions, "MEASURED_PACKAGES", ("numpy", "no-such-package"))
    assert set(Conditions.here().packages) == {"numpy"}


def test_here_when_there_is_no_os_release_then_the_kernel_is_named(monkeypatch):
    def missing():
        raise OSError("no os-release")

    monkeypatch.setattr(platform, "freedesktop_os_release", missing)
    assert Conditions.here().os == f"{platform.system()} {platform.release()}"


@pytest.mark.parametrize(
    "change", [{"cores": True}, {"cores": 0}, {"cpu": None}, {"python": 3.11}, {"packages": ["numpy"]}, {"ram": 1}]
)
def test_from_json_when_illegal_then_refused(change):
    with pytest.raises(ConfigError):
        Conditions.from_json({**Conditions.here().to_json(), **change})
