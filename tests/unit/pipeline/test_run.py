from __future__ import annotations

import pytest

from tfedge.checks.verdict import Finding
from tfedge.conversion.recipes import RECIPES
from tfedge.errors import ArtifactError
from tfedge.modelfile.pack import read_pack
from tfedge.pipeline import run
from tfedge.reports.report_file import read_report
from tfedge.runtime import targets

TARGETS = targets.installed_targets()
CHOSEN = ("float32", run.SHIPPED_RECIPE)


@pytest.fixture
def shipped(model_file, monkeypatch):
    """The tiny network stands where the shipped weights are, and two recipes for all: seconds and no minutes."""
    monkeypatch.setattr(run, "shipped_file", lambda name: model_file)
    monkeypatch.setattr(run, "RECIPES", {name: RECIPES[name] for name in CHOSEN})


def test_run_task_then_files_report_and_card_and_the_gates_sealed_in(data, shipped, tmp_path):
    out = tmp_path / "out"
    report = run.run_task("g2p", out, num_words=16)

    assert sorted(path.name for path in out.iterdir()) == sorted(
        ["g2p.float32.tflite", f"g2p.{run.SHIPPED_RECIPE}.tflite", "g2p.tflite", "g2p.report.json", "g2p.md"]
    )
    assert read_report(out / "g2p.report.json") == report
    assert [(row.recipe, row.target) for row in report.rows] == [
        (recipe, str(target)) for recipe in CHOSEN for target in TARGETS
    ]
    for row in report.rows:
        assert row.is_gated
        assert row.accuracy.num_examples == 16
        assert row.latency.num_runs >= 100 and row.memory.peak_memory_bytes > 0
    assert all(row.accuracy.identical_share == 1.0 for row in report.rows if row.recipe == "float32")
    assert report.model_path == str(out / "g2p.tflite")
    assert "float32" in (out / "g2p.md").read_text(encoding="utf-8")

    packs = [read_pack(out / name) for name in ("g2p.tflite", f"g2p.{run.SHIPPED_RECIPE}.tflite")]
    assert packs[0].manifest == packs[1].manifest
    sealed = [dict(gate) for gate in packs[0].manifest.gates]
    assert {gate.pop("target") for gate in sealed} == {str(target) for target in TARGETS}
    rows = [row for row in report.rows if row.recipe == run.SHIPPED_RECIPE]
    assert [Finding.from_json(gate) for gate in sealed] == [finding for row in rows for finding in row.findings]
    assert len(packs[0].evaluation.examples) == 16


@pytest.mark.parametrize("taken", ["g2p.tflite", "g2p.report.json", "g2p.md", "g2p.float32.tflite"])
def test_run_task_when_any_file_exists_then_nothing_is_done(data, shipped, tmp_path, taken):
    (tmp_path / taken).write_text("mine")
    with pytest.raises(ArtifactError, match=f"{taken} exists"):
        run.run_task("g2p", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [taken]
    assert (tmp_path / taken).read_text() == "mine"


def test_shipped_recipe_then_it_has_the_loop_in_the_graph_and_its_gates_decide():
    assert RECIPES[run.SHIPPED_RECIPE].has_greedy
    assert set(run.GATED_RECIPES) == {"float32", run.SHIPPED_RECIPE}
