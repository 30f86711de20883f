"""Checks that every offset of a .tflite flatbuffer stays inside the file, before anything follows one.

A damaged file kills some interpreters at load (a signal, no error), and reads as nonsense in Python, where
a negative offset counts from the end. So the whole tree of tables is walked once against the schema's
table layouts, as the runtimes' C++ verifier does: bounds, alignment, vtables, string ends.

Offsets may point where others point too, so a small file can describe an endless one: a thousand subgraphs that
share one list of a thousand tensors are a million tensors. What is counted is therefore the tree that a reader
meets, and `MAX_TABLES`, `MAX_INDICES` and `MAX_TEXT_BYTES` bound it. At these limits a file of a few megabytes is
read or refused in about 5 seconds and 1 GB on one core (`tests/unit/modelfile/test_bounds.py` measures it); the
shipped model, with 514 ops, has 3,372 tables, 3,719 indices and 50,835 bytes of text.
"""

from __future__ import annotations

import struct

from tfedge.errors import ArtifactError
from tfedge.modelfile.model_file import ModelData, release
from tfedge.printable import shortened

IDENTIFIER = b"TFL3"
MAX_TABLES = 250_000  # The C++ verifier stops at 1,000,000.
MAX_INDICES = 2_000_000  # Shapes and the inputs and outputs of ops.
MAX_TEXT_BYTES = 32 * 2**20  # Names of tensors, signatures, codes.
# Tables stand between weights, and to look at one of a mapped file may bring megabytes around it into memory.
TABLES_TO_RELEASE = 32
MAX_FIELDS = 64  # Of one table; the widest of today's schema has 20. Those behind are for readers to come.

_SIZES = {"i8": 1, "u8": 1, "i32": 4, "u32": 4, "f32": 4, "i64": 8, "u64": 8}
_OFFSET_SIZE = 4
_I32, _U32, _TWO_U16 = struct.Struct("<i"), struct.Struct("<I"), struct.Struct("<HH")

# The fields of each table in slot order, from the published schema (version 3). "string", "union" and a table's
# name are offsets; "[...]" is an offset to a vector; None was removed from the schema. A test compares every line
# with the generated schema module.
TABLES: dict[str, tuple[str | None, ...]] = {
    "Model": (
        *("u32", "[OperatorCode]", "[SubGraph]", "string", "[Buffer]", "[i32]", "[Metadata]", "[SignatureDef]"),
        *("[ExternalBufferGroup]", "[ExternalBuffer]"),
    ),
    "OperatorCode": ("i8", "string", "i32", "i32"),
    "SubGraph": ("[Tensor]", "[i32]", "[i32]", "[Operator]", "string", "i32"),
    "Tensor": (
        *("[i32]", "i8", "u32", "string", "QuantizationParameters", "u8", "SparsityParameters", "[i32]", "u8"),
        *("[VariantSubType]", "u32"),
    ),
    "QuantizationParameters": ("[f32]", "[f32]", "[f32]", "[i64]", "u8", "union", "i32"),
    "SparsityParameters": ("[i32]", "[i32]", "[DimensionMetadata]"),
    "DimensionMetadata": ("i8", "i32", "u8", "union", "u8", "union"),
    "VariantSubType": ("[i32]", "i8", "u8"),
    "Operator": (
        *("u32", "[i32]", "[i32]", "u8", "union", "[u8]", "i8", "[u8]", "[i32]", "u64", "u64", "u8", "union", "i32"),
    ),
    "Buffer": ("[u8]", "u64", "u64"),
    "Metadata": ("string", "u32"),
    "TensorMap": ("string", "u32"),
    "SignatureDef": ("[TensorMap]", "[TensorMap]", "string", None, "u32"),
    "ExternalBufferGroup": ("string",),
    "ExternalBuffer": ("u32", "u32", "u64", "u64", "string"),
}


def damaged(what: str) -> ArtifactError:
    """Returns the error for model bytes that contradict themselves; `what` names the place."""
    return ArtifactError(
        f"expected a whole .tflite model; got one with {shortened(what, 200)}: it is damaged or cut; "
        "copy or convert it again"
    )


def verify_model(data: ModelData) -> None:
    """Walks every table of a model; `data` may go on after the model (a pack, TFLite Metadata). Copies nothing.

    Raises:
        ArtifactError: not a .tflite, or an offset, a length or a vtable that cannot be right, or a file that describes
            more than the limits of this module.
    """
    start = bytes(data[:8])
    if start[4:] != IDENTIFIER:
        got = f"{len(data)} bytes starting with {start!r}"
        raise ArtifactError(f"expected a .tflite model (bytes 4 to 8 are {IDENTIFIER!r}); got {got}; check the path")
    walk = _Walk(data)
    walk.table(walk.target(0), "Model")


class _Walk:
    """One walk over the tables of `data`; every method raises ArtifactError where a rule is broken.

    The schema has no table that holds itself, so the walk is as deep as the schema is, six calls.
    """

    def __init__(self, data: ModelData) -> None:
        self._data = data
        self._size = len(data)
        self._tables = self._indices = self._text_bytes = 0

    def table(self, at: int, kind: str | None) -> None:
        """Checks the table at byte `at`; of an unknown `kind` (a union's options), header and vtable alone."""
        self._tables += 1
        if self._tables > MAX_TABLES:
            raise damaged(f"more than {MAX_TABLES} tables")
        if self._tables % TABLES_TO_RELEASE == 0:
            release(self._data)
        vtable = at - self._integer(_I32, at)
        self._inside(vtable, 4)
        self._aligned(vtable, 2)
        vtable_size, table_size = _TWO_U16.unpack_from(self._data, vtable)
        if vtable_size < 4 or vtable_size % 2 or table_size < 4:
            raise damaged(f"an impossible vtable at byte {vtable}")
        self._inside(vtable, vtable_size)
        self._inside(at, table_size)
        fields = TABLES[kind] if kind else ()
        count = min(vtable_size // 2 - 2, len(fields) if kind else MAX_FIELDS)
        for slot, offset in enumerate(struct.unpack_from(f"<{count}H", self._data, vtable + 4)):
            if offset == 0:
                continue
            field = fields[slot] if kind else None
            size = _SIZES.get(field or "u8", _OFFSET_SIZE)
            if offset < 4 or offset + size > table_size:
                raise damaged(f"a field outside its table at byte {at}")
            self._aligned(at + offset, size)
            if field and field not in _SIZES:
                self._follow(self.target(at + offset), field)

    def target(self, at: int) -> int:
        """Returns the byte that the offset stored at byte `at` points to."""
        return at + self._integer(_U32, at)

    def _follow(self, at: int, field: str) -> None:
        if field == "string":
            self._text(at)
        elif field == "union":
            self.table(at, None)
        elif not field.startswith("["):
            self.table(at, field)
        elif field == "[i32]":
            self._indices += self._vector(at, 4)
            if self._indices > MAX_INDICES:
                raise damaged(f"more than {MAX_INDICES} sizes and indices")
        elif field[1:-1] in _SIZES:
            self._vector(at, _SIZES[field[1:-1]])
        else:
            for index in range(self._vector(at, _OFFSET_SIZE)):
                self.table(self.target(at + 4 + 4 * index), field[1:-1])

    def _text(self, at: int) -> None:
        length = self._vector(at, 1)
        self._inside(at + 4 + length, 1)
        if self._data[at + 4 + length] != 0:
            raise damaged(f"a text without end at byte {at}")
        self._text_bytes += length
        if self._text_bytes > MAX_TEXT_BYTES:
            raise damaged(f"more than {MAX_TEXT_BYTES} bytes of names")

    def _vector(self, at: int, element_size: int) -> int:
        """Returns the number of elements of the vector at byte `at`, all of which are inside the file."""
        length = self._integer(_U32, at)
        self._aligned(at + 4, element_size)
        self._inside(at + 4, length * element_size)
        return length

    def _integer(self, form: struct.Struct, at: int) -> int:
        self._inside(at, 4)
        self._aligned(at, 4)
        value: int = form.unpack_from(self._data, at)[0]
        return value

    def _inside(self, at: int, size: int) -> None:
        if at < 0 or at + size > self._size:
            raise damaged(f"an offset to byte {at} of {self._size}")

    def _aligned(self, at: int, size: int) -> None:
        if at % size:
            raise damaged(f"a value of {size} bytes at odd byte {at}")
