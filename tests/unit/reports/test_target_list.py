from __future__ import annotations

import json
import platform

import pytest

from tfedge.errors import ConfigError
from tfedge.reports import target_list
from tfedge.reports.target_list import TargetState, list_targets, table_lines
from tfedge.runtime import environments, targets
from tfedge.runtime.targets import RuntimeTarget

MEASURED = TargetState(
    RuntimeTarget("ai-edge-litert", "2.3.0", "x86_64"),
    "cache",
    170,
    {"crashed": 2, "out_of_memory": 1, "right": 700, "wrong": 40},
    "a test",
    "2026-01-01",
)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder."""
    monkeypatch.setenv("TFEDGE_CACHE", str(tmp_path))


def test_list_targets_when_the_cache_is_empty_shows_this_python_and_what_is_known(cache):
    states = {state.target: state for state in list_targets()}
    for target in targets.installed_targets():
        assert states[target].installed == target_list.HERE
    arm = states[RuntimeTarget.parse("tflite-runtime==2.14.0@aarch64:cortex-a76")]
    assert arm.installed == target_list.ABSENT
    assert sum(arm.answers.values()) > 1000 and arm.num_ops > 150 and arm.source and arm.date


def test_list_targets_when_one_is_in_the_cache_says_so(cache):
    target = RuntimeTarget("ai-edge-litert", "99.0", platform.machine())
    folder = environments.folder_of(target)
    folder.mkdir(parents=True)
    environments.write_record(folder, ("x",), {})
    (state,) = [state for state in list_targets() if state.target == target]
    assert state == TargetState(target, target_list.CACHE)


def test_table_lines_when_measured_counts_every_death():
    head, _, row, *rest = table_lines((MEASURED,))
    assert head.split() == ["target", "installed", "ops", "right", "wrong", "refused", "dies", "measured"]
    assert row.split() == ["ai-edge-litert==2.3.0@x86_64", "cache", "170", "700", "40", "0", "3", "2026-01-01"]
    assert rest[-1] == "measured by a test"


def test_table_lines_when_nothing_was_measured_says_so():
    row = table_lines((TargetState(RuntimeTarget("ai-edge-litert", "99.0", "x86_64"), "no"),))[2]
    assert row.split() == ["ai-edge-litert==99.0@x86_64", "no", "-", "-", "-", "-", "-", "-"]


def test_to_json_when_written_is_json():
    value = json.loads(json.dumps(MEASURED.to_json()))
    assert (value["target"], value["answers"]["right"]) == ("ai-edge-litert==2.3.0@x86_64", 700)


@pytest.mark.parametrize("changes", [{"installed": "maybe"}, {"answers": {"right": 1}}])
def test_target_state_when_illegal_is_refused(changes):
    values = {"target": MEASURED.target, "installed": "no", **changes}
    with pytest.raises(ConfigError, match="installed|source and date"):
        TargetState(**values)
