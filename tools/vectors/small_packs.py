"""Small packed models that an interpreter runs, for tests in every language: NAME.tflite beside the vectors.

autokey          the float model of tests/golden, all golden cases right
autokey_wrong    the same, with one golden case each whose ids, tokens and text are not what the model gives
echo             answers with its source; int8 states, caches and logits, and a signature `beam`
echo_mixed       the same, where `encode` gives floats for what `decode_step` takes as int8
"""

from __future__ import annotations

import dataclasses
import pathlib
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

from tests.golden import packed_autokey
from tfedge.modelfile.builder import ModelBuilder
from tfedge.modelfile.golden import KERAS, GoldenCase
from tfedge.modelfile.pack import write_pack
from tfedge.tasks.spec import TaskSpec
from tfedge.text.tokenizer import SymbolTokenizer

LENGTH, VOCAB_SIZE = 6, 8
ECHO_TASK = TaskSpec(
    "echo", SymbolTokenizer(tuple("abcde"), "", True), SymbolTokenizer(tuple("ABCDE"), " ", False), LENGTH, LENGTH
)
RECIPE = "static_wi8_ai8"
# Ids up to 7 in steps of a quarter; a count of steps from -5 on; logits of 0 and 1 in steps of 1/64.
_STATE: dict[str, Any] = {"dtype": "int8", "scales": [0.25], "zero_points": [-3]}
_COUNT: dict[str, Any] = {"dtype": "int8", "scales": [1.0], "zero_points": [-5]}
_LOGITS: dict[str, Any] = {"dtype": "int8", "scales": [1 / 64], "zero_points": [-10]}


def echo_model(is_mixed: bool = False) -> bytes:
    """Returns a seq2seq model whose answer is its source, read at the place that its own cache counts.

    The count begins at 0, which an int8 cache stores as its zero point: a host that stores 0 there reads elsewhere.
    """
    builder = ModelBuilder("echo")
    source = builder.tensor("source", (1, LENGTH), "int32")
    reals = builder.tensor("reals", (1, LENGTH))
    builder.op("CAST", [source], [reals])
    state = reals
    if not is_mixed:
        state = builder.tensor("state", (1, LENGTH), **_STATE)
        builder.op("QUANTIZE", [reals], [state])
    builder.interface([source], [state])
    builder.signature("encode", {"source_ids": source}, {"state": state})
    _decode_step(builder)
    _beam(builder)
    return builder.build()


def _decode_step(builder: ModelBuilder) -> None:
    builder.subgraph("step")
    token, index = builder.tensor("token", (1, 1), "int32"), builder.tensor("index", (1,), "int32")
    state, count = builder.tensor("state", (1, LENGTH), **_STATE), builder.tensor("count", (1, 1), **_COUNT)
    ids, flat = builder.tensor("ids", (1, LENGTH)), builder.tensor("flat", (LENGTH,))
    number, place = builder.tensor("number", (1, 1)), builder.tensor("place", (1, 1), "int32")
    found, whole = builder.tensor("found", (1, 1)), builder.tensor("whole", (1, 1), "int32")
    hot, row = builder.tensor("hot", (1, 1, VOCAB_SIZE)), builder.tensor("row", (1, VOCAB_SIZE))
    logits, more = builder.tensor("logits", (1, VOCAB_SIZE), **_LOGITS), builder.tensor("more", (1, 1))
    counted = builder.tensor("counted", (1, 1), **_COUNT)
    builder.op("DEQUANTIZE", [state], [ids])
    builder.op("RESHAPE", [ids, builder.tensor("flat_shape", (1,), "int32", [LENGTH])], [flat])
    builder.op("DEQUANTIZE", [count], [number])
    builder.op("CAST", [number], [place])
    builder.op("GATHER", [flat, place], [found])
    builder.op("CAST", [found], [whole])
    depth, on = builder.tensor("depth", (), "int32", VOCAB_SIZE), builder.tensor("on", (), data=1.0)
    builder.op("ONE_HOT", [whole, depth, on, builder.tensor("off", (), data=0.0)], [hot], options={"axis": -1})
    builder.op("RESHAPE", [hot, builder.tensor("row_shape", (2,), "int32", [1, VOCAB_SIZE])], [row])
    builder.op("QUANTIZE", [row], [logits])
    builder.op("ADD", [number, builder.tensor("one", (1, 1), data=[[1.0]])], [more])
    builder.op("QUANTIZE", [more], [counted])
    builder.interface([token, index, state, count], [logits, counted])
    inputs = {"token_ids": token, "cache_update_index": index, "state": state, "cache_count": count}
    builder.signature("decode_step", inputs, {"logits": logits, "cache_count": counted})


def _beam(builder: ModelBuilder) -> None:
    """`beam`: the source itself with -0.5, behind it all "A" with -2, then the source once more with -3."""
    builder.subgraph("beam")
    source, tokens = builder.tensor("source", (1, LENGTH), "int32"), builder.tensor("tokens", (3, LENGTH), "int32")
    ones = builder.tensor("ones", (1, LENGTH), "int32", [[3, 3, 2, 0, 0, 0]])
    scores, given = builder.tensor("scores", (3,)), builder.tensor("given", (3,), data=[-2.0, -0.5, -3.0])
    zero = builder.tensor("zero", (3,), data=[0.0, 0.0, 0.0])
    builder.op("CONCATENATION", [ones, source, source], [tokens], options={"axis": 0})
    builder.op("ADD", [given, zero], [scores])
    builder.interface([source], [tokens, scores])
    builder.signature("beam", {"source_ids": source}, {"tokens": tokens, "scores": scores})


def _echo(is_mixed: bool) -> Callable[[pathlib.Path], object]:
    cases = []
    for text in ("a", "ba", "edcba", "eeeee"):
        ids = tuple(ECHO_TASK.source_ids(text))
        answer = " ".join(text.upper())
        cases.append(GoldenCase(f"echo_{text}", text, ids, {KERAS: ids, RECIPE: ids}, answer))
    fields = {"recipe": RECIPE, "provenance": {"made_by": "tools/make_vectors.py"}}
    model, task = echo_model(is_mixed), ECHO_TASK.to_json()
    return lambda path: write_pack(path, model, task, cases, fields)


def _wrong_cases() -> Sequence[GoldenCase]:
    """Returns golden cases of autokey: the second with another first letter, the third with another second token, the
    fourth with another text.
    """
    cases = list(packed_autokey.golden_cases("float32"))
    other = 7 if cases[1].source_ids[0] != 7 else 6
    cases[1] = dataclasses.replace(cases[1], source_ids=(other, *cases[1].source_ids[1:]))
    tokens = list(cases[2].expected_ids[KERAS])
    tokens[1] = 3 + (tokens[1] - 3 + 1) % 5
    cases[2] = dataclasses.replace(cases[2], expected_ids={KERAS: tuple(tokens), "float32": tuple(tokens)})
    text = cases[3].expected_text
    cases[3] = dataclasses.replace(cases[3], expected_text=text[:2] + ("B" if text[2] != "B" else "C") + text[3:])
    return cases


MAKERS: dict[str, Callable[[pathlib.Path], object]] = {
    "autokey": lambda path: packed_autokey.write(path),
    "autokey_wrong": lambda path: packed_autokey.write(path, golden=_wrong_cases()),
    "echo": lambda path: _echo(False)(path),
    "echo_mixed": lambda path: _echo(True)(path),
}


def made(name: str) -> bytes:
    """Returns the bytes of NAME.tflite."""
    with tempfile.TemporaryDirectory(prefix="tfedge-vectors-") as folder:
        path = pathlib.Path(folder) / f"{name}.tflite"
        MAKERS[name](path)
        return path.read_bytes()
