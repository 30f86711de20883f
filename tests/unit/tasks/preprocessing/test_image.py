"""Images: in whatever size and colour they come, the network gets its bytes, or one line says why not."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tfedge.errors import ArtifactError, ConfigError, InputError
from tfedge.tasks.preprocessing.image import ImagePreprocessing, is_colour, open_image
from tfedge.tasks.preprocessing.kinds import preprocessing_from_json

RAMP = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20


def grey(**changes) -> ImagePreprocessing:
    return ImagePreprocessing(**{"height": 3, "width": 4, "channels": 1, **changes})


def test_apply_when_the_bytes_fit_then_they_are_taken_as_they_are():
    given = grey().apply(RAMP)
    assert given.dtype == np.uint8
    np.testing.assert_array_equal(given, RAMP[None, :, :, None])
    np.testing.assert_array_equal(grey().apply(Image.fromarray(RAMP)), given)


def test_apply_when_grey_is_given_for_colour_then_it_is_red_green_and_blue():
    given = grey(channels=3).apply(RAMP)
    np.testing.assert_array_equal(given, np.repeat(RAMP[None, :, :, None], 3, axis=3))


def test_apply_when_colour_is_given_for_grey_then_it_is_luma():
    colour = np.zeros((3, 4, 3), np.uint8)
    colour[:, :2] = (255, 0, 0)
    colour[:, 2:] = (0, 255, 0)
    # ITU-R 601: 0.299 red, 0.587 green.
    assert grey().apply(colour)[0, 0, :, 0].tolist() == [76, 76, 150, 150]


def test_apply_when_larger_then_every_pixel_counts_and_with_nearest_it_does_not():
    board = np.indices((60, 80)).sum(axis=0) % 2 * np.uint8(255)
    board = board.astype(np.uint8)
    # Half of the pixels are white: a mean of 127.5, rounded.
    assert set(grey(resize_kernel="box").apply(board).ravel().tolist()) <= {127, 128}
    assert set(grey(resize_kernel="nearest").apply(board).ravel().tolist()) <= {0, 255}


def test_apply_when_cropped_then_the_sides_are_left_out_and_when_stretched_they_are_not():
    wide = np.zeros((4, 12), np.uint8)
    wide[:, :4] = 255
    square = {"height": 4, "width": 4, "resize_kernel": "box"}
    assert grey(**square, fit="crop").apply(wide).max() == 0
    assert grey(**square, fit="stretch").apply(wide).max() == 255


def test_apply_when_cropped_then_any_size_will_do():
    preprocessing = grey(height=64, width=58, fit="crop")
    for width in range(40, 120):  # Of 90 rows, 1 of these widths once gave a box that began before the image.
        assert set(preprocessing.apply(Image.new("L", (width, 90), 9)).ravel().tolist()) == {9}


def test_apply_when_transparent_then_it_lies_on_black():
    image = Image.new("RGBA", (4, 3), (255, 255, 255, 0))
    image.putpixel((0, 0), (255, 255, 255, 255))
    given = grey().apply(image)
    assert given[0, 0, 0, 0] == 255 and given.sum() == 255


def test_apply_when_a_camera_held_it_sideways_then_it_is_upright():
    image = Image.fromarray(RAMP)
    image.getexif()[0x0112] = 3  # Turned by 180 degrees: EXIF's tag Orientation.
    np.testing.assert_array_equal(grey().apply(image)[0, :, :, 0], RAMP[::-1, ::-1])


def test_apply_when_16_bit_then_its_range_becomes_that_of_a_byte():
    image = Image.fromarray(RAMP.astype(np.uint16) * 257)
    np.testing.assert_array_equal(grey().apply(image)[0, :, :, 0], RAMP)
    assert not is_colour(image)


@pytest.mark.parametrize(
    "raw",
    [RAMP.astype(np.float32), np.zeros((3, 4, 2), np.uint8), np.zeros((0, 4), np.uint8), np.zeros(5, np.uint8)],
)
def test_apply_when_an_array_is_no_image_then_it_is_refused(raw):
    with pytest.raises(InputError, match="expected an image as uint8"):
        grey().apply(raw)


def test_is_colour_when_channels_are_equal_then_not():
    assert not is_colour(Image.fromarray(RAMP).convert("RGB"))
    assert is_colour(Image.new("RGB", (2, 2), (1, 2, 3)))


def test_read_when_a_file_is_broken_or_missing_then_one_line_names_it(tmp_path):
    whole = tmp_path / "whole.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 40), np.uint8)).save(whole)
    assert grey().read(whole).shape == (1, 3, 4, 1)
    cut, text = tmp_path / "cut.png", tmp_path / "text.png"
    cut.write_bytes(whole.read_bytes()[:300])
    text.write_text("no image")
    with pytest.raises(InputError, match=r"cut\.png; .*correct or remove it"):
        open_image(cut)
    with pytest.raises(InputError, match=r"text\.png; no image;"):
        open_image(text)
    with pytest.raises(ArtifactError, match="there is none"):
        open_image(tmp_path / "missing.png")


def test_read_when_a_small_file_holds_a_huge_image_then_it_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    Image.new("L", (20, 10)).save(tmp_path / "bomb.png")
    with pytest.raises(InputError, match="too many pixels"):
        open_image(tmp_path / "bomb.png")


def test_from_json_when_given_what_to_json_wrote_then_it_is_equal():
    preprocessing = grey(resize_kernel="lanczos", fit="crop")
    assert preprocessing_from_json(preprocessing.to_json()) == preprocessing
    assert preprocessing.input_shape == (3, 4, 1)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "windows"}, None),
        ({"height": 0}, "`height`"),
        ({"width": True}, "`width`"),
        ({"channels": 4}, "`channels`"),
        ({"resize_kernel": "bilinaer"}, "did you mean 'bilinear'"),
        ({"fit": "pad"}, "`fit`"),
        ({"scale": 0}, "`scale`"),
        ({"layout": "NCHW"}, "`layout`"),
        ({"size": 3}, "size"),
    ],
)
def test_from_json_when_a_value_is_illegal_then_it_is_named(change, told):
    with pytest.raises(ConfigError, match=told):
        preprocessing_from_json({**grey().to_json(), **change})
