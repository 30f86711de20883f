"""A user's own images: a folder of folders, one a class."""

from __future__ import annotations

import collections
import dataclasses
import os
import pathlib
import statistics
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from tfedge.artifacts import read_bytes, sha256_hex
from tfedge.errors import ArtifactError, InputError
from tfedge.tasks.array_data import ArraySplit
from tfedge.tasks.preprocessing.image import ImagePreprocessing, is_colour, open_image

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
# Of each class a tenth is for choosing and a tenth for testing: of fewer there would be none.
MIN_IMAGES = 10
# Attention costs the square of the places that the stem leaves, and memory the square of the side.
MAX_SIDE = 64


@dataclasses.dataclass(frozen=True, eq=False)
class ImageFolder:
    """The images of a folder as inputs, split.

    Attributes:
        preprocessing: fitted to them: grey where all are, and of their usual size up to `MAX_SIDE`.
        classes: names of the folders, sorted.
        train, dev, test: uint8 (N, height, width, channels) and the class of each.
        source: name, version and sha256; grey images among coloured ones are counted here.
        skipped: why -> how many files were left out.
    """

    preprocessing: ImagePreprocessing
    classes: tuple[str, ...]
    train: ArraySplit
    dev: ArraySplit
    test: ArraySplit
    source: Mapping[str, str]
    skipped: Mapping[str, int]


@dataclasses.dataclass(frozen=True)
class _Image:
    """One readable file: the sha256 of its bytes, its sides, whether it has colours."""

    path: pathlib.Path
    label: int
    digest: str
    sides: tuple[int, int]
    has_colour: bool


def read_image_folder(folder: str | os.PathLike[str]) -> ImageFolder:
    """Reads `folder/CLASS/*.png` (or jpeg, webp, bmp, gif, tiff, ppm).

    Left out and counted: files that are no images by their name, folders in a class, files beside the classes, broken
    images, and a second copy of the same bytes; the same bytes in two classes are left out of both. Hidden files are
    not looked at. Grey images among coloured ones are taken, their grey as red, green and blue.

    The split is by the sha256 of the bytes: in each class the tenth with the least is for testing and the next for
    choosing, so that neither names nor the order of files matter.

    Raises:
        ArtifactError: there is no such folder, or a file in it cannot be read.
        InputError: fewer than two classes, or a class with fewer than `MIN_IMAGES` images left.
        RuntimeUnavailableError: Pillow is not installed.
    """
    folder = pathlib.Path(folder)
    names, skipped = _class_names(folder), collections.Counter[str]()
    skipped["file beside the class folders"] = sum(_is_seen(path) and path.is_file() for path in folder.iterdir())
    images = _different(
        [image for label, name in enumerate(names) for image in _images(folder / name, label, skipped)], skipped
    )
    _check_counts(folder, names, images, skipped)
    preprocessing = fitted(images)
    splits = _split(images, len(names))
    source = {"name": folder.resolve().name, "version": "user", "sha256": sha256_hex(_digests(images))}
    num_grey = sum(not image.has_colour for image in images)
    if preprocessing.channels == 3 and num_grey:
        source["grey_among_colour"] = str(num_grey)
    train, dev, test = (_arrays(split, preprocessing) for split in splits)
    return ImageFolder(preprocessing, names, train, dev, test, source, {why: n for why, n in skipped.items() if n})


def fitted(images: list[_Image]) -> ImagePreprocessing:
    """Returns the preprocessing for these images: the median of their sides, shrunk to `MAX_SIDE` where larger."""
    width, height = (statistics.median_low(image.sides[axis] for image in images) for axis in (0, 1))
    times = min(1.0, MAX_SIDE / max(width, height))
    channels = 3 if any(image.has_colour for image in images) else 1
    return ImagePreprocessing(max(1, round(height * times)), max(1, round(width * times)), channels, fit="crop")


def _is_seen(path: pathlib.Path) -> bool:
    return not path.name.startswith(".")


def _class_names(folder: pathlib.Path) -> tuple[str, ...]:
    if not folder.is_dir():
        raise ArtifactError(
            f"expected a folder of images, one folder a class, at {folder}; there is none; check the path"
        )
    names = tuple(sorted(path.name for path in folder.iterdir() if path.is_dir() and _is_seen(path)))
    if len(names) < 2:
        raise InputError(f"expected two or more class folders in {folder}; got {len(names)}; add FOLDER/CLASS/*.png")
    return names


def _images(folder: pathlib.Path, label: int, skipped: collections.Counter[str]) -> list[_Image]:
    found = []
    for path in sorted(filter(_is_seen, folder.iterdir())):
        if path.is_dir():
            skipped["folder in a class folder"] += 1
        elif path.suffix.lower() not in SUFFIXES:
            skipped["no image by its name"] += 1
        else:
            try:
                image = open_image(path)
            except InputError:
                skipped["broken image"] += 1
                continue
            digest = sha256_hex(read_bytes(path, "image"))
            found.append(_Image(path, label, digest, image.size, is_colour(image)))
    return found


def _different(images: list[_Image], skipped: collections.Counter[str]) -> list[_Image]:
    labels: dict[str, set[int]] = {}
    for image in images:
        labels.setdefault(image.digest, set()).add(image.label)
    kept: dict[str, _Image] = {}
    for image in images:
        if len(labels[image.digest]) > 1:
            skipped["the same image in two classes"] += 1
        elif image.digest in kept:
            skipped["the same image again"] += 1
        else:
            kept[image.digest] = image
    return list(kept.values())


def _check_counts(
    folder: pathlib.Path, names: tuple[str, ...], images: list[_Image], skipped: Mapping[str, int]
) -> None:
    counts = collections.Counter(image.label for image in images)
    few = [f"{counts[label]} in {name!r}" for label, name in enumerate(names) if counts[label] < MIN_IMAGES]
    if few:
        left_out = ", ".join(f"{why}: {number}" for why, number in skipped.items() if number)
        told = f" (left out: {left_out})" if left_out else ""
        raise InputError(
            f"expected {MIN_IMAGES} or more readable images a class in {folder}; got {', '.join(few[:5])}{told}"
        )


def _split(images: list[_Image], num_classes: int) -> tuple[list[_Image], list[_Image], list[_Image]]:
    train, dev, test = [], [], []
    for label in range(num_classes):
        ordered = sorted((image for image in images if image.label == label), key=lambda image: image.digest)
        tenth = len(ordered) // 10
        test += ordered[:tenth]
        dev += ordered[tenth : 2 * tenth]
        train += ordered[2 * tenth :]
    return train, dev, test


def _arrays(images: list[_Image], preprocessing: ImagePreprocessing) -> ArraySplit:
    inputs: npt.NDArray[np.uint8] = np.empty((len(images), *preprocessing.input_shape), np.uint8)
    for place, image in enumerate(images):
        inputs[place] = preprocessing.read(image.path)[0]
    return ArraySplit(inputs, np.array([image.label for image in images], np.int64))


def _digests(images: list[_Image]) -> bytes:
    return "".join(sorted(f"{image.digest} {image.label}\n" for image in images)).encode()
