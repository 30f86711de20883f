from __future__ import annotations

import zipfile

import pytest

from tfedge.devices import wheels
from tfedge.errors import ConfigError, DeviceError

LITERT = "ai-edge-litert"


def wheel(path, *names):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, name)
    return path


def test_unpack_when_given_a_wheel_leaves_out_what_no_interpreter_needs(tmp_path):
    kept = ("numpy/core.py", "numpy/testing/x.py", "litert/libLiteRt.so")
    dropped = ("numpy/tests/test_core.py", "numpy/core.pyi", "litert/libLiteRtWebGpuAccelerator.so")
    wheels.unpack(wheel(tmp_path / "a.whl", *kept, *dropped), tmp_path / "site")
    files = (path for path in (tmp_path / "site").rglob("*") if path.is_file())
    assert sorted(str(path.relative_to(tmp_path / "site")) for path in files) == sorted(kept)


@pytest.mark.parametrize("name", ["../out", "/out", "a/../../out"])
def test_unpack_when_a_name_leads_outside_refuses(tmp_path, name):
    with pytest.raises(DeviceError, match="leads out of it"):
        wheels.unpack(wheel(tmp_path / "a.whl", name), tmp_path / "site")
    assert not (tmp_path / "out").exists()


def test_unpack_when_the_wheel_is_damaged_says_so(tmp_path):
    (tmp_path / "a.whl").write_bytes(b"PK no zip")
    with pytest.raises(DeviceError, match="expected a wheel in a.whl"):
        wheels.unpack(tmp_path / "a.whl", tmp_path / "site")


def test_fetch_when_the_version_does_not_exist_names_the_nearest(tmp_path):
    with pytest.raises(ConfigError, match="one of .*2.3.0.*got '2.3.9'; did you mean 2.3"):
        wheels.fetch({LITERT: ("2.3.9", "")}, "aarch64", tmp_path / "downloads")


def test_fetch_when_the_wheel_has_another_hash_says_so(tmp_path):
    with pytest.raises(DeviceError, match="others came"):
        wheels.fetch({"tflite-runtime": ("2.14.0", "0" * 64)}, "aarch64", tmp_path / "downloads")


def test_fetch_when_there_is_no_network_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # the port that discards: nobody listens
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(DeviceError, match="cannot reach its package index; check the network"):
        wheels.fetch({LITERT: ("2.3.0", "")}, "aarch64", tmp_path / "downloads")
