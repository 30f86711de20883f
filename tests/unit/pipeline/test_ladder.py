from __future__ import annotations

import dataclasses
import json

import pytest

from tfedge.checks.verdict import Finding
from tfedge.cli import main
from tfedge.conversion.recipes import ALL_RECIPES
from tfedge.errors import ArtifactError, ConfigError, RuntimeUnavailableError
from tfedge.modelfile.pack import read_pack
from tfedge.pipeline import ladder
from tfedge.reports.ladder_config import LadderConfig
from tfedge.reports.ladder_report import LadderReport, read_ladder
from tfedge.reports.ladder_table import ladder_markdown
from tfedge.validation.ladder_limits import LadderLimits

LITERT, TFLITE = "ai-edge-litert==2.3.0@x86_64", "tflite-runtime==2.14.0@x86_64"
TRIED = ("dynamic_wi4_afp32",)
FORCED = "static_wi8_ai8_fc"
# One word of 40 is 2.5 points, a network of 9,000 weights is mostly graph, and a twentieth of a second is no time.
TINY = LadderConfig(LadderLimits(max_points_lost=50, max_size_ratio=2, min_speedup=0), num_words=40, min_seconds=0.05)


@pytest.fixture(scope="module")
def climbed(trained, tiny_data, tmp_path_factory):
    """(report, folder) of a ladder with three recipes on both runtimes, one of them forced."""
    from tfedge.tasks import registry

    folder = tmp_path_factory.mktemp("ladder")
    loaded = dataclasses.replace(tiny_data, train=tiny_data.train[24:], test=tiny_data.train[:24])
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(registry.LOADERS, "g2p", lambda _: loaded)
        report = ladder.climb(trained[1], folder, [LITERT, TFLITE], TINY, forced=[FORCED], recipes=TRIED)
    return report, folder


def test_climb_then_every_recipe_is_measured_on_every_target_it_can_run(climbed):
    report, _ = climbed
    assert report.targets == (LITERT, TFLITE) and report.recipes == ("float32", *TRIED, FORCED)
    for rung in report.rungs:
        if (rung.recipe, rung.target) == ("dynamic_wi4_afp32", TFLITE):
            continue
        assert not rung.has_failed, rung.findings
        assert rung.accuracy.num_examples == 40 and rung.accuracy.has_reference
        assert rung.latency.num_runs >= 100 and rung.memory.peak_memory_bytes > 0
        assert rung.partitions["encode"] >= 1 and rung.entry == "greedy"
    assert len({rung.latency.run_id for rung in report.rungs if rung.latency}) == 1


def test_climb_when_a_rule_forbids_then_the_file_is_not_run_there_and_the_rule_named(climbed):
    report, _ = climbed
    (rung,) = [each for each in report.rungs_of(TFLITE) if each.recipe == "dynamic_wi4_afp32"]
    assert rung.accuracy is rung.latency is rung.memory is rung.entry is None
    choice = report.choice(rung)
    failed = [finding.gate for finding in rung.findings if finding.verdict == "fail"]
    assert choice.decision == "forbidden" and choice.reason.startswith(f"{failed[0]}: ")


def test_climb_then_what_ships_is_scored_on_test_words_and_nothing_else_is(climbed):
    report, _ = climbed
    for rung in report.rungs:
        assert (rung.test_accuracy is not None) == (report.choice(rung).decision == "ship")
    # Half a second of timing is none that could be relied on, and the verdict says so.
    assert report.verdict == "not_measured" and all("too short" in each.untimed for each in report.rungs if each.entry)


def test_climb_then_files_report_plot_and_every_decision_sealed_in(climbed):
    report, folder = climbed
    shipped = {report.shipped(target).recipe for target in report.targets}
    models = {f"tiny.{recipe}.tflite" for recipe in {*shipped, FORCED}}
    written = {path.name for path in folder.iterdir()}
    assert written == {*models, "tiny.ladder", "tiny.ladder.json", "tiny.ladder.md", "tiny.ladder.png"}
    assert read_ladder(folder / "tiny.ladder.json") == report
    assert (folder / "tiny.ladder.md").read_text(encoding="utf-8") == ladder_markdown(report)
    assert (folder / "tiny.ladder.png").read_bytes().startswith(b"\x89PNG")
    manifest = read_pack(folder / f"tiny.{FORCED}.tflite").manifest
    decisions = [gate for gate in manifest.gates if gate["gate"] == "ladder"]
    assert [gate["target"] for gate in decisions] == [LITERT, TFLITE]
    assert all(gate["message"].endswith("; forced by name") for gate in decisions)
    assert {gate["gate"] for gate in manifest.gates} == {"ladder", "accuracy", "size"}  # No speed is asked for.
    assert all(Finding.from_json({k: v for k, v in gate.items() if k != "target"}) for gate in manifest.gates)


def test_climb_then_calibration_says_how_far_dev_words_leave_its_ranges(climbed):
    report, folder = climbed
    excursions = report.calibration["dev_excursions"]
    assert {each["signature"] for each in excursions} == {"decode_step"}
    assert {"cache_key_0", "cross_bias"} <= {each["input"] for each in excursions}
    assert all(0 <= each["share_outside"] < 0.5 for each in excursions)
    assert read_pack(folder / f"tiny.{FORCED}.tflite").manifest.calibration == report.calibration


def test_convert_auto_when_resumed_with_stricter_limits_then_nothing_is_converted_and_exit_1(
    climbed, data, model_file, monkeypatch, capsys
):
    report, folder = climbed
    monkeypatch.setattr(ladder, "ALL_RECIPES", {name: ALL_RECIPES[name] for name in ("float32", *TRIED)})
    line = f"convert {model_file} --out {folder} --recipe auto --recipe {FORCED} --target {LITERT} --resume --json"
    limits = "--max-points-lost 50 --max-size-ratio 0.01 --words 40 --seconds 0.05"
    assert main.main([*line.split(), *limits.split()]) == 1
    out, err = capsys.readouterr()
    again = LadderReport.from_json(json.loads(out))
    assert "float32: no quantization" not in err and "latency, interleaved" in err
    before = {rung.recipe: rung.accuracy for rung in report.rungs_of(LITERT)}
    assert {rung.recipe: rung.accuracy for rung in again.rungs} == before
    assert again == read_ladder(folder / "tiny.ladder.json")
    assert again.verdict == "fail" and again.shipped(LITERT) is None
    manifest = read_pack(folder / f"tiny.{FORCED}.tflite").manifest
    gate, *others = manifest.gates
    assert [each["gate"] for each in others] == ["accuracy", "size", "speed"]
    assert gate["verdict"] == "fail" and gate["message"].startswith("forbidden: size: ")
    assert gate["message"].endswith("; forced by name") and manifest.targets == ()


@pytest.mark.parametrize("taken", ["tiny.ladder.json", "tiny.ladder", "tiny.static_wi8_ai8_fc.tflite"])
def test_climb_when_a_name_is_taken_then_nothing_is_loaded(tmp_path, taken):
    (tmp_path / taken).mkdir() if taken == "tiny.ladder" else (tmp_path / taken).write_text("mine")
    with pytest.raises(ArtifactError, match=taken):
        ladder.climb(tmp_path / "tiny.keras", tmp_path, [LITERT], TINY, forced=[FORCED])
    assert [path.name for path in tmp_path.iterdir()] == [taken]


def test_climb_when_a_target_is_unknown_or_absent_then_nothing_is_loaded(tmp_path):
    with pytest.raises(ConfigError, match="did you mean 'ai-edge-litert'"):
        ladder.climb(tmp_path / "none.keras", tmp_path, ["ai-edge-litart"], TINY)
    with pytest.raises(RuntimeUnavailableError, match="tfedge targets add"):
        ladder.climb(tmp_path / "none.keras", tmp_path, ["tflite-runtime==2.5.0@x86_64"], TINY)
    with pytest.raises(RuntimeUnavailableError, match="expected an Android device"):
        ladder.climb(tmp_path / "none.keras", tmp_path, ["android-tflite==2.16.1@arm64-v8a"], TINY)
