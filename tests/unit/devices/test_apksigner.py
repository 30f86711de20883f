from __future__ import annotations

import os

import pytest

from tests import apks
from tfedge.devices import apksigner


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Returns a function that puts a program called apksigner on PATH, alone; it has the package's path in $2."""

    def install(script: str) -> None:
        program = tmp_path / "bin" / "apksigner"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}/usr/bin{os.pathsep}/bin")

    return install


@pytest.mark.parametrize(
    ("script", "verdict", "said"),
    [
        ("exit 0", "pass", "apksigner verifies the signature"),
        ('echo "DOES NOT VERIFY"; echo "ERROR: no v1 signature" >&2; exit 1', "fail", "ERROR: no v1 signature"),
        ('echo "DOES NOT VERIFY"; exit 1', "fail", "it gives no reason"),
        ('echo "Exception in thread main" >&2; exit 1', "not_measured", "it ended with 1: Exception in thread main"),
        ("exit 2", "not_measured", "it ended with 2: no words"),
        ("kill -9 $$", "not_measured", "it ended with -9"),
        ('test "$1" = verify && test -f "$2" || { echo "DOES NOT VERIFY"; exit 1; }', "pass", "verifies"),
    ],
)
def test_verify_when_apksigner_answers_says_what_it_means(install, tmp_path, monkeypatch, script, verdict, said):
    install(script)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-x.apk").write_bytes(apks.build())  # A name that is no option, whatever it looks like.
    found = apksigner.verify("-x.apk")
    assert (found.gate, found.verdict) == ("signature_verified", verdict) and said in found.message


def test_verify_when_apksigner_never_ends_says_so(install, monkeypatch):
    monkeypatch.setattr(apksigner, "_SECONDS", 0.2)
    install("exec sleep 20")
    assert "no answer within 0.2 s" in apksigner.verify("a.apk").message


def test_verify_when_it_is_not_installed_is_a_note(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    found = apksigner.verify("a.apk")
    assert found.verdict == "pass" and found.consequence and "apksigner" in found.fix


def test_verify_when_it_cannot_be_started_is_not_measured(install):
    install("")
    program = apksigner.shutil.which("apksigner")
    with open(program, "wb") as file:
        file.write(b"\0\0")
    assert apksigner.verify("a.apk").verdict == "not_measured"
