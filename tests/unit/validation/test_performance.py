from __future__ import annotations

import dataclasses

import pytest

from tests.golden import packed_autokey
from tfedge.runtime import targets
from tfedge.runtime.client import GREEDY, STEPS
from tfedge.validation.evaluate import evaluate
from tfedge.validation.performance import decodes_of, label_of, measure_performance, timed_texts

TARGET = targets.installed_targets()[-1]
DECODES = decodes_of(packed_autokey.SPEC, packed_autokey.words(30))


def test_timed_texts_then_shortest_longest_and_even_quantiles_between():
    texts = ["a" * length for length in range(1, 101)]
    assert [len(text) for text in timed_texts(reversed(texts), 5)] == [1, 26, 51, 75, 100]


def test_timed_texts_when_there_are_fewer_then_all_of_them():
    assert timed_texts(["ccc", "a", "bb"]) == ["a", "bb", "ccc"]


def test_measure_performance_when_nothing_has_run_then_nothing():
    assert measure_performance([], DECODES) == {}


def test_label_of_when_two_builds_differ_by_folder_alone_then_by_label_too(tmp_path):
    evaluations = []
    for folder in ("old", "new"):
        (tmp_path / folder).mkdir()
        evaluations.append(evaluate(packed_autokey.write(tmp_path / folder / "m.tflite"), TARGET, ()))
    assert len(set(map(label_of, evaluations))) == 2


def test_measure_performance_when_entries_differ_then_float32_is_timed_by_both_in_one_run(tmp_path):
    float32 = evaluate(packed_autokey.write(tmp_path / "float32.tflite"), TARGET, ())
    static = evaluate(packed_autokey.write(tmp_path / "static.tflite", "static_wi8_ai8"), TARGET, ())
    # As for a file without the loop in the graph, which is what static int8 is.
    static = dataclasses.replace(static, entry=STEPS)

    measured = measure_performance([float32, static], DECODES, min_seconds=0.01)

    assert set(measured) == {label_of(float32), label_of(static)}
    first, second = measured[label_of(float32)], measured[label_of(static)]
    assert (first.latency.entry, first.steps_latency.entry, second.latency.entry) == (GREEDY, STEPS, STEPS)
    assert second.steps_latency is None
    runs = (first.latency, first.steps_latency, second.latency)
    assert len({latency.run_id for latency in runs}) == 1
    assert len({latency.sources_sha256 for latency in runs}) == 1
    assert all(latency.num_sources == 12 and latency.num_runs >= 100 for latency in runs)
    assert first.latency.latency_p50_ms < first.steps_latency.latency_p50_ms  # The host's loop is Python.
    for performance, entry in ((first, GREEDY), (second, STEPS)):
        assert (performance.memory.entry, performance.memory.runtime) == (entry, str(TARGET))
        assert performance.memory.peak_memory_bytes > 0


def test_measure_performance_when_all_have_the_loop_then_float32_is_timed_once(tmp_path):
    evaluations = [
        evaluate(packed_autokey.write(tmp_path / f"{recipe}.tflite", recipe), TARGET, ())
        for recipe in ("float32", "dynamic_wi8_afp32")
    ]
    measured = measure_performance(evaluations, DECODES, min_seconds=0.01, num_threads=2)
    assert [performance.steps_latency for performance in measured.values()] == [None, None]
    assert [performance.latency.num_threads for performance in measured.values()] == [2, 2]


@pytest.mark.parametrize("seconds", [0.01, 1.0])
def test_measure_performance_when_short_then_the_figures_are_marked_as_not_to_be_relied_on(tmp_path, seconds):
    evaluation = evaluate(packed_autokey.write(tmp_path / "m.tflite"), TARGET, ())
    latency = measure_performance([evaluation], DECODES, min_seconds=seconds)[label_of(evaluation)].latency
    assert any(reason.startswith("too short") for reason in latency.invalid_reasons) == (seconds < 1)
