"""A user's own model on the ladder: a tiny one with two signatures, through every stage once."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.unit.pipeline import mine
from tfedge.conversion.recipes import ALL_RECIPES
from tfedge.errors import ArtifactError, ConfigError, ConversionError, RuntimeUnavailableError
from tfedge.modelfile.pack import read_pack
from tfedge.pipeline import ladder_tensors
from tfedge.pipeline.ladder_tensors import climb_user_model
from tfedge.reports.ladder_config import LadderConfig
from tfedge.reports.ladder_report import read_ladder
from tfedge.reports.validate import validate_file
from tfedge.tasks.tensor_task import Quality
from tfedge.validation.ladder_limits import LadderLimits

LITERT, TFLITE = "ai-edge-litert==2.3.0@x86_64", "tflite-runtime==2.14.0@x86_64"
TRIED = ("dynamic_wi8_afp32_channel",)
FORCED = "static_wi8_ai8"
# A hundred weights are smaller than the tables around them, and a twentieth of a second is no time.
TINY = LadderConfig(LadderLimits(max_size_ratio=4, min_speedup=0), min_seconds=0.05)
COUNT = 800


def inputs(count=COUNT):
    return np.random.default_rng(8).normal(size=(count, 8)).astype(np.float32)


def model():
    """8 numbers -> 4 classes, a layer that is named, and weights as training leaves them."""
    keras.utils.set_random_seed(3)
    x = keras.Input((8,), name="x")
    hidden = keras.layers.Dense(16, activation="relu", name="hidden")(x)
    made = keras.Model(x, keras.layers.Dense(4, activation="softmax", name="label")(hidden), name="small")
    for variable in made.trainable_variables:
        variable.assign(variable + np.random.default_rng(3).normal(scale=0.3, size=variable.shape))
    return made


def write_exported(path):
    """A SavedModel with two signatures of that model: its classes, and what the hidden layer says."""
    whole = model()
    hidden = keras.Model(whole.input, whole.get_layer("hidden").output)
    holder = tf.Module()
    holder.parts = [whole, hidden]
    specs = tf.TensorSpec((None, 8), tf.float32, "x")
    functions = {
        "classify": tf.function(lambda x: {"label": whole(x)}).get_concrete_function(specs),
        "embed": tf.function(lambda x: {"hidden": hidden(x)}).get_concrete_function(specs),
    }
    tf.saved_model.save(holder, str(path), signatures=functions)


@pytest.fixture(scope="module")
def climbed(tmp_path_factory):
    """(report, folder, arguments) of a ladder with three recipes on both runtimes, one of them forced."""
    folder = tmp_path_factory.mktemp("tensors")
    write_exported(folder / "exported")
    arguments = (folder / "exported", {"classify/x": inputs(), "embed/x": inputs()}, folder / "out")
    report = climb_user_model(*arguments, [LITERT, TFLITE], TINY, forced=[FORCED], recipes=TRIED)
    return report, folder / "out", arguments


def test_climb_then_every_recipe_is_measured_on_every_target_it_can_run(climbed):
    report, _, _ = climbed
    assert report.targets == (LITERT, TFLITE) and report.recipes == ("float32", *TRIED, FORCED)
    assert report.config.limits.quality == Quality("agreement", 0.95) and report.task == "exported"
    for rung in report.rungs:
        if (rung.recipe, rung.target) == (*TRIED, TFLITE):
            assert rung.accuracy is rung.latency is None  # A rule knows that 2.14 would read one scale of many.
            assert report.choice(rung).reason.startswith(("op_version", "per_channel_weights"))
            continue
        assert not rung.has_failed, rung.findings
        assert set(rung.accuracy.outputs) == {"classify/label", "embed/hidden"}
        assert (rung.accuracy.key, rung.accuracy.num_examples) == ("classify/label", 200)
        assert rung.latency.calls[:2] == ("classify", "embed") and rung.latency.num_runs >= 100
        assert rung.memory.peak_memory_bytes > 0 and set(rung.partitions) == {"classify", "embed"}
    assert len({rung.latency.run_id for rung in report.rungs if rung.latency}) == 1


def test_climb_then_what_ships_is_scored_on_further_examples_and_nothing_else_is(climbed):
    report, _, _ = climbed
    for rung in report.rungs:
        ships = report.choice(rung).decision == "ship"
        assert (rung.test_accuracy is not None) == ships
        assert not ships or rung.test_accuracy.num_examples == COUNT - 200 - 500
    assert report.verdict == "not_measured" and all("too short" in each.untimed for each in report.rungs if each.entry)


def test_climb_then_files_report_picture_and_every_decision_sealed_in(climbed):
    report, folder, _ = climbed
    shipped = {report.shipped(target).recipe for target in report.targets}
    models = {f"exported.{recipe}.tflite" for recipe in {*shipped, FORCED}}
    kinds = {f"exported.ladder{end}" for end in ("", ".json", ".md", ".png")}
    assert {path.name for path in folder.iterdir()} == models | kinds
    assert read_ladder(folder / "exported.ladder.json") == report
    manifest = read_pack(folder / f"exported.{FORCED}.tflite").manifest
    decisions = [gate for gate in manifest.gates if gate["gate"] == "ladder"]
    assert [gate["target"] for gate in decisions] == [LITERT, TFLITE]
    assert all(gate["message"].endswith("; forced by name") for gate in decisions)
    assert {gate["gate"] for gate in manifest.gates} == {"ladder", "quality", "other_outputs", "size"}
    for name in models:
        assert validate_file(folder / name, ["ai-edge-litert"]).verdict == "pass"


def test_climb_when_resumed_then_nothing_is_converted_again_and_all_may_be_forbidden(climbed, monkeypatch):
    report, folder, arguments = climbed

    def none(*_):
        raise AssertionError("converted again")

    monkeypatch.setattr(ladder_tensors.UserModelJob, "pack", none)
    strict = LadderConfig(LadderLimits(max_bytes=1, min_speedup=0), min_seconds=0.05)
    again = climb_user_model(*arguments, [LITERT], strict, forced=[FORCED], recipes=TRIED, resume=True)
    before = {rung.recipe: rung.accuracy for rung in report.rungs_of(LITERT)}
    assert {rung.recipe: rung.accuracy for rung in again.rungs} == before
    assert (again.exit_code, again.shipped(LITERT)) == (1, None)
    assert {choice.decision for choice in again.choices} == {"forbidden"}
    gate = read_pack(folder / f"exported.{FORCED}.tflite").manifest.gates[0]
    assert gate["message"].startswith("forbidden: size: ") and gate["message"].endswith("; forced by name")


def test_climb_when_a_recipe_cannot_be_carried_out_or_misses_a_users_metric_then_a_row_says_so(tmp_path, monkeypatch):
    pack = ladder_tensors.UserModelJob.pack

    def refuse(job, conversion, *rest, **named):
        if conversion.recipe.name == "weight_only_wi8_afp32":
            raise ConversionError("layer 'memory' loops and cannot be unrolled")
        return pack(job, conversion, *rest, **named)

    monkeypatch.setattr(ladder_tensors.UserModelJob, "pack", refuse)
    tried, quality = ["weight_only_wi8_afp32", "dynamic_wi8_afp32_channel"], Quality("mine:rmse", 1e-6, is_error=True)
    settings = {"recipes": tried, "quality": quality, "metric": mine.rmse}
    report = climb_user_model(model(), {"x": inputs(80)}, tmp_path, [LITERT], TINY, **settings)
    assert [choice.decision for choice in report.choices] == ["ship", "forbidden", "forbidden"]
    assert report.choices[1].reason == "converts: layer 'memory' loops and cannot be unrolled"
    assert report.choices[2].reason.startswith("quality: rmse ") and report.rungs[2].accuracy.lost > 1e-6
    assert report.rungs[0].test_accuracy is None  # No example is left that nothing was chosen by.
    stored = json.loads((tmp_path / "small.ladder.json").read_text())["config"]["limits"]["quality"]
    assert stored == {"metric": "mine:rmse", "limit": 1e-6, "is_error": True}


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"targets": ["ai-edge-litart"]}, ConfigError, "did you mean 'ai-edge-litert'"),
        ({"targets": ["tflite-runtime==2.5.0@x86_64"]}, RuntimeUnavailableError, "tfedge targets add"),
        ({"forced": ["dynamic"]}, ConfigError, "recipe must be one of"),
        ({"quality": Quality("snr_db", None)}, ConfigError, "give --at-least or --at-most"),
        ({"quality": Quality("mine:broken", 1.0), "metric": mine.broken}, ConfigError, "ValueError: my own mistake"),
        ({"quality": Quality("mine:rmse", 1.0)}, ConfigError, "expected the function mine:rmse"),
        ({"data": {"y": inputs(80)}}, ConfigError, "must be one of x; got 'y'"),
    ],
)
def test_climb_when_something_does_not_fit_then_nothing_is_written(tmp_path, change, error, said):
    arguments = {"model": model(), "data": {"x": inputs(80)}, "targets": [LITERT], "config": TINY, **change}
    with pytest.raises(error, match=said):
        climb_user_model(out_dir=tmp_path, **arguments)
    assert list(tmp_path.iterdir()) == []


def test_climb_when_a_ladder_is_there_then_nothing_is_loaded(tmp_path):
    (tmp_path / "small.ladder").mkdir()
    with pytest.raises(ArtifactError, match="pass --resume to go on"):
        climb_user_model(tmp_path / "small.keras", {}, tmp_path, [LITERT], TINY)
    assert set(ALL_RECIPES) > set(TRIED)
