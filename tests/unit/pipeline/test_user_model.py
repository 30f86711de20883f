"""Models that were not written for tfedge: convolutional, recurrent, attention; each through the whole stage once."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest

from tests.listener import Listener
from tests.unit.conversion import user_models
from tests.unit.pipeline import mine
from tests.unit.pipeline.custom_op import with_custom_op
from tfedge.conversion import representative, user_model
from tfedge.conversion.converter import Conversion
from tfedge.conversion.recipes import ALL_RECIPES
from tfedge.errors import ArtifactError, ConfigError, ConversionError, MeasurementError, UnsupportedOpError
from tfedge.modelfile.pack import read_pack
from tfedge.pipeline import user_golden
from tfedge.pipeline.user_job import UserModelJob
from tfedge.pipeline.user_model import convert_user_model
from tfedge.reports.validate import validate_file
from tfedge.runtime.targets import installed_targets
from tfedge.tasks.tensor_task import Quality, TensorTask

LITERT = "ai-edge-litert"
RECIPES = {
    "convolutional": ("float32", "static_wi8_ai8"),
    "recurrent": ("dynamic_wi8_afp32", "static_wi8_ai8"),
    "attention": ("float32", "static_wi8_ai8_fc"),
}


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    """Returns a function: model -> (files by recipe, what was said), converted once; 40 examples."""
    done = {}

    def convert(name):
        if name not in done:
            listener, out = Listener(), tmp_path_factory.mktemp(name)
            model, data = user_models.make(name), user_models.data(name)
            files = convert_user_model(model, data, out, RECIPES[name], targets=[LITERT], reporter=listener)
            done[name] = {file.pack.manifest.recipe: file for file in files}, listener.said
        return done[name]

    return convert


@pytest.mark.parametrize("name", user_models.NAMES)
def test_convert_user_model_gives_files_that_answer_as_keras_does(converted, name):
    files, said = converted(name)
    assert list(files) == list(RECIPES[name])
    for recipe, file in files.items():
        (measured,) = file.measured
        assert (recipe, measured.findings[0].verdict) == (recipe, "pass")
        # One rounding to 8 bits is a cosine of 0.9999; a handful of them in a row, of small layers: 0.97.
        assert all(output.cosine > (0.99999 if recipe == "float32" else 0.97) for output in measured.outputs.values())
        assert all(output.num_examples == 10 for output in measured.outputs.values())
    assert any("30 examples to calibrate, 10 held out" in line for line in said)


@pytest.mark.parametrize("name", user_models.NAMES)
def test_converted_file_travels_alone_and_is_right_on_every_runtime_it_was_made_for(converted, name):
    files, _ = converted(name)
    for recipe, file in files.items():
        pack = read_pack(file.pack.path)
        task = TensorTask.from_json(dict(pack.task))
        assert (task.name, pack.num_golden_cases, pack.manifest.recipe) == (name, 8, recipe)
        assert pack.manifest.provenance["representative_data"]["num_held_out"] == {"serving_default": 10}
        assert [gate["gate"] for gate in pack.manifest.gates][:2] == ["runs", "quality"]
        assert validate_file(pack.path, [LITERT]).verdict == "pass"


def test_convert_user_model_when_outputs_are_classes_asks_for_agreement_and_else_for_cosine(converted):
    metrics = {name: converted(name)[0][RECIPES[name][0]].pack.task["metric"] for name in user_models.NAMES}
    assert metrics == {"convolutional": "agreement", "recurrent": "cosine", "attention": "agreement"}


def test_convert_user_model_when_a_recipe_calibrates_records_what_with(converted):
    files, _ = converted("recurrent")
    calibration = files["static_wi8_ai8"].pack.manifest.calibration
    assert (calibration["num_samples"], calibration["unrolled"]) == (
        {"serving_default": 30},
        ["first_memory", "memory"],
    )
    assert files["dynamic_wi8_afp32"].pack.manifest.calibration is None


def small(tmp_path, quality=None, metric=None, **changes):
    """Converts a product of 4 numbers to float32."""
    keras.utils.set_random_seed(2)
    x = keras.Input((4,), name="x")
    model = keras.Model(x, keras.layers.Dense(3, name="y")(x), name="small")
    data = {"x": np.random.default_rng(8).normal(size=(40, 4)).astype(np.float32)}
    arguments = {"recipes": ["float32"], "targets": [LITERT], "quality": quality, "metric": metric, **changes}
    return convert_user_model(model, data, tmp_path, **arguments)


def test_convert_user_model_when_the_metric_is_a_users_calls_it_with_arrays(tmp_path):
    mine.CALLS.clear()
    (file,) = small(tmp_path, Quality("mine:rmse", 0.01, is_error=True), mine.rmse)
    assert file.verdict == "pass"
    # Once with Keras' own answers, so that a mistake in it is known early; for its value; and for the best there is.
    assert [array.shape for array in mine.CALLS] == [(10, 3)] * 3
    assert read_pack(file.pack.path).task["metric"] == "mine:rmse"


def test_convert_user_model_when_a_users_metric_is_missing_or_raises_then_config_error(tmp_path):
    with pytest.raises(ConfigError, match="expected the function mine:rmse"):
        small(tmp_path, Quality("mine:rmse", 1.0))
    with pytest.raises(ConfigError, match="it raised ValueError: my own mistake"):
        small(tmp_path, Quality("mine:broken", 1.0), mine.broken)
    assert list(tmp_path.iterdir()) == []


def test_convert_user_model_when_a_file_exists_then_nothing_is_loaded(tmp_path):
    (tmp_path / "small.float32.tflite").write_text("mine")
    with pytest.raises(ArtifactError, match="exists; pass --force"):
        small(tmp_path)


def test_convert_user_model_when_one_recipe_is_refused_writes_the_others_and_says_so(tmp_path):
    mixed = tmp_path / "mixed.json"
    mixed.write_text('{"name": "mixed", "summary": "s", "scopes": [{"mode": "dynamic", "layers": "nowhere"}]}')
    with pytest.raises(ConversionError, match="these scopes.*; written: small.float32.tflite"):
        small(tmp_path, recipes=[str(mixed), "float32"])
    assert (tmp_path / "small.float32.tflite").exists()


@pytest.fixture(scope="module")
def job():
    """A job of a product of 4 numbers."""
    x = keras.Input((4,), name="x")
    network = user_model.load(keras.Model(x, keras.layers.Dense(3)(x), name="small"))
    inputs = {name: entry.inputs for name, entry in network.entries.items()}
    data = {"x": np.random.default_rng(8).normal(size=(40, 4)).astype(np.float32)}
    return UserModelJob(network, representative.fit(data, inputs, "data"), "small")


def test_job_when_a_file_has_a_custom_op_then_it_is_not_packed(job, tmp_path):
    conversion = job.converter.convert(ALL_RECIPES["float32"])
    spoilt = dataclasses.replace(conversion, model_bytes=with_custom_op(conversion.model_bytes, "Mine"))
    with pytest.raises(UnsupportedOpError, match="Mine"):
        job.pack(spoilt, tmp_path / "m.tflite", installed_targets())
    assert list(tmp_path.iterdir()) == []


def test_job_when_a_runtime_refuses_a_file_says_so_in_a_finding(job, tmp_path):
    conversion: Conversion = job.converter.convert(ALL_RECIPES["float32"])
    (tmp_path / "m.tflite").write_bytes(with_custom_op(conversion.model_bytes, "Mine"))
    measured = job.measure(tmp_path / "m.tflite", "float32", installed_targets()[-1])
    assert [(each.gate, each.verdict) for each in measured.findings] == [("runs", "fail")]
    assert measured.outputs == {}


def test_golden_cases_are_the_extremes_and_as_many_others_as_have_room():
    rows = [{"x": np.full((1, 60_000), value, np.float32)} for value in (1.0, 3.0, 0.5, 2.0)]
    chosen = user_golden.choose({"s": rows})
    assert [name for name, _, _ in chosen] == ["largest_input", "smallest_input"]
    few = user_golden.choose({"s": [{"x": row["x"][:, :10]} for row in rows], "t": [{"x": rows[0]["x"][:, :1]}]})
    assert [name for name, _, _ in few] == [
        *("s/largest_input", "s/smallest_input", "s/example_1", "s/example_4"),
        "t/largest_input",
    ]


def test_golden_cases_when_one_example_is_too_large_then_config_error():
    with pytest.raises(ConfigError, match="one of s has 7 MiB"):
        user_golden.choose({"s": [{"x": np.ones((1, 2_000_000), np.float32)}]})


def test_golden_cases_when_the_model_itself_answers_nan_then_measurement_error():
    x = keras.Input((2,), name="x")
    network = user_model.load(keras.Model(x, keras.ops.log(x)))
    with pytest.raises(MeasurementError, match="NaN or infinite for first"):
        user_golden.answered(network, [("first", "serving_default", {"x": np.full((1, 2), -1.0, np.float32)})])
