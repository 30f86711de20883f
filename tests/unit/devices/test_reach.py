from __future__ import annotations

import platform

import pytest

from tests.unit.devices import ssh_here
from tfedge.devices.reach import reach
from tfedge.errors import ConfigError, RuntimeUnavailableError
from tfedge.runtime import targets

INSTALLED = {target.name: target for target in targets.installed_targets()}


@pytest.mark.parametrize("runtime", [None, *INSTALLED])
def test_reach_when_local_then_the_runtime_of_this_python(runtime):
    found = reach(runtime=runtime)
    assert found.environment.target == INSTALLED[runtime or "ai-edge-litert"]
    assert (found.kind, found.environment.board) == ("local", None)


def test_reach_when_a_target_of_this_machine_then_local():
    found = reach(str(INSTALLED["ai-edge-litert"]))
    assert (found.kind, found.environment.target.arch) == ("local", platform.machine())


def test_reach_when_an_emulated_target_then_its_core_is_the_name(arm):
    found = reach("ai-edge-litert==2.3.0@aarch64:cortex-a76")
    assert (found.kind, found.name) == ("emulated_arm", "emulated cortex-a76")


def test_reach_when_over_ssh_then_the_board_says_what_it_is(tmp_path, monkeypatch):
    machine = ssh_here.install(tmp_path, monkeypatch)
    found = reach(f"ssh:pi:{machine.python()}", "tflite-runtime")
    assert (found.kind, found.name, found.environment.target.name) == ("ssh", "pi", "tflite-runtime")
    assert found.os


@pytest.mark.parametrize(
    ("device", "runtime", "said"),
    [
        ("locl", None, "expected local, a target such as"),
        ("", None, "expected local"),
        ("ssh:", None, "expected a host's name"),
        ("local", "litert", "runtime must be one of"),
        ("ssh:pi", "onnx", "runtime must be one of"),
        ("ai-edge-litert==2.3.0@aarch64", "tflite-runtime", "leave it out"),
        ("ai-edge-litert==2.3.0", None, "expected a target in the form"),
    ],
)
def test_reach_when_the_words_are_wrong_then_config_error(device, runtime, said):
    with pytest.raises(ConfigError, match=said):
        reach(device, runtime)


def test_reach_when_the_target_is_not_installed_then_says_what_installs_it():
    with pytest.raises(RuntimeUnavailableError, match="tfedge targets add ai-edge-litert==9.9.9@aarch64"):
        reach("ai-edge-litert==9.9.9@aarch64")
