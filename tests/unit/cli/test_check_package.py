"""`tfedge check app.apk` as a user types it."""

from __future__ import annotations

import json

import pytest

from tests import apks
from tests.apks.app import LIBRARY, model, published
from tfedge.cli import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with apps, which is the current one; apksigner is not installed."""
    (tmp_path / "good.apk").write_bytes(apks.build())
    old = {f"arm64-v8a/{LIBRARY}": published("arm64-v8a", 4096)}
    (tmp_path / "old.apk").write_bytes(apks.build(libraries=old))
    (tmp_path / "cut.apk").write_bytes(apks.build()[:5000])
    (tmp_path / "m.tflite").write_bytes(model())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("good.apk", 0, "verdict: pass"),
        ("good.apk --model m.tflite", 0, "model_matches: assets/g2p.tflite is m.tflite"),
        ("old.apk", 1, "page_size_16kb: 64-bit libraries"),
        ("old.apk --allow page_size_16kb", 0, "accepted by --allow"),
        ("good.apk --target android-tflite==2.16.1@x86_64", 0, "android-tflite 2.16.1 x86_64"),
        ("cut.apk good.apk", 1, "its end is missing"),
        ("good.apk m.tflite --static --target android-tflite==2.16.1@x86_64", 0, "pass  m.tflite"),
    ],
)
def test_check_when_packages_are_named_returns_and_says(folder, capsys, line, code, said):
    assert main.main(["check", *line.split()]) == code
    out, _ = capsys.readouterr()
    assert said in out


def test_check_when_json_and_junit_are_asked_for_writes_both(folder, capsys):
    assert main.main(["check", "old.apk", "--json", "--junit", "out.xml"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert [file["verdict"] for file in report["files"]] == ["fail", "pass"]
    assert 'type="page_size_16kb"' in (folder / "out.xml").read_text()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("good.apk --target ai-edge-litert", "expected a target of Android"),
        ("good.apk --allow page_size", "did you mean 'page_size_16kb'?"),
        ("good.apk --model none.tflite", "none.tflite; there is none"),
        ("good.apk --model good.apk", "expected a .tflite model"),
        ("good.apk --fix x.tflite", "expected .tflite files with --fix and --claim"),
        ("good.apk --claim", "expected .tflite files with --fix and --claim"),
        ("good.apk --inputs x.npz", "whose models are not run"),
        ("m.tflite --model m.tflite", "expected an Android package"),
        ("none.apk", "none.apk; there is none"),
    ],
)
def test_check_when_a_package_is_asked_wrongly_returns_2_and_one_line(folder, capsys, line, said):
    assert main.main(["check", *line.split()]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("tfedge: error: ") and err.count("\n") == 1 and said in err
