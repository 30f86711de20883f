from __future__ import annotations

import numpy as np
import pytest

from tfedge.training import augmentation

IMAGES = np.random.default_rng(4).integers(1, 256, (64, 6, 5, 2), np.uint8)


def changed(name, strength, seed=1):
    return augmentation.AUGMENTATIONS[name](np.random.default_rng(seed), IMAGES, strength)


@pytest.mark.parametrize(("name", "strength"), [("flip", 0.5), ("shift", 2), ("cutout", 3)])
def test_image_augmentation_then_shape_dtype_and_seed_decide(name, strength):
    result = changed(name, strength)
    assert result.shape == IMAGES.shape and result.dtype == IMAGES.dtype
    np.testing.assert_array_equal(result, changed(name, strength))
    assert (result != changed(name, strength, seed=2)).any()


def test_flip_then_about_its_share_is_mirrored_and_the_rest_as_it_was():
    result = changed("flip", 0.5)
    mirrored = (result == IMAGES[:, :, ::-1]).all((1, 2, 3))
    assert (mirrored | (result == IMAGES).all((1, 2, 3))).all() and 16 < mirrored.sum() < 48
    np.testing.assert_array_equal(changed("flip", 0.0), IMAGES)


def test_shift_then_each_image_moves_and_zeros_come_in():
    result = changed("shift", 1)
    moves = {}
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            moved = np.zeros_like(IMAGES)
            moved[:, max(0, -down) : 6 - max(0, down), max(0, -right) : 5 - max(0, right)] = IMAGES[
                :, max(0, down) : 6 + min(0, down), max(0, right) : 5 + min(0, right)
            ]
            moves[down, right] = (result == moved).all((1, 2, 3))
    assert np.any(list(moves.values()), axis=0).all() and sum(hit.any() for hit in moves.values()) == 9


def test_cutout_then_a_square_at_most_is_zero():
    hidden = (changed("cutout", 3) == 0).all(3).sum((1, 2))
    assert hidden.max() == 9 and hidden.min() >= 1


SIGNALS = np.random.default_rng(5).normal(size=(200, 40, 3)).astype(np.float32)


def test_noise_then_it_has_its_deviation_and_the_seed_decides():
    one, again = (augmentation.noise(np.random.default_rng(1), SIGNALS, 0.2) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    assert one.dtype == np.float32
    # 24,000 draws: the deviation is known within 0.5 %; three of those.
    assert 0.197 < float((one - SIGNALS).std()) < 0.203


def test_silence_then_one_piece_of_up_to_its_share_is_zero_in_each_signal():
    result = augmentation.silence(np.random.default_rng(1), SIGNALS, 0.5)
    is_silent = (result == 0).all(axis=2)
    np.testing.assert_array_equal(result[~is_silent], SIGNALS[~is_silent])
    rows = is_silent.sum(axis=1)
    assert rows.min() == 0 and rows.max() == 20
    assert (np.diff(is_silent.astype(int), axis=1) == 1).sum(axis=1).max() <= 1
    assert is_silent[:, 0].any() and is_silent[:, -1].any()


def test_turn_then_lengths_of_vectors_stay_and_no_turn_is_the_signal():
    result = augmentation.turn(np.random.default_rng(1), SIGNALS, 90.0)
    lengths = [np.linalg.norm(each, axis=2) for each in (result, SIGNALS)]
    np.testing.assert_allclose(*lengths, rtol=1e-5)  # float32 sums of three
    angles = np.einsum("ntc,ntc->nt", result, SIGNALS) / (lengths[0] * lengths[1])
    assert angles.min() < 0.5 and result.dtype == np.float32
    np.testing.assert_array_equal(augmentation.turn(np.random.default_rng(1), SIGNALS, 0.0), SIGNALS)


def test_stretch_then_each_vector_is_longer_or_shorter_within_the_limit():
    signals = np.concatenate([SIGNALS, SIGNALS], axis=2)
    times = augmentation.stretch(np.random.default_rng(1), signals, 2.0) / signals
    np.testing.assert_allclose(times, np.broadcast_to(times[:, :1, ::3].repeat(3, axis=2), times.shape), rtol=1e-5)
    assert 0.5 <= times.min() < 0.6 and 1.8 < times.max() <= 2.0
    assert not np.allclose(times[:, 0, 0], times[:, 0, 3])
