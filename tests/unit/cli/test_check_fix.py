"""`tfedge check --fix` on the command line: what it prints, writes and returns."""

from __future__ import annotations

import argparse
import json
import pathlib
import xml.etree.ElementTree as ElementTree

import pytest

from tests.models import dense
from tfedge.cli import check
from tfedge.errors import ConfigError


def run(*arguments: str | pathlib.Path) -> int:
    parser = argparse.ArgumentParser()
    check.add_arguments(parser)
    return check.run(parser.parse_args([str(argument) for argument in arguments]))


@pytest.fixture
def liar(tmp_path: pathlib.Path) -> pathlib.Path:
    """A file with a scale a channel under a version that promises one."""
    path = tmp_path / "liar.tflite"
    path.write_bytes(dense("int8_dynamic", per_channel=True))
    return path


def test_fix_when_it_writes_prints_what_and_at_what_cost(
    liar: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, junit = tmp_path / "out.tflite", tmp_path / "out.xml"

    code = run(liar, "--target", "ai-edge-litert", "--fix", out, "--junit", junit)

    printed = capsys.readouterr().out
    assert code == 0 and out.exists()
    assert f"{liar} rewritten as {out}:\n  FULLY_CONNECTED says version 12 and not 5\n" in printed
    assert "equal bit for bit" in printed and "verdict: pass" in printed
    assert str(out) in ElementTree.tostring(ElementTree.parse(junit).getroot(), encoding="unicode")


def test_fix_when_nothing_is_wrong_says_so_in_json_and_writes_nothing(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "right.tflite", tmp_path / "out.tflite"
    path.write_bytes(dense("int8_dynamic"))

    code = run(path, "--target", "ai-edge-litert", "--fix", out, "--json")

    held = json.loads(capsys.readouterr().out)
    assert code == 0 and not out.exists()
    assert held["out"] == "" and held["reason"].startswith("nothing to fix") and held["before"]["verdict"] == "pass"


def test_fix_when_there_are_two_files_or_nothing_may_run_refuses(liar: pathlib.Path, tmp_path: pathlib.Path) -> None:
    out = tmp_path / "out.tflite"
    for arguments in ((liar, liar, "--fix", out), (liar, "--static", "--fix", out)):
        with pytest.raises(ConfigError, match="--fix"):
            run(*arguments)
    assert not out.exists()
