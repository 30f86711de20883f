from __future__ import annotations

import io

import numpy as np
import pytest

from tfedge.errors import ArtifactError
from tfedge.training.checkpoint import Checkpoint

STATE = {"fingerprint": "ä", "history": [{"epoch": 1, "dev_wer": 12.5}]}


def arrays():
    """More than ten in a group, of several types and shapes: names sort as numbers, not as text."""
    weights = [np.full((index, 2), index, np.float32) for index in range(12)]
    return {"weights": weights, "optimizer": [np.array(7, np.int64), np.array([1, 2], np.uint32)]}


def npz(**content) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **content)
    return buffer.getvalue()


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "run.checkpoint.npz"
    Checkpoint(arrays(), STATE).save(path)
    return path


def test_load_then_arrays_and_state_are_as_saved(path):
    loaded = Checkpoint.load(path)
    assert loaded.state == STATE
    assert {name: len(group) for name, group in loaded.arrays.items()} == {"weights": 12, "optimizer": 2}
    for name, group in arrays().items():
        for ours, other in zip(group, loaded.arrays[name], strict=True):
            assert (ours.dtype, ours.shape) == (other.dtype, other.shape)
            np.testing.assert_array_equal(ours, other)


def test_save_when_there_is_one_then_replaced(path):
    Checkpoint({"weights": []}, {"history": []}).save(path)
    assert Checkpoint.load(path).state == {"history": []}
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_load_when_cut_then_refused(path, share):
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(ArtifactError, match=r"expected a training checkpoint in .*; delete it to start anew"):
        Checkpoint.load(path)


def test_load_when_a_number_was_flipped_then_refused(path):
    data = bytearray(path.read_bytes())
    place = data.index(np.full(4, 11, np.float32).tobytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(ArtifactError, match="expected a training checkpoint"):
        Checkpoint.load(path)


@pytest.mark.parametrize(
    "data",
    [
        b"text\n",
        npz(weights=np.zeros(2)),
        npz(state=np.array("{")),
        npz(state=np.array("{}"), weights=np.zeros(2)),
        npz(state=np.array({"a": 1}, object)),
        b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (), }".ljust(127) + b"\n" + bytes(8),
    ],
)
def test_load_when_it_is_another_file_then_refused(path, data):
    path.write_bytes(data)
    with pytest.raises(ArtifactError, match="expected a training checkpoint"):
        Checkpoint.load(path)


def test_load_when_missing_then_named(tmp_path):
    with pytest.raises(ArtifactError, match="expected a checkpoint at .*none.npz; there is none"):
        Checkpoint.load(tmp_path / "none.npz")
