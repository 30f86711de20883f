"""A packed file answers a signal row by row, on an interpreter, as NumPy does; models of something else are refused."""

from __future__ import annotations

import io

import numpy as np
import pytest

from tests.golden import packed_autokey, packed_classifier, packed_tensors
from tfedge.errors import ConfigError
from tfedge.validation.stream import StreamModel, WindowAnswer

LENGTH, CHANNELS = packed_classifier.shape_of("signal")


def _csv(signals: np.ndarray) -> io.StringIO:
    rows = [",".join(map(str, row)) for row in signals.reshape(-1, CHANNELS)]
    return io.StringIO("\n".join([",".join(f"axis <{place}>" for place in range(CHANNELS)), *rows]))


@pytest.fixture(scope="module")
def packs(tmp_path_factory):
    """Packed files of a classifier and of a scorer of anomalies."""
    folder = tmp_path_factory.mktemp("stream")
    return {kind: packed_classifier.write(folder / f"{kind}.tflite", kind).path for kind in ("signal", "anomaly")}


def _answers(path, text) -> tuple[StreamModel, list[WindowAnswer]]:
    with StreamModel(path) as model:
        return model, list(model.answers(model.stream(text, "a.csv")))


def test_answers_when_it_is_a_classifier_then_each_window_has_its_class_and_probability(packs):
    held = packed_classifier.examples("signal")
    model, found = _answers(packs["signal"], _csv(held.inputs))
    best = held.keras.argmax(axis=1)
    assert [answer.label for answer in found] == [packed_classifier.CLASSES[place] for place in best]
    # Softmax of LiteRT in float32: 1e-6 of a probability, as the pack's own golden cases allow.
    np.testing.assert_allclose([answer.value for answer in found], held.keras.max(axis=1), atol=1e-6)
    assert [answer.row for answer in found] == [LENGTH * (place + 1) for place in range(len(best))]
    told = found[0].to_json(model.meaning)
    assert told == {"time": LENGTH / 50, "row": LENGTH, "class": found[0].label, "probability": found[0].value}


def test_answers_when_it_scores_anomalies_then_the_threshold_judges(packs):
    held = packed_classifier.examples("anomaly")
    model, found = _answers(packs["anomaly"], _csv(held.inputs))
    np.testing.assert_allclose([answer.value for answer in found], held.keras, rtol=1e-6)
    assert [answer.label == "anomaly" for answer in found] == list(held.keras >= model.meaning.threshold)
    assert {answer.label for answer in found} == {"anomaly", "usual"}
    assert found[0].to_json(model.meaning)["is_anomaly"] is (found[0].label == "anomaly")


@pytest.mark.parametrize("module", [packed_autokey, packed_tensors])
def test_model_when_it_takes_no_windows_then_it_is_refused(module, tmp_path):
    path = module.write(tmp_path / "m.tflite").path
    with pytest.raises(ConfigError, match="expected a file"):
        StreamModel(path)


def test_model_when_it_takes_pictures_then_it_is_refused(tmp_path):
    path = packed_classifier.write(tmp_path / "m.tflite", "image").path
    with pytest.raises(ConfigError, match="does not; convert it from a task such as sensor"):
        StreamModel(path)
