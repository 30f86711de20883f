from __future__ import annotations

import shutil

import numpy as np
import pytest
from PIL import Image

from tfedge.errors import ArtifactError, InputError
from tfedge.tasks.image_folder import read_image_folder

RANDOM = np.random.default_rng(0)


def save(path, *, size=(10, 12), colour=False) -> None:
    path.parent.mkdir(exist_ok=True)
    shape = (*size, 3) if colour else size
    Image.fromarray(RANDOM.integers(0, 256, shape, np.uint8)).save(path)


@pytest.fixture
def folder(tmp_path):
    """Two classes of twenty grey images, 10 high and 12 wide."""
    for name in ("cat", "dog"):
        for number in range(20):
            save(tmp_path / name / f"{number}.png")
    return tmp_path


def test_read_when_all_is_well_then_each_class_is_split_by_tenths(folder):
    found = read_image_folder(folder)
    assert found.classes == ("cat", "dog") and not found.skipped
    assert "grey_among_colour" not in found.source
    for split, number in ((found.train, 16), (found.dev, 2), (found.test, 2)):
        assert np.bincount(split.labels).tolist() == [number, number]
        assert split.inputs.shape == (2 * number, 10, 12, 1) and split.inputs.dtype == np.uint8


def test_read_when_files_have_other_names_then_the_split_is_the_same(folder):
    before = read_image_folder(folder)
    for number, path in enumerate(sorted(folder.glob("*/*.png"))):
        path.rename(path.with_name(f"{1000 - number}.png"))
    after = read_image_folder(folder)
    np.testing.assert_array_equal(before.test.inputs, after.test.inputs)
    assert before.source == after.source


def test_read_when_files_cannot_be_used_then_they_are_left_out_and_counted(folder):
    (folder / "cat" / "broken.png").write_bytes((folder / "cat" / "1.png").read_bytes()[:60])
    (folder / "cat" / "notes.txt").write_text("no image")
    (folder / "cat" / ".hidden").write_text("not looked at")
    (folder / "cat" / "more").mkdir()
    (folder / "readme.txt").write_text("beside")
    shutil.copy(folder / "cat" / "2.png", folder / "cat" / "again.png")
    shutil.copy(folder / "cat" / "3.png", folder / "dog" / "both.png")
    found = read_image_folder(folder)
    assert found.skipped == {
        "file beside the class folders": 1,
        "broken image": 1,
        "no image by its name": 1,
        "folder in a class folder": 1,
        "the same image again": 1,
        "the same image in two classes": 2,
    }
    assert len(found.train) + len(found.dev) + len(found.test) == 39


def test_read_when_grey_is_among_colour_then_all_have_colour_and_the_grey_are_counted(folder):
    for number in range(20):
        save(folder / "dog" / f"{number}.png", colour=True)
    found = read_image_folder(folder)
    assert found.preprocessing.channels == 3
    assert found.source["grey_among_colour"] == "20"


def test_read_when_images_are_large_then_they_are_shrunk_to_64_pixels(folder):
    for number in range(20):
        save(folder / "dog" / f"{number}.png", size=(50, 200))
        save(folder / "cat" / f"{number}.png", size=(50, 200))
    assert read_image_folder(folder).preprocessing.input_shape == (16, 64, 1)


def test_read_when_a_class_has_too_few_images_then_it_is_named_with_what_was_left_out(folder):
    for number in range(12):
        (folder / "dog" / f"{number}.png").write_bytes(b"broken")
    with pytest.raises(
        InputError, match=r"10 or more readable images .* got 8 in 'dog' \(left out: broken image: 12\)"
    ):
        read_image_folder(folder)


def test_read_when_there_is_a_single_class_or_none_then_it_is_refused(folder, tmp_path):
    shutil.rmtree(folder / "dog")
    with pytest.raises(InputError, match="two or more class folders .* got 1"):
        read_image_folder(folder)
    with pytest.raises(InputError, match="two or more class folders .* got 0"):
        read_image_folder(folder / "cat")
    with pytest.raises(ArtifactError, match="expected a folder of images"):
        read_image_folder(folder / "cat" / "1.png")
