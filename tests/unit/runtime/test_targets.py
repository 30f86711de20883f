from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from tfedge.errors import ConfigError
from tfedge.runtime.targets import RuntimeTarget, check_runtime, installed_targets


def test_parse_when_formatted_gives_the_same_target():
    target = RuntimeTarget.parse("tflite-runtime==2.14.0@aarch64")
    assert target == RuntimeTarget("tflite-runtime", "2.14.0", "aarch64")
    assert str(target) == "tflite-runtime==2.14.0@aarch64"


@pytest.mark.parametrize(
    ("text", "core"),
    [
        ("ai-edge-litert==2.3.0@aarch64:cortex-a76", "cortex-a76"),
        ("tflite-runtime==2.14.0@aarch64", "cortex-a72"),
        ("android-tflite==2.16.1@arm64-v8a", "cortex-a72"),
        ("android-tflite==2.16.1@x86_64", ""),
    ],
)
def test_parse_when_given_a_core_or_none_says_what_is_emulated(text, core):
    target = RuntimeTarget.parse(text)
    assert (str(target), target.emulated_core) == (text, core)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ai-edge-litert==2.3.0@aarch64:cortex-a67", "did you mean 'cortex-a76'"),
        ("ai-edge-litert==2.3.0@x86_64:cortex-a76", "a core with aarch64 only"),
        ("ai-edge-litert==2.3.0@aarch64:", "name==version@arch:core"),
        ("ai-edge-litert==2.3.0@arm64-v8a", "expected aarch64"),
        ("android-tflite==2.16.1@aarch64", "did you mean 'arm64-v8a'"),
    ],
)
def test_parse_when_core_or_architecture_does_not_fit_names_what_does(text, said):
    with pytest.raises(ConfigError, match=said):
        RuntimeTarget.parse(text)


def test_parse_when_runtime_is_misspelt_names_the_nearest():
    with pytest.raises(ConfigError, match="did you mean 'tflite-runtime'"):
        RuntimeTarget.parse("tflite_runtime==2.14.0@aarch64")


@pytest.mark.parametrize("text", ["", "tflite-runtime", "tflite-runtime==2.14.0", "tflite-runtime@x86_64", "a==b@c@d"])
def test_parse_when_form_is_wrong_shows_the_form(text):
    with pytest.raises(ConfigError, match="name==version@arch"):
        RuntimeTarget.parse(text)


@pytest.mark.parametrize("text", ["ai-edge-litert==two words@x86_64", "ai-edge-litert==2.3.0@x86/64"])
def test_parse_when_a_word_is_illegal_names_it(text):
    with pytest.raises(ConfigError, match="expected a (version|architecture)"):
        RuntimeTarget.parse(text)


def test_check_runtime_when_known_returns_it():
    assert check_runtime("ai-edge-litert") == "ai-edge-litert"


def test_installed_targets_when_asked_are_of_this_machine():
    found = installed_targets()
    assert "ai-edge-litert" in [target.name for target in found]
    assert {target.arch for target in found} == {platform.machine()}


def test_installed_targets_when_asked_import_no_runtime():
    code = (
        "import sys; from tfedge.runtime import targets; targets.installed_targets(); "
        "print([name for name in ('tflite_runtime', 'ai_edge_litert', 'tensorflow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
