from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from tests import models
from tfedge.cli import main
from tfedge.reports.check_report import CheckReport

TARGETS = ("--target", "tflite-runtime", "--target", "ai-edge-litert")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with files to check, which is the current one."""
    (tmp_path / "good.tflite").write_bytes(models.dense())
    (tmp_path / "wrong.tflite").write_bytes(models.dense("int8_dynamic", per_channel=True))
    (tmp_path / "two.tflite").write_bytes(models.two_signatures())
    rows = np.ones((2, 1, 16), np.float32)
    np.savez(tmp_path / "cases.npz", x=rows)
    np.savez(tmp_path / "names.npz", features=rows)
    np.savez(tmp_path / "shapes.npz", x=rows[..., :3])
    np.savez(tmp_path / "nan.npz", x=rows * np.nan)
    np.savez(tmp_path / "objects.npz", x=np.array([{}, {}], object))
    np.savez(tmp_path / "empty.npz")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_check_when_files_pass_prints_them_and_returns_0(folder, capsys):
    assert main.main(["check", "good.tflite", "two.tflite", *TARGETS]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == "pass  good.tflite  1.2 kB" and out.splitlines()[-1] == "verdict: pass"
    assert "check 2 files for 2 targets" in err


def test_check_when_a_file_fails_returns_1_and_json_says_which(folder, capsys):
    assert main.main(["check", "good.tflite", "wrong.tflite", *TARGETS, "--json", "--junit", "ci/out.xml"]) == 1
    report = CheckReport.from_json(json.loads(capsys.readouterr().out))
    assert [file.verdict for file in report.files] == ["pass", "fail"]
    suites = ET.fromstring((folder / "ci" / "out.xml").read_bytes())
    assert [suite.attrib["failures"] != "0" for suite in suites] == [True, False]


def test_check_when_junit_exists_is_refused_before_anything_is_run(folder, capsys):
    (folder / "out.xml").write_text("mine")
    assert main.main(["check", "good.tflite", *TARGETS, "--junit", "out.xml"]) == 2
    assert "pass --force to replace it" in capsys.readouterr().err and (folder / "out.xml").read_text() == "mine"
    assert main.main(["check", "good.tflite", *TARGETS, "--junit", "out.xml", "--force"]) == 0


def test_check_when_static_says_that_nothing_was_run(folder, capsys):
    assert main.main(["check", "good.tflite", "--static", *TARGETS]) == 0
    assert "static rules only: nothing was run" in capsys.readouterr().out


def test_check_when_a_target_is_not_installed_returns_3_and_names_the_command(folder, capsys, monkeypatch):
    monkeypatch.setenv("TFEDGE_CACHE", str(folder / "cache"))
    assert main.main(["check", "good.tflite", "--target", "tflite-runtime==2.13.0@x86_64"]) == 3
    assert "run: tfedge targets add tflite-runtime==2.13.0@x86_64" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("good.tflite --inputs names.npz", "must be one of x; got 'features'"),
        ("good.tflite --inputs shapes.npz", "each case of x as float32 (1, 16)"),
        ("good.tflite --inputs nan.npz", "x has NaN in 2 cases"),
        ("good.tflite --inputs objects.npz", "expected an .npz of numbers"),
        ("good.tflite --inputs empty.npz", "it holds no array"),
        ("good.tflite --inputs good.tflite", "expected an .npz of numbers"),
        ("good.tflite --inputs none.npz", "none.npz; there is none"),
        ("good.tflite --reference two.tflite", "no signature 'serving_default'"),
        ("good.tflite --reference none.tflite", "none.tflite; there is none"),
        ("good.tflite --reference cases.npz", "expected a .tflite model"),
        ("good.tflite --inputs cases.npz --static", "leave out --static"),
        ("good.tflite --target litert", "runtime must be one of"),
        ("good.tflite --timeout 0", "number above 0"),
        ("good.tflite --timeout 1e300", "up to 86400 s"),
        ("good.tflite --memory 99999999999999", "up to 1048576 MB"),
        ("good.tflite --seed -1", "whole number of 0 or more"),
        ("good.tflite --memory 0.5", "whole number of 1 or more"),
        ("none.tflite", "none.tflite; there is none"),
        (". --static", "a folder"),
    ],
)
def test_check_when_asked_wrongly_returns_2_and_one_line(folder, capsys, line, said):
    assert main.main(["check", *line.split(), *(() if "--target" in line else TARGETS)]) == 2
    out, err = capsys.readouterr()
    *progress, error = err.splitlines()
    assert out == "" and error.startswith("tfedge: error: ") and said in error
    assert [each for each in progress if "check 1 file" not in each] == []
