"""A model file is opened without a second copy, and only where reading it can end."""

from __future__ import annotations

import hashlib
import mmap
import os
import pathlib

import pytest

from tfedge.errors import ArtifactError
from tfedge.modelfile import model_file
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.model_file import open_model, sha256_of


def test_open_model_when_small_returns_its_bytes(tmp_path: pathlib.Path) -> None:
    (tmp_path / "m.tflite").write_bytes(b"a model")

    assert open_model(tmp_path / "m.tflite") == b"a model"


def test_open_model_when_empty_returns_nothing(tmp_path: pathlib.Path) -> None:
    (tmp_path / "m.tflite").touch()

    assert open_model(tmp_path / "m.tflite") == b""


def test_open_model_when_large_maps_it(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, dense_bytes: bytes
) -> None:
    monkeypatch.setattr(model_file, "MAX_COPIED_BYTES", 100)
    (tmp_path / "m.tflite").write_bytes(dense_bytes)

    data = open_model(tmp_path / "m.tflite")

    assert isinstance(data, mmap.mmap)
    assert read_graph(data) == read_graph(dense_bytes)
    assert sha256_of(data) == hashlib.sha256(dense_bytes).hexdigest()
    with pytest.raises(TypeError):
        data[0] = 1


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview])
def test_read_graph_when_given_another_kind_of_buffer_reads_the_same(wrap: type, dense_bytes: bytes) -> None:
    assert read_graph(wrap(dense_bytes)) == read_graph(dense_bytes)


def test_sha256_of_when_longer_than_a_piece_is_that_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file, "_PIECE_BYTES", 1000)

    assert sha256_of(bytes(range(250)) * 17) == hashlib.sha256(bytes(range(250)) * 17).hexdigest()
    assert sha256_of(b"") == hashlib.sha256().hexdigest()


def test_open_model_when_there_is_none_says_so(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ArtifactError, match="there is none"):
        open_model(tmp_path / "m.tflite")


def test_open_model_when_it_is_a_folder_says_so(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ArtifactError, match="a folder"):
        open_model(tmp_path)


def test_open_model_when_reading_may_never_end_refuses(tmp_path: pathlib.Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    for path in (tmp_path / "pipe", pathlib.Path("/dev/zero")):
        with pytest.raises(ArtifactError, match="a pipe or a device"):
            open_model(path)


def test_open_model_when_the_path_has_a_null_byte_says_so() -> None:
    with pytest.raises(ArtifactError, match="null byte"):
        open_model("a\0b")
