from __future__ import annotations

import dataclasses

import pytest

from tfedge.checks import facts
from tfedge.checks.facts import RuntimeFacts, facts_for, known_targets, place_of
from tfedge.errors import ArtifactError, ConfigError
from tfedge.runtime.targets import RuntimeTarget

MADE = RuntimeFacts(
    name="ai-edge-litert",
    version="9.9.9",
    source="a test",
    date="2026-01-01",
    op_versions={"ADD": 5, "ABS": 5, "FULLY_CONNECTED": 12},
    behaviours={
        "one": {"x86_64": "right", "aarch64:cortex-a72": "crashed:SIGSEGV"},
        "two": {"x86_64": "refused"},
        "three": {"x86_64": "right", "aarch64:cortex-a72": "wrong"},
    },
    wheels={"x86_64": "ab"},
)
NUMBERS = {"one": 0, "two": 1, "three": 2}


def target(text):
    return RuntimeTarget.parse(text)


def test_facts_when_written_and_read_are_the_same():
    value = MADE.to_json(NUMBERS)
    assert value["asked"] == {"x86_64": "0-2", "aarch64:cortex-a72": "0 2"}
    assert value["answers"]["x86_64"] == {"refused": "1"}
    assert RuntimeFacts.from_json("ai-edge-litert==9.9.9", value, tuple(NUMBERS)) == MADE


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("ai-edge-litert==9.9.9@x86_64", "right"),
        ("ai-edge-litert==9.9.9@aarch64", "crashed:SIGSEGV"),
        ("ai-edge-litert==9.9.9@aarch64:cortex-a72", "crashed:SIGSEGV"),
        ("ai-edge-litert==9.9.9@aarch64:cortex-a76", None),
    ],
)
def test_behaviour_when_asked_is_of_that_core(text, answer):
    assert MADE.behaviour("one", target(text)) == answer


def test_behaviour_when_a_probe_was_not_asked_is_none():
    assert MADE.behaviour("two", target("ai-edge-litert==9.9.9@aarch64")) is None
    assert MADE.behaviour("four", target("ai-edge-litert==9.9.9@x86_64")) is None


@pytest.mark.parametrize("changes", [{"op_versions": {"ADD": 0}}, {"behaviours": {"one": {"x86_64": "fine"}}}])
def test_facts_when_a_value_is_illegal_are_refused(changes):
    with pytest.raises(ConfigError, match="expected"):
        dataclasses.replace(MADE, **changes)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("ai-edge-litert==2.3.0@x86_64", "x86_64"),
        ("ai-edge-litert==2.3.0@aarch64", "aarch64:cortex-a72"),
        ("ai-edge-litert==2.3.0@aarch64:cortex-a76", "aarch64:cortex-a76"),
        ("android-tflite==2.16.1@arm64-v8a", "arm64-v8a:cortex-a72"),
        ("android-tflite==2.16.1@arm64-v8a:cortex-a76", "arm64-v8a:cortex-a76"),
        ("android-tflite==2.16.1@x86_64", "x86_64"),
    ],
)
def test_place_of_when_given_a_target_names_architecture_and_core(text, place):
    assert place_of(target(text)) == place


def test_facts_for_when_never_measured_is_none():
    assert facts_for(target("ai-edge-litert==99.0@x86_64")) is None


@pytest.mark.parametrize("text", ["tflite-runtime==2.14.0@x86_64", "ai-edge-litert==2.3.0@aarch64:cortex-a76"])
def test_facts_for_when_pinned_knows_wheel_ops_and_every_probe(text):
    found = facts_for(target(text))
    assert found.source and found.date
    assert len(found.wheels["aarch64"]) == 64
    assert len(found.op_versions) > 150
    answers = [found.behaviour(probe, target(text)) for probe in found.behaviours]
    assert None not in answers and len(answers) > 1000


def test_facts_for_when_2_14_knows_the_trap_of_per_channel_weights():
    """FULLY_CONNECTED v12 is refused, and its meaning under a lower version is silently misread."""
    assert facts_for(target("tflite-runtime==2.14.0@x86_64")).op_versions["FULLY_CONNECTED"] < 12
    assert facts_for(target("ai-edge-litert==2.3.0@x86_64")).op_versions["FULLY_CONNECTED"] >= 12


def test_known_targets_when_listed_have_facts_and_are_in_order_of_release():
    known = known_targets()
    assert all(facts_for(each) for each in known)
    litert = [facts.version_order(each.version) for each in known if each.name == "ai-edge-litert"]
    assert litert == sorted(litert) and len(known) == len(set(known))


def test_wheel_sha256_when_unknown_is_empty():
    assert facts.wheel_sha256(target("ai-edge-litert==99.0@x86_64")) == ""
    assert facts.wheel_sha256(target("tflite-runtime==2.14.0@riscv64")) == ""


@pytest.mark.parametrize("text", ["", "{}", '{"probes": {}, "releases": 3}'])
def test_known_targets_when_the_file_is_damaged_says_so(monkeypatch, tmp_path, text):
    path = tmp_path / "facts.json"
    path.write_text(text)
    monkeypatch.setattr(facts, "FILE", path)
    facts._stored.cache_clear()
    try:
        with pytest.raises(ArtifactError, match="install tfedge again"):
            known_targets()
    finally:
        facts._stored.cache_clear()
