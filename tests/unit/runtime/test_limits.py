from __future__ import annotations

import resource
import subprocess
import sys

import pytest

from tfedge.errors import ConfigError
from tfedge.runtime.limits import Limits, limit_address_space


@pytest.mark.parametrize("key", ["address_space_bytes", "cpu_seconds"])
@pytest.mark.parametrize("value", [0, -1, 1.5, True, "1"])
def test_limits_when_a_value_is_illegal_names_it(key, value):
    with pytest.raises(ConfigError, match=key):
        Limits(**{key: value})


def test_limit_address_space_when_set_from_outside_binds_the_process():
    code = "print(flush=True)\ninput()\ntry:\n    bytearray(1 << 28)\nexcept MemoryError:\n    print('refused')"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()  # only a Python that has started has its final size
        limit_address_space(process.pid, Limits(address_space_bytes=1 << 27))
        soft, hard = resource.prlimit(process.pid, resource.RLIMIT_AS)
        printed, _ = process.communicate(b"\n")
    assert soft == hard < 1 << 30
    assert printed == b"refused\n"
