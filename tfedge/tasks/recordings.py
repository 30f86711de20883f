"""Recordings of a sensor: rows of channels that follow each other without a gap, each of one subject and one label."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from tfedge.errors import ConfigError
from tfedge.tasks.array_data import ArraySplit
from tfedge.tasks.preprocessing.windows import WindowPreprocessing


@dataclasses.dataclass(frozen=True, eq=False)
class Recording:
    """One of them.

    Attributes:
        rows: float32 (rows, channels), each value finite.
        label: what was done or happened.
        subject: who or what was recorded.
    """

    rows: npt.NDArray[np.float32]
    label: str
    subject: str


@dataclasses.dataclass(frozen=True, eq=False)
class RecordingSet:
    """Recordings of the same channels.

    Attributes:
        channels: their names.
        rate_hz: rows a second; None where nothing tells.
        recordings: in the order of their files.
        source: name, version and sha256 of the data.
        skipped: why -> how many rows, gaps or files were left out.
    """

    channels: tuple[str, ...]
    rate_hz: float | None
    recordings: tuple[Recording, ...]
    source: Mapping[str, str]
    skipped: Mapping[str, int] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        shapes = {recording.rows.shape[1:] for recording in self.recordings}
        if shapes - {(len(self.channels),)}:
            raise ConfigError(f"expected recordings of {len(self.channels)} channels; got {sorted(shapes)}")

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, sorted."""
        return tuple(sorted({recording.label for recording in self.recordings}))

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subjects; those that are numbers in their order, before the others."""
        return tuple(sorted({recording.subject for recording in self.recordings}, key=_subject_order))

    def of(self, subjects: Iterable[str]) -> tuple[Recording, ...]:
        """Returns the recordings of these subjects."""
        wanted = set(subjects)
        return tuple(recording for recording in self.recordings if recording.subject in wanted)


def windows_of(recordings: Iterable[Recording], windows: WindowPreprocessing, classes: Sequence[str]) -> ArraySplit:
    """Returns the windows of recordings, each with its label and its subject as group.

    Args:
        recordings: those too short for a window give none.
        windows: how they are cut and scaled.
        classes: labels in the order of the output.
    """
    cut = [(windows.cut(recording.rows), recording) for recording in recordings]
    counts = [len(each) for each, _ in cut]
    inputs = np.concatenate([np.zeros((0, *windows.input_shape), np.float32), *(each for each, _ in cut)])
    labels = np.repeat([classes.index(recording.label) for _, recording in cut], counts)
    groups = np.repeat(np.array([recording.subject for _, recording in cut], np.str_), counts)
    return ArraySplit(inputs, labels.astype(np.int64), groups)


def _subject_order(subject: str) -> tuple[bool, int, str]:
    is_number = subject.isascii() and subject.isdigit()
    return not is_number, int(subject) if is_number and len(subject) < 19 else 0, subject
