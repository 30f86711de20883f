"""The stage behind `tfedge predict --stream`: rows of a sensor in, an answer a window, by a packed file alone."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping
from typing import Any, TextIO

import numpy as np

from tfedge.errors import ConfigError
from tfedge.modelfile.pack import read_pack
from tfedge.runtime.client import Worker
from tfedge.runtime.predict import chosen_runtime
from tfedge.tasks.meaning import AnomalyMeaning, ClassesMeaning, Meaning
from tfedge.tasks.preprocessing.windows import WindowPreprocessing
from tfedge.tasks.tensor_task import TensorTask, is_tensor_task
from tfedge.tasks.window_stream import LiveWindow, WindowStream
from tfedge.validation.real_values import Reals, from_real, to_real

# Of an anomaly scorer, where it has it: how much of the score each channel is.
CONTRIBUTIONS = "contributions"


@dataclasses.dataclass(frozen=True)
class WindowAnswer:
    """What the model says about one window.

    Attributes:
        row: rows read up to the window's last one.
        time: of that row in seconds; None where neither the data nor the model tells.
        label: a class; of an anomaly model "anomaly" or "usual", or "" without a threshold.
        value: the class's probability, or the score.
        contributions: channel -> its part of the score, largest first; of anomaly models that tell.
    """

    row: int
    time: float | None
    label: str
    value: float
    contributions: Mapping[str, float] = dataclasses.field(default_factory=dict)

    def to_json(self, meaning: Meaning) -> dict[str, Any]:
        """Returns the answer as JSON values."""
        place: dict[str, Any] = {"time": self.time, "row": self.row}
        if isinstance(meaning, ClassesMeaning):
            return {**place, "class": self.label, "probability": self.value}
        is_anomaly = self.value >= meaning.threshold if meaning.threshold is not None else None
        told = {"contributions": dict(self.contributions)} if self.contributions else {}
        return {**place, "score": self.value, "is_anomaly": is_anomaly, **told}


class StreamModel:
    """A packed file that answers windows; a context manager that holds its interpreter.

    Args:
        path: a packed `.tflite` whose task has windows and a meaning.
        runtime: name of an installed runtime; LiteRT where it is installed.

    Attributes:
        windows: its preprocessing.
        meaning: of its output.

    Raises:
        ArtifactError, IntegrityError: no file, no pack, or changed bytes.
        ConfigError: a model of something else than windows.
        WorkerError: the runtime refused the file, crashed or hung.
    """

    def __init__(self, path: str | os.PathLike[str], runtime: str | None = None) -> None:
        pack = read_pack(path)
        self._path = pack.path
        self._task, self.windows, self.meaning = _task_of_windows(dict(pack.task))
        self._worker = Worker(chosen_runtime(runtime))

    def __enter__(self) -> StreamModel:
        self._worker.__enter__()
        try:
            self._worker.load(self._path)
        except BaseException:
            self._worker.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.close()

    def stream(self, text: TextIO, where: str) -> WindowStream:
        """Returns the windows of a CSV, which messages call `where`; see `WindowStream`."""
        return WindowStream(self.windows, text, where)

    def answers(self, stream: WindowStream) -> Iterator[WindowAnswer]:
        """Yields an answer to each window as soon as it is whole.

        Raises:
            InputError: as `WindowStream`.
            WorkerError: the runtime crashed or hung.
        """
        signature = self._worker.describe()[self.meaning.signature]
        (name,) = self._task.signatures[self.meaning.signature].inputs
        for window in stream:
            given = self._worker.run(signature.name, {name: from_real(window.inputs, signature.inputs[name])})
            reals = {key: to_real(array, signature.outputs[key]).reshape(-1) for key, array in given.items()}
            yield self._answer(window, reals)

    def _answer(self, window: LiveWindow, outputs: Mapping[str, Reals]) -> WindowAnswer:
        values = outputs[self.meaning.output]
        if isinstance(self.meaning, ClassesMeaning):
            best = int(np.argmax(values))
            return WindowAnswer(window.row, window.time, self.meaning.classes[best], float(values[best]))
        score, parts = float(values[0]), outputs.get(CONTRIBUTIONS, np.zeros(0))
        names = self.windows.channels if len(parts) == len(self.windows.channels) else ()
        told = dict(sorted(zip(names, map(float, parts), strict=False), key=lambda pair: -pair[1]))
        return WindowAnswer(window.row, window.time, _judged(score, self.meaning), score, told)


def _judged(score: float, meaning: AnomalyMeaning) -> str:
    if meaning.threshold is None:
        return ""
    return "anomaly" if score >= meaning.threshold else "usual"


def _task_of_windows(task: dict[str, Any]) -> tuple[TensorTask, WindowPreprocessing, Meaning]:
    if not is_tensor_task(task):
        raise ConfigError("expected a file of a task of windows, such as sensor; this one takes texts; name texts")
    found = TensorTask.from_json(task)
    if not isinstance(found.preprocessing, WindowPreprocessing) or found.meaning is None:
        raise ConfigError(
            "expected a file whose task tells its windows (`preprocessing`) and its `meaning`; "
            f"{found.name!r} does not; convert it from a task such as sensor"
        )
    if len(found.signatures[found.meaning.signature].inputs) != 1:
        raise ConfigError(f"expected `{found.meaning.signature}` of {found.name!r} to take one input")
    return found, found.preprocessing, found.meaning
