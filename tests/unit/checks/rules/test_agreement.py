"""The rules say of every probe what each runtime was measured to do with it: no miss, and no false alarm."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from tests.unit.checks.rules import files
from tests.unit.checks.rules.examples import EXAMPLES
from tfedge.checks.facts import facts_for
from tfedge.checks.probes import PROBES, SIGNATURE
from tfedge.checks.rules import Subject, findings_for
from tfedge.errors import WorkerError
from tfedge.modelfile.graph import read_graph
from tfedge.runtime.client import Worker
from tfedge.runtime.targets import RuntimeTarget, installed_targets

PINNED = [
    *(f"tflite-runtime==2.14.0@{place}" for place in ("x86_64", "aarch64:cortex-a72", "aarch64:cortex-a76")),
    *(f"ai-edge-litert==2.3.0@{place}" for place in ("x86_64", "aarch64:cortex-a72", "aarch64:cortex-a76")),
    *(f"android-tflite==2.16.1@{place}" for place in ("x86_64", "arm64-v8a:cortex-a72", "arm64-v8a:cortex-a76")),
]
_USED = {file for example in EXAMPLES for file in (example.trigger, example.twin) if isinstance(file, str)}
EXAMPLE_PROBES = [probe for probe in PROBES if probe.name in _USED]


@pytest.fixture(scope="module")
def subjects() -> dict[str, Subject]:
    """Every probe as the rules see it, by name."""
    return {probe.name: Subject(read_graph(probe.data), probe.data) for probe in PROBES}


def fails(subject: Subject, target: RuntimeTarget) -> bool:
    return any(finding.verdict == "fail" for finding in findings_for(subject, target))


@pytest.mark.parametrize("text", PINNED)
def test_rules_when_a_probe_was_measured_agree_with_the_answer(subjects: dict[str, Subject], text: str) -> None:
    target = RuntimeTarget.parse(text)
    facts = facts_for(target)
    assert facts is not None
    answers = {name: facts.behaviour(name, target) for name in subjects}

    missed = [name for name, subject in subjects.items() if answers[name] != "right" and not fails(subject, target)]
    alarms = [name for name, subject in subjects.items() if answers[name] == "right" and fails(subject, target)]

    assert (missed, alarms) == ([], [])
    assert set(answers.values()) >= {"right", "wrong", "refused", "crashed:SIGSEGV"}


@pytest.fixture(scope="module", params=installed_targets(), ids=str)
def worker(request: pytest.FixtureRequest) -> Iterator[Worker]:
    """A worker of each installed runtime, in which one file does not harm the next."""
    with Worker(request.param.name, isolate=True) as started:
        yield started


def answer(worker: Worker, path: pathlib.Path, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray] | str:
    """Returns what a runtime computes, or how it fails."""
    try:
        worker.load(path)
        return worker.run(SIGNATURE, inputs)
    except WorkerError as error:
        return str(error.kind)


def test_rules_when_the_files_of_examples_run_agree_with_the_runtime(
    worker: Worker, subjects: dict[str, Subject], tmp_path: pathlib.Path
) -> None:
    path, disagreed = tmp_path / "probe.tflite", []
    for probe in EXAMPLE_PROBES:
        if probe.name.startswith("read_before_written"):  # What it reads is chance, and may be right.
            continue
        path.write_bytes(probe.data)
        outputs = answer(worker, path, dict(probe.inputs))
        right = not isinstance(outputs, str) and probe.judge(outputs) == "right"
        if right == fails(subjects[probe.name], worker.info.target):
            disagreed.append((probe.name, outputs))

    assert disagreed == []
    assert len(EXAMPLE_PROBES) > 50


Build = Callable[[], bytes]


@pytest.mark.parametrize("mask", [-1e9, -500.0, -30.0])
def test_mask_range_when_the_file_runs_is_what_the_scores_lose(
    worker: Worker, tmp_path: pathlib.Path, mask: float
) -> None:
    data, path = files.masked_scores(mask), tmp_path / "masked.tflite"
    path.write_bytes(data)
    errors = []
    for scores in np.random.default_rng(2).integers(-128, 128, (20, 1, 4, 8)).astype(np.int8):
        real = scores * (10 / 255) + np.where(np.arange(8) < 6, 0, mask)
        exponents = np.exp(real - real.max(axis=-1, keepdims=True))
        outputs = answer(worker, path, {"scores": scores})
        assert not isinstance(outputs, str)
        weights = (outputs["weights"].astype(np.float64) + 128) / 256
        errors.append(np.abs(weights - exponents / exponents.sum(axis=-1, keepdims=True)).max())

    # Attention weights, largest error of 80 rows by step of the logits: 0.03 at 0.16 (-30), 0.21 at 1.04, 0.36 at 2.
    assert (max(errors) > 0.2) == fails(Subject(read_graph(data), data), worker.info.target)


@pytest.mark.parametrize(
    ("build", "finite"),
    [
        (lambda: files.product_of(float("nan")), False),
        (lambda: files.product_of(float("inf")), False),
        (lambda: files.product_of(2.0), True),
        (lambda: files.added(float("nan")), False),
        (lambda: files.half_weights(float("inf")), False),
        (lambda: files.half_weights(6e4), True),
    ],
    ids=["nan_weight", "inf_weight", "finite", "nan_added", "float16_overflow", "float16"],
)
def test_non_finite_weights_when_the_file_runs_is_what_comes_out(
    worker: Worker, tmp_path: pathlib.Path, build: Build, finite: bool
) -> None:
    data, path = build(), tmp_path / "weights.tflite"
    path.write_bytes(data)

    outputs = answer(worker, path, {"x": np.arange(8, dtype=np.float32).reshape(1, 8) - 4})

    assert not isinstance(outputs, str)
    assert bool(np.isfinite(outputs["y"]).all()) is finite
    assert fails(Subject(read_graph(data), data), worker.info.target) is not finite
