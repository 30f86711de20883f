from __future__ import annotations

import numpy as np
import pytest

from tfedge.runtime.signatures import TensorSpec
from tfedge.validation.input_roles import Role
from tfedge.validation.sample_values import LARGE, Profile, sample

FULL, PADDED, EMPTY = Profile("full"), Profile("padded", 0.5), Profile("empty", 0.0)
ZEROS, BIG = Profile("zeros", size="zeros"), Profile("large", size="large")
INT8 = TensorSpec("x", (1, 1000), "int8", (0.5,), (10,))


def draw(spec, role, profile=FULL, seed=1, step=0):
    return sample(spec, role, profile, np.random.default_rng(seed), step)


def spec(shape, dtype="float32", **quantization):
    return TensorSpec("x", shape, dtype, **quantization)


def test_ids_when_full_are_rows_of_the_table_and_never_padding():
    ids = draw(spec((4, 500), "int32"), Role("ids", 9))
    assert ids.dtype == np.int32 and set(np.unique(ids)) == set(range(1, 9))


@pytest.mark.parametrize(("rows", "met"), [(1, {0}), (2, {0, 1}), (3, {1, 2})])
def test_ids_when_the_table_has_few_rows_are_types_of_tokens(rows, met):
    assert set(np.unique(draw(spec((4, 50), "int32"), Role("ids", rows)))) == met


@pytest.mark.parametrize(("profile", "filled"), [(PADDED, 4), (EMPTY, 0)])
def test_ids_when_padded_end_with_zeros(profile, filled):
    ids = draw(spec((1, 8), "int64"), Role("ids", 9), profile)
    assert np.all(ids[0, :filled] > 0) and not ids[0, filled:].any()


def test_ids_when_there_is_one_alone_are_never_padded():
    assert draw(spec((1, 1), "int32"), Role("ids", 9), EMPTY)[0, 0] > 0


@pytest.mark.parametrize(("dtype", "one"), [("float32", 1.0), ("int32", 1), ("bool", True)])
def test_mask_when_padded_is_one_where_the_ids_are(dtype, one):
    mask = draw(spec((1, 1, 2, 8), dtype), Role("mask"), PADDED)
    assert mask.dtype == np.dtype(dtype)
    assert np.all(mask[..., :4] == one) and not mask[..., 4:].any()


def test_mask_when_quantized_stands_for_ones_and_zeros():
    mask = draw(spec((1, 4), "int8", scales=(1 / 255,), zero_points=(-128,)), Role("mask"), PADDED)
    assert mask.tolist() == [[127, 127, -128, -128]]


def test_position_when_stepping_counts_up_and_stays_where_it_fits():
    places = [int(draw(spec((1,), "int32"), Role("position", 3), step=step)[0]) for step in range(5)]
    assert places == [0, 1, 2, 2, 2]
    assert draw(spec((1, 5), "int32"), Role("position", 4)).tolist() == [[0, 1, 2, 3, 3]]


def test_length_when_padded_is_the_filled_part_and_never_nothing():
    lengths = [int(draw(spec((1,), "int32"), Role("length"), profile)[0]) for profile in (FULL, PADDED, EMPTY)]
    assert lengths == [16, 8, 1]


def test_numbers_when_usual_are_standard_normal_and_large_ones_a_hundred_times_that():
    usual, large = (draw(spec((1, 4000)), Role("number"), profile) for profile in (FULL, BIG))
    # The deviation of 4,000 draws is known to 1.1 %; four of that.
    assert usual.dtype == np.float32 and abs(usual.std() - 1) < 0.045 and abs(large.std() / LARGE - 1) < 0.045
    assert not draw(spec((1, 4)), Role("number"), ZEROS).any()


def test_numbers_when_quantized_fill_the_calibrated_range_without_sticking_to_its_ends():
    values = draw(INT8, Role("number"))
    assert values.dtype == np.int8 and values.min() < -60 and values.max() > 60
    assert np.mean((values == -128) | (values == 127)) < 0.02  # Three deviations to either side: 0.3 %.
    assert np.all(draw(INT8, Role("number"), ZEROS) == 10)


def test_image_when_whole_numbers_uses_all_of_them():
    image = draw(spec((1, 32, 32, 3), "uint8"), Role("image"))
    assert image.min() < 5 and image.max() > 250
    real = draw(spec((1, 32, 32, 3)), Role("image"))
    assert real.min() >= 0 and real.max() <= 1


def test_sound_when_int16_is_as_loud_as_a_voice():
    assert 1000 < draw(spec((1, 4000), "int16"), Role("number")).std() < 10_000


def test_shape_when_axes_are_free_has_several_sizes():
    shapes = {draw(spec((-1, -1)), Role("number"), Profile("p", variant=variant)).shape for variant in range(3)}
    assert len({shape[0] for shape in shapes}) == 3 and len({shape[1] for shape in shapes}) == 3


def test_sample_when_seeds_are_equal_is_equal_and_else_not():
    one, two, other = (draw(spec((1, 8)), Role("number"), seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)
