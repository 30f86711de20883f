"""The vectors of tests/golden/vectors, which Kotlin reads too: Python must answer what they say."""

from __future__ import annotations

import base64
import copy
import json
import pathlib
from typing import Any

import numpy as np
import pytest

from tfedge.errors import ConfigError, InputError
from tfedge.modelfile.pack import read_pack
from tfedge.runtime.predict import predict
from tfedge.runtime.signatures import TensorSpec
from tfedge.runtime.targets import RUNTIMES
from tfedge.tasks.shipped import shipped_file
from tfedge.tasks.spec import TaskSpec
from tfedge.validation.real_values import from_real, to_real
from tools import make_vectors
from tools.vectors.pack_vectors import outcome_of, unpacked

Json = dict[str, Any]


def read(name: str) -> Json:
    """Returns what NAME.json holds."""
    value: Json = json.loads((make_vectors.FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return value


def wrong_encodings(vectors: Json) -> list[Any]:
    """Returns the rows of `encoded` on which Python says something else."""
    tasks = {name: TaskSpec.from_json(spec) for name, spec in vectors["tasks"].items()}
    wrong = []
    for name, text, ids, refusal in vectors["encoded"]:
        try:
            said: tuple[Any, Any] = tasks[name].source_ids(text), None
        except InputError as error:
            said = None, str(error)
        if said != (ids, refusal and refusal.replace("~", vectors["known"][name])):
            wrong.append([name, text])
    return wrong


def wrong_decodings(vectors: Json) -> list[Any]:
    """Returns the rows of `decoded` on which Python says something else."""
    tasks = {name: TaskSpec.from_json(spec) for name, spec in vectors["tasks"].items()}
    wrong = []
    for name, ids, text, refusal in vectors["decoded"]:
        try:
            said: tuple[Any, Any] = tasks[name].target_tokenizer.decode(ids), None
        except ConfigError as error:
            said = None, str(error)
        if said != (text, refusal):
            wrong.append([name, ids])
    return wrong


def wrong_numbers(vectors: Json) -> list[Any]:
    """Returns the numbers of all forms that Python turns into others."""
    wrong = []
    for form in vectors["forms"]:
        spec = TensorSpec("x", (1,), form["dtype"], (form["scale"],), (form["zero_point"],))
        wrong += [row for row in form["quantized"] if from_real(np.array([row[0]]), spec)[0] != row[1]]
        stored = [np.array([row[0]], form["dtype"]) for row in form["dequantized"]]
        rows = zip(form["dequantized"], stored, strict=True)
        wrong += [row for row, value in rows if to_real(value, spec)[0] != row[1]]
    return wrong


def wrong_packs(vectors: Json) -> list[str]:
    """Returns the names of the packs of which Python says something else."""
    first = base64.b64decode(vectors["first"])
    wrong = []
    for row in vectors["packs"]:
        outcome, message = outcome_of(unpacked(row["data"], first))
        if outcome != row["outcome"] or row["says"] not in message or "\n" in message:
            wrong.append(row["name"])
    return wrong


CHECKS = {
    "encoded": ("tokenizer", wrong_encodings),
    "decoded": ("tokenizer", wrong_decodings),
    "numbers": ("quantization", wrong_numbers),
    "packs": ("packs", wrong_packs),
}


@pytest.mark.parametrize("name", CHECKS)
def test_vectors_when_python_answers_then_all_are_as_written(name: str) -> None:
    file, check = CHECKS[name]
    assert check(read(file)) == []


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("encoded", lambda vectors: vectors["encoded"][0][2].insert(0, 9)),
        ("encoded", lambda vectors: vectors["encoded"][-1].__setitem__(1, "hello, another text")),
        ("decoded", lambda vectors: vectors["decoded"][7].__setitem__(2, "AA")),
        ("numbers", lambda vectors: vectors["forms"][0]["quantized"][6].__setitem__(1, 1)),  # 0.5 steps: 0, not 1.
        ("numbers", lambda vectors: vectors["forms"][8]["dequantized"][0].__setitem__(1, 0.0)),
        ("packs", lambda vectors: vectors["packs"][0].__setitem__("outcome", "form")),
        ("packs", lambda vectors: vectors["packs"][9].__setitem__("data", vectors["packs"][0]["data"])),
    ],
)
def test_vectors_when_one_is_changed_then_it_is_found(name: str, change: Any) -> None:
    file, check = CHECKS[name]
    changed = copy.deepcopy(read(file))
    change(changed)
    assert len(check(changed)) == 1


def test_vectors_when_a_spec_is_illegal_then_python_refuses_it() -> None:
    for row in read("tokenizer")["illegal_specs"]:
        with pytest.raises(ConfigError):
            TaskSpec.from_json(row["spec"])


@pytest.mark.parametrize("name", sorted(set(make_vectors.NAMES) - {"decode.json"}))
def test_vectors_when_made_again_then_the_files_are_the_same(name: str) -> None:
    written = (make_vectors.FOLDER / name).read_bytes()
    assert make_vectors.written(name) == written, f"run: python -m tools.make_vectors {name}"


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_decode_vectors_when_the_shipped_model_answers_then_as_written(runtime: str) -> None:
    vectors = read("decode")
    path = shipped_file(make_vectors.MODEL)
    assert read_pack(path).manifest.model_sha256 == vectors["model_sha256"], (
        "run: python -m tools.make_vectors decode.json"
    )
    answers = vectors["answers"]
    assert len(answers) == 200
    assert dict(zip(answers, predict(path, list(answers), runtime=runtime), strict=True)) == answers


@pytest.mark.parametrize("name", ["autokey", "echo"])
def test_small_packs_when_a_runtime_answers_then_as_their_golden_cases_say(name: str) -> None:
    pack = read_pack(make_vectors.FOLDER / f"{name}.tflite")
    texts = [case.text for case in pack.golden]
    assert predict(pack.path, texts, runtime="tflite-runtime") == [case.expected_text for case in pack.golden]


def test_vectors_when_all_are_counted_then_they_stay_small() -> None:
    sizes = [path.stat().st_size for path in pathlib.Path(make_vectors.FOLDER).iterdir()]
    assert sum(sizes) < 300_000  # They travel with every clone.
