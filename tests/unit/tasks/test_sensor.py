"""The sensor task: its split by subject, what is fitted to training subjects alone, and data that cannot be one."""

from __future__ import annotations

import importlib.util
import types

import numpy as np
import pytest

from tfedge.errors import InputError, IntegrityError, RuntimeUnavailableError
from tfedge.tasks import sensor
from tfedge.tasks.recordings import Recording, RecordingSet

SOURCE = {"name": "made up", "version": "1", "sha256": "0"}


def _set(lengths=1_000, subjects="12345", labels=("run", "walk"), rate_hz=50.0) -> RecordingSet:
    random = np.random.default_rng(0)
    recordings = [
        Recording(random.normal(int(subject), 1, (lengths, 2)).astype(np.float32), label, subject)
        for subject in subjects
        for label in labels
    ]
    return RecordingSet(("x", "y"), rate_hz, tuple(recordings), SOURCE)


def test_split_when_subjects_are_left_out_then_they_are_the_test_alone():
    data = sensor.split(_set(), ["4", "5"])
    assert set(data.test.groups) == {"4", "5"}
    assert set(data.train.groups) == set(data.dev.groups) == {"1", "2", "3"}
    assert data.spec.meaning.classes == ("run", "walk")
    assert data.spec.preprocessing.input_shape == (300, 2)
    assert len(data.test) == 2 * 2 * 15
    np.testing.assert_array_equal(np.bincount(data.test.labels), [30, 30])


def test_split_when_test_subjects_are_other_people_then_nothing_that_is_fitted_changes():
    found = _set()
    others = [Recording(each.rows * 9, each.label, each.subject) for each in found.of("45")]
    changed = RecordingSet(found.channels, 50.0, (*found.of("123"), *others), SOURCE)
    one, other = (sensor.split(each, ["4", "5"]) for each in (found, changed))
    assert one.spec == other.spec
    np.testing.assert_array_equal(one.train.inputs, other.train.inputs)


def test_split_when_dev_is_taken_then_no_row_of_it_is_trained_on():
    found = _set()
    ramps = [
        Recording(np.arange(1_000, dtype=np.float32)[:, None].repeat(2, 1), each.label, each.subject)
        for each in found.recordings
    ]
    data = sensor.split(RecordingSet(found.channels, 50.0, tuple(ramps), SOURCE), ["5"])
    assert data.dev.inputs.min() > data.train.inputs.max()


def test_split_when_a_recording_is_too_short_then_it_is_counted():
    found = _set()
    short = Recording(found.recordings[0].rows[:299], "run", "1")
    data = sensor.split(RecordingSet(found.channels, 50.0, (*found.recordings, short), SOURCE), ["5"])
    assert data.skipped == {sensor.TOO_SHORT: 1}


@pytest.mark.parametrize(
    ("changes", "test", "told"),
    [
        ({"lengths": 299}, ["5"], "300 rows or more of each class; the longest has 299"),
        ({"labels": ("run",)}, ["5"], "two or more labels; got only 'run'"),
        ({"subjects": "1"}, ["1"], "two or more subjects"),
    ],
)
def test_split_when_data_cannot_be_learnt_then_it_is_refused(changes, test, told):
    with pytest.raises(InputError, match=told):
        sensor.split(_set(**changes), test)


def test_split_when_only_a_test_subject_has_a_label_then_it_is_refused():
    found = _set()
    lonely = Recording(found.recordings[0].rows, "swim", "5")
    with pytest.raises(InputError, match="only test subjects have 'swim'"):
        sensor.split(RecordingSet(found.channels, 50.0, (*found.recordings, lonely), SOURCE), ["5"])


def test_load_when_given_a_folder_then_the_last_fifth_of_the_subjects_is_the_test(tmp_path):
    for subject in range(1, 11):
        rows = [f"{row % 7},{'up' if row < 500 else 'down'},{subject}" for row in range(1_000)]
        (tmp_path / f"{subject}.csv").write_text("\n".join(["x,label,subject", *rows]))
    data = sensor.load(tmp_path)
    assert set(data.test.groups) == {"9", "10"}
    assert data.spec.preprocessing.rate_hz is None


def test_read_watch_when_the_package_is_missing_then_the_message_says_what_to_run(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(RuntimeUnavailableError, match="pip install --no-deps seglearn==1.2.5"):
        sensor.read_watch()


def test_read_watch_when_the_pickle_is_another_then_it_is_not_opened(monkeypatch, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "watch_dataset.npy").write_bytes(b"a stranger's pickle")
    found = types.SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: found)
    with pytest.raises(IntegrityError, match="expected the watch data"):
        sensor.read_watch()
