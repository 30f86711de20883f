from __future__ import annotations

import csv
import dataclasses

import numpy as np
import pytest

from tfedge.errors import ArtifactError, ConfigError, InputError
from tfedge.networks import trained_model
from tfedge.tasks.array_config import ArrayTaskConfig
from tfedge.tasks.array_data import ArrayData, ArraySpec, ArraySplit
from tfedge.tasks.meaning import ClassesMeaning
from tfedge.tasks.preprocessing.windows import WindowPreprocessing
from tfedge.training.train_arrays import train_arrays

NETWORK = {
    "stem": [{"filters": 8, "kernel_size": 3, "strides": 2}],
    **{
        "num_blocks": 1,
        "num_heads": 2,
        "head_dim": 4,
        "intermediate_dim": 8,
        "block_norm": "batch",
        "pooling_heads": 2,
    },
}
TRAINING = {"epochs": 3, "batch_size": 20, "learning_rate": 0.02, "warmup_steps": 2, "averaging_decay": 0.5}


def make_config(**training):
    return ArrayTaskConfig.from_json({"network": NETWORK, "training": {**TRAINING, **training}})


def make_data():
    """Waves of three frequencies."""
    random, splits = np.random.default_rng(0), []
    for count in (120, 30, 30):
        labels = random.integers(0, 3, count)
        waves = np.sin((labels[:, None] + 1) * np.arange(16) * 0.4 + random.random((count, 1)))
        splits.append(ArraySplit(waves[..., None].astype(np.float32), labels))
    spec = ArraySpec("waves", WindowPreprocessing(("x",), 16, 8, (0.0,), (1.0,)), ClassesMeaning(("a", "b", "c")))
    return ArrayData(spec, *splits, {"name": "waves", "version": "1"})


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("waves") / "waves.keras"
    return train_arrays(make_data(), make_config(dtype_policy="mixed_bfloat16"), out), out


def test_train_then_the_classes_are_learned_and_the_file_holds_all(trained):
    model, out = trained
    loaded, data = trained_model.load(out), make_data()
    assert (loaded.spec, loaded.sha256) == (data.spec, model.sha256)
    answers = np.argmax(loaded.network.classify(data.test.inputs), axis=1)
    # By chance it is a third; three epochs reach 90 % and more.
    assert (answers == data.test.labels).mean() > 0.6
    assert loaded.network.compute_dtype == "float32"


def test_train_then_log_curve_and_provenance_tell_of_it(trained):
    model, out = trained
    with open(out.with_suffix(".csv"), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 and float(rows[-1]["train_loss"]) < float(rows[0]["train_loss"])
    assert model.training["best_dev_error"] == min(float(row["dev_error"]) for row in rows)
    assert model.training["train_examples"] == 120
    assert sorted(path.suffix for path in out.parent.iterdir()) == [".csv", ".keras", ".png"]


def test_train_when_the_file_exists_then_refused_and_nothing_lost(trained):
    _, out = trained
    with pytest.raises(ArtifactError, match="exists; pass --force"):
        train_arrays(make_data(), make_config(), out)


def test_train_when_a_file_of_texts_is_asked_for_then_refused(trained):
    with pytest.raises(ArtifactError, match="of texts"):
        trained_model.TrainedModel.load(trained[1])


def test_train_when_there_are_no_dev_examples_then_refused(tmp_path):
    data = make_data()
    with pytest.raises(InputError, match="dev examples"):
        train_arrays(dataclasses.replace(data, dev=data.dev[:0]), make_config(), tmp_path / "waves.keras")


def test_train_when_sizes_are_unknown_then_refused(tmp_path):
    config = dataclasses.replace(make_config(), network={"num_block": 1})
    with pytest.raises(ConfigError, match="num_blocks"):
        train_arrays(make_data(), config, tmp_path / "waves.keras")
