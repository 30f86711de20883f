"""The stage behind `tfedge predict FILE.tflite IMAGE...`: image files in, classes out, by a packed file alone."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfedge.errors import ConfigError
from tfedge.modelfile.pack import read_pack
from tfedge.runtime.client import Worker
from tfedge.runtime.predict import chosen_runtime
from tfedge.tasks.meaning import ClassesMeaning
from tfedge.tasks.preprocessing.image import ImagePreprocessing
from tfedge.tasks.tensor_task import TensorTask, is_tensor_task
from tfedge.validation.real_values import from_real, to_real


@dataclasses.dataclass(frozen=True)
class ImageAnswer:
    """What the model says about one image.

    Attributes:
        path: of the image, as it was named.
        classes: (name, probability) of all classes, the most probable first.
    """

    path: str
    classes: tuple[tuple[str, float], ...]

    def to_json(self, count: int = 1) -> dict[str, Any]:
        """Returns the answer as JSON values, with the `count` most probable classes where that is above 1."""
        label, probability = self.classes[0]
        best = [{"class": name, "probability": value} for name, value in self.classes[:count]]
        more = {"nbest": best} if count > 1 else {}
        return {"image": self.path, "class": label, "probability": probability, **more}


def takes_texts(path: str | os.PathLike[str]) -> bool:
    """Whether a packed file is of a task of texts; raises as `read_pack`."""
    return not is_tensor_task(read_pack(path).task)


def predict_images(
    path: str | os.PathLike[str], images: Sequence[str], runtime: str | None = None
) -> list[ImageAnswer]:
    """Returns the model's answer to each image file, made its input by what the file's own task says.

    Args:
        path: a packed `.tflite` of a task of images.
        images: image files.
        runtime: name of an installed runtime; LiteRT where it is installed.

    Raises:
        ArtifactError, IntegrityError: no file, no pack, changed bytes, or no such image.
        ConfigError: a file of a task without images or classes.
        InputError: an image that is broken; nothing is run then.
        RuntimeUnavailableError: Pillow is not installed.
        WorkerError: the runtime refused the file, crashed or hung.
    """
    pack = read_pack(path)
    task, preprocessing, meaning = _task_of_images(dict(pack.task))
    inputs = [preprocessing.read(image) for image in images]
    answers = []
    with Worker(chosen_runtime(runtime)) as worker:
        worker.load(pack.path)
        signature = worker.describe()[meaning.signature]
        (name,) = task.signatures[meaning.signature].inputs
        for image, array in zip(images, inputs, strict=True):
            given = from_real(array.astype(np.float32), signature.inputs[name])
            outputs = worker.run(signature.name, {name: given})
            values = to_real(outputs[meaning.output], signature.outputs[meaning.output]).reshape(-1)
            order = np.argsort(-values, kind="stable")
            answers.append(ImageAnswer(image, tuple((meaning.classes[at], float(values[at])) for at in order)))
    return answers


def _task_of_images(task: dict[str, Any]) -> tuple[TensorTask, ImagePreprocessing, ClassesMeaning]:
    found = TensorTask.from_json(task)
    preprocessing, meaning = found.preprocessing, found.meaning
    if not isinstance(preprocessing, ImagePreprocessing) or not isinstance(meaning, ClassesMeaning):
        takes = "tensors that its author alone can make"
        if preprocessing is not None:
            takes = f"{preprocessing.kind}; use --stream FILE.csv"
        raise ConfigError(
            f"expected a file of a task of images and classes, such as image; {found.name!r} takes {takes}"
        )
    return found, preprocessing, meaning
