from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from tfedge.conversion import products_quantizer
from tfedge.runtime.client import Worker

SIZE = 8
# The first sample alone reaches far: 100 others follow, of which a moving average would remember only the last ones.
REACH = 10.0


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Paths of a float product and of what the program makes of it; and the product's weights."""
    import tensorflow as tf

    folder = tmp_path_factory.mktemp("products")
    random = np.random.default_rng(0)
    weights = random.normal(size=(SIZE, SIZE)).astype(np.float32)

    class Product(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([1, SIZE], tf.float32, "features")])
        def classify(self, features):
            return {"scores": tf.matmul(features, tf.constant(weights))}

    module = Product()
    tf.saved_model.save(module, str(folder / "saved"), signatures={"classify": module.classify.get_concrete_function()})
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder / "saved"), signature_keys=["classify"])
    (folder / "float.tflite").write_bytes(converter.convert())
    rows = [{"features": random.uniform(-0.1, 0.1, (1, SIZE)).astype(np.float32)} for _ in range(100)]
    rows.insert(0, {"features": np.linspace(-REACH, REACH, SIZE, dtype=np.float32)[None]})
    products_quantizer.save_samples({"classify": rows}, str(folder / "samples.npz"))
    paths = [str(folder / name) for name in ("float.tflite", "samples.npz", "int8.tflite")]
    command = [sys.executable, "-m", products_quantizer.__name__, *paths]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder, weights


def test_quantizer_when_one_early_sample_reaches_far_then_its_range_is_kept(files):
    folder, weights = files
    features = np.linspace(-REACH, REACH, SIZE, dtype=np.float32)[None]
    with Worker("ai-edge-litert") as worker:
        worker.load(folder / "int8.tflite")
        scores = worker.run("classify", {"features": features})["scores"]
    # Half a step of the features' scale a term, and as much again for the weights and for the scores.
    step = 2 * REACH / 255
    assert np.max(np.abs(scores - features @ weights)) < 2 * step * np.abs(weights).sum(axis=0).max()


def test_quantizer_then_products_are_int8_and_between_them_is_float(files):
    folder, _ = files
    with Worker("ai-edge-litert") as worker:
        worker.load(folder / "int8.tflite")
        signature = worker.describe()["classify"]
    assert {signature.inputs["features"].dtype, signature.outputs["scores"].dtype} == {"float32"}


def test_samples_when_saved_and_loaded_then_equal(tmp_path):
    samples = {
        "encode": [{"source_ids": np.full((1, 3), value, np.int32)} for value in (1, 2)],
        "decode_step": [{"token_ids": np.array([[5]], np.int32), "cache_key_0": np.ones((1, 1, 2, 2), np.float32)}],
    }
    products_quantizer.save_samples(samples, str(tmp_path / "samples.npz"))
    loaded = products_quantizer.load_samples(str(tmp_path / "samples.npz"))
    assert {name: len(rows) for name, rows in loaded.items()} == {"encode": 2, "decode_step": 1}
    for name, rows in samples.items():
        for row, read in zip(rows, loaded[name], strict=True):
            assert set(row) == set(read)
            assert all(np.array_equal(row[key], read[key]) and row[key].dtype == read[key].dtype for key in row)
