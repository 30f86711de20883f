"""Activity recognition by a sensor's signal: exercises on a watch, or a user's own recordings; split by subject."""

from __future__ import annotations

import dataclasses
import importlib.util
import io
import os
import pathlib
from collections.abc import Collection, Sequence

import numpy as np

from tfedge.artifacts import read_bytes, sha256_hex
from tfedge.errors import InputError, IntegrityError, RuntimeUnavailableError
from tfedge.tasks.array_data import ArrayData, ArraySpec
from tfedge.tasks.meaning import ClassesMeaning
from tfedge.tasks.preprocessing.windows import WindowPreprocessing
from tfedge.tasks.recording_folder import read_recordings
from tfedge.tasks.recordings import Recording, RecordingSet, windows_of
from tfedge.tasks.signal_variants import ACCELERATION, ROTATION, Variation, variants

NAME = "sensor"
# 7 shoulder exercises of 10 subjects, each on both sides, by a watch: https://arxiv.org/abs/1802.01489
WATCH_SHA256 = "eb122f23cdf06ef6bd6c6c5312958ec5cf9d038e2e6d457b8081662c75a42537"
WATCH_VERSION, WATCH_RATE_HZ = "1.2.5", 50.0
# A repetition takes 1 to 2.7 s: a window holds two of the slowest.
WINDOW_SECONDS, HOP_SECONDS = 6.0, 1.0
# Rows of a window where nothing tells of time.
WINDOW_ROWS, HOP_ROWS = 300, 50
VARIATION = Variation()
# The last rows of each training recording tell the best epoch: a subject more to train on than a subject set aside.
DEV_SHARE = 0.15
TOO_SHORT = "recording shorter than a window"


def load(data: str | os.PathLike[str] | None = None) -> ArrayData:
    """Loads the watch data, or a user's folder of CSV files; the last fifth of the subjects, in order, is the test.

    Args:
        data: a folder as `tfedge.tasks.recording_folder.read_recordings` reads it; none for the watch data.

    Raises:
        RuntimeUnavailableError: the package `seglearn`, which holds the watch data, is not installed.
        IntegrityError: it holds other data.
        ArtifactError, InputError: as `read_recordings`, and as `split`.
    """
    recordings = read_watch() if data is None else read_recordings(data)
    subjects = recordings.subjects
    return split(recordings, subjects[len(subjects) - max(1, len(subjects) // 5) :])


def split(recordings: RecordingSet, test_subjects: Collection[str]) -> ArrayData:
    """Returns the task's data with these subjects as test, and everything about the others fitted without them.

    Raises:
        InputError: a single class, one subject alone, no window that fits, or a class that only test subjects have.
    """
    train = recordings.of(set(recordings.subjects) - set(test_subjects))
    test = recordings.of(test_subjects)
    classes = _classes(recordings, train, test)
    windows = _windows(recordings, train)
    short = [recording for recording in (*train, *test) if len(recording.rows) < windows.length]
    if len({recording.label for recording in train if len(recording.rows) >= windows.length}) < len(classes):
        longest = max(len(recording.rows) for recording in train)
        raise InputError(
            f"expected training recordings of {windows.length} rows or more of each class; the longest has {longest}, "
            f"{len(short)} are shorter; record for longer without a gap"
        )
    early, late = _early(train, windows), _late(train, windows)
    # Of dev as well: seen subjects, as they were, are no error to tell epochs by.
    dev_variation = dataclasses.replace(VARIATION, seed=VARIATION.seed + 1)
    varied = windows_of(variants(early, recordings.channels, VARIATION), windows, classes)
    dev = windows_of(variants(late, recordings.channels, dev_variation), windows, classes)
    skipped = {**recordings.skipped, **({TOO_SHORT: len(short)} if short else {})}
    spec = ArraySpec(NAME, windows, ClassesMeaning(classes))
    return ArrayData(spec, varied, dev, windows_of(test, windows, classes), recordings.source, skipped)


def read_watch() -> RecordingSet:
    """Reads the watch data from the installed package `seglearn`, of which nothing is imported.

    Raises:
        RuntimeUnavailableError: it is not installed.
        IntegrityError: the file is another: it is a pickle, and only the known one is opened.
        ArtifactError: the file cannot be read.
    """
    package = importlib.util.find_spec("seglearn")
    if package is None or not package.submodule_search_locations:
        raise RuntimeUnavailableError(
            f"expected the data package seglearn {WATCH_VERSION} (11 MB); it is not installed; run: pip install "
            f"--no-deps seglearn=={WATCH_VERSION}, or name a folder of CSV files with --data"
        )
    path = pathlib.Path(package.submodule_search_locations[0]) / "data" / "watch_dataset.npy"
    data = read_bytes(path, "watch data")
    digest = sha256_hex(data)
    if digest != WATCH_SHA256:
        raise IntegrityError(
            f"expected the watch data of seglearn {WATCH_VERSION} (sha256 {WATCH_SHA256[:12]}…) in {path}; got "
            f"{digest[:12]}…; run: pip install --no-deps --force-reinstall seglearn=={WATCH_VERSION}"
        )
    watch = np.load(io.BytesIO(data), allow_pickle=True).item()
    names = watch["y_labels"]
    recordings = [
        Recording(np.asarray(rows, np.float32), names[int(label)], str(int(subject)))
        for rows, label, subject in zip(watch["X"], watch["y"], watch["subject"], strict=True)
    ]
    source = {"name": "seglearn watch data", "version": WATCH_VERSION, "sha256": digest}
    return RecordingSet(tuple(watch["X_labels"]), WATCH_RATE_HZ, tuple(recordings), source)


def _classes(recordings: RecordingSet, train: Sequence[Recording], test: Sequence[Recording]) -> tuple[str, ...]:
    classes = recordings.labels
    if len(classes) < 2:
        raise InputError(f"expected recordings of two or more labels; got only {classes[0]!r}; add others")
    if not train or not test:
        raise InputError(
            f"expected two or more subjects, as the test is on subjects that training never saw; got "
            f"{len(recordings.subjects)}; add a column `subject`"
        )
    unseen = sorted(set(classes) - {recording.label for recording in train})
    if unseen:
        raise InputError(f"expected each label from a training subject; only test subjects have {unseen[0]!r}")
    return classes


def _windows(recordings: RecordingSet, train: Sequence[Recording]) -> WindowPreprocessing:
    rate = recordings.rate_hz
    length = WINDOW_ROWS if rate is None else max(1, round(WINDOW_SECONDS * rate))
    hop = HOP_ROWS if rate is None else max(1, round(HOP_SECONDS * rate))
    fitted = WindowPreprocessing.fitted(
        [recording.rows for recording in train], recordings.channels, length=length, hop=hop, rate_hz=rate
    )
    return _of_vectors(fitted)


def _of_vectors(windows: WindowPreprocessing) -> WindowPreprocessing:
    """Returns the windows with one scale and no mean for the three axes of each sensor that names make known.

    Where gravity points is what tells an exercise: a scale and a mean for each axis would bend its direction, and a
    device that is turned or on the other arm would no longer be a turn or a mirror image for the network.
    """
    mean = dict(zip(windows.channels, windows.mean, strict=True))
    deviation = dict(zip(windows.channels, windows.deviation, strict=True))
    for axes in (ACCELERATION, ROTATION):
        if set(axes) <= set(windows.channels):
            square = sum(mean[axis] ** 2 + deviation[axis] ** 2 for axis in axes) / len(axes)
            mean |= dict.fromkeys(axes, 0.0)
            deviation |= dict.fromkeys(axes, float(f"{square**0.5:.9g}"))
    return dataclasses.replace(windows, mean=tuple(mean.values()), deviation=tuple(deviation.values()))


def _num_late(recording: Recording, windows: WindowPreprocessing) -> int:
    """Rows of a recording for dev: a window or more, where it leaves two windows to train on."""
    late = max(windows.length, round(DEV_SHARE * len(recording.rows)))
    return late if len(recording.rows) - late >= 2 * windows.length else 0


def _early(train: Sequence[Recording], windows: WindowPreprocessing) -> list[Recording]:
    return [
        Recording(each.rows[: len(each.rows) - _num_late(each, windows)], each.label, each.subject) for each in train
    ]


def _late(train: Sequence[Recording], windows: WindowPreprocessing) -> list[Recording]:
    return [
        Recording(each.rows[len(each.rows) - _num_late(each, windows) :], each.label, each.subject) for each in train
    ]
