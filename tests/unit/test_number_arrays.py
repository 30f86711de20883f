from __future__ import annotations

import pickle

import numpy as np
import pytest

from tfedge.errors import ArtifactError, InputError
from tfedge.number_arrays import read_npz


def written(tmp_path, **arrays):
    path = tmp_path / "data.npz"
    np.savez(path, **arrays)
    return path


def test_read_npz_when_whole_gives_arrays_by_name(tmp_path):
    read = read_npz(written(tmp_path, a=np.ones((3, 2)), b=np.arange(3)), "file")
    assert {name: array.shape for name, array in read.items()} == {"a": (3, 2), "b": (3,)}


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"a": np.array([{}], object)}, "Object arrays cannot be loaded"),
        ({"a": np.array(["text"])}, "not numbers"),
        ({"a": np.float32(1)}, "is a single number"),
        ({"a": np.array([[1.0], [np.nan]])}, "has NaN in 1 cases"),
        ({}, "holds no array"),
    ],
)
def test_read_npz_when_unfit_says_what_is_wrong(tmp_path, arrays, said):
    with pytest.raises(InputError, match=said):
        read_npz(written(tmp_path, **arrays), "file")


def test_read_npz_when_it_is_a_pickle_or_missing_runs_nothing(tmp_path):
    (tmp_path / "data.npz").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(InputError, match="expected an .npz of numbers"):
        read_npz(tmp_path / "data.npz", "file")
    with pytest.raises(ArtifactError, match="expected a file of examples at"):
        read_npz(tmp_path / "none.npz", "file of examples")
