from __future__ import annotations

import dataclasses
import platform
import sys

import pytest

from tests.golden import autokey
from tfedge.errors import ArtifactError, ConfigError, RuntimeUnavailableError
from tfedge.runtime import environments, targets
from tfedge.runtime.client import Worker
from tfedge.runtime.environments import Environment, find_environment, installed_environments
from tfedge.runtime.targets import RuntimeTarget

LITERT = RuntimeTarget("ai-edge-litert", "9.9.9", "aarch64")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder."""
    monkeypatch.setenv("TFEDGE_CACHE", str(tmp_path))
    return environments.cache_folder()


def record(target, command=("{cache}/emulator", "-cpu", "{core}")):
    folder = environments.folder_of(target)
    folder.mkdir(parents=True)
    environments.write_record(folder, command, {"PYTHONPATH": "{cache}/site"})


def test_find_environment_when_installed_here_is_this_python(cache):
    for target in targets.installed_targets():
        assert find_environment(target) == Environment(target, (sys.executable,))


def test_find_environment_when_recorded_fills_in_cache_and_core(cache):
    record(LITERT)
    command, variables = (f"{cache}/emulator", "-cpu", "cortex-a72"), {"PYTHONPATH": f"{cache}/site"}
    assert find_environment(LITERT) == Environment(LITERT, command, variables)
    other = dataclasses.replace(LITERT, core="cortex-a76")
    assert find_environment(other).command[-1] == "cortex-a76"


def test_find_environment_when_missing_names_the_command_that_installs(cache):
    with pytest.raises(RuntimeUnavailableError, match="run: tfedge targets add ai-edge-litert==9.9.9@aarch64$"):
        find_environment(LITERT)


def test_find_environment_when_another_version_is_here_asks_for_the_right_one(cache):
    here = RuntimeTarget("ai-edge-litert", "9.9.9", platform.machine())
    with pytest.raises(RuntimeUnavailableError, match="run: tfedge targets add"):
        find_environment(here)


def test_find_environment_when_folder_has_no_record_is_not_installed(cache):
    environments.folder_of(LITERT).mkdir(parents=True)
    with pytest.raises(RuntimeUnavailableError):
        find_environment(LITERT)
    assert LITERT not in [environment.target for environment in installed_environments()]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"command": []}', '{"command": [], "variables": {}}'])
def test_find_environment_when_record_is_damaged_says_how_to_renew_it(cache, text):
    record(LITERT)
    (environments.folder_of(LITERT) / environments.RECORD).write_text(text)
    with pytest.raises((ArtifactError, ConfigError), match="environment.json|command of one or more"):
        find_environment(LITERT)


def test_find_environment_when_android_says_what_is_needed(cache):
    with pytest.raises(RuntimeUnavailableError, match="device"):
        find_environment(RuntimeTarget.parse("android-tflite==2.16.1@arm64-v8a"))


def test_installed_environments_when_arm_is_recorded_lists_every_core(cache):
    record(LITERT)
    found = [environment.target for environment in installed_environments()]
    assert found[: len(targets.installed_targets())] == list(targets.installed_targets())
    assert [target.core for target in found if target.version == "9.9.9"] == list(targets.CORES)


def test_installed_environments_when_a_strange_folder_is_there_leaves_it_alone(cache):
    stranger = cache / "aarch64" / "other-1.0"
    stranger.mkdir(parents=True)
    (stranger / environments.RECORD).write_text("{}")
    assert len(installed_environments()) == len(targets.installed_targets())


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"TFEDGE_CACHE": "/a"}, "/a/targets-1"),
        ({"TFEDGE_CACHE": "", "XDG_CACHE_HOME": "/b"}, "/b/tfedge/targets-1"),
        ({"HOME": "/c"}, "/c/.cache/tfedge/targets-1"),
    ],
)
def test_cache_folder_when_variables_are_set_follows_them(monkeypatch, variables, expected):
    for name in ("TFEDGE_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert str(environments.cache_folder()) == expected


@pytest.mark.parametrize("command", [(), ("",), (1,)])
def test_environment_when_command_is_no_text_is_refused(command):
    with pytest.raises(ConfigError, match="command of one or more words"):
        Environment(LITERT, command)


def test_worker_when_given_an_environment_runs_in_it():
    target = targets.installed_targets()[0]
    with Worker(find_environment(target)) as worker:
        assert worker.info.target == target
        assert worker.load(autokey.MODEL) == autokey.FACTS["sha256"]


def test_worker_when_environment_holds_another_version_says_so():
    wrong = dataclasses.replace(targets.installed_targets()[0], version="0.0.1")
    with pytest.raises(RuntimeUnavailableError, match="expected .*==0.0.1.*answered"):
        Worker(Environment(wrong, (sys.executable,))).__enter__()
