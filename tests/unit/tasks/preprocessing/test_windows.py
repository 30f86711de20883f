"""Windows of a signal: cut, scaled, told as JSON, and refused where they cannot be."""

from __future__ import annotations

import numpy as np
import pytest

from tfedge.errors import ConfigError, InputError
from tfedge.tasks.preprocessing.kinds import preprocessing_from_json
from tfedge.tasks.preprocessing.windows import WindowPreprocessing

ROWS = np.arange(20, dtype=np.float32).reshape(10, 2)


def _windows(**changes: object) -> WindowPreprocessing:
    settings: dict = {"channels": ("x", "y"), "length": 4, "hop": 3, "mean": (1.0, 2.0), "deviation": (2.0, 0.5)}
    return WindowPreprocessing(**{**settings, **changes})


def test_cut_when_rows_are_left_over_then_whole_windows_are_given_scaled():
    cut = _windows().cut(ROWS)
    assert cut.dtype == np.float32
    np.testing.assert_array_equal(cut, [(ROWS[start : start + 4] - [1, 2]) / [2, 0.5] for start in (0, 3, 6)])
    assert list(_windows().starts(10)) == [0, 3, 6]


def test_apply_when_given_one_window_then_it_equals_the_one_cut():
    np.testing.assert_array_equal(_windows().apply(ROWS[3:7])[0], _windows().cut(ROWS)[1])


def test_cut_when_a_recording_is_shorter_than_a_window_then_there_is_none():
    assert _windows().cut(ROWS[:3]).shape == (0, 4, 2)
    assert _windows().cut(ROWS[:4]).shape == (1, 4, 2)
    assert len(_windows().starts(3)) == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_cut_when_a_value_is_not_finite_then_row_and_channel_are_named(bad):
    rows = ROWS.copy()
    rows[5, 1] = bad
    with pytest.raises(InputError, match="row 5 of 'y'"):
        _windows().cut(rows)


def test_apply_when_the_shape_is_another_then_it_is_refused():
    with pytest.raises(InputError, match="window of 4 rows; got 5"):
        _windows().apply(ROWS[:5])
    with pytest.raises(InputError, match="rows of 2 channels"):
        _windows().apply(np.zeros((4, 3)))


def test_fitted_when_given_training_rows_then_these_are_centred_and_a_constant_channel_is_kept():
    rows = np.stack([np.linspace(0, 9, 40), np.full(40, 7.0)], axis=1)
    windows = WindowPreprocessing.fitted([rows[:25], rows[25:]], "xy", length=40, hop=1, rate_hz=50)
    scaled = windows.cut(rows)[0]
    # Means and deviations are rounded to nine digits and applied in float32: 1e-6 of a deviation.
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(scaled.std(axis=0), [1, 0], atol=1e-6)
    assert windows.deviation[1] == 1


def test_fitted_when_there_are_no_rows_then_it_is_refused():
    with pytest.raises(ConfigError, match="no rows"):
        WindowPreprocessing.fitted([], "xy", length=4, hop=1)


def test_from_json_when_given_what_to_json_wrote_then_it_is_equal():
    windows = _windows(rate_hz=50.0)
    assert preprocessing_from_json(windows.to_json()) == windows
    assert windows.input_shape == (4, 2)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "image"}, "kind 'windows'"),
        ({"length": 0}, "`length`"),
        ({"hop": 1.5}, "`hop`"),
        ({"hop": True}, "`hop`"),
        ({"channels": ["x", "x"]}, "`channels`"),
        ({"channels": "xy"}, "`channels`"),
        ({"mean": [1.0]}, "`mean`"),
        ({"deviation": [1.0, 0.0]}, "above 0"),
        ({"deviation": [1.0, float("nan")]}, "`deviation`"),
        ({"rate_hz": -1}, "`rate_hz`"),
        ({"rows": 3}, "must be one of"),
    ],
)
def test_from_json_when_a_value_is_illegal_then_it_is_named(change, told):
    with pytest.raises(ConfigError, match=told):
        WindowPreprocessing.from_json({**_windows().to_json(), **change})


def test_from_json_when_a_key_is_missing_then_it_is_refused():
    values = _windows().to_json()
    del values["length"]
    with pytest.raises(ConfigError, match="missing key"):
        WindowPreprocessing.from_json(values)
