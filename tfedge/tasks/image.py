"""Image classification: Fashion-MNIST, or a user's own folder of images."""

from __future__ import annotations

import os
import pathlib

import numpy as np
import numpy.typing as npt

from tfedge.artifacts import sha256_hex
from tfedge.errors import ArtifactError, InputError
from tfedge.tasks import idx_files
from tfedge.tasks.array_data import ArrayData, ArraySpec, ArraySplit
from tfedge.tasks.image_folder import read_image_folder
from tfedge.tasks.meaning import ClassesMeaning
from tfedge.tasks.preprocessing.image import ImagePreprocessing

NAME = "image"
# In the order of the labels: https://github.com/zalandoresearch/fashion-mnist#labels
CLASSES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
# The last of the published training images; the published test images are the test.
NUM_DEV = 5_000
_FILES = {"images": "{}-images-idx3-ubyte", "labels": "{}-labels-idx1-ubyte"}
_PARTS = {"train": "train", "test": "t10k"}
# Of the four files' arrays one after the other. Debian's version 0.0~git20200523.55506a9-1 and Keras' own loader have
# these bytes; 55506a9 is the upstream commit.
_SHA256 = "ca3ab2a37f845e1b8ae23cab1b51749a3011ba3bf1d9016176d75cbaabac376f"
_VERSION = "55506a9"


def load(data: str | os.PathLike[str] | None = None) -> ArrayData:
    """Loads Fashion-MNIST, or a user's images.

    Args:
        data: a folder of images with one folder a class, or one with the four IDX files of Fashion-MNIST or its kin;
            none for Fashion-MNIST where it usually lies.

    Raises:
        ArtifactError: there are no such files.
        InputError: they are broken, or too few.
        RuntimeUnavailableError: a folder of images, and Pillow is not installed.
    """
    folder = _usual_folder() if data is None else pathlib.Path(data)
    if idx_files.find(folder, _FILES["images"].format("train")):
        return _from_idx(folder)
    found = read_image_folder(folder)
    spec = ArraySpec(NAME, found.preprocessing, ClassesMeaning(found.classes))
    return ArrayData(spec, found.train, found.dev, found.test, found.source, found.skipped)


def usual_folders() -> tuple[pathlib.Path, ...]:
    """Returns where Fashion-MNIST lies: of Debian's package, and where Keras' own loader keeps it."""
    keras_home = pathlib.Path(os.environ.get("KERAS_HOME") or pathlib.Path.home() / ".keras")
    return (pathlib.Path("/usr/share/datasets/fashion-mnist"), keras_home / "datasets" / "fashion-mnist")


def _usual_folder() -> pathlib.Path:
    folders = usual_folders()
    for folder in folders:
        if idx_files.find(folder, _FILES["images"].format("train")):
            return folder
    raise ArtifactError(
        f"expected Fashion-MNIST in {folders[0]} or {folders[1]}; neither has it; run: apt install "
        'dataset-fashion-mnist, or: python -c "import keras; keras.datasets.fashion_mnist.load_data()", or name a '
        "folder with --data"
    )


def _from_idx(folder: pathlib.Path) -> ArrayData:
    arrays = {(part, what): _array(folder, part, what) for part in _PARTS for what in _FILES}
    train, test = (_split(folder, arrays[part, "images"], arrays[part, "labels"]) for part in _PARTS)
    num_classes = int(train.labels.max()) + 1
    if test.inputs.shape[1:] != train.inputs.shape[1:] or test.labels.max() >= num_classes:
        raise InputError(
            f"expected test images in {folder} like the training images, {train.inputs.shape[1:3]} of {num_classes} "
            f"classes; got {test.inputs.shape[1:3]} and label {test.labels.max()}; get all four files from one place"
        )
    num_dev = min(NUM_DEV, len(train) // 10)
    digest = sha256_hex(b"".join(array.tobytes() for array in arrays.values()))
    is_known = digest == _SHA256
    classes = CLASSES if is_known else tuple(map(str, range(num_classes)))
    source = {
        "name": "fashion-mnist" if is_known else folder.resolve().name,
        "version": _VERSION if is_known else "user",
    }
    height, width = train.inputs.shape[1:3]
    spec = ArraySpec(NAME, ImagePreprocessing(height, width, 1), ClassesMeaning(classes))
    return ArrayData(spec, train[:-num_dev], train[-num_dev:], test, {**source, "sha256": digest})


def _array(folder: pathlib.Path, part: str, what: str) -> npt.NDArray[np.uint8]:
    name = _FILES[what].format(_PARTS[part])
    path = idx_files.find(folder, name)
    if path is None:
        raise ArtifactError(f"expected {name} or {name}.gz in {folder}; there is none; get all four files")
    return idx_files.read(path, 3 if what == "images" else 1)


def _split(folder: pathlib.Path, images: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8]) -> ArraySplit:
    if len(images) != len(labels) or len(images) < 10 or len(np.unique(labels)) < 2:
        raise InputError(
            f"expected ten or more images of two or more classes in {folder}, each with a label; got {len(images)} "
            f"images, {len(labels)} labels and {len(np.unique(labels))} classes"
        )
    return ArraySplit(images[..., None], labels.astype(np.int64))
