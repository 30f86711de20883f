from __future__ import annotations

import json
import pathlib

import numpy as np
import pytest

from tests.models.attention import LAYER, attention, attention_inputs
from tfedge.cli.main import main


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> pathlib.Path:
    """A folder with a float file, an int8 file of it that is right and one that is broken, and inputs."""
    folder = tmp_path_factory.mktemp("files")
    made = {"float": attention(), "right": attention("int8"), "broken": attention("int8", broken="key")}
    for name, data in made.items():
        (folder / f"{name}.tflite").write_bytes(data)
    np.savez(folder / "cases.npz", x=np.stack(attention_inputs()))
    return folder


def compare(files: pathlib.Path, name: str, *more: str) -> int:
    inputs = ("--inputs", str(files / "cases.npz"))
    return main(["inspect", "--compare", str(files / "float.tflite"), str(files / f"{name}.tflite"), *inputs, *more])


def test_compare_when_a_layer_is_wrong_names_it_and_ends_with_1(files, capsys):
    assert compare(files, "broken") == 1
    assert f"goes wrong at {LAYER}/key_dense" in capsys.readouterr().out


def test_compare_when_right_ends_with_0_and_draws_where_asked(files, capsys, tmp_path):
    plot = tmp_path / "error.html"
    assert compare(files, "right", "--json", "--plot", str(plot)) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["signatures"][0]["wrong"] is None and value["signatures"][0]["num_runs"] == 4
    assert "<svg" in plot.read_text(encoding="utf-8")
    assert compare(files, "right", "--plot", str(plot)) == 2  # It exists now.


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["float.tflite", "--plot", "x.html"], "with --compare"),
        (["float.tflite", "--compare", "right.tflite", "--plot", "x.png"], "FILE.html or FILE.svg"),
        (["float.tflite", "--compare", "right.tflite", "--lint"], "got both"),
        (["missing.keras", "--lint"], "missing.keras"),
        (["float.tflite", "--compare", "missing.tflite"], "missing.tflite"),
    ],
)
def test_inspect_when_arguments_do_not_fit_says_so_in_one_line(files, capsys, monkeypatch, arguments, told):
    monkeypatch.chdir(files)
    assert main(["inspect", *arguments]) == 2
    error = capsys.readouterr().err
    assert told in error and error.count("\n") == 1


def test_lint_when_a_model_has_a_trap_names_layer_why_and_fix_and_else_nothing(tmp_path, capsys):
    import keras

    for name, batch in (("open", None), ("fixed", 1)):
        layers = [keras.Input((4, 8), batch_size=batch), keras.layers.Dense(4, name="dense")]
        keras.Sequential(layers).save(tmp_path / f"{name}.keras")
    assert main(["inspect", str(tmp_path / "open.keras"), "--lint"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("dense_open_shape: dense: Dense with a bias on (None, 4, 4)\n  why: ")
    assert out.endswith("more: tfedge explain dense_open_shape\n1 found\n")
    assert main(["inspect", str(tmp_path / "open.keras"), "--lint", "--json"]) == 1
    assert [lint["rule"] for lint in json.loads(capsys.readouterr().out)] == ["dense_open_shape"]
    assert main(["inspect", str(tmp_path / "fixed.keras"), "--lint"]) == 0
    assert capsys.readouterr().out == "nothing found\n"


def test_lint_when_the_file_is_no_keras_model_says_so(files, capsys):
    assert main(["inspect", str(files / "float.tflite"), "--lint"]) == 2
    assert "expected a .keras file" in capsys.readouterr().err
