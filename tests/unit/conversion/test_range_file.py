from __future__ import annotations

import numpy as np
import pytest

from tfedge.conversion.range_file import load_ranges, save_ranges
from tfedge.errors import ArtifactError

RANGES = {
    "while/block_0_1/dense/BiasAdd;block_0/add": {"min": np.float32([[-1.5]]), "max": np.float32([[2.5]])},
    "../x: y": {"min": np.int32([3]), "max": np.int32([4]), "hessian": np.eye(3)},
    "never met": {},
}


def test_load_ranges_then_as_saved(tmp_path):
    save_ranges(RANGES, tmp_path / "new" / "ranges.npz")
    loaded = load_ranges(tmp_path / "new" / "ranges.npz")
    assert list(loaded) == list(RANGES)
    for name, seen in RANGES.items():
        assert list(loaded[name]) == list(seen)
        for kind, value in seen.items():
            assert loaded[name][kind].dtype == value.dtype
            np.testing.assert_array_equal(loaded[name][kind], value)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["ranges.npz"]


def test_load_ranges_when_there_are_none_then_none(tmp_path):
    save_ranges({}, tmp_path / "ranges.npz")
    assert load_ranges(tmp_path / "ranges.npz") == {}


def test_save_ranges_when_the_folder_is_a_file_then_artifact_error(tmp_path):
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(ArtifactError):
        save_ranges(RANGES, tmp_path / "taken" / "ranges.npz")
