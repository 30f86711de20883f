from __future__ import annotations

import json

import pytest

from tests.golden import packed_autokey
from tests.unit.devices import ssh_here
from tfedge.cli.main import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A packed file, its trace on each runtime with two more texts, and that of another model."""
    folder = tmp_path_factory.mktemp("stages")
    model, other = folder / "m.tflite", folder / "other.tflite"
    packed_autokey.write(model)
    packed_autokey.write(other, model_bytes=packed_autokey.slipping_model())
    (folder / "texts.txt").write_bytes(b"ab\r\n\nCad\n")
    texts = ["--texts", str(folder / "texts.txt")]
    assert main(["validate", str(model), "--trace", str(folder / "a.json"), *texts]) == 0
    runtime = ["--runtime", "tflite-runtime", "--threads", "2"]
    assert main(["validate", str(model), "--trace", str(folder / "b.json"), *runtime, *texts]) == 0
    assert main(["validate", str(other), "--trace", str(folder / "wrong.json"), *texts]) == 1
    return folder


def run(folder, *words):
    return main(["validate", *(str(folder / word) if "." in word else word for word in words)])


def last_line(capsys):
    return capsys.readouterr().err.strip().splitlines()[-1]


def test_compare_when_right_then_0_and_every_stage_is_listed(folder, capsys):
    assert run(folder, "m.tflite", "--compare", "a.json", "b.json") == 0
    out = capsys.readouterr().out
    assert out.startswith("pass  the same: 14 cases of float32") and "first_logits" in out


def test_compare_when_they_differ_then_1_and_json_says_where(folder, tmp_path, capsys):
    value = json.loads((folder / "a.json").read_text(encoding="utf-8"))
    value["traces"][12]["text"] = "B B"
    (tmp_path / "c.json").write_text(json.dumps(value), encoding="utf-8")
    assert main(["validate", "--compare", str(folder / "a.json"), str(tmp_path / "c.json"), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["first"]["stage"], said["first"]["case"]) == ("text", "text 1")


def test_compare_when_unlike_then_3_and_one_line(folder, capsys):
    assert run(folder, "--compare", "a.json", "wrong.json") == 3
    assert "`model.tflite_sha256`" in last_line(capsys)


def test_compare_when_a_file_is_no_report_then_2_and_one_line(folder, capsys):
    assert run(folder, "--compare", "a.json", "m.tflite") == 2
    assert "expected a device report in" in last_line(capsys)
    assert run(folder, "--compare", "a.json", "missing.json") == 2
    assert "there is none" in last_line(capsys)


def test_trace_when_it_exists_then_2_and_with_json_the_summary_alone(folder, tmp_path, capsys):
    assert run(folder, "m.tflite", "--trace", "a.json") == 2
    assert "--force" in last_line(capsys)
    assert main(["validate", str(folder / "m.tflite"), "--trace", str(tmp_path / "n.json"), "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert (value["traces"], value["verdict"], value["golden"]["num_passed"]) == (12, "pass", 12)


def test_trace_when_over_ssh_then_the_board_is_named(folder, tmp_path, monkeypatch, capsys):
    machine = ssh_here.install(tmp_path, monkeypatch)
    words = ["--trace", str(tmp_path / "board.json"), "--device", f"ssh:pi:{machine.python()}"]
    assert main(["validate", str(folder / "m.tflite"), *words]) == 0
    assert "on pi (ssh), ai-edge-litert==" in capsys.readouterr().out
    machine.behave("unreachable")
    assert main(["validate", str(folder / "m.tflite"), *words, "--force"]) == 3
    assert "No route to host" in last_line(capsys)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "expected a packed model, FILE.tflite"),
        (["m.tflite", "--device", "local"], "expected --device with --trace"),
        (["m.tflite", "--texts", "texts.txt"], "expected --texts with --trace"),
        (["m.tflite", "--force"], "expected --force with --trace"),
        (["--trace", "x.json"], "expected a packed model"),
        (["m.tflite", "--trace", "x.json", "--compare", "a.json", "b.json"], "expected --trace or --compare"),
        (["m.tflite", "--trace", "x.json", "--target", "ai-edge-litert"], "expected no --target"),
        (["m.tflite", "--trace", "x.json", "--device", "moon"], "expected local, a target"),
        (["m.tflite", "--trace", "x.json", "--texts", "m.tflite"], "expected UTF-8 in"),
        (["--compare", "a.json"], "expected 2 arguments"),
    ],
)
def test_arguments_when_wrong_then_2_and_one_line(folder, capsys, words, said):
    assert run(folder, *words) == 2
    assert said in last_line(capsys) and not (folder / "x.json").exists()


def test_texts_when_empty_or_unreadable_by_the_task_then_2(folder, tmp_path, capsys):
    for content, said in ((b"\n\n", "there is none; write one"), (b"ab\nxyz\n", "in 'xyz'")):
        (tmp_path / "t.txt").write_bytes(content)
        words = ["--trace", str(tmp_path / "n.json"), "--texts", str(tmp_path / "t.txt")]
        assert main(["validate", str(folder / "m.tflite"), *words]) == 2
        assert said in last_line(capsys)
