"""`tfedge targets`: what a person and a script see, and what a kill leaves."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import ARM_TARGETS
from tests.e2e.commands import environment, error_of, run_tfedge


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder."""
    monkeypatch.setenv("TFEDGE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def installed(folder):
    run = run_tfedge(folder, "targets", "--json")
    assert (run.returncode, run.stderr) == (0, "")
    return {state["target"] for state in json.loads(run.stdout) if state["installed"] == "cache"}


def test_targets_when_arm_was_added_lists_every_core(arm, tmp_path):
    assert installed(tmp_path) >= {f"{text}:{core}" for text in ARM_TARGETS for core in ("cortex-a53", "cortex-a76")}
    run = run_tfedge(tmp_path, "targets")
    lines = [line for line in run.stdout.splitlines() if line.startswith(f"{ARM_TARGETS[0]}:cortex-a76 ")]
    assert len(lines) == 1 and "  cache  " in lines[0]


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("add tflite-runtim==2.14.0@aarch64", 2, "did you mean 'tflite-runtime'"),
        ("add tflite-runtime", 2, "name==version@arch"),
        ("add tflite-runtime==2.14.0@aarch64:cortex-a67", 2, "did you mean 'cortex-a76'"),
        ("add tflite-runtime==9.9@aarch64", 2, "got '9.9'"),
        ("add android-tflite==2.16.1@arm64-v8a", 2, "nothing to install"),
        ("add tflite-runtime==2.14.0@riscv64", 3, "machine of riscv64"),
        ("add", 2, "expected a target to add"),
        ("ad tflite-runtime==2.14.0@aarch64", 2, "did you mean 'add'"),
        ("list tflite-runtime==2.14.0@aarch64", 2, "expected no target to list"),
        ("remove tflite-runtime==2.14.0@aarch64", 2, "is not there"),
    ],
)
def test_targets_when_asked_wrongly_says_so_in_one_line(cache, tmp_path, line, code, said):
    run = run_tfedge(tmp_path, "targets", *line.split())
    assert (run.returncode, run.stdout) == (code, "")
    assert said in error_of(run)
    assert list(cache.glob("*/*/*/environment.json")) == []


def test_targets_when_there_is_no_network_says_so_in_one_line(cache, tmp_path, monkeypatch):
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # the port that discards: nobody listens
    run = run_tfedge(tmp_path, "targets", "add", ARM_TARGETS[0])
    assert run.returncode == 3
    assert "check the network" in error_of(run)


def test_targets_when_the_cache_cannot_be_written_says_so_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("TFEDGE_CACHE", "/dev/null/cache")
    run = run_tfedge(tmp_path, "targets", "add", ARM_TARGETS[0])
    assert run.returncode == 2
    assert "set TFEDGE_CACHE" in error_of(run)


def test_targets_when_killed_while_setting_up_leaves_nothing_that_looks_ready(cache, tmp_path):
    command = [sys.executable, "-m", "tfedge", "targets", "add", ARM_TARGETS[0]]
    process = subprocess.Popen(
        command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    left = wait_for_unfinished(cache)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert left.is_dir()
    assert installed(tmp_path) == set()
    # The next one clears up, here with an order that ends before any download.
    assert run_tfedge(tmp_path, "targets", "add", "tflite-runtime==9.9@x86_64").returncode == 2
    assert not left.exists()


def wait_for_unfinished(cache) -> pathlib.Path:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = list(cache.glob("targets-1/aarch64/.partial.*/apt"))
        if found:
            return found[0].parent
        time.sleep(0.02)
    raise AssertionError("nothing was begun")
