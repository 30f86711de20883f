"""The packs of `packs.json`, each with what a reader must say of it."""

from __future__ import annotations

import base64
import pathlib
import tempfile
from collections.abc import Iterator
from typing import Any

from tests.golden import packed_tensors
from tools.vectors.pack_vectors import (
    FORM,
    GOOD,
    INTEGRITY,
    MODEL,
    Json,
    PackVector,
    forged,
    listed,
    outcome_of,
    pack,
    patched,
    place,
    sealed,
    twice,
    with_end,
)

_LOCAL, _CENTRAL = b"PK\x03\x04", b"PK\x01\x02"
_MODEL_END = len(MODEL)


def to_json() -> Json:
    """Returns what packs.json holds; SystemExit where Python's reader says something else."""
    vectors = [*_good(), *_damaged(), *_forged_zips(), *_forged_json(), *_illegal_values()]
    for vector in vectors:
        outcome, message = outcome_of(vector.data)
        if outcome != vector.outcome or vector.says not in message:
            raise SystemExit(f"{vector.name}: expected {vector.outcome} {vector.says!r}; got {outcome} {message!r}")
    first = base64.b64encode(pack()).decode("ascii")
    return {"first": first, "packs": [vector.to_json(pack()) for vector in vectors]}


def _good() -> Iterator[PackVector]:
    def without_evaluation(values: dict[str, Json]) -> None:
        del values["evaluation.json"]

    def without_targets(values: dict[str, Json]) -> None:
        values["manifest.json"] = {"calibration": {"samples": 3}}

    yield PackVector("whole", GOOD, "", pack())
    yield PackVector("without evaluation set", GOOD, "", pack(without_evaluation))
    yield PackVector("with calibration", GOOD, "", pack(without_targets))
    version = b'"schema_version": 1.0'
    yield PackVector("a version written as 1.0", GOOD, "", _replaced("task.json", b'"schema_version": 1', version))
    numbers = b"[1e-400, -0.0, 123456789012345678901234567890, 1E5]"
    yield PackVector("numbers that no type holds exactly", GOOD, "", _with_seed(numbers))
    yield PackVector("escapes in a text", GOOD, "", _with_seed(b'"\\u00e9\\ud83d\\ude00\\/\\u0000\x7f"'))


def _with_seed(written: bytes) -> bytes:
    """Returns a pack in whose manifest `"seed": 7` is written otherwise."""

    def change(entries: dict[str, bytes]) -> None:
        entries["manifest.json"] = entries["manifest.json"].replace(b'"seed": 7', b'"seed": ' + written)

    return forged(change)


def _replaced(name: str, old: bytes, new: bytes) -> bytes:
    """Returns a pack with a part of an entry's bytes replaced, rightly listed in its manifest."""
    kept: dict[str, bytes] = {}
    forged(lambda entries: kept.update(entries))
    if old not in kept[name]:
        raise SystemExit(f"{old!r} is not in {name}")
    return listed(name, kept[name].replace(old, new, 1))


def _damaged() -> Iterator[PackVector]:
    whole = pack()
    flipped = bytearray(whole)
    flipped[100] ^= 1
    yield PackVector("a bit of the model flipped", INTEGRITY, "bytes were changed after packing", bytes(flipped))
    flipped = bytearray(whole)
    flipped[-1] = ord("0") if flipped[-1] != ord("0") else ord("1")
    yield PackVector("a digit of the seal changed", INTEGRITY, "bytes were changed after packing", bytes(flipped))
    yield PackVector("upper case digits", INTEGRITY, "bytes were changed", whole[:-64] + whole[-64:].upper())
    yield PackVector("the last byte cut", INTEGRITY, "its end is cut, changed or added to", whole[:-1])
    yield PackVector("the seal cut", INTEGRITY, "its end is cut, changed or added to", whole[:-71])
    yield PackVector("a line feed appended", INTEGRITY, "its end is cut, changed or added to", whole + b"\n")
    yield PackVector("cut in the zip", INTEGRITY, "its end is cut", whole[: _MODEL_END + 400])
    yield PackVector("the end alone", INTEGRITY, "", whole[-93:])
    yield PackVector("the seal alone", INTEGRITY, "", whole[-71:])
    yield PackVector("the model alone", FORM, "there is no pack", MODEL)
    yield PackVector("nothing", FORM, "there is no pack", b"")
    yield PackVector("another zip behind the model", FORM, "there is no pack", MODEL + b"PK\x05\x06" + bytes(18))
    yield PackVector(
        "bytes inserted before the zip", INTEGRITY, "changed", whole[:_MODEL_END] + b"x" + whole[_MODEL_END:]
    )


def _exchanged(content: bytes) -> bytes:
    """Returns a sealed pack with another task.json than its manifest lists."""
    return forged(lambda entries: entries.update({"task.json": content}))


def _forged_zips() -> Iterator[PackVector]:
    whole = pack()
    local, central = (place("task.json", signature, whole) for signature in (_LOCAL, _CENTRAL))
    names = "it must hold the entries"
    yield PackVector("an entry more", FORM, names, forged(lambda entries: entries.update({"extra.json": b"{}"})))
    yield PackVector("an entry that climbs", FORM, names, forged(lambda entries: entries.update({"../a.json": b"{}"})))
    yield PackVector("an entry less", FORM, names, forged(lambda entries: entries.pop("golden.json")))
    yield PackVector("an entry twice", FORM, names, twice())
    yield PackVector("another count", FORM, "", patched(-71 - 22 + 10, b"\x09\0", whole))
    yield PackVector(
        "an encrypted entry", FORM, "stored or deflated, and not encrypted", patched(central + 8, b"\1\0", whole)
    )
    yield PackVector("an entry by bzip2", FORM, "stored or deflated", patched(central + 10, b"\x0c\0", whole))
    yield PackVector("two names of an entry", FORM, "", patched(local + 30, b"TASK", whole))
    yield PackVector("another checksum", FORM, "", patched(central + 16, b"\0\0\0\0", whole))
    yield PackVector("a size of 2", FORM, "", patched(central + 24, b"\2\0\0\0", whole))
    yield PackVector("a size of 9 MiB", FORM, "must be at most 8388608", patched(central + 24, b"\0\0\x90\0", whole))
    yield PackVector("an entry inside the model", FORM, "", patched(central + 42, b"\4\0\0\0", whole))
    yield PackVector("an entry at 0", FORM, "", patched(central + 42, b"\0\0\0\0", whole))
    yield PackVector("an entry behind the directory", FORM, "", patched(central + 42, b"\xff\xff\xff\x7f", whole))
    yield PackVector("no local header", FORM, "", patched(local, b"XX", whole))
    yield PackVector("no central header", FORM, "", patched(central, b"XX", whole))
    yield PackVector("packed bytes that are no deflate", FORM, "", patched(local + 39, b"\xff\xff\xff\xff", whole))
    yield PackVector("a directory of another place", FORM, "its central directory is not at its end", with_end(0, 1))
    yield PackVector("a directory cut at its front", FORM, "", with_end(-4, 4))
    yield PackVector("a directory that starts before", FORM, "", with_end(4, -4))
    bomb = b'{"a": "' + b" " * 2**23 + b'"}'
    yield PackVector(
        "8 MiB of spaces", FORM, "must be at most 8388608 bytes", forged(lambda e: e.update({"task.json": bomb}))
    )
    yield PackVector(
        "a part exchanged", INTEGRITY, "task.json was exchanged", forged(lambda e: e.update({"task.json": b"{}"}))
    )
    other = bytearray(whole)
    other[200] ^= 1
    yield PackVector("the model exchanged", INTEGRITY, "model was exchanged", sealed(bytes(other)))


def _forged_json() -> Iterator[PackVector]:
    readable = "expected a readable pack"
    for name, written in (
        ("NaN", b"NaN"),
        ("Infinity", b"-Infinity"),
        ("a number beyond all", b"1e999"),
        ("a comment", b"7 /* */"),
        ("a comma too many", b"7,"),
        ("a key twice", b'7, "seed": 7'),
        ("single quotes", b"7, 'a': 7"),
        ("a bare key", b"7, a: 7"),
        ("a semicolon", b'7; "a": 7'),
        ("an equals sign", b'7, "a" = 7'),
        ("TRUE", b"TRUE"),
        ("a leading zero", b"07"),
        ("a plus sign", b"+7"),
        ("a fraction without digits", b"7."),
        ("a hexadecimal number", b"0x7"),
        ("a line feed in a text", b'"a\nb"'),
        ("half a surrogate pair", b'"\\ud800"'),
        ("an unknown escape", b'"\\x41"'),
        ("an escaped single quote", b'"\\\'"'),
        ("bytes that are no UTF-8", b'"\xff"'),
        ("a surrogate in UTF-8", b'"\xed\xa0\x80"'),
        ("nested too deep", b"[" * 100_000 + b"]" * 100_000),
    ):
        yield PackVector(name, FORM, readable, _with_seed(written))
    for name, entry in (
        ("an empty entry", b""),
        ("a list", b"[]"),
        ("two values", b"{} {}"),
        ("a byte order mark", b"\xef\xbb\xbf{}"),
    ):
        yield PackVector(f"manifest: {name}", FORM, "manifest.json", listed("manifest.json", entry))


def _illegal_values() -> Iterator[PackVector]:
    def changed(name: str, **fields: Any) -> bytes:
        return pack(lambda values: values[name].update(fields))

    def case(**fields: Any) -> bytes:
        return pack(lambda values: values["golden.json"]["cases"][0].update(fields))

    def row(*cells: Any) -> bytes:
        return pack(lambda values: values["evaluation.json"]["rows"].append(list(cells)))

    for name in ("manifest.json", "task.json", "golden.json", "evaluation.json"):
        yield PackVector(f"{name} of version 2", FORM, "must have schema_version 1", changed(name, schema_version=2))
        yield PackVector(f"{name} with an unknown key", FORM, "must have the keys", changed(name, colour="red"))
    short = {"sha256": "ab", "size_bytes": 5}
    yield PackVector("no recipe", FORM, "", changed("manifest.json", recipe=""))
    yield PackVector("a recipe with a space", FORM, "`recipe` must be", changed("manifest.json", recipe="a b"))
    yield PackVector("a recipe of no case", FORM, "must hold expected ids", changed("manifest.json", recipe="x"))
    yield PackVector("a short sha256", FORM, "must be 64", changed("manifest.json", model=short))
    yield PackVector("gates that are texts", FORM, "gates", changed("manifest.json", gates=["size"]))
    yield PackVector("targets that are numbers", FORM, "target", changed("manifest.json", targets=[1]))
    yield PackVector("provenance null", FORM, "provenance", changed("manifest.json", provenance=None))
    yield PackVector("no cases", FORM, "golden cases must be one or more", changed("golden.json", cases=[]))
    yield PackVector("cases that are an object", FORM, "`cases` of golden.json", changed("golden.json", cases={}))
    yield PackVector("a name twice", FORM, "each with a name of its own", case(name="composed"))
    yield PackVector("a name that is empty", FORM, "`name` of a golden case", case(name=""))
    yield PackVector("ids without stop", FORM, "must end with the stop id", case(source_ids=[4, 3]))
    yield PackVector("a stop in between", FORM, "at the end only", case(source_ids=[4, 2, 3, 2]))
    yield PackVector("an id of 1.5", FORM, "", case(source_ids=[1.5, 2]))
    yield PackVector("an id that is true", FORM, "", case(source_ids=[True, 2]))
    yield PackVector("an id below 0", FORM, "whole numbers of 0 or more", case(source_ids=[-1, 2]))
    yield PackVector("no ids of Keras", FORM, "must hold ids of 'keras'", case(expected_ids={"dynamic_wi8_afp32": [2]}))
    yield PackVector("a text that is null", FORM, "`text`", case(text=None))
    yield PackVector("a row of two", FORM, "rows of three", row("ab", ["A"]))
    yield PackVector("a row without references", FORM, "must have a text and references", row("ab", [], None))
    yield PackVector("a task of tensors", FORM, "takes and gives tensors", _tensors())


def _tensors() -> bytes:
    """Returns a pack of a user's model: whole, and nothing that takes texts."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "tensors.tflite"
        packed_tensors.write(path)
        return path.read_bytes()
