from __future__ import annotations

import dataclasses
import json
import pathlib
import shutil
import zipfile

import keras
import numpy as np
import pytest

from tfedge.artifacts import sha256_hex
from tfedge.errors import ArtifactError, TfedgeError
from tfedge.networks.trained_model import TrainedModel

TRAINING = {"seed": 3, "data": {"name": "none"}, "best_dev_wer": 12.5}


@pytest.fixture(scope="module")
def saved_once(make_network, tiny_data, tmp_path_factory):
    """A network with its task, saved: (model, path)."""
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    return TrainedModel(make_network(dropout=0.1), tiny_data.spec, TRAINING).save(path), path


@pytest.fixture
def saved(saved_once, tmp_path):
    """The same with a copy of the file, to be damaged."""
    model, path = saved_once
    return model, pathlib.Path(shutil.copy(path, tmp_path))


def rewrite(path, change):
    """Writes the zip anew with its `tfedge.json` changed, or without it where `change` returns None."""
    with zipfile.ZipFile(path) as file:
        entries = {name: file.read(name) for name in file.namelist()}
    entry = change(json.loads(entries.pop("tfedge.json")))
    with zipfile.ZipFile(path, "w") as file:
        for name, data in entries.items():
            file.writestr(name, data)
        if entry is not None:
            file.writestr("tfedge.json", entry if isinstance(entry, bytes) else json.dumps(entry))


def refusal(path) -> str:
    with pytest.raises(TfedgeError) as caught:
        TrainedModel.load(path)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_load_then_network_task_and_training_are_as_saved(saved, sources):
    model, path = saved
    loaded = TrainedModel.load(path)
    assert (loaded.spec, loaded.training, loaded.sha256) == (model.spec, TRAINING, model.sha256)
    assert loaded.network.get_config() == model.network.get_config()
    targets = np.ones((16, 3), np.int32)
    np.testing.assert_array_equal(loaded.network((sources, targets)), model.network((sources, targets)))


def test_save_then_the_sha256_is_of_the_file(saved):
    model, path = saved
    assert model.sha256 == sha256_hex(path.read_bytes())
    assert [entry.name for entry in path.parent.iterdir()] == ["model.keras"]


def test_save_then_keras_alone_loads_it_too(saved):
    model, path = saved
    weights = keras.saving.load_model(path).get_weights()
    for ours, other in zip(model.network.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(ours, other)


def test_save_when_the_file_exists_then_refused_without_force(saved):
    model, path = saved
    with pytest.raises(ArtifactError, match="exists; pass --force"):
        model.save(path)
    assert sha256_hex(path.read_bytes()) == model.sha256
    other = dataclasses.replace(model, training={}).save(path, force=True)
    assert TrainedModel.load(path).sha256 == other.sha256 != model.sha256


@pytest.mark.parametrize("name", ["model.h5", "model", "model.keras.zip"])
def test_save_when_the_name_is_not_keras_then_refused(saved, name):
    model, path = saved
    with pytest.raises(ArtifactError, match="a file name that ends in .keras"):
        model.save(path.parent / name)


def test_load_when_missing_then_named(tmp_path):
    assert "expected a trained model at" in refusal(tmp_path / "none.keras")
    assert "it is a folder" in refusal(tmp_path)


def test_load_when_saved_by_keras_alone_then_it_lacks_a_task(saved):
    model, path = saved
    plain = path.with_name("plain.keras")
    model.network.save(plain)
    assert f"{plain} holds no task spec" in refusal(plain)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_load_when_cut_then_refused(saved, share):
    _, path = saved
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    assert str(path) in refusal(path)


@pytest.mark.parametrize("data", [b"", b"not a model\n", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n" + bytes(100)])
def test_load_when_it_is_another_kind_of_file_then_refused(tmp_path, data):
    path = tmp_path / "text.keras"
    path.write_bytes(data)
    assert "expected a .keras file written by tfedge train" in refusal(path)


def test_load_when_named_otherwise_then_refused(saved):
    _, path = saved
    assert "expected a .keras file" in refusal(path.rename(path.with_name("model.zip")))


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: None,
        lambda entry: b"{",
        lambda entry: [],
        lambda entry: {"training": {}},
        lambda entry: {"task": entry["task"]},
        lambda entry: {**entry, "training": None},
        lambda entry: {**entry, "task": {}},
        lambda entry: {**entry, "task": {**entry["task"], "schema_version": 2}},
    ],
)
def test_load_when_the_task_is_missing_or_illegal_then_refused(saved, change):
    _, path = saved
    rewrite(path, change)
    refusal(path)


def test_load_when_another_keras_model_has_a_task_then_refused(saved):
    _, path = saved
    other = path.with_name("other.keras")
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(other)
    with zipfile.ZipFile(path) as ours, zipfile.ZipFile(other, "a") as file:
        file.writestr("tfedge.json", ours.read("tfedge.json"))
    assert "Sequential" in refusal(other)


def test_load_when_bytes_are_flipped_anywhere_then_refused_or_the_same(saved):
    model, path = saved
    data = path.read_bytes()
    for place in range(40, len(data), len(data) // 12):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])
        try:
            loaded = TrainedModel.load(path)
        except TfedgeError as error:
            assert error.exit_code == 2
        else:  # A byte that nobody reads, such as a date.
            for ours, other in zip(model.network.get_weights(), loaded.network.get_weights(), strict=True):
                np.testing.assert_array_equal(ours, other)
            assert (loaded.spec, loaded.training) == (model.spec, TRAINING)
