"""The verb `inspect`: its two forms of output, and its exit codes."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import time

import numpy as np
import pytest

from tests import models
from tests.golden import autokey
from tests.project import sources
from tfedge.cli import main
from tfedge.modelfile.builder import ModelBuilder


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main.main(["inspect", *arguments])
    return code, *capsys.readouterr()


def test_inspect_when_a_file_is_given_prints_tables(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, str(autokey.MODEL))

    assert code == 0
    assert "encode, subgraph 1" in out and "Loaded by ai-edge-litert==" in out


def test_inspect_when_json_is_asked_for_prints_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, str(autokey.MODEL), "--json", "--no-run")

    assert (code, err) == (0, "")
    assert json.loads(out)["schema_version"] == 1 and json.loads(out)["runs"] == []
    assert out.isascii()


def test_inspect_when_it_may_not_run_starts_no_process(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError(f"started {arguments}")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    code, out, _ = run(capsys, str(autokey.MODEL), "--no-run")

    assert code == 0 and "Loaded by" not in out
    with pytest.raises(AssertionError, match="started"):
        subprocess.Popen(["true"])


@pytest.mark.parametrize("content", [b"", b"TFL3", b"PK\x03\x04" * 99, b"\x1c\x00\x00\x00TFL3" + b"\xff" * 99])
def test_inspect_when_it_is_no_model_exits_2_with_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path, content: bytes
) -> None:
    (tmp_path / "m.tflite").write_bytes(content)

    code, out, err = run(capsys, str(tmp_path / "m.tflite"))

    assert (code, out) == (2, "") and err.count("\n") == 1


def test_inspect_when_the_terminal_has_no_such_letters_writes_their_codes(tmp_path: pathlib.Path) -> None:
    builder = ModelBuilder()
    builder.op("TANH", [builder.tensor("文字", (2,))], [builder.tensor("y", (2,))])
    (tmp_path / "m.tflite").write_bytes(builder.build())
    command = [sys.executable, "-m", "tfedge", "inspect", "--no-run", str(tmp_path / "m.tflite")]

    for encoding, words in (("ascii", "\\u6587\\u5b57"), ("utf-8", "文字")):
        environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": str(sources.ROOT)}
        done = subprocess.run(command, capture_output=True, env=environment, check=True)
        assert words in done.stdout.decode(encoding)


def test_inspect_when_an_error_quotes_the_file_keeps_the_terminal_safe(
    capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path
) -> None:
    builder = ModelBuilder()
    builder.tensor("\x1b[2J" * 100, (3,), data=bytes(5))
    (tmp_path / "m.tflite").write_bytes(builder.build())

    code, _, err = run(capsys, str(tmp_path / "m.tflite"))

    assert code == 2 and "5 bytes stored for tensor" in err and err.rstrip("\n").isprintable() and len(err) < 500


# The peak from /proc and not from getrusage, which counts what the process was before it became this program.
_MEASURED = """
import re, sys
from tfedge.cli.main import main
code = main(sys.argv[1:])
print(code, int(re.search("VmHWM:\\s*([0-9]+)", open("/proc/self/status").read())[1]) * 1024, file=sys.stderr)
"""


@pytest.fixture(scope="module")
def large_file(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """100 MB: 200 layers of int8 weights."""
    builder = ModelBuilder("large")
    x, rows = builder.tensor("x", (1, 512)), 977
    weights = np.random.default_rng(1).integers(-127, 128, (rows, 512), np.int8).tobytes()
    for index in range(200):
        w = builder.tensor(f"layer_{index}/dense/kernel", (rows, 512), "int8", weights, scales=[0.01])
        y = builder.tensor(f"layer_{index}/dense/MatMul", (1, rows))
        builder.op("FULLY_CONNECTED", [x, w, None], [y], 9)
    path = tmp_path_factory.mktemp("large") / "m.tflite"
    path.write_bytes(builder.build())
    return path


@pytest.mark.parametrize("line", ["inspect --no-run", "inspect --no-run --json", "check --static"])
def test_static_reading_when_a_file_has_100_mb_takes_a_second_and_less_memory_than_1_5_files(
    large_file: pathlib.Path, line: str
) -> None:
    """0.7 s and 0.8 files on an idle machine; four times the second is allowed on a busy one, and no more memory."""
    started = time.monotonic()
    command = [sys.executable, "-c", _MEASURED, *line.split(), str(large_file)]
    run = subprocess.run(command, capture_output=True, text=True, cwd=sources.ROOT, check=True)
    seconds = time.monotonic() - started

    code, memory = map(int, run.stderr.splitlines()[-1].split())
    assert large_file.stat().st_size > 100_000_000 and code in (0, 1) and run.stdout
    assert memory < 1.5 * large_file.stat().st_size
    assert seconds < 4.0


def test_inspect_when_a_file_is_small_still_reads_it(
    capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path
) -> None:
    (tmp_path / "m.tflite").write_bytes(models.dense())

    assert run(capsys, str(tmp_path / "m.tflite"), "--no-run")[0] == 0
