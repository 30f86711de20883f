from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.golden import packed_classifier
from tests.golden.packed_classifier import CLASSES
from tests.unit.reports import sample_reports as made
from tfedge.errors import ArtifactError
from tfedge.reports.html.array_content import array_content, drawable, grid_of
from tfedge.validation.class_accuracy import score_classes


@pytest.fixture(scope="module")
def packs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packs")
    return {kind: packed_classifier.write(folder / f"{kind}.tflite", kind) for kind in ("image", "signal", "anomaly")}


@pytest.mark.parametrize(("kind", "shape"), [("image", (4, 4)), ("signal", (8,))])
def test_content_of_classes_then_three_are_wrong_and_each_looked_where_it_is_brightest(packs, kind, shape):
    content = array_content(packs[kind], None)
    assert (len(content.wrong), len(content.right)) == (3, len(CLASSES))
    assert int(content.classes.counts.trace()) == 9 and content.classes.counts.sum() == 12
    assert content.wrong_caption.startswith("3 of the 12 examples")
    for case in (*content.wrong, *content.right):
        assert case.weights.shape == shape and case.weights.sum() == pytest.approx(1, abs=1e-5)
        brightness = case.values.reshape(*shape, -1).sum(axis=-1)
        assert case.weights.argmax() == brightness.argmax()
        assert (case.answers[0][0] == case.truth) == (case in content.right)
        assert case.answers[0][1] >= case.answers[1][1] >= case.answers[2][1]


def test_content_when_the_report_counts_all_test_examples_then_its_counts_and_errors(packs):
    pack = packs["image"]
    every = pack.array_examples
    probabilities = np.tile(every.keras, (3, 1))
    labels = np.tile(every.labels, 3)
    # Bytes, as the data of pictures holds them: the file takes floats.
    inputs = np.tile(every.inputs, (3, 1, 1, 1)).astype(np.uint8)
    row = made.row(
        model_sha256=pack.manifest.model_sha256, accuracy=score_classes(probabilities, labels, inputs=inputs)
    )
    content = array_content(pack, made.make_report(row))
    assert content.classes.caption == "All 36 test examples of the report."
    assert content.classes.counts.sum() == 36 and len(content.wrong) == 9
    assert content.wrong_caption.startswith("9 of 36 test examples")
    assert [case.name for case in content.wrong[:4]] == ["example 1", "example 2", "example 3", "example 13"]


def test_content_when_the_report_is_of_another_model_then_the_files_own_examples(packs):
    assert array_content(packs["image"], made.make_report(made.row())).classes.counts.sum() == 12


def _other_label(errors):
    return {"errors": (dataclasses.replace(errors[0], label=4),)}


def _other_shape(errors):
    return {"errors": (dataclasses.replace(errors[0], input=np.zeros((5, 5, 1), np.uint8)),)}


def _ragged(_):
    return {"confusion": ((12, 0, 0, 0), (0,), (0,), (0,))}


@pytest.mark.parametrize("change", [_other_label, _other_shape, _ragged])
def test_content_when_the_report_counts_something_else_then_refused(packs, change):
    pack = packs["image"]
    every = pack.array_examples
    accuracy = score_classes(every.keras, every.labels, inputs=every.inputs)
    changed = dataclasses.replace(accuracy, **change(accuracy.errors))
    row = made.row(model_sha256=pack.manifest.model_sha256, accuracy=changed)
    with pytest.raises(ArtifactError, match="expected counts of 4 classes"):
        array_content(pack, made.make_report(row))


def test_content_of_scores_then_sides_of_the_threshold(packs):
    content = array_content(packs["anomaly"], None)
    scores = content.scores
    assert scores.values.tolist() == pytest.approx(packs["anomaly"].array_examples.keras.tolist())
    assert (scores.threshold, int(scores.labels.sum())) == (1500.0, 4)
    is_wrong = (scores.values >= 1500.0) != (scores.labels == 1)
    assert [case.name for case in content.wrong] == [f"example {at + 1}" for at in np.flatnonzero(is_wrong)]
    assert [case.truth for case in content.right][:1] == ["anomaly"]


def test_content_when_answers_are_no_numbers_then_it_says_so_and_shows_none(tmp_path):
    pack = packed_classifier.write(tmp_path / "m.tflite", "image", broken=True)
    content = array_content(pack, None)
    assert content.classes is None and content.wrong == ()
    assert "12 of 12 hold NaN or infinity" in content.missing[0]


def test_content_when_the_file_carries_no_examples_then_it_says_so(tmp_path):
    pack = packed_classifier.write(tmp_path / "m.tflite", "image", evaluation=None)
    assert array_content(pack, None).missing == ("Answers: the file carries no labelled examples.",)


def test_content_when_nobody_knows_what_outputs_mean_then_it_says_so(packs):
    task = {key: value for key, value in packs["image"].task.items() if key != "meaning"}
    pack = dataclasses.replace(packs["image"], task=task)
    assert array_content(pack, None).missing == ("Answers: the task does not say what the file's outputs mean.",)


def test_content_when_the_runtime_refuses_the_file_then_it_says_why(packs, tmp_path):
    path = tmp_path / "m.tflite"
    path.write_bytes(b"no model at all")
    content = array_content(dataclasses.replace(packs["image"], path=path), None)
    assert content.wrong == () and content.missing[0].startswith("Answers: ")


@pytest.mark.parametrize(
    ("shape", "positions", "grid"),
    [
        ((28, 28, 1), 49, (7, 7)),
        ((28, 28, 1), 196, (14, 14)),
        ((32, 20, 3), 40, (8, 5)),
        ((5, 5, 1), 9, (3, 3)),
        ((28, 28, 1), 50, None),
        ((96, 6), 24, (24,)),
    ],
)
def test_grid_of_then_places_lie_as_strides_leave_them(shape, positions, grid):
    assert grid_of(shape, positions) == grid


def test_drawable_when_an_image_then_its_bytes_and_else_as_it_is(packs):
    preprocessing = packed_classifier.task("image").preprocessing
    assert drawable(np.array([[[-1.0], [300.0]]]), preprocessing).tolist() == [[[0], [255]]]
    assert drawable(np.zeros(5), None).shape == (5, 1)
    assert drawable(np.zeros((5, 2)), None).shape == (5, 2)
