"""What a model of arrays answers: classes counted, examples with their pictures or signals, and where it looked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tfedge.errors import ArtifactError, WorkerError
from tfedge.modelfile.array_examples import ArrayExamples
from tfedge.modelfile.pack import Pack
from tfedge.progress import SILENT, Reporter
from tfedge.reports.html.content import ArrayCase, ClassCounts, Content, Scores
from tfedge.reports.schema import Report
from tfedge.runtime.client import Worker
from tfedge.runtime.predict import chosen_runtime
from tfedge.tasks.meaning import AnomalyMeaning, ClassesMeaning
from tfedge.tasks.preprocessing.kinds import Preprocessing
from tfedge.tasks.tensor_task import TensorTask
from tfedge.validation.array_calls import call_each
from tfedge.validation.cases import CallFailedError
from tfedge.validation.class_accuracy import ClassAccuracy
from tfedge.validation.real_values import Reals

Answers = tuple[tuple[str, float], ...]
NUM_SHOWN = 12
EMBED, POOLING_WEIGHTS = "embed", "pooling_weights"
_MAX_RANK = 3  # Rows, columns, channels: what can be drawn.
_ATTENTION = (
    "Weights of the attention pooling, mean over its heads, as the file itself computes them on {runtime} (signature "
    "`embed`): how much of what the answer is made of comes from each place. Convolutions and attention before it have "
    "mixed neighbours by then."
)


def array_content(
    pack: Pack, report: Report | None, runtime: str | None = None, reporter: Reporter = SILENT
) -> Content:
    """Returns what the file answers to the examples that it carries, and to those that its report says it gets wrong.

    Args:
        pack: of a task of tensors.
        report: with rows of this file, whose counts are of all test examples; None where there is none.
        runtime: name of an installed runtime; LiteRT where it is installed.
        reporter: hears a bar.

    Raises:
        ArtifactError: the report counts other classes than the file has.
        RuntimeUnavailableError: no runtime is installed.
    """
    task = TensorTask.from_json(dict(pack.task))
    if task.meaning is None:
        return Content(missing=("Answers: the task does not say what the file's outputs mean.",))
    if pack.array_examples is None:
        return Content(missing=("Answers: the file carries no labelled examples.",))
    try:
        with Worker(chosen_runtime(runtime)) as worker:
            worker.load(pack.path)
            asked = _Asked(worker, task, pack.array_examples, reporter)
            if not asked.is_finite.all():
                return Content(runtime=asked.target, missing=(_not_numbers(asked),))
            if isinstance(task.meaning, ClassesMeaning):
                return _of_classes(asked, task.meaning, _accuracy(report, pack, task, asked.target))
            return _of_scores(asked, task.meaning)
    except (WorkerError, CallFailedError) as error:
        return Content(missing=(f"Answers: {error}",))


def _not_numbers(asked: _Asked) -> str:
    wrong = int((~asked.is_finite).sum())
    return f"Answers: {wrong} of {len(asked.examples)} hold NaN or infinity on {asked.target}; see `tfedge check`."


class _Asked:
    """A loaded file that can be asked.

    Attributes:
        target: the runtime, with version.
        examples: that the file carries.
        answers: float64 (N, ...), what it said to them.
    """

    def __init__(self, worker: Worker, task: TensorTask, examples: ArrayExamples, reporter: Reporter) -> None:
        self._worker, self._task, self.examples = worker, task, examples
        self.target = str(worker.info.target)
        self.answers = self.ask(examples.inputs, reporter)

    @property
    def is_finite(self) -> npt.NDArray[np.bool_]:
        """Whether each answer holds numbers alone, bool (N,)."""
        finite: npt.NDArray[np.bool_] = np.isfinite(self.answers).reshape(len(self.answers), -1).all(axis=1)
        return finite

    def ask(self, inputs: npt.NDArray[Any], reporter: Reporter = SILENT) -> Reals:
        """Returns float64 (N, ...): the output that is scored."""
        examples = self.examples
        outputs = call_each(self._worker, examples.signature, examples.input, self._fit(inputs), reporter, "answers")
        return outputs[examples.output]

    def cases(
        self, places: Sequence[int], inputs: npt.NDArray[Any], told: Sequence[tuple[str, Answers]]
    ) -> tuple[ArrayCase, ...]:
        """Returns inputs with what is right and what was answered, and the weights of their pooling."""
        if not places or inputs.ndim - 1 > _MAX_RANK:
            return ()
        weights = self._weights(inputs)
        drawn = [drawable(values, self._task.preprocessing) for values in inputs]
        return tuple(
            ArrayCase(f"example {place + 1}", values, truth, answers, None if weights is None else weights[at])
            for at, (place, values, (truth, answers)) in enumerate(zip(places, drawn, told, strict=True))
        )

    def _fit(self, inputs: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Returns inputs as the float model takes them: packs and reports keep them as the data has them, in bytes."""
        form = self._task.signatures[self.examples.signature].inputs[self.examples.input]
        return inputs.astype(form.dtype)

    def _weights(self, inputs: npt.NDArray[Any]) -> list[Reals] | None:
        signature = self._worker.describe().get(EMBED)
        if signature is None or POOLING_WEIGHTS not in signature.outputs or len(signature.inputs) != 1:
            return None
        pooled = call_each(self._worker, EMBED, next(iter(signature.inputs)), self._fit(inputs))[POOLING_WEIGHTS]
        means = pooled.reshape(len(pooled), -1, pooled.shape[-1]).mean(axis=1)
        shape = grid_of(inputs.shape[1:], means.shape[1])
        return None if shape is None or not np.isfinite(means).all() else [row.reshape(shape) for row in means]


def drawable(values: npt.NDArray[Any], preprocessing: Preprocessing | None) -> npt.NDArray[Any]:
    """Returns one input as it is drawn: an image as its bytes, a single row of numbers as one channel."""
    if preprocessing is not None and preprocessing.kind == "image":
        pixels: npt.NDArray[np.uint8] = np.clip(np.round(values), 0, 255).astype(np.uint8)
        return pixels
    return values[:, None] if values.ndim == 1 else values


def grid_of(shape: Sequence[int], positions: int) -> tuple[int, ...] | None:
    """Returns how the places that pooling weighs lie over an input of `shape`; None where they fit in no way.

    A stem of strides makes of `size` places ceil(size / stride), the same stride both ways.
    """
    if len(shape) < _MAX_RANK:
        return (positions,)
    height, width = shape[:2]
    for stride in range(1, max(height, width) + 1):
        rows, columns = math.ceil(height / stride), math.ceil(width / stride)
        if rows * columns == positions:
            return (rows, columns)
    return None


def _accuracy(report: Report | None, pack: Pack, task: TensorTask, target: str) -> ClassAccuracy | None:
    """Returns the accuracy of this file over all test examples: on the runtime that answers, else on another.

    Raises:
        ArtifactError: its counts or its examples are of other classes or of another input than the file's.
    """
    rows = [row for row in report.rows if row.model_sha256 == pack.manifest.model_sha256] if report else []
    ordered = sorted(rows, key=lambda row: row.target != target)
    found = next((row.accuracy for row in ordered if isinstance(row.accuracy, ClassAccuracy)), None)
    if found is None or pack.array_examples is None or not isinstance(task.meaning, ClassesMeaning):
        return None
    count, shape = len(task.meaning.classes), pack.array_examples.inputs.shape[1:]
    is_square = [len(row) for row in found.confusion] == [count] * count
    if not is_square or any(each.input.shape != shape or not 0 <= each.label < count for each in found.errors):
        raise ArtifactError(
            f"expected counts of {count} classes and examples of shape {shape} in the report of {pack.path}; it has "
            "others; write it again with `tfedge run` or `validate`"
        )
    return found


def _of_classes(asked: _Asked, meaning: ClassesMeaning, accuracy: ClassAccuracy | None) -> Content:
    examples = asked.examples
    answers = asked.answers.argmax(axis=1)
    right = np.flatnonzero(answers == examples.labels)
    chosen = _one_a_class(right, examples.labels)
    places, inputs, labels, caption = _wrong(asked, answers, accuracy)
    probabilities = asked.ask(inputs) if len(places) else asked.answers[:0]
    # The report is of another runtime now and then, where the answer may have been another.
    still = [at for at, row in enumerate(probabilities) if int(row.argmax()) != labels[at]][:NUM_SHOWN]
    told = [(meaning.classes[labels[at]], _best(probabilities[at], meaning)) for at in still]
    return Content(
        runtime=asked.target,
        classes=_counts(meaning, accuracy, answers, examples.labels),
        wrong=asked.cases([places[at] for at in still], inputs[still], told),
        right=asked.cases(
            chosen,
            examples.inputs[chosen],
            [(meaning.classes[examples.labels[at]], _best(asked.answers[at], meaning)) for at in chosen],
        ),
        wrong_caption=caption,
        right_caption=_ATTENTION.format(runtime=asked.target),
    )


def _wrong(
    asked: _Asked, answers: npt.NDArray[np.int64], accuracy: ClassAccuracy | None
) -> tuple[list[int], npt.NDArray[Any], list[int], str]:
    """Returns places, inputs and labels of examples that are answered wrongly, and which they are."""
    if accuracy is not None and accuracy.errors:
        errors = accuracy.errors
        total = round(accuracy.num_examples * (100 - accuracy.accuracy) / 100)
        which = "all of them" if total <= NUM_SHOWN else "the first"
        caption = f"{total:,} of {accuracy.num_examples:,} test examples are answered wrongly; here are {which}."
        return (
            [each.index for each in errors],
            np.stack([each.input for each in errors]),
            [each.label for each in errors],
            caption,
        )
    examples = asked.examples
    wrong = np.flatnonzero(answers != examples.labels)
    caption = f"{len(wrong)} of the {len(examples)} examples that the file carries are answered wrongly."
    return [int(at) for at in wrong], examples.inputs[wrong], [int(each) for each in examples.labels[wrong]], caption


def _one_a_class(right: npt.NDArray[np.int64], labels: npt.NDArray[np.int64]) -> list[int]:
    """Returns the first example of each class, in the order of the classes."""
    first: dict[int, int] = {}
    for at in right:
        first.setdefault(int(labels[at]), int(at))
    return [first[label] for label in sorted(first)][:NUM_SHOWN]


def _best(probabilities: Reals, meaning: ClassesMeaning, count: int = 3) -> Answers:
    places = np.argsort(-probabilities, kind="stable")[:count]
    return tuple((meaning.classes[place], float(probabilities[place])) for place in places)


def _counts(
    meaning: ClassesMeaning,
    accuracy: ClassAccuracy | None,
    answers: npt.NDArray[np.int64],
    labels: npt.NDArray[np.int64],
) -> ClassCounts:
    names = meaning.classes
    if accuracy is not None:
        counts = np.array(accuracy.confusion, np.int64)
        return ClassCounts("class", names, names, counts, f"All {accuracy.num_examples:,} test examples of the report.")
    counts = np.zeros((len(names), len(names)), np.int64)
    np.add.at(counts, (labels, answers), 1)
    return ClassCounts("class", names, names, counts, f"The {len(labels)} examples that the file carries.")


def _of_scores(asked: _Asked, meaning: AnomalyMeaning) -> Content:
    examples = asked.examples
    values = asked.answers.reshape(len(examples), -1)[:, 0]
    wrong: list[int] = []
    right = _extremes(values, examples.labels)
    if meaning.threshold is not None:
        is_wrong = (values >= meaning.threshold) != (examples.labels == 1)
        wrong = [int(at) for at in np.flatnonzero(is_wrong)]
        right = [at for at in right if not is_wrong[at]]

    def drawn(places: list[int]) -> tuple[ArrayCase, ...]:
        names = ("normal", "anomaly")
        told = [(names[int(examples.labels[at] == 1)], (("score", float(values[at])),)) for at in places]
        return asked.cases(places, examples.inputs[places], told)

    caption = (
        f"{len(wrong)} of the {len(examples)} examples that the file carries lie on the wrong side of the threshold."
    )
    return Content(
        runtime=asked.target,
        wrong=drawn(wrong[:NUM_SHOWN]),
        right=drawn(right),
        wrong_caption=caption,
        right_title="What it tells rightly",
        right_caption="The anomalies of the largest scores among the examples that the file carries, and the least.",
        scores=Scores(values, examples.labels, meaning.threshold),
    )


def _extremes(values: Reals, labels: npt.NDArray[np.int64], count: int = 3) -> list[int]:
    """Returns the anomalies of the largest scores, then the normal examples of the least."""
    ordered = [int(at) for at in np.argsort(-values, kind="stable")]
    anomalies = [at for at in ordered if labels[at] == 1][:count]
    return anomalies + [at for at in reversed(ordered) if labels[at] == 0][:count]
