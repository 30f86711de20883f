from __future__ import annotations

import gzip

import numpy as np
import pytest

from tfedge.errors import ArtifactError, InputError
from tfedge.tasks import idx_files

VALUES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def idx(values=VALUES, start=b"\0\0\x08") -> bytes:
    return start + bytes([values.ndim]) + np.array(values.shape, ">u4").tobytes() + values.tobytes()


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_read_when_gzipped_or_not_then_the_array(tmp_path, pack):
    (tmp_path / "file").write_bytes(pack(idx()))
    np.testing.assert_array_equal(idx_files.read(tmp_path / "file", 3), VALUES)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "first bytes ''"),
        (idx(start=b"\0\0\x0d"), "first bytes '00000d03'"),
        (idx(VALUES[0]), "with 3 axes"),
        (idx()[:-1], "expected 24 bytes of shape"),
        (idx() + b"\0", "got 25; get it again"),
        (idx()[:10], "get it again"),
        (gzip.compress(idx())[:-9], "whole gzip file"),
        (b"\x1f\x8bnonsense", "whole gzip file"),
    ],
)
def test_read_when_a_file_is_broken_then_one_line_names_it(tmp_path, data, told):
    (tmp_path / "broken").write_bytes(data)
    with pytest.raises(InputError, match=told) as caught:
        idx_files.read(tmp_path / "broken", 3)
    assert "broken" in str(caught.value) and "\n" not in str(caught.value)


def test_find_when_only_the_gzipped_file_is_there_then_that_one(tmp_path):
    assert idx_files.find(tmp_path, "a") is None
    (tmp_path / "a.gz").write_bytes(b"")
    assert idx_files.find(tmp_path, "a") == tmp_path / "a.gz"
    with pytest.raises(ArtifactError):
        idx_files.read(tmp_path / "b", 1)
