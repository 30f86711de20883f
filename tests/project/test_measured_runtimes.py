"""The measured facts are of the probes that stand in the code, and the pinned runtimes still behave as recorded."""

from __future__ import annotations

import dataclasses
import json

import pytest

from tests.conftest import ARM_TARGETS
from tfedge.checks import facts
from tfedge.checks.probes import PROBES
from tfedge.progress import SILENT
from tfedge.runtime import targets
from tfedge.runtime.client import Worker
from tfedge.runtime.environments import Environment, find_environment
from tfedge.runtime.limits import Limits
from tools import measure_runtimes

# Every probe would take minutes under emulation; the step is prime to the patterns in which probes are listed.
STEADY = [probe for probe in PROBES if not probe.name.startswith("read_before_written")]  # Their answers are chance.
SAMPLE, ARM_SAMPLE = STEADY[::23], STEADY[::53]


def recorded(target, probes):
    held = facts.facts_for(target)
    return {probe.name: held.behaviour(probe.name, target) for probe in probes}


def test_facts_are_of_the_probes_that_stand_in_the_code():
    stored = json.loads(facts.FILE.read_text(encoding="utf-8"))["probes"]
    now = {probe.name: measure_runtimes.digest(probe) for probe in PROBES}
    changed = [name for name in now.keys() | stored.keys() if now.get(name) != stored.get(name)]
    assert changed == [], "run: python -m tools.measure_runtimes"


@pytest.mark.parametrize("target", targets.installed_targets(), ids=str)
def test_pinned_runtime_when_measured_again_behaves_as_recorded(target):
    measured = measure_runtimes.measure(find_environment(target), SAMPLE, SILENT, codes=True)
    assert measured["answers"] == recorded(target, SAMPLE)
    assert measured["op_versions"] == facts.facts_for(target).op_versions


@pytest.mark.parametrize("text", ARM_TARGETS)
def test_pinned_runtime_when_measured_again_on_emulated_arm_behaves_as_recorded(arm, text):
    measured = measure_runtimes.measure(arm[text], ARM_SAMPLE, SILENT, codes=False)
    assert measured["answers"] == recorded(arm[text].target, ARM_SAMPLE)


def test_every_place_was_asked_every_probe():
    for target in facts.known_targets():
        unknown = [probe for probe, answer in recorded(target, PROBES).items() if answer is None]
        assert (str(target), unknown) == (str(target), [])


def test_measured_releases_include_every_pinned_one_and_android():
    known = {str(target) for target in facts.known_targets()}
    assert known >= {
        "tflite-runtime==2.14.0@x86_64",
        "tflite-runtime==2.14.0@aarch64:cortex-a72",
        "tflite-runtime==2.14.0@aarch64:cortex-a76",
        "ai-edge-litert==2.3.0@aarch64:cortex-a76",
        "android-tflite==2.16.1@arm64-v8a:cortex-a72",
        "android-tflite==2.16.1@x86_64",
    }


def test_android_was_measured_as_apps_run_it():
    """With the delegate that Java's Interpreter applies, by what it alone changes and by what the file says."""
    for place in ("x86_64", "arm64-v8a:cortex-a72", "arm64-v8a:cortex-a76"):
        target = targets.RuntimeTarget.parse(f"android-tflite==2.16.1@{place}")
        held = facts.facts_for(target)
        assert "XNNPACK by default" in held.source
        # Its own kernel takes a zero point of weights into account, XNNPACK does not (measured without it: right).
        assert held.behaviour("weights_zero_point static", target) == "wrong"


@pytest.fixture
def environment() -> Environment:
    """The pinned LiteRT of this Python."""
    (target,) = (target for target in targets.installed_targets() if target.name == "ai-edge-litert")
    return find_environment(target)


def test_registered_when_one_version_is_too_high_finds_only_the_others(environment, tmp_path):
    with Worker(environment, limits=Limits()) as worker:
        codes = [("ADD", 1), ("ADD", 99), ("ABS", 1), ("ABS", 99)]
        assert measure_runtimes.registered(worker, tmp_path / "x.tflite", codes) == [("ADD", 1), ("ABS", 1)]


def test_answer_when_a_right_answer_is_expected_elsewhere_is_wrong(environment, tmp_path):
    """The measurement can fail: a probe that expects another number is not answered right."""
    probe = next(probe for probe in PROBES if recorded(environment.target, [probe])[probe.name] == "right")
    shifted = {name: array + 100 * probe.tolerance + 1 for name, array in probe.expected.items()}
    with Worker(environment, limits=Limits()) as worker:
        path = tmp_path / "x.tflite"
        assert measure_runtimes.answer(worker, path, probe) == "right"
        assert measure_runtimes.answer(worker, path, dataclasses.replace(probe, expected=shifted)) == "wrong"
