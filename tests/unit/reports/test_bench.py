from __future__ import annotations

import dataclasses

import pytest

from tests import models
from tests.golden import autokey, packed_autokey, packed_tensors
from tfedge.errors import ArtifactError, ConfigError, IntegrityError
from tfedge.reports.bench import bench_files
from tfedge.reports.schema import Report
from tfedge.reports.table import report_lines
from tfedge.runtime import targets

TARGETS = targets.installed_targets()
SHORT = {"seconds": 0.01}


def test_bench_files_when_two_builds_of_one_name_then_both_are_timed_in_one_run(tmp_path):
    paths = [tmp_path / folder / "g2p.tflite" for folder in ("old", "new")]
    for path in paths:
        path.parent.mkdir()
        packed_autokey.write(path)
    report = bench_files(paths, [TARGETS[-1].name], **SHORT)
    assert [row.target for row in report.rows] == [str(TARGETS[-1])] * 2
    assert len({row.latency.run_id for row in report.rows}) == 1
    assert all(row.accuracy is None and row.latency.num_runs >= 100 and row.memory for row in report.rows)
    assert (report.kind, report.model_path, report.verdict) == ("bench", None, "pass")


def test_bench_files_when_a_file_is_wrong_then_it_is_timed_and_fails(tmp_path):
    golden = packed_autokey.golden_cases("float32", keras=lambda word: packed_autokey.cipher(word[::-1]))
    packed_autokey.write(tmp_path / "m.tflite", golden=golden)
    report = bench_files([tmp_path / "m.tflite"], [TARGETS[-1].name], **SHORT)
    assert (report.verdict, report.exit_code, report.model_path) == ("fail", 1, str(tmp_path / "m.tflite"))
    assert report.rows[0].latency is not None


@pytest.mark.parametrize("evaluated", [None, ()], ids=["test words", "golden cases"])
def test_bench_files_then_what_occurs_is_timed(tmp_path, evaluated):
    packed_autokey.write(tmp_path / "m.tflite", evaluated=evaluated)
    (row,) = bench_files([tmp_path / "m.tflite"], [TARGETS[-1].name], num_threads=2, **SHORT).rows
    assert (row.latency.num_sources, row.latency.num_threads) == (12, 2)


def test_bench_files_when_no_runtime_runs_the_file_then_no_figures_and_fail(tmp_path):
    # No signature of a seq2seq model in it; and tflite-runtime 2.14 refuses it at load.
    packed_autokey.write(tmp_path / "m.tflite", model_bytes=autokey.REFUSED_MODEL.read_bytes())
    report = bench_files([tmp_path / "m.tflite"], **SHORT)
    assert [row.target for row in report.rows] == [str(target) for target in TARGETS]
    assert all(row.latency is None and row.memory is None for row in report.rows)
    assert (report.verdict, report.exit_code) == ("fail", 1)


def test_bench_files_when_tasks_differ_then_config_error(tmp_path):
    packed_autokey.write(tmp_path / "a.tflite")
    packed_autokey.write(tmp_path / "b.tflite", spec=dataclasses.replace(packed_autokey.SPEC, name="other"))
    with pytest.raises(ConfigError, match="got 2 tasks"):
        bench_files([tmp_path / "a.tflite", tmp_path / "b.tflite"], **SHORT)


def test_bench_files_when_a_file_is_named_twice_then_config_error(tmp_path):
    packed_autokey.write(tmp_path / "a.tflite")
    (tmp_path / "link.tflite").symlink_to(tmp_path / "a.tflite")
    with pytest.raises(ConfigError, match="expected different files"):
        bench_files([tmp_path / "a.tflite", tmp_path / "link.tflite"], **SHORT)


def test_bench_files_when_a_byte_was_changed_then_integrity_error(tmp_path):
    packed_autokey.write(tmp_path / "a.tflite")
    data = bytearray((tmp_path / "a.tflite").read_bytes())
    data[100] ^= 1
    (tmp_path / "a.tflite").write_bytes(data)
    with pytest.raises(IntegrityError):
        bench_files([tmp_path / "a.tflite"], **SHORT)


def test_bench_files_when_there_is_no_pack_then_artifact_error():
    with pytest.raises(ArtifactError, match="there is no pack"):
        bench_files([autokey.MODEL], **SHORT)


def test_bench_files_of_tensors_then_golden_inputs_are_timed_interleaved_on_every_runtime(tmp_path):
    paths = [tmp_path / "a.tflite", tmp_path / "b.tflite"]
    packed_tensors.write(paths[0])
    packed_tensors.write(paths[1], models.dense("int8_static"), distance=0.05, recipe="static_wi8_ai8")
    report = bench_files(paths, **SHORT)
    assert [(row.recipe, row.target) for row in report.rows] == [
        (recipe, str(target)) for recipe in ("float32", "static_wi8_ai8") for target in TARGETS
    ]
    assert len({row.latency.run_id for row in report.rows}) == 1
    for row in report.rows:
        assert row.entry == row.latency.entry == row.memory.entry == "signatures"
        assert row.latency.calls == ("serving_default",) * 4 and row.memory.peak_memory_bytes > 0
        assert any(reason.startswith("too short") for reason in row.latency.invalid_reasons)
    assert Report.from_json(report.to_json()) == report
    assert any("one call of serving_default, batch 1" in line for line in report_lines(report))


def test_bench_files_of_tensors_when_answers_are_wrong_then_timed_and_fails(tmp_path):
    packed_tensors.write(tmp_path / "m.tflite", shift=3.0)
    report = bench_files([tmp_path / "m.tflite"], [TARGETS[-1].name], **SHORT)
    assert (report.verdict, report.exit_code) == ("fail", 1) and report.rows[0].latency is not None
