"""Errors of the interpreters, met with files of a few hundred bytes."""

from __future__ import annotations

import pathlib
import tempfile
from typing import Any

import numpy as np

from tests import models
from tests.explanations.case import TFLITE, Case
from tfedge.modelfile.builder import ModelBuilder

SIZE = 8


def unary(name: str = "TANH", dtype: str = "float32", version: int = 1, **changes: Any) -> bytes:
    """x (1, 8) -> one op -> y (1, 8)."""
    builder = ModelBuilder(name, **changes)
    facts: dict[str, Any] = {"dtype": dtype, "scales": 0.01} if dtype == "int16" else {"dtype": dtype}
    x, y = builder.tensor("x", (1, SIZE), **facts), builder.tensor("y", (1, SIZE), **facts)
    builder.op(name, [x], [y], version)
    builder.signature("serving_default", {"x": x}, {"y": y})
    return builder.build()


def binary(second: tuple[int, ...] = (1, SIZE), reads: str = "xz", data: bool = True) -> bytes:
    """x (1, 8) + z -> y; `reads` names the inputs of the op, "." for one left out."""
    builder = ModelBuilder("binary")
    tensors = {"x": builder.tensor("x", (1, SIZE)), "y": builder.tensor("y", (1, SIZE)), ".": None}
    tensors["z"] = builder.tensor("z", second, data=np.ones(second) if data else None)
    builder.op("ADD", [tensors[letter] for letter in reads], [tensors["y"]])
    builder.interface([tensors["x"]], [tensors["y"]])
    return builder.build()


def reshape(sizes: tuple[int, int] = (1, SIZE)) -> bytes:
    """x (1, 8) -> RESHAPE to constant sizes -> y."""
    builder = ModelBuilder("reshape")
    x, y = builder.tensor("x", (1, SIZE)), builder.tensor("y", sizes)
    builder.op("RESHAPE", [x, builder.tensor("sizes", (2,), "int32", sizes)], [y])
    return builder.build()


def without_signature() -> bytes:
    builder = ModelBuilder("no signature")
    builder.op("TANH", [builder.tensor("x", (1, SIZE))], [builder.tensor("y", (1, SIZE))])
    return builder.build()


def wide(elements: int) -> bytes:
    """x -> TANH -> y, of so many elements."""
    builder = ModelBuilder("wide")
    shape = (1, 1 << 10, elements >> 10)
    builder.op("TANH", [builder.tensor("x", shape)], [builder.tensor("y", shape)])
    return builder.build()


def lookup_table() -> bytes:
    """A HASHTABLE that nothing fills, and a FIND in it."""
    builder = ModelBuilder("hashtable")
    table, x = builder.tensor("table", (1,), "resource"), builder.tensor("x", (1,), "int64")
    y, default = builder.tensor("y", (1,), "string"), builder.tensor("default", (1,), "string", ["?"])
    builder.op("HASHTABLE", [], [table], options={"tableId": 1, "keyDtype": 4, "valueDtype": 5})
    builder.op("HASHTABLE_FIND", [table, x, default], [y])
    builder.interface([x], [y])
    return builder.build()


def moved_axis(scales: int) -> bytes:
    """A per-channel weight tensor (8, 16) with so many scales."""
    builder = ModelBuilder("axis")
    x, y = builder.tensor("x", (1, 16)), builder.tensor("y", (1, SIZE))
    weights = builder.tensor("w", (SIZE, 16), "int8", np.ones((SIZE, 16)), scales=np.ones(scales))
    builder.op("FULLY_CONNECTED", [x, weights, None], [y], 5, {"asymmetricQuantizeInputs": True})
    return builder.build()


def unknown_op(number: int = 300) -> bytes:
    builder = ModelBuilder("unknown")
    builder.op("TANH", [builder.tensor("x", (1, SIZE))], [builder.tensor("y", (1, SIZE))])
    builder.model.operatorCodes[0].builtinCode = number
    builder.model.operatorCodes[0].deprecatedBuiltinCode = 127
    return builder.build()


def alloc(runtime: Any, data: bytes, **settings: Any) -> Any:
    interpreter = runtime.Interpreter(model_content=data, **settings)
    interpreter.allocate_tensors()
    return interpreter


def run(runtime: Any, data: bytes, *inputs: Any, **settings: Any) -> list[Any]:
    """Runs a model on inputs in order, zeros where none are given; returns its outputs."""
    interpreter = alloc(runtime, data, **settings)
    for place, detail in enumerate(interpreter.get_input_details()):
        value = inputs[place] if place < len(inputs) else np.zeros(detail["shape"], detail["dtype"])
        interpreter.set_tensor(detail["index"], value)
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]


def from_path(runtime: Any, data: bytes | None) -> None:
    """Loads a file with these bytes; None: there is no file."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.tflite"
        if data is not None:
            path.write_bytes(data)
        runtime.Interpreter(model_path=str(path)).allocate_tensors()


def resized(runtime: Any, data: bytes, rows: int, strict: bool = False) -> None:
    interpreter = runtime.Interpreter(model_content=data)
    interpreter.resize_tensor_input(0, (rows, SIZE), strict=strict)
    interpreter.allocate_tensors()


def kept_view(runtime: Any, keep: bool) -> None:
    interpreter = alloc(runtime, unary())
    view = interpreter.tensor(0)() if keep else interpreter.tensor(0)
    interpreter.invoke()
    del view


def signature(runtime: Any, data: bytes, key: str | None, name: str = "x") -> None:
    runner = runtime.Interpreter(model_content=data).get_signature_runner(key)
    runner(**{name: np.zeros((1, SIZE), np.float32)})


def before_allocating(runtime: Any, call: str) -> None:
    interpreter = runtime.Interpreter(model_content=unary())
    if call == "set":
        interpreter.set_tensor(0, np.zeros((1, SIZE), np.float32))
    elif call == "get":
        interpreter.get_tensor(0)
    else:
        interpreter.invoke()


def limited(runtime: Any, elements: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
    run(runtime, wide(elements))


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22e\nsize 12345\n"
IDS = np.array([[0, 5, 31, 2]], np.int32)
FLOATS = np.zeros((1, SIZE), np.float32)

CASES = (
    Case("op_version", lambda r: run(r, unary(version=99)), lambda r: run(r, unary())),
    Case(
        "op_version",
        lambda r: run(r, models.dense("int8_dynamic", per_channel=True, version=12)),
        lambda r: run(r, models.dense("int8_dynamic", per_channel=False, version=9)),
        (TFLITE,),
        "fully_connected",
    ),
    Case("unknown_op", lambda r: run(r, unknown_op()), lambda r: run(r, unary())),
    Case("placeholder_op", lambda r: run(r, unknown_op(127)), lambda r: run(r, unary())),
    Case("flex_op", lambda r: run(r, models.with_flex_op()), lambda r: run(r, unary())),
    Case("custom_op", lambda r: run(r, models.with_custom_op()), lambda r: run(r, unary())),
    Case("not_a_model", lambda r: from_path(r, POINTER), lambda r: from_path(r, unary()), name="pointer"),
    Case("not_a_model", lambda r: run(r, unary().replace(b"TFL3", b"TFL2")), lambda r: run(r, unary())),
    Case("empty_file", lambda r: from_path(r, b""), lambda r: from_path(r, unary())),
    Case(
        "truncated_file",
        lambda r: from_path(r, models.dense()[: len(models.dense()) // 2]),
        lambda r: from_path(r, models.dense()),
        (TFLITE,),
    ),
    Case("file_not_found", lambda r: from_path(r, None), lambda r: from_path(r, unary())),
    Case("schema_version", lambda r: run(r, unary(schema_version=4)), lambda r: run(r, unary(schema_version=3))),
    Case("inconsistent_model", lambda r: run(r, binary(reads="xy")), lambda r: run(r, binary(reads="xz"))),
    Case("quantization_axis", lambda r: run(r, moved_axis(5)), lambda r: run(r, moved_axis(1))),
    Case("no_signature", lambda r: signature(r, without_signature(), None), lambda r: signature(r, unary(), None)),
    Case(
        "signature_name",
        lambda r: signature(r, unary(), "encode"),
        lambda r: signature(r, unary(), "serving_default"),
    ),
    Case(
        "signature_name",
        lambda r: signature(r, unary(), "serving_default", "z"),
        lambda r: signature(r, unary(), "serving_default", "x"),
        name="input",
    ),
    Case("unsupported_type", lambda r: run(r, unary("RSQRT", "int16")), lambda r: run(r, unary("RSQRT")), (TFLITE,)),
    Case("unsupported_type", lambda r: run(r, unary(dtype="int64")), lambda r: run(r, unary()), name="int64"),
    Case("input_dtype", lambda r: run(r, unary(), np.zeros((1, SIZE))), lambda r: run(r, unary(), FLOATS)),
    Case("input_shape", lambda r: run(r, unary(), FLOATS.repeat(2, 0)), lambda r: run(r, unary(), FLOATS)),
    Case("input_shape", lambda r: run(r, unary(), FLOATS[0]), lambda r: run(r, unary(), FLOATS), name="rank"),
    Case(
        "resize_refused", lambda r: resized(r, unary(), 2, True), lambda r: resized(r, models.dynamic_shape(), 2, True)
    ),
    *(
        Case("not_allocated", lambda r, call=call: before_allocating(r, call), lambda r: run(r, unary()), name=call)
        for call in ("set", "get", "invoke")
    ),
    Case("held_reference", lambda r: kept_view(r, True), lambda r: kept_view(r, False)),
    Case("tensor_index", lambda r: alloc(r, unary()).get_tensor(99), lambda r: alloc(r, unary()).get_tensor(1)),
    Case("unset_tensors", lambda r: run(r, binary(data=False)), lambda r: run(r, binary())),
    Case("shape_conflict", lambda r: run(r, reshape((3, 3))), lambda r: run(r, reshape((2, 4)))),
    Case("shape_conflict", lambda r: run(r, binary((1, 7))), lambda r: run(r, binary((1, 1))), name="broadcast"),
    Case("shape_conflict", lambda r: resized(r, reshape(), 2), lambda r: resized(r, unary(), 2), name="resized"),
    Case(
        "index_out_of_range",
        lambda r: run(r, models.gather_dense(), IDS + 1000),
        lambda r: run(r, models.gather_dense(), IDS),
    ),
    Case(
        "index_out_of_range",
        lambda r: run(r, models.gather_dense(), IDS - 1),
        lambda r: run(r, models.gather_dense(), IDS),
        name="negative",
    ),
    Case("out_of_memory", lambda r: limited(r, 1 << 31), lambda r: limited(r, 1 << 16), (TFLITE,)),
    Case(
        "unfrozen_variable",
        lambda r: run(r, models.with_variable(initialized=False)),
        lambda r: run(r, models.with_variable(initialized=True)),
        (TFLITE,),
    ),
    Case("hashtable", lambda r: run(r, lookup_table()), lambda r: run(r, models.gather_dense(), IDS)),
    Case("missing_input", lambda r: run(r, binary(reads="x.")), lambda r: run(r, binary()), (TFLITE,)),
    Case("edgetpu_library", lambda r: r.load_delegate("libedgetpu.so.1"), lambda r: run(r, unary())),
    Case("no_model_given", lambda r: r.Interpreter(), lambda r: run(r, unary())),
    Case("no_model_given", lambda r: r.Interpreter(model_content=b""), lambda r: run(r, unary()), name="empty"),
)
