from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tfedge.errors import ArtifactError, InputError
from tfedge.modelfile.pack import read_pack
from tfedge.tasks import image
from tfedge.tasks.array_config import ArrayTaskConfig
from tfedge.tasks.array_data import ArraySpec
from tfedge.tasks.preprocessing.kinds import preprocessing_from_json
from tfedge.tasks.shipped import shipped_file

RANDOM = np.random.default_rng(0)


def write(folder, part, images, labels) -> None:
    for values, name in ((images, f"{part}-images-idx3-ubyte"), (labels, f"{part}-labels-idx1-ubyte")):
        head = b"\0\0\x08" + bytes([values.ndim]) + np.array(values.shape, ">u4").tobytes()
        (folder / name).write_bytes(head + values.astype(np.uint8).tobytes())


@pytest.fixture
def folder(tmp_path):
    """Forty training and twelve test images of 5 rows and 4 columns, of three classes, as IDX files."""
    write(tmp_path, "train", RANDOM.integers(0, 256, (40, 5, 4)), np.arange(40) % 3)
    write(tmp_path, "t10k", RANDOM.integers(0, 256, (12, 5, 4)), np.arange(12) % 3)
    return tmp_path


def test_load_when_given_idx_files_then_the_last_training_images_are_for_choosing(folder):
    data = image.load(folder)
    assert (len(data.train), len(data.dev), len(data.test)) == (36, 4, 12)
    assert data.spec.preprocessing.input_shape == data.train.inputs.shape[1:] == (5, 4, 1)
    assert data.dev.labels.tolist() == [0, 1, 2, 0] and data.spec.meaning.classes == ("0", "1", "2")
    assert data.source["version"] == "user"
    assert ArraySpec.from_json(data.spec.to_json()) == data.spec


def test_load_when_nothing_is_named_then_the_place_where_keras_keeps_them_is_looked_at(folder, monkeypatch):
    place = folder / "datasets" / "fashion-mnist"
    place.mkdir(parents=True)
    for path in list(folder.glob("*ubyte")):
        path.rename(place / path.name)
    monkeypatch.setenv("KERAS_HOME", str(folder))
    monkeypatch.setattr(image, "usual_folders", lambda: (folder / "nowhere", place))
    assert len(image.load().train) == 36


def test_load_when_there_is_none_then_one_line_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert image.usual_folders()[1] == tmp_path / "datasets" / "fashion-mnist"
    monkeypatch.setattr(image, "usual_folders", lambda: (tmp_path / "a", tmp_path / "b"))
    with pytest.raises(ArtifactError, match="apt install dataset-fashion-mnist"):
        image.load()


def test_load_when_a_file_is_missing_then_it_is_named(folder):
    (folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(ArtifactError, match="t10k-labels-idx1-ubyte"):
        image.load(folder)


@pytest.mark.parametrize(
    ("part", "images", "labels", "told"),
    [
        ("train", (40, 5, 4), np.zeros(40), "1 classes"),
        ("train", (40, 5, 4), np.arange(39) % 3, "39 labels"),
        ("t10k", (12, 4, 4), np.arange(12) % 3, "like the training images"),
        ("t10k", (12, 5, 4), np.arange(12) % 4, "label 3"),
    ],
)
def test_load_when_files_do_not_belong_together_then_one_line_says_so(folder, part, images, labels, told):
    write(folder, part, np.zeros(images), labels)
    with pytest.raises(InputError, match=told):
        image.load(folder)


def test_load_when_given_class_folders_then_their_names_are_the_classes(tmp_path):
    for name in ("b", "a"):
        (tmp_path / name).mkdir()
        for number in range(10):
            Image.fromarray(RANDOM.integers(0, 256, (6, 6), np.uint8)).save(tmp_path / name / f"{number}.png")
        (tmp_path / name / "x.txt").write_text("")
    data = image.load(tmp_path)
    assert data.spec.meaning.classes == ("a", "b") and data.skipped == {"no image by its name": 2}
    assert (len(data.train), len(data.dev), len(data.test)) == (16, 2, 2)


def test_shipped_file_when_read_then_it_is_within_its_limit_and_says_what_it_takes():
    shipping = ArrayTaskConfig.read(shipped_file("image/config.json")).shipping
    pack = read_pack(shipped_file("image/image.tflite"))
    assert len(pack.model_bytes) <= shipping.limits[shipping.recipe].max_bytes == 300_000
    assert pack.manifest.recipe == shipping.recipe
    assert preprocessing_from_json(pack.task["preprocessing"]).input_shape == (28, 28, 1)
    assert tuple(pack.task["meaning"]["classes"]) == image.CLASSES
