"""Bad input on the real command line: one clear line on stderr, the right exit code, nothing written."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest

from tests.project import sources
from tfedge.cli import main


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
        ("convert none.keras", "none.keras; there is none"),
        ("convert junk.tflite --recipe flot32", "did you mean 'float32'?"),
        ("convert junk.tflite --recipe auto --target ai-edge-litart", "did you mean 'ai-edge-litert'?"),
        ("convert junk.tflite --recipe auto --target tflite-runtime==2", "in the form name==version@arch"),
        ("convert junk.tflite --recipe auto --recipe flot32", "did you mean 'float32'?"),
        ("convert junk.tflite --recipe auto --max-points-lost -1", "`max_points_lost` must be 0 to 100 points"),
        ("convert junk.tflite --recipe auto --max-size-ratio 0", "`max_size_ratio` must be above 0"),
        ("convert junk.tflite --recipe auto --min-speedup -0.1", "`min_speedup` must be 0 or more"),
        ("convert junk.tflite --recipe auto --min-speedup fast", "expected a number; got 'fast'"),
        ("convert junk.tflite --recipe auto --max-size-mb 0", "expected a number above 0; got '0'"),
        ("convert junk.tflite --recipe auto --words 0", "whole number of 1 or more; got '0'"),
        ("convert junk.tflite --recipe auto --prefer speed", "--prefer must be one of accuracy, latency, size"),
        ("convert none.keras --recipe auto", "none.keras; there is none"),
        ("convert junk.tflite --target ai-edge-litert", "expected --recipe auto with --target; got other recipes"),
        ("convert junk.tflite --recipe float32 --words 9 --json", "expected --recipe auto with --words, --json"),
        ("package none.tflite --from none.keras --out y.tflite", "none.tflite; there is none"),
        ("package junk.tflite --from none.keras --out y.tflite", "none.keras; there is none"),
        ("package junk.tflite --from junk.tflite --out y.tflite --recipe dinamic", "recipe must be one of"),
        ("check", "arguments are required: FILE.tflite"),
        ("check none.tflite", "none.tflite; there is none"),
        ("check junk.tflite --target tflite_runtime", "did you mean 'tflite-runtime'?"),
        ("check junk.tflite --target tflite-runtime==2.14.0", "name==version@arch"),
        ("check junk.tflite --inputs none.npz", "none.npz; there is none"),
        ("check junk.tflite --reference junk.tflite", "expected a .tflite model"),
        ("check junk.tflite --fix", "expected one argument"),
        ("validate none.tflite", "none.tflite; there is none"),
        ("validate junk.tflite", "expected a pack in junk.tflite; there is no pack"),
        ("validate junk.tflite --target tflite_runtime", "did you mean 'tflite-runtime'?"),
        ("bench none.tflite", "none.tflite; there is none"),
        ("bench junk.tflite", "expected a pack in junk.tflite; there is no pack"),
        ("deploy androit junk.tflite", "did you mean 'android'?"),
        ("deploy android none.tflite", "none.tflite; there is none"),
        ("deploy android junk.tflite", "expected a pack in junk.tflite; there is no pack"),
        ("deploy android junk.tflite --device android-hots", "did you mean 'android-host'?"),
        ("deploy android junk.tflite --device android-host --serial x", "expected --device android with --serial"),
        ("predict none.tflite a", "none.tflite; there is none"),
        ("predict junk.tflite a", "expected a pack in junk.tflite; there is no pack"),
        ("predict . a", "it is a folder"),
        ("bench", "arguments are required: FILE.tflite"),
        ("bench x.tflite --seconds nan", "number above 0; got 'nan'"),
        ("predict x.tflite", "expected texts, image files or --stream FILE.csv; got none"),
        ("run imag", "did you mean 'image'?"),
        ("run none.py", "Python file of a task in none.py; there is none"),
        ("train none.py --out m.keras", "Python file of a task in none.py; there is none"),
        ("report none.json", "none.json; there is none"),
        ("report broken.json", "expected a tfedge report in broken.json"),
        ("report .", "it is a folder"),
        ("report none.tflite --html x.html", "none.tflite; there is none"),
        ("report junk.tflite --html x.html", "in junk.tflite; it is neither"),
        ("report broken.json --html junk.tflite", "pass --force to replace it"),
        ("explain op_versoin", "the nearest are op_version"),
        ("report r.json --format htm", "--format must be one of table, markdown, json"),
    ],
)
def test_bad_input_then_one_line_exit_2_and_nothing_written(tmp_path, monkeypatch, capsys, line, said):
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "typo.json").write_text('{"trainng": {}}')
    (tmp_path / "junk.tflite").write_bytes(b"no model")
    (tmp_path / "broken.tsv").write_text("a\tAH\nb\n")
    (tmp_path / "latin.tsv").write_bytes(b"caf\xe9\tK AE F EY\n")
    before = sorted(path.name for path in tmp_path.iterdir())
    monkeypatch.chdir(tmp_path)
    assert main.main(line.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    *progress, error = err.splitlines()
    assert error.startswith("tfedge: error: ") and said in error
    assert [line for line in progress if not line.startswith("    0.")] == []  # A stage's title may come before it.
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_convert_auto_when_a_target_is_not_installed_then_one_line_and_exit_3(tmp_path, monkeypatch, capsys):
    (tmp_path / "m.keras").write_bytes(b"no model")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TFEDGE_CACHE", str(tmp_path / "cache"))
    assert main.main("convert m.keras --recipe auto --target tflite-runtime==2.5.0@x86_64".split()) == 3
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert "it is not; run: tfedge targets add tflite-runtime==2.5.0@x86_64" in err


@pytest.mark.parametrize(
    ("line", "code", "lines"),
    [("--version", 0, 0), ("run --help", 0, 0), ("rnu g2p", 2, 1), ("predict none.tflite a", 2, 1)],
)
def test_real_process_then_its_exit_code_and_stderr(tmp_path, line, code, lines):
    run = run_tfedge(tmp_path, *line.split())
    assert (run.returncode, run.stderr.count("\n")) == (code, lines)
    assert bool(run.stdout) == (code == 0)
