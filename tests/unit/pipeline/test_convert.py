from __future__ import annotations

import dataclasses

import pytest

from tests.golden import packed_autokey
from tfedge.artifacts import sha256_hex
from tfedge.conversion.recipes import recipe_file
from tfedge.errors import ArtifactError, ConfigError
from tfedge.modelfile.pack import read_pack
from tfedge.pipeline import convert
from tfedge.tasks import registry


class Listener:
    """A reporter that keeps the stages' titles."""

    def __init__(self):
        self.titles = []

    def stage(self, title):
        self.titles.append(title)

    def say(self, text):
        pass

    def bar(self, label, total):
        from tfedge.progress import SILENT

        return SILENT.bar(label, total)


def test_convert_and_package_then_both_pack_the_same(data, model_file, tmp_path):
    listener = Listener()
    (pack,) = convert.convert_model(model_file, tmp_path, ["float32"], reporter=listener)
    assert pack.path == recipe_file(tmp_path, "tiny", "float32") == tmp_path / "tiny.float32.tflite"
    assert pack.manifest.provenance["trained_model_sha256"] == sha256_hex(model_file.read_bytes())
    assert [example.text for example in pack.evaluation.examples] == [example.text for example in data.test]
    assert listener.titles == [
        f"weights {model_file}",
        "answers of Keras to 24 test words",
        "recipe float32: no quantization: the reference",
    ]
    # Recipe and calibration are those of the old pack, where nobody says otherwise.
    repacked = convert.package_model(pack.path, model_file, tmp_path / "again.tflite")
    assert repacked.manifest == pack.manifest
    assert (tmp_path / "again.tflite").read_bytes() == pack.path.read_bytes()


@pytest.mark.parametrize("taken", ["tiny.float32.tflite", "tiny.static_wi8_ai8_fc.tflite"])
def test_convert_model_when_any_file_exists_then_none_is_written(data, model_file, tmp_path, taken):
    (tmp_path / taken).write_text("mine")
    with pytest.raises(ArtifactError, match=f"{taken} exists"):
        convert.convert_model(model_file, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [taken]


def test_convert_model_when_a_recipe_is_unknown_then_nothing_is_loaded(tmp_path):
    with pytest.raises(ConfigError, match="did you mean 'float32'"):
        convert.convert_model(tmp_path / "none.keras", tmp_path, ["float32", "flot32"])


@pytest.mark.parametrize("change", ["sha256", "max_source_length"])
def test_convert_model_when_the_data_is_other_than_trained_on_then_config_error(
    data, model_file, tmp_path, monkeypatch, change
):
    other = dataclasses.replace(data, source={**data.source, "sha256": "1" * 64})
    if change == "max_source_length":
        other = dataclasses.replace(data, spec=dataclasses.replace(data.spec, max_source_length=9))
    monkeypatch.setitem(registry.LOADERS, "g2p", lambda _: other)
    with pytest.raises(ConfigError, match="pass the same --data"):
        convert.convert_model(model_file, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_package_model_when_the_old_pack_names_another_model_then_config_error(data, model_file, tmp_path):
    path = packed_autokey.write(tmp_path / "m.tflite", provenance={"trained_model_sha256": "f" * 64}).path
    with pytest.raises(ConfigError, match="was converted from, sha256 ffffffffffff"):
        convert.package_model(path, model_file, tmp_path / "out.tflite")
    assert not (tmp_path / "out.tflite").exists()


def test_package_model_when_nobody_knows_the_recipe_then_all_are_named(tmp_path):
    (tmp_path / "bare.tflite").write_bytes(packed_autokey.MODEL_BYTES)
    with pytest.raises(ConfigError, match="--recipe, one of float32, dynamic_wi8_afp32"):
        convert.package_model(tmp_path / "bare.tflite", tmp_path / "none.keras", tmp_path / "out.tflite")


def test_package_model_when_the_output_exists_then_nothing_is_read(tmp_path):
    (tmp_path / "out.tflite").write_text("mine")
    with pytest.raises(ArtifactError, match="--force"):
        convert.package_model(tmp_path / "none.tflite", tmp_path / "none.keras", tmp_path / "out.tflite")


def test_package_model_when_the_old_recipe_is_of_another_version_then_config_error(tmp_path):
    path = packed_autokey.write(tmp_path / "m.tflite", "beam_wi4").path
    assert read_pack(path).manifest.recipe == "beam_wi4"
    with pytest.raises(ConfigError, match="recipe must be one of"):
        convert.package_model(path, tmp_path / "none.keras", tmp_path / "out.tflite")
