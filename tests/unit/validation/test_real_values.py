from __future__ import annotations

import numpy as np

from tfedge.runtime.signatures import TensorSpec
from tfedge.validation.real_values import from_real, hand_over, held, is_quantized, number_kind, real_range, to_real

INT8 = TensorSpec("x", (1, 3), "int8", (0.5,), (-1,))
FLOAT = TensorSpec("x", (1, 3), "float32")


def test_values_when_quantized_go_there_and_back():
    stored = np.array([[-128, -1, 127]], np.int8)
    assert to_real(stored, INT8).tolist() == [[-63.5, 0.0, 64.0]]
    np.testing.assert_array_equal(from_real(to_real(stored, INT8), INT8), stored)


def test_from_real_when_beyond_the_range_clips_and_between_steps_rounds():
    assert from_real([[1e9, -1e9, 0.3]], INT8).tolist() == [[127, -128, 0]]


def test_values_when_per_channel_each_have_their_scale():
    spec = TensorSpec("x", (2, 2), "int8", (1.0, 10.0), (0, 0), quantized_dimension=1)
    assert to_real(np.array([[1, 1], [2, 2]], np.int8), spec).tolist() == [[1.0, 10.0], [2.0, 20.0]]


def test_values_when_not_quantized_stay():
    assert not is_quantized(FLOAT) and not is_quantized(TensorSpec("ids", (1,), "int32"))
    assert from_real([[1.5, 2.0, 3.0]], FLOAT).dtype == np.float32


def test_hand_over_when_forms_differ_converts_and_else_passes_on():
    array = np.array([[0.5, 1.0, -2.0]], np.float32)
    assert hand_over(array, FLOAT, INT8).tolist() == [[0, 1, -5]]
    assert hand_over(array, FLOAT, FLOAT) is array


def test_values_when_a_scale_is_impossible_are_the_numbers_themselves():
    for scale in (0.0, -1.0, float("nan"), float("inf")):
        spec = TensorSpec("x", (1,), "int8", (scale,), (0,))
        assert not is_quantized(spec) and to_real(np.array([5], np.int8), spec) == 5


def test_values_when_scales_do_not_fit_the_shape_use_the_first():
    spec = TensorSpec("x", (2, 2), "int8", (2.0, 3.0, 4.0), (1,), quantized_dimension=7)
    assert to_real(np.ones((2, 2), np.int8), spec).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_number_kind_when_numpy_has_no_such_type_is_none():
    kinds = [number_kind(TensorSpec("x", (1,), dtype)) for dtype in ("bfloat16", "bytes", "complex64", "int4", "uint8")]
    assert kinds == ["", "", "", "", "u"]


def test_held_when_numbers_are_endless_or_none_can_be_squared_and_added():
    cut = held(np.array([np.nan, np.inf, -np.inf, 1e300, 2.0]))
    assert np.isfinite(np.sum(cut**2)) and cut[0] == 0 and cut[4] == 2


def test_real_range_when_asked_is_what_the_scale_can_hold():
    assert real_range(INT8) == (-63.5, 64.0)
