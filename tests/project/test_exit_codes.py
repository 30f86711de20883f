"""Bad input on the real command line: one clear line on stderr, the right exit code, nothing written."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest

from tests.project import sources


def run_tfedge(folder: pathlib.Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(sources.ROOT)}
    command = [sys.executable, "-m", "tfedge", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "arguments are required: VERB"),
        ("rnu g2p", "did you mean 'run'?"),
        ("run", "arguments are required: TASK"),
        ("run g2q", "did you mean 'g2p'?"),
        ("run g2p --words 0", "whole number of 1 or more; got '0'"),
        ("run g2p --ful", "did you mean '--full'?"),
        ("train g2q --out x.keras", "did you mean 'g2p'?"),
        ("train g2p", "arguments are required: --out"),
        ("train g2p --out x.keras --data none.tsv", "none.tsv; there is none"),
        ("train g2p --out x.keras --config none.json", "none.json; there is none"),
        ("train g2p --out x.keras --config broken.json", "expected JSON in broken.json"),
        ("train g2p --out x.keras --config typo.json", "did you mean 'training'?"),
        ("train g2p --out x.keras --data broken.tsv", "broken.tsv; line 2 is 'b'"),
        ("train g2p --out x.keras --data latin.tsv", "latin.tsv"),
        ("bench", "arguments are required: FILE.tflite"),
        ("bench x.tflite --seconds nan", "number above 0; got 'nan'"),
        ("predict x.tflite", "arguments are required: TEXT"),
        ("report none.json", "none.json; there is none"),
        ("report broken.json", "expected a tfedge report in broken.json"),
        ("report .", "it is a folder"),
        ("report r.json --format htm", "--format must be one of table, markdown, json"),
    ],
)
def test_bad_input_then_one_line_exit_2_and_nothing_written(tmp_path, line, said):
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "typo.json").write_text('{"trainng": {}}')
    (tmp_path / "broken.tsv").write_text("a\tAH\nb\n")
    (tmp_path / "latin.tsv").write_bytes(b"caf\xe9\tK AE F EY\n")
    before = sorted(path.name for path in tmp_path.iterdir())
    run = run_tfedge(tmp_path, *line.split())
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("tfedge: error: ") and run.stderr.count("\n") == 1
    assert said in run.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize("line", ["--version", "--help", "run --help"])
def test_questions_about_the_program_then_exit_0_and_quiet_stderr(tmp_path, line):
    run = run_tfedge(tmp_path, *line.split())
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout
