from __future__ import annotations

import contextlib
import dataclasses
import json

import numpy as np
import pytest

from tests.golden import autokey
from tfedge.errors import ConfigError, WorkerError
from tfedge.runtime.client import STEPS
from tfedge.validation import latency
from tfedge.validation.latency import LatencyCandidate, LatencyReport, measure_latency, measure_steadily
from tfedge.validation.workload import Decodes

DECODES = Decodes(autokey.SOURCES)


def report(turns, num_sources=2, **changes):
    """A report with the given turns of samples, in milliseconds."""
    fields = {
        "label": "float32",
        "samples_ms": tuple(float(sample) for turn in turns for sample in turn),
        "turn_runs": tuple(len(turn) for turn in turns),
        "num_sources": num_sources,
        "warmup_runs": 20,
        "is_warm": True,
        "num_threads": 1,
        "runtime": "ai-edge-litert==2.3.0@x86_64",
        "model_sha256": "ab" * 32,
        "cpu": "test cpu, 2 cores",
        "entry": "greedy",
        "sources_sha256": "cd" * 32,
        "run_id": "1",
    }
    return LatencyReport(**{**fields, **changes})


def steady_turns(count=10, runs=20, middle=10.0, noise=0.02, seed=0):
    """Turns whose samples alternate between a source of `middle` and one of twice that, with a little noise."""
    rng = np.random.default_rng(seed)
    return [np.tile([middle, 2 * middle], runs // 2) * rng.uniform(1 - noise, 1 + noise, runs) for _ in range(count)]


def busy_turns():
    """Turns in which each source waits, at three passes of ten, for twice its time: the medians stay."""
    waits = np.repeat([1.0] * 7 + [3.0] * 3, 2)
    return [turn * waits for turn in steady_turns()]


def test_report_when_steady_is_valid_though_its_sources_differ():
    steady = report(steady_turns())
    assert steady.is_valid and steady.invalid_reasons == ()
    assert steady.num_runs == 200
    assert steady.spread_ratio < 1.03  # sources of 10 and 20 ms are no noise
    assert steady.latency_p90_ms / steady.latency_p50_ms > 1.2  # and yet they are spread


def test_report_when_given_exact_samples_derives_exact_statistics():
    exact = report([[1.0, 3.0], [2.0, 4.0]])
    assert exact.latency_p50_ms == 2.5
    assert exact.latency_p90_ms == pytest.approx(3.7)
    assert exact.total_seconds == 0.01
    assert [turn.tolist() for turn in exact.turns_ms] == [[[1.0, 3.0]], [[2.0, 4.0]]]
    assert exact.typical_ms == pytest.approx((1.5 * 3.5) ** 0.5)


@pytest.mark.parametrize(
    ("turns", "changes", "reason"),
    [
        (steady_turns(runs=8, middle=30.0), {}, "too few runs: 80 of 100"),
        (steady_turns(count=9, middle=20.0), {}, "too few rounds: 9 of 10"),
        (steady_turns(middle=1.0), {}, "too short: 0.30 s of 1 s"),
        (steady_turns(), {"is_warm": False}, "not warm: medians still moved by over 5% after 20 runs"),
        (steady_turns(5) + steady_turns(5, middle=12.0), {}, "unstable: "),
        (busy_turns(), {}, "busy machine: p90 of the noise is 3.0"),
    ],
    ids=["runs", "rounds", "seconds", "warm-up", "unstable", "busy"],
)
def test_report_when_measurement_is_bad_says_why(turns, changes, reason):
    bad = report(turns, **changes)
    assert not bad.is_valid
    assert any(said.startswith(reason) for said in bad.invalid_reasons), bad.invalid_reasons


def test_report_when_written_and_read_is_equal():
    first = report(steady_turns())
    assert LatencyReport.from_json(json.loads(json.dumps(first.to_json()))) == first


@pytest.mark.parametrize("change", [{"p50": 1.0}, {"entry": None}], ids=["unknown key", "missing key"])
def test_from_json_when_keys_differ_names_the_keys(change):
    value = {**report(steady_turns()).to_json(), **change}
    if change.get("entry", "") is None:
        del value["entry"]
    with pytest.raises(ConfigError, match="must have the keys"):
        LatencyReport.from_json(value)


@pytest.mark.parametrize(
    "changes",
    [
        {"samples_ms": ()},
        {"samples_ms": (1.0, -1.0, 1.0, 1.0)},
        {"samples_ms": (1.0, float("nan"), 1.0, 1.0)},
        {"turn_runs": (2, 1)},
        {"turn_runs": (3, 1)},
        {"num_sources": 3},
        {"num_threads": 0},
        {"entry": "gredy"},
        {"runtime": "litert"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_report_when_a_field_is_illegal_cannot_be_built(changes):
    with pytest.raises(ConfigError):
        report([[1.0, 2.0], [1.0, 2.0]], **changes)


class RecordingReporter:
    """Keeps the notes of every bar, and what is said."""

    def __init__(self):
        self.notes, self.said, self.done = [], [], 0.0

    def say(self, text):
        self.said.append(text)

    @contextlib.contextmanager
    def bar(self, label, total):
        self.total = total
        yield self

    def advance(self, amount=1, note=""):
        self.done += amount
        self.notes.append(note)


def test_report_of_calls_then_each_signature_has_its_percentiles_and_it_is_read_as_written():
    made = report([[1.0, 9.0], [1.2, 9.4], [1.1, 9.2]], entry="signatures", calls=("small", "large"))
    assert made.percentile_ms(50, "small") == pytest.approx(1.1) and made.percentile_ms(50, "large") == 9.2
    assert made.percentile_ms(50) == made.latency_p50_ms == pytest.approx(5.1)
    assert LatencyReport.from_json(json.loads(json.dumps(made.to_json()))) == made
    assert "calls" not in report([[1.0, 2.0]]).to_json()  # A decode's report is what it always was.


def test_report_of_calls_when_a_source_has_no_signature_cannot_be_built():
    with pytest.raises(ConfigError, match="signature of 2 sources"):
        report([[1.0, 2.0]], entry="signatures", calls=("small",))


@pytest.fixture(scope="module")
def interleaved():
    """One real run of three candidates: reports by label, and the notes of the progress bar."""
    reporter = RecordingReporter()
    candidates = [
        LatencyCandidate("first", "ai-edge-litert", autokey.MODEL),
        LatencyCandidate("second", "ai-edge-litert", autokey.MODEL),
        LatencyCandidate("steps", "ai-edge-litert", autokey.MODEL, STEPS),
    ]
    reports = measure_latency(candidates, DECODES, min_runs=20, min_seconds=0.0, reporter=reporter)
    return reports, reporter


def test_measure_latency_when_run_takes_turns_in_order(interleaved):
    reports, reporter = interleaved
    order = [note for note in reporter.notes if not note.endswith("warming up")]
    assert order == ["first", "second", "steps"] * len(reports[0].turn_runs)
    assert reporter.notes[:3] == ["first: warming up", "second: warming up", "steps: warming up"]
    assert reporter.done == pytest.approx(reporter.total)


def test_measure_latency_when_run_gives_whole_passes_and_as_many_rounds_to_each(interleaved):
    reports, _ = interleaved
    assert len({len(each.turn_runs) for each in reports}) == 1
    for each in reports:
        assert len(each.turn_runs) >= latency.MIN_ROUNDS
        assert each.num_runs >= 20 and each.num_runs % len(autokey.SOURCES) == 0
        assert each.warmup_runs >= 2 * len(autokey.SOURCES)


def test_measure_latency_when_run_records_its_conditions(interleaved):
    reports, _ = interleaved
    assert [each.label for each in reports] == ["first", "second", "steps"]
    assert [each.entry for each in reports] == ["greedy", "greedy", "encode+decode_step"]
    for each in reports:
        assert each.model_sha256 == autokey.FACTS["sha256"]
        assert each.runtime.startswith("ai-edge-litert==") and each.num_threads == 1
        assert each.sources_sha256 == DECODES.sha256
    assert len({each.run_id for each in reports}) == 1


def test_measure_latency_when_time_is_up_stops_and_says_invalid():
    candidates = [LatencyCandidate("only", "ai-edge-litert", autokey.MODEL)]
    (short,) = measure_latency(candidates, DECODES, min_seconds=100, max_seconds=0.01)
    assert len(short.turn_runs) == 1
    assert "too few rounds: 1 of 10" in short.invalid_reasons


@pytest.mark.parametrize(("min_seconds", "times"), [(0.02, 2), (0.01, 1)])
def test_measure_steadily_when_disturbed_then_once_more_unless_it_could_not_be_valid(monkeypatch, min_seconds, times):
    """A tolerance of 0 makes every run one that was disturbed."""
    monkeypatch.setattr(latency, "MIN_SECONDS", 0.02)
    monkeypatch.setattr(latency, "TOLERANCE", 0.0)
    reporter = RecordingReporter()
    candidates = [LatencyCandidate("only", "ai-edge-litert", autokey.MODEL)]
    (found,) = measure_steadily(candidates, DECODES, min_seconds=min_seconds, reporter=reporter)
    assert not found.is_valid and len(reporter.said) == times - 1


def test_measure_latency_when_sources_are_other_gives_another_hash(interleaved):
    reports, _ = interleaved
    assert reports[0].sources_sha256 != Decodes(autokey.SOURCES[:4]).sha256


@pytest.mark.parametrize(
    ("labels", "settings", "said"),
    [
        ([], {}, "labels"),
        (["a", "a"], {}, "labels"),
        (["a"], {"min_runs": 0}, "min_runs"),
        (["a"], {"min_seconds": -1.0}, "min_seconds"),
    ],
)
def test_measure_latency_when_arguments_are_illegal_starts_nothing(labels, settings, said):
    candidates = [LatencyCandidate(label, "ai-edge-litert", autokey.MODEL) for label in labels]
    with pytest.raises(ConfigError, match=said):
        measure_latency(candidates, DECODES, **settings)


def test_measure_latency_when_a_candidate_fails_names_its_runtime_and_request(tmp_path):
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(autokey.MODEL.read_bytes()[:8000])
    candidates = [
        LatencyCandidate("good", "ai-edge-litert", autokey.MODEL),
        LatencyCandidate("bad", "ai-edge-litert", broken),
    ]
    with pytest.raises(WorkerError, match=r"ai-edge-litert==.*load broken\.tflite"):
        measure_latency(candidates, DECODES)


class FakeWorker:
    """Answers `time` with windows of the given medians, one after the other."""

    def __init__(self, medians):
        self._medians = iter(medians)

    def load(self, path, num_threads):
        return "ab" * 32

    def time(self, sources, entry, max_target_length, min_runs, min_seconds):
        return np.full(10, next(self._medians), np.int64)


def warmed_up(medians):
    runner = latency._Runner(LatencyCandidate("a", "ai-edge-litert", "m.tflite"), FakeWorker(medians), DECODES, 1)
    runner.warm_up()
    return runner


def test_warm_up_when_two_windows_agree_ends():
    runner = warmed_up([2000, 1500, 1200, 1180, 100])
    assert runner.is_warm and runner.warmup_runs == 40


def test_warm_up_when_windows_never_agree_ends_at_its_bound():
    runner = warmed_up([1000, 1100] * latency.MAX_WARMUP_WINDOWS)
    assert not runner.is_warm and runner.warmup_runs == 10 * latency.MAX_WARMUP_WINDOWS


def test_resampled_typical_when_rounds_move_together_keep_the_ratio():
    slow_rounds = [1.0 if index % 3 else 1.5 for index in range(12)]  # the machine, for both alike
    first = report([[10.0 * slow, 20.0 * slow] for slow in slow_rounds])
    second = dataclasses.replace(first, samples_ms=tuple(2 * sample for sample in first.samples_ms))
    typical = latency.resampled_typical_ms([first, second])
    np.testing.assert_allclose(typical[:, 1] / typical[:, 0], 2.0)
    assert np.ptp(typical[:, 0]) > 1.0
