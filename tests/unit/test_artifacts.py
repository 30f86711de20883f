from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys

import pytest

from tfedge.artifacts import atomic_path, check_writable, read_bytes, sha256_hex, write_bytes
from tfedge.errors import ArtifactError

# Longer than a file name may be on any file system that Linux has.
LONG_NAME = "x" * 300
# Short enough itself, but not with what the temporary name adds.
LONGISH_NAME = "x" * 240


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def run_python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=os.getcwd())


def test_sha256_hex_then_the_known_digest():
    assert sha256_hex(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256_hex(b"") == hashlib.sha256().hexdigest()


def test_read_bytes_when_there_then_all_of_it(tmp_path):
    (tmp_path / "a").write_bytes(b"\x00\xff")
    assert read_bytes(str(tmp_path / "a")) == b"\x00\xff"


@pytest.mark.parametrize(
    ("name", "said"),
    [("none", "there is none; check the path"), (".", "it is a folder"), (LONG_NAME, "File name too long")],
)
def test_read_bytes_when_not_a_file_then_the_role_and_the_path_are_named(tmp_path, name, said):
    with pytest.raises(ArtifactError) as caught:
        read_bytes(tmp_path / name, "lexicon")
    assert "lexicon" in str(caught.value) and str(tmp_path) in str(caught.value) and said in str(caught.value)


def test_write_bytes_then_the_file_and_nothing_else(tmp_path):
    path = write_bytes(tmp_path / "new" / "deep" / "a.bin", b"abc")
    assert path.read_bytes() == b"abc"
    assert names(path.parent) == ["a.bin"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_write_bytes_when_the_file_exists_then_refused_without_force(tmp_path):
    path = write_bytes(tmp_path / "a", b"old")
    with pytest.raises(ArtifactError, match="exists; pass --force"):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    write_bytes(path, b"new", force=True)
    assert (path.read_bytes(), names(tmp_path)) == (b"new", ["a"])


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("name", [".", "file/a", LONG_NAME, LONGISH_NAME, f"{LONG_NAME}/a"])
def test_check_writable_when_it_cannot_be_written_then_refused(tmp_path, name, force):
    (tmp_path / "file").touch()
    with pytest.raises(ArtifactError) as caught:
        check_writable(tmp_path / name, force)
    assert str(caught.value).startswith("expected") and "\n" not in str(caught.value)
    assert names(tmp_path) == ["file"]


def test_check_writable_when_free_then_the_path_and_no_trace(tmp_path):
    assert check_writable(str(tmp_path / "a")) == tmp_path / "a"
    assert names(tmp_path) == []


def test_atomic_path_when_the_body_fails_then_the_old_file_stays_and_no_trace(tmp_path):
    path = write_bytes(tmp_path / "a.keras", b"old")
    with pytest.raises(KeyError), atomic_path(path, force=True) as temporary:
        temporary.write_bytes(b"half")
        # Keras writes only names that end in .keras.
        assert (temporary.parent, temporary.suffix) == (tmp_path, ".keras")
        raise KeyError("body")
    assert (path.read_bytes(), names(tmp_path)) == (b"old", ["a.keras"])


def test_write_bytes_when_the_disk_takes_no_more_then_one_clear_error_and_the_old_file_stays(tmp_path):
    # A limit on the size of files fails a write in the middle, as a full disk does.
    write_bytes(tmp_path / "a", b"old")
    code = (
        "import resource, sys\n"
        "from tfedge.artifacts import write_bytes\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "write_bytes(sys.argv[1], bytes(100_000), force=True)\n"
    )
    run = run_python(code, str(tmp_path / "a"))
    assert run.returncode == 1
    assert run.stderr.strip().endswith(f"expected to write {tmp_path / 'a'}; File too large; nothing was changed")
    assert ((tmp_path / "a").read_bytes(), names(tmp_path)) == (b"old", ["a"])


def test_atomic_path_when_killed_then_nothing_under_the_final_name(tmp_path):
    code = (
        "import os, signal, sys\n"
        "from tfedge.artifacts import atomic_path\n"
        "with atomic_path(sys.argv[1]) as temporary:\n"
        "    temporary.write_bytes(b'half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    run = run_python(code, str(tmp_path / "a"))
    assert run.returncode == -signal.SIGKILL
    assert not (tmp_path / "a").exists()
    assert [name.startswith(".a.") and ".partial" in name for name in names(tmp_path)] == [True]
