"""What the tokenizers of tfedge make of many texts and ids."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tfedge.errors import ConfigError, InputError
from tfedge.modelfile.pack import Pack
from tfedge.tasks.spec import TaskSpec
from tfedge.text.tokenizer import SymbolTokenizer
from tools.vectors import texts

WORDS = 120  # Real ones, of the shipped pack: its own test words.


def tokenizers(pack: Pack) -> dict[str, TaskSpec]:
    """Returns tasks by name, each a way to cut a text: the shipped one, all scripts in either case, pieces."""
    shipped = TaskSpec.from_json(dict(pack.task))
    lowered = SymbolTokenizer.from_texts([*texts.SIGMAS, *texts.CASES, *texts.COMPOSED], "", True)
    cased = SymbolTokenizer.from_texts([*texts.TYPED, *texts.COMPOSED], "", False)
    pieces = SymbolTokenizer.from_texts(texts.PIECES[:8], " ", False)
    lowered_pieces = SymbolTokenizer.from_texts([*texts.SIGMAS, *texts.PIECES[:8]], " ", True)
    target = shipped.target_tokenizer
    return {
        "g2p": shipped,
        "lowered": TaskSpec("lowered", lowered, target, 40, 25),
        "cased": TaskSpec("cased", cased, target, 30, 25),
        "pieces": TaskSpec("pieces", pieces, target, 8, 25),
        "lowered_pieces": TaskSpec("lowered pieces", lowered_pieces, target, 8, 25),
    }


def encoded(tasks: dict[str, TaskSpec], words: Iterable[str]) -> list[list[Any]]:
    """Returns rows [task, text, ids or None, refusal or None]; "~" in a refusal stands for the task's `known`."""
    asked = [("g2p", text) for text in (*words, *texts.ALL)]
    asked += [(name, text) for name in ("lowered", "cased") for text in (*texts.SIGMAS, *texts.CASES, *texts.COMPOSED)]
    asked += [("cased", text) for text in texts.TYPED]
    asked += [(name, text) for name in ("pieces", "lowered_pieces") for text in (*texts.PIECES, *texts.SPACES)]
    return [[name, text, *encoded_one(tasks[name], text)] for name, text in dict.fromkeys(asked)]


def decoded(tasks: dict[str, TaskSpec]) -> list[list[Any]]:
    """Returns rows [task, ids, text or None, refusal or None]; ids are of the task's target tokenizer."""
    target = tasks["g2p"].target_tokenizer
    every = list(range(3, target.vocab_size))
    asked = [[], [2], [0], [1], [0, 0, 0], [1, 2], [2, 3], every, [*every, 2], [3, 2, 4], [3, 0, 4, 1, 5, 2, 0, 0]]
    asked += [[value, 2] for value in every] + [[target.vocab_size], [3, target.vocab_size, 2], [2, target.vocab_size]]
    asked += [[-1], [3, -1], [2**31 - 1], [3, 4, 5, 3, 4, 5], [25] * 25]
    rows: list[list[Any]] = []
    for ids in asked:
        try:
            rows.append(["g2p", ids, target.decode(ids), None])
        except ConfigError as error:
            rows.append(["g2p", ids, None, str(error)])
    return rows


def illegal_specs(pack: Pack) -> list[dict[str, Any]]:
    """Returns task specs that must be refused, each with what is wrong about it."""
    good = TaskSpec.from_json(dict(pack.task)).to_json()

    def tokenizer(**fields: Any) -> dict[str, Any]:
        return {**good, "source_tokenizer": {**good["source_tokenizer"], **fields}}

    cases = {
        "another schema version": {**good, "schema_version": 2},
        "a schema version in words": {**good, "schema_version": "1"},
        "an unknown key": {**good, "beam": 4},
        "a missing key": {key: value for key, value in good.items() if key != "metric"},
        "another kind": {**good, "kind": "classifier"},
        "another metric": {**good, "metric": "bleu"},
        "no name": {**good, "name": ""},
        "a length of 1": {**good, "max_source_length": 1},
        "a length of 513": {**good, "max_target_length": 513},
        "half a length": {**good, "max_target_length": 25.0},
        "a length that is true": {**good, "max_source_length": True},
        "another kind of tokenizer": tokenizer(kind="bytes"),
        "other special symbols": tokenizer(special=["<pad>", "<s>", "</s>"]),
        "a separator of two": tokenizer(separator="  "),
        "lowercase that is 1": tokenizer(lowercase=1),
        "no symbols": tokenizer(symbols=[]),
        "symbols that are a text": tokenizer(symbols="abc"),
        "a symbol twice": tokenizer(symbols=["a", "b", "a"]),
        "a symbol of two letters": tokenizer(symbols=["ab"]),
        "an upper case symbol": tokenizer(symbols=["A"]),
        "a symbol that is not NFC": tokenizer(symbols=["\u212b"]),
        "a special symbol": tokenizer(symbols=["<pad>"], separator=" "),
        "a symbol with a space": tokenizer(symbols=["a b"], separator=" "),
        "a symbol with another space": tokenizer(symbols=["a\u00a0b"], separator=" "),
        "an empty symbol": tokenizer(symbols=[""], separator=" "),
        "a symbol that is a number": tokenizer(symbols=[1]),
        "a tokenizer with an unknown key": tokenizer(normalize="NFKC"),
        "no tokenizer": {**good, "target_tokenizer": None},
    }
    for name, spec in cases.items():
        _refused(name, spec)
    return [{"name": name, "spec": spec} for name, spec in cases.items()]


def _refused(name: str, spec: dict[str, Any]) -> None:
    try:
        TaskSpec.from_json(spec)
    except ConfigError:
        return
    raise SystemExit(f"expected a spec with {name} to be refused; it was read")


def to_json(pack: Pack) -> dict[str, Any]:
    """Returns what tokenizer.json holds."""
    tasks = tokenizers(pack)
    words = [example.text for example in pack.evaluation.examples[:WORDS]] if pack.evaluation else []
    return {
        "tasks": {name: task.to_json() for name, task in tasks.items()},
        "known": {name: known(task) for name, task in tasks.items()},
        "encoded": encoded(tasks, words),
        "decoded": decoded(tasks),
        "illegal_specs": illegal_specs(pack),
    }


def encoded_one(task: TaskSpec, text: str) -> list[Any]:
    """Returns [ids or None, refusal or None] of one text."""
    try:
        return [task.source_ids(text), None]
    except InputError as error:
        return [None, str(error).replace(known(task), "~")]


def known(task: TaskSpec) -> str:
    """Returns the symbols of a task as a refusal names them; once in the file, and not in every row."""
    symbols = task.source_tokenizer.separator.join(task.source_tokenizer.symbols)
    return repr(symbols if len(symbols) <= 80 else symbols[:80] + "…")
