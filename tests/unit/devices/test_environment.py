from __future__ import annotations

import dataclasses
import platform
import shutil

import pytest

from tests.conftest import ARM_TARGETS
from tfedge.devices import environment
from tfedge.errors import ArtifactError, ConfigError, DeviceError, RuntimeUnavailableError
from tfedge.runtime import environments, targets
from tfedge.runtime.client import Worker
from tfedge.runtime.environments import find_environment, installed_environments
from tfedge.runtime.targets import RuntimeTarget

# A small wheel that is here anyway: another release than this Python's own would be a longer download.
HERE = RuntimeTarget("tflite-runtime", "2.14.0", platform.machine())


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder."""
    monkeypatch.setenv("TFEDGE_CACHE", str(tmp_path / "cache"))
    return environments.cache_folder()


class Listener:
    """A reporter that remembers what it heard."""

    def __init__(self):
        self.heard = []

    def stage(self, title):
        self.heard.append(title)

    def say(self, text):
        self.heard.append(text)

    def bar(self, label, total):
        self.total, self.notes, self.done = total, [], 0
        return self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def advance(self, amount=1, note=""):
        self.notes += [note] if note else []
        self.done += amount


def test_add_targets_when_this_python_has_it_installs_nothing(cache):
    (found,) = environment.add_targets([HERE])
    assert found == find_environment(HERE)
    assert not cache.exists()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A cache folder with an installation of what this Python has too, and what was heard while it was made."""
    listener, folder = Listener(), tmp_path_factory.mktemp("installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TFEDGE_CACHE", str(folder))
        environment.add_targets([HERE], force=True, reporter=listener)
    return folder, listener


@pytest.fixture
def installed(made, monkeypatch):
    """The folder of `made`, in use, and its listener."""
    monkeypatch.setenv("TFEDGE_CACHE", str(made[0]))
    return environments.cache_folder(), made[1]


def unfinished(cache):
    return list(cache.rglob(".partial*"))


def test_add_targets_when_forced_installs_an_environment_of_its_own(installed, monkeypatch):
    cache, listener = installed
    expected = ["tflite-runtime 2.14.0", f"numpy {environment.NUMPY}", "checking tflite-runtime on x86_64"]
    assert listener.notes == expected
    assert len(expected) == listener.total == listener.done
    monkeypatch.setattr(targets, "installed_targets", lambda: ())  # as in a Python without it
    found = find_environment(HERE)
    assert "-S" in found.command and str(cache) in found.variables["PYTHONPATH"]
    with Worker(found) as worker:
        assert worker.info.target == HERE
    assert [entry.target for entry in installed_environments()] == [HERE]


def test_add_targets_when_the_self_check_fails_keeps_what_was_there(installed, monkeypatch):
    cache, _ = installed
    before = environments.folder_of(HERE).stat().st_ino
    monkeypatch.setattr(environment, "_command", lambda arch: ("/bin/false",))
    with pytest.raises(DeviceError, match="to run a tiny model"):
        environment.add_targets([HERE], force=True)
    assert environments.folder_of(HERE).stat().st_ino == before
    assert unfinished(cache) == []


def test_remove_target_when_it_was_the_last_leaves_no_file(installed):
    cache, _ = installed
    environment.remove_target(HERE)
    assert [path for path in cache.rglob("*") if path.is_file() and path.name != ".lock"] == []
    with pytest.raises(ConfigError, match="is not there"):
        environment.remove_target(HERE)


def test_add_targets_when_arm_was_added_finds_each_core(arm):
    again = Listener()
    asked = [dataclasses.replace(RuntimeTarget.parse(ARM_TARGETS[0]), core=core) for core in ("", *targets.CORES)]
    found = environment.add_targets(asked, reporter=again)
    assert again.heard == []  # nothing was left to do
    assert [entry.command[2] for entry in found] == ["cortex-a72", *targets.CORES]


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("android-tflite==2.16.1@arm64-v8a", ConfigError, "library inside Android apps"),
        ("tflite-runtime==2.14.0@riscv64", DeviceError, "run it on a machine of riscv64"),
        ("tflite-runtime==2.14.9@x86_64", ConfigError, "2.14.0; got '2.14.9'; did you mean 2.14.0"),
    ],
)
def test_add_targets_when_it_cannot_be_installed_says_why(cache, text, error, said):
    with pytest.raises(error, match=said):
        environment.add_targets([RuntimeTarget.parse(text)])
    assert list(cache.glob(f"*/*/{environments.RECORD}")) == []


def test_add_targets_when_one_of_several_is_impossible_installs_none(cache):
    with pytest.raises(ConfigError, match="Android"):
        environment.add_targets([HERE, RuntimeTarget.parse("android-tflite==2.16.1@x86_64")], force=True)
    assert not cache.exists()


def test_add_targets_when_the_cache_cannot_be_written_says_so(monkeypatch):
    monkeypatch.setenv("TFEDGE_CACHE", "/dev/null/cache")
    with pytest.raises(ArtifactError, match="set TFEDGE_CACHE"):
        environment.add_targets([HERE], force=True)


def test_add_targets_when_arm_is_asked_for_elsewhere_names_what_is_needed(cache, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))  # a machine without apt's tools
    with pytest.raises(DeviceError, match="apt-get is missing"):
        environment.add_targets([RuntimeTarget.parse(ARM_TARGETS[0])])
    assert not cache.exists()


def test_remove_target_when_it_is_not_in_the_cache_says_so(cache):
    with pytest.raises(ConfigError, match="tflite-runtime==2.14.0@x86_64 is not there"):
        environment.remove_target(HERE)


def test_remove_target_when_another_release_is_left_keeps_what_they_share(arm, cache):
    shared = ("board", f"numpy-{environment.NUMPY}-cp311")
    records = [environments.folder_of(RuntimeTarget.parse(text)) for text in ARM_TARGETS]
    for folder in records:
        folder.mkdir(parents=True)
        environments.write_record(folder, ("x",), {})
    for name in shared:
        (cache / "aarch64" / name).mkdir()
    environment.remove_target(RuntimeTarget.parse(f"{ARM_TARGETS[0]}:cortex-a53"))
    assert sorted(path.name for path in (cache / "aarch64").iterdir()) == sorted([*shared, records[1].name])
    environment.remove_target(RuntimeTarget.parse(ARM_TARGETS[1]))
    assert list((cache / "aarch64").iterdir()) == []


def test_find_environment_when_the_folder_was_deleted_asks_to_install(cache, monkeypatch):
    folder = environments.folder_of(RuntimeTarget.parse(ARM_TARGETS[0]))
    folder.mkdir(parents=True)
    environments.write_record(folder, ("x",), {})
    shutil.rmtree(folder)
    with pytest.raises(RuntimeUnavailableError, match="tfedge targets add"):
        find_environment(RuntimeTarget.parse(ARM_TARGETS[0]))
