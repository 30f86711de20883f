from __future__ import annotations

import numpy as np
import pytest

from tfedge.layers import masks

IDS = np.array([[5, 6, 2, 0], [2, 0, 0, 0]], np.int32)


def test_mask_value_then_small_enough_for_int8_and_large_enough_to_hide():
    assert masks.MASK_VALUE == -30.0
    assert np.exp(masks.MASK_VALUE) < np.finfo(np.float32).eps / 1000


def test_padding_mask_then_true_for_tokens():
    np.testing.assert_array_equal(masks.padding_mask(IDS), [[True, True, True, False], [True, False, False, False]])


def test_padding_mask_when_another_id_pads_then_that():
    np.testing.assert_array_equal(masks.padding_mask(IDS, pad_id=2)[0], [True, True, False, True])


def test_padding_bias_then_the_mask_value_on_padding_alone():
    bias = np.asarray(masks.padding_bias(IDS))
    assert (bias.shape, bias.dtype) == ((2, 1, 1, 4), np.float32)
    np.testing.assert_array_equal(bias[:, 0, 0], [[0, 0, 0, -30], [0, -30, -30, -30]])
    np.testing.assert_array_equal(masks.padding_bias(IDS, pad_id=5, mask_value=-7.0)[0, 0, 0], [-7, 0, 0, 0])


def test_causal_bias_then_nobody_sees_the_future():
    bias = np.asarray(masks.causal_bias(3))
    assert (bias.shape, bias.dtype) == ((1, 1, 3, 3), np.float32)
    np.testing.assert_array_equal(bias[0, 0], [[0, -30, -30], [0, 0, -30], [0, 0, 0]])
    np.testing.assert_array_equal(masks.causal_bias(1, mask_value=-7.0), [[[[0]]]])


@pytest.mark.parametrize("index", range(4))
def test_cache_bias_then_a_row_of_the_causal_bias(index):
    bias = np.asarray(masks.cache_bias(4, np.array([index], np.int32), mask_value=-7.0))
    assert (bias.shape, bias.dtype) == ((1, 1, 1, 4), np.float32)
    np.testing.assert_array_equal(bias[0, 0, 0], np.asarray(masks.causal_bias(4, mask_value=-7.0))[0, 0, index])


def test_biases_then_finite_even_where_all_is_padding():
    for bias in (masks.padding_bias(np.zeros((1, 3), np.int32)), masks.causal_bias(3)):
        assert np.isfinite(bias).all()
