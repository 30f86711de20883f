"""Small packed files, good, damaged and tampered with, and what their reader must say of each.

What a damage or a forger leaves readable must be read by every language, and what one refuses all must. A file is
stored as base64 of its zlib stream, with the first file as the preset dictionary: most differ from it by a few bytes.
"""

from __future__ import annotations

import base64
import dataclasses
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

from tests.models.special import with_custom_op
from tfedge.artifacts import sha256_hex
from tfedge.errors import ArtifactError, ConfigError, IntegrityError
from tfedge.modelfile.evaluation import EvaluationExample, EvaluationSet
from tfedge.modelfile.golden import GoldenCase, cases_to_json
from tfedge.modelfile.manifest import Manifest
from tfedge.modelfile.pack import append_archive, parse_pack
from tfedge.modelfile.strict_json import dump_object
from tfedge.tasks.spec import TaskSpec
from tfedge.text.tokenizer import SymbolTokenizer

GOOD, INTEGRITY, FORM = "good", "integrity", "form"
_SEAL_SIZE = 7 + 64
_NAMES = ("golden.json", "manifest.json", "task.json", "evaluation.json")
Json = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class PackVector:
    """One file.

    Attributes:
        name: what is special about it.
        outcome: "good", "integrity" (bytes differ from those packed) or "form" (anything else).
        says: words that the refusal has in every language; empty of a good one.
        data: the file.
    """

    name: str
    outcome: str
    says: str
    data: bytes

    def to_json(self, first: bytes) -> Json:
        """Returns the vector as JSON values."""
        squeezed = zlib.compressobj(9, zdict=first)
        data = base64.b64encode(squeezed.compress(self.data) + squeezed.flush()).decode("ascii")
        return {"name": self.name, "outcome": self.outcome, "says": self.says, "data": data}


def unpacked(data: str, first: bytes) -> bytes:
    """Returns the file of a vector."""
    return zlib.decompressobj(zdict=first).decompress(base64.b64decode(data))


def outcome_of(data: bytes) -> tuple[str, str]:
    """Returns what Python's reader says of a file: outcome and message."""
    try:
        TaskSpec.from_json(dict(parse_pack(data, "model.tflite").task))
    except IntegrityError as error:
        return INTEGRITY, str(error)
    except (ArtifactError, ConfigError) as error:
        return FORM, str(error)
    return GOOD, ""


def parts(recipe: str = "dynamic_wi8_afp32") -> dict[str, Json]:
    """Returns the JSON of a small pack's entries, its manifest left out."""
    letters, phones = SymbolTokenizer(tuple("abé😀"), "", True), SymbolTokenizer(("A", "B", "tʃ"), " ", False)
    task = TaskSpec("g2p", letters, phones, 6, 5)
    cases = [GoldenCase("short", "Ba", (4, 3, 2), {"keras": (4, 3, 2), recipe: (4, 4, 2)}, "B A")]
    cases.append(GoldenCase("composed", "e\u0301😀", (5, 6, 2), {"keras": (5, 2), recipe: (5, 2)}, "tʃ"))
    evaluation = EvaluationSet(
        (EvaluationExample("ab", ("A B",), None), EvaluationExample("é", ("tʃ",), "tʃ")), {"name": "x"}
    )
    return {"golden.json": cases_to_json(cases), "task.json": task.to_json(), "evaluation.json": evaluation.to_json()}


def manifest_of(model: bytes, entries: dict[str, bytes], recipe: str = "dynamic_wi8_afp32") -> Json:
    """Returns the manifest that fits a model and its entries."""
    digests = {name: sha256_hex(entry) for name, entry in entries.items()}
    gate = {"gate": "runs", "verdict": "fail", "message": "it refused", "target": "android-tflite==0.0.1@x86_64"}
    provenance = {"seed": 7, "loss": 0.25, "deep": [[[{"a": [1e-3, None, True]}]]]}
    targets = ("ai-edge-litert==2.3.0@x86_64", "android-tflite==2.16.1@arm64-v8a")
    return Manifest(
        "0.1.0", recipe, sha256_hex(model), len(model), digests, provenance, None, (gate,), targets
    ).to_json()


MODEL = with_custom_op()


def pack(change: Callable[[dict[str, Json]], object] = lambda _: None, model: bytes = MODEL) -> bytes:
    """Returns a pack whose JSON `change` has changed before it was listed and sealed."""
    values = parts()
    values["manifest.json"] = {}
    change(values)
    own = values.pop("manifest.json")
    entries = {name: dump_object(value, name) for name, value in values.items()}
    entries["manifest.json"] = dump_object({**manifest_of(model, entries), **own}, "manifest.json")
    return append_archive(model, entries)


def forged(change: Callable[[dict[str, bytes]], object]) -> bytes:
    """Returns a pack whose bytes of entries were changed, then sealed again, with the manifest as it was."""
    with zipfile.ZipFile(BytesIO(pack())) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    return append_archive(MODEL, entries)


def listed(name: str, content: bytes) -> bytes:
    """Returns a pack with other bytes as one entry, which its manifest lists rightly."""
    values = parts()
    entries = {key: dump_object(value, key) for key, value in values.items()} | {name: content}
    if name != "manifest.json":
        entries["manifest.json"] = dump_object(manifest_of(MODEL, entries), "manifest.json")
    return append_archive(MODEL, entries)


def sealed(data: bytes) -> bytes:
    """Returns the bytes of a pack with a seal that fits them."""
    body = data[:-_SEAL_SIZE]
    return body + b"sha256:" + sha256_hex(body).encode("ascii")


def patched(offset: int, value: bytes, data: bytes | None = None) -> bytes:
    """Returns a pack with other bytes at `offset` (from the end where negative), sealed again."""
    changed = bytearray(data or pack())
    offset = offset if offset >= 0 else len(changed) + offset
    changed[offset : offset + len(value)] = value
    return sealed(bytes(changed))


def place(name: str, signature: bytes, data: bytes) -> int:
    """Returns where the local (PK\\x03\\x04) or central (PK\\x01\\x02) header of an entry starts."""
    header = 30 if signature == b"PK\x03\x04" else 46
    return data.index(signature, data.index(name.encode(), data.index(signature)) - header)


def twice() -> bytes:
    """Returns a sealed pack with two entries of one name."""
    buffer = BytesIO(pack())
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")
        archive.writestr(zipfile.ZipInfo("task.json"), b"{}")  # Of 1980, whenever it is made.
        archive.comment = bytes(_SEAL_SIZE)
    return sealed(buffer.getvalue())


def with_end(size: int, offset: int) -> bytes:
    """Returns a sealed pack whose last record states another size and place of its directory, by so much."""
    data = bytearray(pack())
    at = len(data) - _SEAL_SIZE - 22
    true_size, true_offset = struct.unpack_from("<2I", data, at + 12)
    struct.pack_into("<2I", data, at + 12, true_size + size, true_offset + offset)
    return sealed(bytes(data))
