"""Writes the test vectors that Python and Kotlin read alike: tests/golden/vectors/*.json.

    python -m tools.make_vectors [packs.json ...]

tokenizer.json      texts with their ids or the refusal, ids with their text, task specs that are refused
quantization.json   real numbers and the whole ones that stand for them
packs.json          small packed files, whole, damaged and forged, with what a reader must say
NAME.tflite         small packed models that an interpreter runs: tools/vectors/small_packs.py
decode.json         what the shipped model says to 200 words; needs both interpreters, made again when the model changes

All but the last are made again by a test, which fails when they differ.
"""

from __future__ import annotations

import json
import pathlib
import sys
from collections.abc import Callable
from typing import Any

from tfedge.artifacts import write_bytes
from tfedge.modelfile.pack import read_pack
from tfedge.tasks.shipped import shipped_file
from tools.vectors import decode_vectors, pack_cases, quantization_vectors, small_packs, tokenizer_vectors

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden" / "vectors"
MODEL = "g2p/g2p.tflite"
MAKERS: dict[str, Callable[[], dict[str, Any]]] = {
    "tokenizer": lambda: tokenizer_vectors.to_json(read_pack(shipped_file(MODEL))),
    "quantization": quantization_vectors.to_json,
    "packs": pack_cases.to_json,
    "decode": lambda: decode_vectors.to_json(read_pack(shipped_file(MODEL))),
}


NAMES = (*(f"{name}.json" for name in MAKERS), *(f"{name}.tflite" for name in small_packs.MAKERS))


def written(name: str) -> bytes:
    """Returns the bytes of a file; JSON has a row a line, in ASCII, so that a text's characters are seen."""
    stem, _, suffix = name.partition(".")
    if suffix == "tflite":
        return small_packs.made(stem)
    return (_lines(MAKERS[stem]()) + "\n").encode("ascii")


def _lines(value: dict[str, Any]) -> str:
    parts = []
    for key, held in value.items():
        rows = held.items() if isinstance(held, dict) else None
        inner = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in rows] if rows is not None else None
        if isinstance(held, list):
            text = "[\n " + ",\n ".join(json.dumps(row) for row in held) + "\n]"
        elif inner is not None:
            text = "{\n " + ",\n ".join(inner) + "\n}"
        else:
            text = json.dumps(held)
        parts.append(f"{json.dumps(key)}: {text}")
    return "{" + ",\n".join(parts) + "}"


def main(names: list[str]) -> None:
    """Writes the vectors of `names`, all by default."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        raise SystemExit(f"expected names of {', '.join(NAMES)}; got {', '.join(unknown)}")
    FOLDER.mkdir(exist_ok=True)
    for name in names or NAMES:
        path = FOLDER / name
        write_bytes(path, written(name), force=True)
        print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
