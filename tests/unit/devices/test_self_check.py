from __future__ import annotations

import dataclasses

import pytest

from tests.conftest import ARM_TARGETS
from tfedge.devices import self_check
from tfedge.errors import DeviceError
from tfedge.runtime import targets
from tfedge.runtime.environments import find_environment


@pytest.mark.parametrize("target", targets.installed_targets(), ids=str)
def test_check_when_the_runtime_computes_returns(target, tmp_path):
    self_check.check(find_environment(target), tmp_path)


def test_check_when_the_emulated_core_computes_int8_wrongly_says_so(arm, tmp_path):
    """QEMU 7.2's own default core is silently wrong in LiteRT's int8 kernels: what the check is there to find."""
    environment = arm[ARM_TARGETS[1]]
    words = ["max" if word == "cortex-a72" else word for word in environment.command]
    self_check.check(environment, tmp_path)
    with pytest.raises(DeviceError, match="to compute int8 within 0.0625; it is .* away"):
        self_check.check(dataclasses.replace(environment, command=tuple(words)), tmp_path)


def test_check_when_the_environment_does_not_start_says_so(tmp_path):
    target = targets.installed_targets()[0]
    environment = dataclasses.replace(find_environment(target), command=("/no/python",))
    with pytest.raises(DeviceError, match="expected .* to run a tiny model.*No such file"):
        self_check.check(environment, tmp_path)
