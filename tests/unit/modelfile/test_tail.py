"""A zip behind a model is read as before when the model has grown; the forms in which writers append one."""

from __future__ import annotations

import io
import random
import shutil
import struct
import subprocess
import zipfile

import pytest

from tests.models import dense
from tfedge.errors import ArtifactError
from tfedge.modelfile.tail import split_file

FILES = {"labels.txt": b"one\ntwo\n", "vocab/words.txt": b"word\n" * 999, "empty": b"", "model.tflite": dense()[:99]}


def appended(model_bytes: bytes, relative: bool = False, comment: bytes = b"") -> bytes:
    """Returns a model with a zip behind it: offsets from byte 0 of the file, or `relative` to the zip's own start."""
    buffer = io.BytesIO(b"" if relative else model_bytes)
    with zipfile.ZipFile(buffer, "a") as archive:
        for number, (name, content) in enumerate(FILES.items()):
            info = zipfile.ZipInfo(name, (2024, 5, 6, 7, 8, 10))
            info.compress_type = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)[number % 2]
            info.comment, info.extra = b"about", struct.pack("<HHI", 0xCAFE, 4, number)
            archive.writestr(info, content)
        archive.comment = comment
    return model_bytes + buffer.getvalue() if relative else buffer.getvalue()


def contents(data: bytes) -> list[tuple[str, bytes, bytes, bytes, tuple[int, ...]]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return [
            (info.filename, archive.read(info), info.comment, info.extra, info.date_time) for info in archive.infolist()
        ]


@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("comment", [b"", b"a comment"])
@pytest.mark.parametrize("growth", [0, 64, 6400])
def test_behind_when_the_model_grows_keeps_every_entry(relative: bool, comment: bytes, growth: int) -> None:
    data = appended(dense(), relative, comment)

    model_bytes, tail = split_file(data)
    file = tail.behind(bytes(growth) + model_bytes)

    assert model_bytes == dense()
    assert (growth == 0) == (file == data)
    assert contents(file) == contents(data)
    assert file.startswith(bytes(growth) + model_bytes)
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        assert archive.comment == comment


def test_behind_when_listed_by_unzip_is_whole(tmp_path) -> None:
    unzip = shutil.which("unzip")
    path = tmp_path / "grown.tflite"
    model_bytes, tail = split_file(appended(dense()))
    path.write_bytes(tail.behind(bytes(128) + model_bytes))

    if unzip is None:  # Where it is not installed, Python's own reader lists the file; it is the stricter one here.
        assert contents(path.read_bytes())
        return
    listed = subprocess.run([unzip, "-tqq", str(path)], capture_output=True, text=True)
    assert listed.returncode == 0 and not listed.stderr


def test_split_file_when_nothing_is_behind_returns_it_all() -> None:
    for data in (dense(), dense() + b"something that is no zip"):
        model_bytes, tail = split_file(data)
        assert model_bytes == data and tail.data == b"" and tail.behind(data) == data


def test_split_file_when_the_zip_is_damaged_says_so() -> None:
    data, model_size = appended(dense()), len(dense())
    wrong = [
        data[:model_size] + data[model_size + 10 :],
        data.replace(b"PK\x03\x04", b"PK\x03\x05"),
        data.replace(b"PK\x01\x02", b"PK\x01\x03"),
    ]
    for file in wrong:
        with pytest.raises(ArtifactError, match="expected a model with a whole zip"):
            split_file(file)


def test_split_file_when_any_byte_of_the_zip_is_changed_reads_it_or_refuses() -> None:
    data, rng = appended(dense()), random.Random(1)
    for _ in range(300):
        file = bytearray(data)
        file[rng.randrange(len(dense()), len(data))] = rng.randrange(256)
        try:
            model_bytes, tail = split_file(bytes(file))
        except ArtifactError:
            continue
        assert model_bytes + tail.data == bytes(file)
        assert len(tail.behind(bytes(64) + model_bytes)) == len(file) + 64
