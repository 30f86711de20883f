"""Files that are no whole .tflite any more, each as it happens to people: no interpreter may ever be handed one."""

from __future__ import annotations

import base64
import gzip
import io
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import flatbuffers  # type: ignore[import-untyped]
import numpy as np

from tfedge.modelfile.schema import load_schema

CUTS = 16


def broken_files(model: bytes, packed: bytes, other: bytes) -> dict[str, bytes]:
    """Returns files by name: of a whole `model`, of a `packed` one, and of an `other` model of the same size or not."""
    return {
        **_never_a_model(model),
        **_cut_or_mangled(model),
        **_wrong_offsets(model),
        **_wrong_indices(model),
        **_tampered_packs(packed, other),
    }


def _never_a_model(model: bytes) -> dict[str, bytes]:
    random = np.random.default_rng(1)
    files = {f"random_{size}": random.bytes(size) for size in (1, 4, 7, 8, 12, 100, 1_000, 10_000, 100_000)}
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("model.tflite", model)
    return files | {
        "empty": b"",
        "magic_alone": b"\x1c\0\0\0TFL3",
        "magic_and_zeros": b"\x1c\0\0\0TFL3" + bytes(1_000),
        "magic_and_random": b"\x1c\0\0\0TFL3" + random.bytes(5_000),
        "text": b"serving_default\n" * 40,
        "web_page": b"<!DOCTYPE html>\n<html><title>404 Not Found</title></html>\n",
        "large_file_pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n",
        "picture": b"\x89PNG\r\n\x1a\n" + random.bytes(500),
        "program": b"\x7fELF\x02\x01\x01" + random.bytes(500),
        "json": b'{"model": "tflite"}',
        "compressed": gzip.compress(model),
        "archive": archive.getvalue(),
        "base64": base64.b64encode(model),
        "older_format": model[:4] + b"TFL2" + model[8:],
    }


def _cut_or_mangled(model: bytes) -> dict[str, bytes]:
    files = {f"cut_at_{part}_of_{CUTS}": model[: len(model) * part // CUTS] for part in range(1, CUTS)}
    return files | {
        "first_byte_lost": model[1:],
        "line_ends_converted": model.replace(b"\n", b"\r\n") if b"\n" in model else model[:-1],
        "sent_as_text": model.decode("latin-1").encode("utf-8"),
        "zeros_at_the_start": bytes(64) + model[64:],
        "zeros_from_the_middle": model[: len(model) // 2] + bytes(len(model) - len(model) // 2),
    }


def _wrong_offsets(model: bytes) -> dict[str, bytes]:
    """Returns the model with one offset, or the length of one vector, that leads out of the file."""
    files = {}
    roots = {"zero": 0, "odd": 13, "beyond": len(model) + 8, "sign_bit": 2**31, "all_ones": 2**32 - 4}
    for name, value in roots.items():
        files[f"root_offset_{name}"] = struct.pack("<I", value) + model[4:]
    table: Any = load_schema().Model.GetRootAs(model, 0)._tab
    places = {"operator_codes": 6, "subgraphs": 8, "buffers": 12}
    for name, slot in places.items():
        vector = table.Vector(table.Offset(slot))
        for label, length in {"huge": 2**31 - 1, "beyond": 2**24}.items():
            files[f"{name}_length_{label}"] = _patched(model, vector - 4, length)
        files[f"{name}_first_offset_beyond"] = _patched(model, vector, len(model))
    return files


def _patched(model: bytes, at: int, value: int) -> bytes:
    return model[:at] + struct.pack("<I", value) + model[at + 4 :]


def _wrong_indices(model: bytes) -> dict[str, bytes]:
    """Returns the model with one index or size that names nothing; written anew, so that every offset is right."""

    def first_op(change: Callable[[Any], None]) -> Callable[[Any], None]:
        return lambda m: change(m.subgraphs[0].operators[0])

    def first_weight(m: Any) -> Any:
        return next(t for t in m.subgraphs[0].tensors if m.buffers[t.buffer].data is not None)

    changes: dict[str, Callable[[Any], None]] = {
        "op_input_beyond": first_op(lambda op: setattr(op, "inputs", [10_000, *op.inputs[1:]])),
        "op_output_negative": first_op(lambda op: setattr(op, "outputs", [-5])),
        "op_code_beyond": first_op(lambda op: setattr(op, "opcodeIndex", 999)),
        "tensor_buffer_beyond": lambda m: setattr(m.subgraphs[0].tensors[0], "buffer", 9_999),
        "tensor_type_unknown": lambda m: setattr(m.subgraphs[0].tensors[0], "type", 99),
        "tensor_shape_negative": lambda m: setattr(m.subgraphs[0].tensors[0], "shape", [-7, 3]),
        "graph_input_beyond": lambda m: setattr(m.subgraphs[0], "inputs", [5_000]),
        "graph_output_beyond": lambda m: setattr(m.subgraphs[0], "outputs", [5_000]),
        "signature_graph_beyond": lambda m: setattr(m.signatureDefs[0], "subgraphIndex", 40),
        "weight_too_short": lambda m: setattr(m.buffers[first_weight(m).buffer], "data", np.zeros(3, np.uint8)),
        "weight_shape_beyond": lambda m: setattr(first_weight(m), "shape", [2**20, 2**20]),
        "no_subgraph": lambda m: setattr(m, "subgraphs", []),
    }
    schema = load_schema()
    files = {}
    for name, change in changes.items():
        edited = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
        change(edited)
        builder = flatbuffers.Builder(len(model))
        builder.Finish(edited.Pack(builder), b"TFL3")
        files[name] = bytes(builder.Output())
    return files


def _tampered_packs(packed: bytes, other: bytes) -> dict[str, bytes]:
    middle = packed.index(b"PK\x03\x04") // 2
    zipped = (packed.index(b"PK\x03\x04") + len(packed)) // 2

    def flipped(at: int) -> bytes:
        return packed[:at] + bytes([packed[at] ^ 1]) + packed[at + 1 :]

    return {
        "pack_weight_flipped": flipped(middle),
        "pack_entry_flipped": flipped(zipped),
        "pack_seal_flipped": flipped(len(packed) - 1),
        "pack_cut": packed[:-40],
        "pack_with_a_tail": packed + b"tail",
        "pack_behind_another_model": other + packed[packed.index(b"PK\x03\x04") :],
    }
