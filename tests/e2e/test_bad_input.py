"""Bad input: exit code 2 or 3, one clear line, and every file as it was."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import pytest

from tests.e2e import lexicons
from tests.e2e.commands import ROOT, Ended, error_of, names, run_tfedge
from tests.golden import autokey, packed_autokey
from tfedge.cli import main

# What the base install has besides the two interpreters: a machine with these alone cannot run a model.
WITHOUT_INTERPRETER = ("absl", "numpy", "rich", "markdown_it", "mdurl", "pygments")


@dataclasses.dataclass(frozen=True)
class State:
    """Every file below a folder, with its content."""

    files: dict[str, str]

    @classmethod
    def of(cls, folder: pathlib.Path) -> State:
        paths = {name: folder / name for name in names(folder)}
        return cls(
            {
                name: hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
                for name, path in paths.items()
            }
        )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with good files and spoilt ones."""
    made = tmp_path / "work"
    made.mkdir()
    pack = packed_autokey.write(made / "good.tflite").path.read_bytes()
    (made / "bare.tflite").write_bytes(packed_autokey.MODEL_BYTES)
    for name, length in (("cut-model", 7_000), ("cut-pack", len(pack) - 200), ("cut-end", len(pack) - 1), ("empty", 0)):
        (made / f"{name}.tflite").write_bytes(pack[:length])
    # In the model, in a zip entry, in the zip's directory, and in the seal itself.
    for place in (1_000, len(pack) - 2_000, len(pack) - 150, len(pack) - 3):
        changed = bytearray(pack)
        changed[place] ^= 0x01
        (made / f"changed-at-{len(pack) - place}-from-the-end.tflite").write_bytes(changed)
    (made / "other.keras").write_bytes(b"no zip")
    (made / "taken").mkdir()
    (made / "taken" / "g2p.keras").write_text("mine")
    (made / "taken" / "other.float32.tflite").write_text("mine")
    lines = [f"{word}\t{packed_autokey.cipher(word)}" for word in packed_autokey.words(60)]
    texts = {
        "good": "\n".join(lines).encode(),
        "broken": "\n".join([*lines[:6], "abc", *lines[6:]]).encode(),
        "spaces": "\n".join([*lines[:6], "abc A B C", *lines[6:]]).encode(),
        "latin-1": "\n".join([*lines[:11], "caf\xe9\tK A F E"]).encode("latin-1"),
        "short": "\n".join(lines[:20]).encode(),
        "umlauts": "\n".join(lines).replace("a", "ä").encode(),
    }
    for name, data in texts.items():
        (made / f"{name}.tsv").write_bytes(data)
    lexicons.write_config(made / "small.json", lexicons.SMALL_CONFIG)
    monkeypatch.chdir(made)
    return made


@pytest.fixture
def refused(folder, capfd):
    """Returns a function: runs a command line and returns its error line, when nothing changed and no one was hurt."""

    def run(*arguments: str, code: int = 2) -> str:
        before = State.of(folder)
        ended = Ended(main.main(arguments), *capfd.readouterr())
        assert ended.returncode == code, ended.stderr
        assert State.of(folder) == before
        return error_of(ended)

    return run


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("abz", "got 'z' in 'abz'"),
        ("наука", "got 'а', 'к', 'н', 'у' in 'наука'"),
        ("", "got an empty one; pass a word"),
        ("a" * 10_000, "got 10000 characters; shorten it"),
        ("a" * 10, "at most 9 symbols; got 10 in"),
    ],
    ids=["letter", "script", "empty", "10,000 letters", "one too long"],
)
def test_text_that_the_task_cannot_read(refused, text, said):
    error = refused("predict", "good.tflite", "abc", text)
    assert said in error and len(error) < 250


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("train g2p --out new/x.keras --data broken.tsv", "in broken.tsv; line 7 is 'abc'"),
        ("train g2p --out new/x.keras --data spaces.tsv", "in spaces.tsv; line 7 is 'abc A B C'"),
        ("train g2p --out new/x.keras --data latin-1.tsv", "UTF-8 text in latin-1.tsv; line 12 is not"),
        ("train g2p --out new/x.keras --data short.tsv", "at least 50 words in short.tsv; got 20"),
        ("train g2p --out new/x.keras --data none.tsv", "none.tsv; there is none"),
        ("validate good.tflite --data broken.tsv", "in broken.tsv; line 7 is 'abc'"),
        ("validate good.tflite --data latin-1.tsv", "UTF-8 text in latin-1.tsv; line 12 is not"),
        ("validate good.tflite --data umlauts.tsv", "got 'ä' in "),
    ],
)
def test_lexicon_that_cannot_be_read(refused, line, said):
    assert said in refused(*line.split())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("train g3p --out new/x.keras", "did you mean 'g2p'?"),
        ("run g2pp --out new", "did you mean 'g2p'?"),
        ("convert other.keras --out new --recipe dynamic_wi8", "did you mean 'dynamic_wi8_afp32'?"),
        ("package bare.tflite --from other.keras --out new/x.tflite --recipe static", "recipe must be one of"),
        ("package bare.tflite --from other.keras --out new/x.tflite", "pass --recipe, one of float32"),
        ("predict good.tflite a --target tflite", "did you mean 'tflite-runtime'?"),
        ("validate good.tflite --target ai-edge-litert==1.0@x86_64", "leave out the version"),
        ("bench good.tflite good.tflite", "expected different files"),
    ],
)
def test_name_that_is_unknown(refused, line, said):
    assert said in refused(*line.split())


@pytest.mark.parametrize("verb", ["predict {} abc", "validate {}", "bench {}"])
@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("none", "there is none; check the path"),
        ("empty", "there is no pack"),
        ("bare", "there is no pack; make one with `tfedge package`"),
        ("cut-model", "there is no pack"),
        ("cut-pack", "its end is cut"),
        ("cut-end", "its end is cut"),
        ("changed-at-2000-from-the-end", "bytes were changed after packing"),
        ("changed-at-150-from-the-end", "bytes were changed after packing"),
        ("changed-at-3-from-the-end", "bytes were changed after packing"),
    ],
)
def test_file_that_is_not_whole(refused, verb, file, said):
    assert said in refused(*verb.format(f"{file}.tflite").split())


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("none", "there is none; check the path"),
        ("empty", "expected a .tflite model"),
        ("cut-model", "it is damaged or cut; copy or convert it again"),
        ("other.keras", "expected a .tflite model"),
    ],
)
def test_file_to_inspect_that_is_no_model(refused, file, said):
    name = file if "." in file else f"{file}.tflite"
    assert said in refused("inspect", name)


def test_file_whose_model_was_changed(refused, folder):
    (path,) = [path for path in folder.glob("changed-at-*") if path.read_bytes()[1_000:1_001] != _byte(folder, 1_000)]
    assert "bytes were changed after packing" in refused("predict", path.name, "abc")


def _byte(folder: pathlib.Path, place: int) -> bytes:
    return (folder / "good.tflite").read_bytes()[place : place + 1]


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("cut-model", "it is damaged or cut; copy or convert it again"),
        ("empty", "expected a .tflite model"),
        ("cut-pack", "its end is cut"),
        ("other.keras", "expected a .tflite model"),
    ],
)
def test_file_to_package_that_is_no_model(refused, file, said):
    name = file if "." in file else f"{file}.tflite"
    assert said in refused("package", name, "--from", "other.keras", "--recipe", "float32", "--out", "new/x.tflite")


@pytest.mark.parametrize("place", ["good.tsv/out", "/proc/out"], ids=["below a file", "in /proc"])
@pytest.mark.parametrize(
    "line",
    [
        "train g2p --data good.tsv --out {}/x.keras",
        "convert other.keras --data good.tsv --out {}",
        "package bare.tflite --from other.keras --recipe float32 --out {}/x.tflite",
    ],
)
def test_folder_that_cannot_be_written(refused, line, place):
    assert "choose another name or folder" in refused(*line.format(place).split())


@pytest.mark.parametrize(
    "line",
    [
        "train g2p --data good.tsv --out taken/g2p.keras",
        "convert other.keras --data good.tsv --out taken",
        "package bare.tflite --from other.keras --recipe float32 --out taken/other.float32.tflite",
    ],
)
def test_file_that_exists_is_not_replaced(refused, line):
    assert "exists; pass --force to replace it" in refused(*line.split())


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("convert other.keras --data good.tsv --out new", 2, "expected a .keras file written by tfedge train"),
        ("train g2p --data good.tsv --config small.json --out new/x.h5", 2, "ends in .keras; got new/x.h5"),
        ("train g2p --data good.tsv --config small.json --out new/x.keras --resume", 2, "there is none; leave out"),
        ("run g2p --out good.tsv/out", 2, "choose another name or folder"),
    ],
)
def test_bad_input_that_wing_a_finds(folder, forks, line, code, said):
    before = State.of(folder)
    run = forks.run(folder, *line.split())
    assert run.returncode == code and said in error_of(run)
    assert State.of(folder) == before


def test_convert_when_data_is_not_what_the_model_was_trained_on(tmp_path, forks, trained_file):
    work = tmp_path / "work"
    work.mkdir()
    # The same letters, phones and lengths: only its bytes tell that its test words may have been trained on.
    lines = trained_file.with_name("lexicon.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
    (work / "other.tsv").write_text("".join(reversed(lines)), encoding="utf-8")
    run = forks.run(work, "convert", trained_file, "--data", "other.tsv")
    assert run.returncode == 2
    assert "expected the data that the model was trained on (lexicon.tsv user" in error_of(run)
    assert names(work) == ["other.tsv"]


def test_disk_that_fills_up_while_training(folder, forks):
    # Less than a checkpoint: what the first epoch was for cannot be kept.
    lexicons.write_small_lexicon(folder / "small.tsv")
    before = State.of(folder)
    command = ("train", "g2p", "--data", "small.tsv", "--config", "small.json", "--out", "x.keras")
    run = forks.run(folder, *command, file_limit=20_000)
    assert run.returncode == 2
    assert "expected to write x.checkpoint.npz; File too large; nothing was changed" in error_of(run)
    assert State.of(folder) == before


@pytest.mark.parametrize("limit", [20_000, 250_000], ids=["unpacking weights", "saved model"])
def test_disk_that_fills_up_while_converting(tmp_path, forks, trained_file, limit):
    work = tmp_path / "work"
    work.mkdir()
    lexicon = trained_file.with_name("lexicon.tsv")
    run = forks.run(work, "convert", trained_file, "--data", lexicon, file_limit=limit)
    assert run.returncode in (2, 3)
    assert "File too large" in error_of(run) and "make room there" in error_of(run)
    assert names(work) == []


def test_disk_that_is_full_where_output_goes(folder):
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "tfedge", "predict", "good.tflite", "abc"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        run = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, env=environment)
    assert run.returncode == 3
    assert "No space left on device" in error_of(Ended(run.returncode, "", run.stderr))


@pytest.fixture
def bare_python(tmp_path):
    """Returns a function: runs tfedge where neither an interpreter nor TensorFlow is installed."""
    packages = tmp_path / "packages"
    packages.mkdir()
    for name in WITHOUT_INTERPRETER:
        (place,) = importlib.util.find_spec(name).submodule_search_locations
        for part in pathlib.Path(place).parent.glob(f"{name}*"):
            if not (packages / part.name).exists():
                (packages / part.name).symlink_to(part)

    def run(folder: pathlib.Path, *arguments: str) -> Ended:
        # -S: no site-packages but the ones above.
        command = [sys.executable, "-S", "-m", "tfedge", *arguments]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(packages)])}
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)
        return Ended(done.returncode, done.stdout, done.stderr)

    return run


@pytest.mark.parametrize("line", ["predict good.tflite abc", "validate good.tflite", "bench good.tflite"])
def test_no_interpreter_is_installed(folder, bare_python, line):
    before = State.of(folder)
    run = bare_python(folder, *line.split())
    assert run.returncode == 3
    assert error_of(run).endswith("none is installed; run: pip install tfedge")
    assert State.of(folder) == before


def test_no_schema_is_installed(folder, bare_python):
    run = bare_python(folder, "inspect", "good.tflite")
    assert run.returncode == 3
    assert "whose schema reads .tflite files" in error_of(run) and error_of(run).endswith("; pip install tfedge")


@pytest.mark.parametrize(
    "line",
    [
        "run g2p --out new",
        "train g2p --data good.tsv --out new/x.keras",
        "convert other.keras --out new",
        "package bare.tflite --from other.keras --out new/x.tflite",
    ],
)
def test_tensorflow_is_not_installed(folder, bare_python, line):
    before = State.of(folder)
    run = bare_python(folder, *line.split())
    assert run.returncode == 3
    assert "tensorflow" in error_of(run) and error_of(run).endswith("run: pip install 'tfedge[train]'")
    assert State.of(folder) == before


def test_wrong_model_in_a_whole_file_is_a_failed_gate_and_no_bad_input(folder):
    golden = packed_autokey.golden_cases("float32", keras=lambda word: packed_autokey.cipher(word[::-1]))
    packed_autokey.write(folder / "wrong.tflite", golden=golden)
    run = run_tfedge(folder, "validate", "wrong.tflite", "--json")
    rows = json.loads(run.stdout)["rows"]
    assert run.returncode == 1 and "tfedge: error:" not in run.stderr
    assert all("golden_cases" in _failed(row) for row in rows)


def test_model_that_does_not_listen_is_a_failed_gate(folder):
    golden = packed_autokey.golden_cases("dynamic_wi8_afp32", own=lambda word: "B")
    packed_autokey.write(folder / "deaf.tflite", "dynamic_wi8_afp32", packed_autokey.deaf_model(), golden)
    run = run_tfedge(folder, "validate", "deaf.tflite")
    assert run.returncode == 1 and "tfedge: error:" not in run.stderr
    assert "the decoder is not listening to the encoder" in run.stdout
    assert "verdict: fail" in run.stdout


def test_runtime_that_refuses_a_file_is_a_failed_gate(folder):
    packed_autokey.write(folder / "v12.tflite", model_bytes=autokey.REFUSED_MODEL.read_bytes())
    run = run_tfedge(folder, "validate", "v12.tflite", "--json")
    rows = json.loads(run.stdout)["rows"]
    assert run.returncode == 1 and "tfedge: error:" not in run.stderr
    assert all(_failed(row) == {"runs"} and row["accuracy"] is None for row in rows)


def _failed(row: dict[str, list[dict[str, str]]]) -> set[str]:
    return {finding["gate"] for finding in row["findings"] if finding["verdict"] == "fail"}
