"""Files of a network of images: raw bytes in, and what `tfedge predict` says of image files."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import PIL.Image
import pytest

from tfedge.cli import main
from tfedge.conversion.recipes import RECIPES
from tfedge.errors import ArtifactError, ConfigError, InputError
from tfedge.modelfile.graph import read_graph
from tfedge.networks.encoder_classifier import EncoderClassifier
from tfedge.networks.trained_model import TrainedArrayModel
from tfedge.pipeline.array_job import PACKED_BYTES, ArrayJob
from tfedge.runtime.targets import installed_targets
from tfedge.tasks.array_data import ArrayData, ArraySpec, ArraySplit
from tfedge.tasks.meaning import ClassesMeaning
from tfedge.tasks.preprocessing.image import ImagePreprocessing
from tfedge.tasks.shipping import ShippingConfig
from tfedge.validation.evaluate_arrays import evaluate_arrays
from tfedge.validation.predict_images import predict_images

CLASSES = ("dark", "bright")
SPEC = ArraySpec("shades", ImagePreprocessing(32, 32, 1), ClassesMeaning(CLASSES))


def _split(count: int, seed: int) -> ArraySplit:
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    tops = np.where(labels, 255, 120)[:, None, None, None]
    return ArraySplit(random.integers(0, tops + 1, (count, 32, 32, 1)).astype(np.uint8), labels)


@pytest.fixture(scope="module")
def job():
    """A network that tells bright images from dark ones, made by hand and not trained."""
    stem = [{"filters": 8, "kernel_size": 3, "strides": 4}]
    network = EncoderClassifier((32, 32, 1), 2, stem, 0, 1, 8, 16, position="none", block_norm="batch", scale=1 / 255)
    network.build()
    rises = np.ones_like(network.logits_dense.kernel) * [-4.0, 4.0]
    for layer in network.stem._flatten_layers():
        if layer.name.startswith("conv") and hasattr(layer, "kernel"):
            layer.kernel.assign(np.full(layer.kernel.shape, 1 / 9))
    network.logits_dense.kernel.assign(rises)
    network.logits_dense.bias.assign(rises.sum(axis=0) * -0.37)  # Halfway between the means of both kinds.
    data = ArrayData(
        SPEC, _split(64, 1), _split(32, 2), _split(90, 3), {"name": "shades", "version": "1", "sha256": ""}
    )
    model = TrainedArrayModel(network, SPEC, {"data": dict(data.source)}, "a" * 64)
    return ArrayJob(model, data, ShippingConfig(input_dtype="uint8"))


@pytest.fixture(scope="module")
def packs(job, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shades")
    return {name: job.pack(RECIPES[name], folder / f"{name}.tflite") for name in ("float32", "static_wi8_ai8")}


def test_pack_when_the_task_asks_for_bytes_a_static_file_takes_them_as_they_are(packs):
    taken = {name: read_graph(pack.model_bytes).signatures["classify"].inputs["inputs"] for name, pack in packs.items()}

    assert str(taken["float32"].dtype) == "float32"
    assert str(taken["static_wi8_ai8"].dtype) == "uint8"
    # Calibration saw every byte from 0 to 255, so that a step is 1.
    assert (taken["static_wi8_ai8"].scale, taken["static_wi8_ai8"].zero_point) == (pytest.approx(1.0), 0)


def test_evaluate_arrays_when_a_file_takes_bytes_answers_as_keras_does(job, packs):
    for pack in packs.values():
        found = evaluate_arrays(pack, installed_targets()[-1], job.examples)
        assert {each.gate: each.verdict for each in found.findings}["golden_cases"] == "pass"
        assert found.accuracy.accuracy == 100 and found.accuracy.identical_share == 1


def test_pack_when_examples_are_large_carries_as_many_as_have_room(job, packs):
    carried = packs["float32"].array_examples

    assert len(carried) == PACKED_BYTES // (32 * 32) < len(job.examples)
    assert carried.inputs.dtype == np.uint8


def test_predict_when_given_image_files_says_their_classes(packs, tmp_path, capsys):
    names = [str(tmp_path / name) for name in ("night.png", "day.jpg")]
    PIL.Image.new("RGB", (90, 50), (20, 20, 20)).save(names[0])
    PIL.Image.new("L", (20, 20), 250).save(names[1])
    for pack in packs.values():
        assert main.main(["predict", str(pack.path), *names]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line.split()[:2] for line in lines] == [[names[0], "dark"], [names[1], "bright"]]
    assert main.main(["predict", str(packs["float32"].path), names[1], "--nbest", "2", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["class"] == "bright" and [each["class"] for each in told["nbest"]] == ["bright", "dark"]
    assert sum(each["probability"] for each in told["nbest"]) == pytest.approx(1, abs=1e-5)


def test_predict_images_when_a_file_is_no_image_refuses(packs, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")

    with pytest.raises(InputError, match="no image"):
        predict_images(packs["float32"].path, [str(broken)])
    with pytest.raises(ArtifactError):
        predict_images(packs["float32"].path, [str(tmp_path / "none.png")])


def test_array_job_when_there_is_nothing_to_score_by_refuses(job):
    data = ArrayData(SPEC, _split(64, 1), _split(32, 2), _split(0, 3), {"name": "shades", "version": "1", "sha256": ""})

    with pytest.raises(InputError, match="test examples"):
        ArrayJob(job._model, data, ShippingConfig())
    with pytest.raises(ConfigError, match="whose bytes differ"):
        ArrayJob(job._model, dataclasses.replace(data, source={**data.source, "sha256": "b"}), ShippingConfig())
