"""Android's native TFLite library, through the native methods of its Java classes, behind the calls of tfedge's worker.

`TFEDGE_ANDROID_LIBRARY` names the folder with the ported library and its shim; see `tools/android/measured_library.py`.
The calls come in the order in which Java's Interpreter makes them. So the library itself applies XNNPACK, as in every
app; BUILTIN_WITHOUT_DEFAULT_DELEGATES is Java's `setUseXNNPACK(false)`.

Java itself refuses what it has no type for (float16, float64 and more in a signature); here they pass, since probes ask
what kernels make of them. On x86_64 a real Java Interpreter gave the same answer to every other probe (2026-11-21).
"""

from __future__ import annotations

import ctypes
import os
from typing import Any

import numpy as np

from tflite_runtime.virtual_machine import BOOLEAN, INT, LONG, POINTER, VOID, VirtualMachine, texts

_FOLDER = os.environ["TFEDGE_ANDROID_LIBRARY"]
ctypes.CDLL(f"{_FOLDER}/libB.so", mode=ctypes.RTLD_GLOBAL)
_LIBRARY = ctypes.CDLL(f"{_FOLDER}/libtensorflowlite_jni.so")
# TfLiteType by number; texts have no array form.
_DTYPES: dict[int, Any] = {
    **{1: np.float32, 2: np.int32, 3: np.uint8, 4: np.int64, 5: np.object_, 6: np.bool_, 7: np.int16, 8: np.complex64},
    **{9: np.int8, 10: np.float16, 11: np.float64, 12: np.complex128, 13: np.uint64, 16: np.uint32, 17: np.uint16},
}
_ERROR_BYTES = 512  # NativeInterpreterWrapper.ERROR_BUFFER_SIZE
_MACHINE = VirtualMachine()


def _method(name: str, result: Any, *arguments: Any) -> Any:
    return _MACHINE.method(_LIBRARY, name, result, *arguments)


_make_errors = _method("NativeInterpreterWrapper_createErrorReporter", LONG, INT)
_open_model = _method("NativeInterpreterWrapper_createModel", LONG, POINTER, LONG)
_make_interpreter = _method("NativeInterpreterWrapper_createInterpreter", LONG, LONG, LONG, INT, BOOLEAN, POINTER)
_allocate = _method("NativeInterpreterWrapper_allocateTensors", LONG, LONG, LONG)
_signature_keys = _method("NativeInterpreterWrapper_getSignatureKeys", POINTER, LONG)
_make_runner = _method("NativeSignatureRunnerWrapper_nativeGetSignatureRunner", LONG, LONG, POINTER)
_subgraph = _method("NativeSignatureRunnerWrapper_nativeGetSubgraphIndex", INT, LONG)
_resize_runner = _method("NativeSignatureRunnerWrapper_nativeResizeInput", BOOLEAN, LONG, LONG, POINTER, POINTER)
_allocate_runner = _method("NativeSignatureRunnerWrapper_nativeAllocateTensors", VOID, LONG, LONG)
_invoke_runner = _method("NativeSignatureRunnerWrapper_nativeInvoke", VOID, LONG, LONG)
_resize = _method("NativeInterpreterWrapper_resizeInput", BOOLEAN, LONG, LONG, INT, POINTER, BOOLEAN)
_run = _method("NativeInterpreterWrapper_run", VOID, LONG, LONG)
_make_tensor = _method("TensorImpl_create", LONG, LONG, INT, INT)
_PLACES = {
    side: (
        _method(f"NativeInterpreterWrapper_get{side}Count", INT, LONG),
        _method(f"NativeInterpreterWrapper_get{side}TensorIndex", INT, LONG, INT),
    )
    for side in ("Input", "Output")
}
_SIDES = {
    side: (
        _method(f"NativeSignatureRunnerWrapper_native{side}Names", POINTER, LONG),
        _method(f"NativeSignatureRunnerWrapper_nativeGet{side}Index", INT, LONG, POINTER),
        _method(f"TensorImpl_createSignature{side}Tensor", LONG, LONG, POINTER),
    )
    for side in ("Input", "Output")
}
_name = _method("TensorImpl_name", POINTER, LONG)
_type = _method("TensorImpl_dtype", INT, LONG)
_shape = _method("TensorImpl_shape", POINTER, LONG)
_num_bytes = _method("TensorImpl_numBytes", INT, LONG)
_scale = _method("TensorImpl_quantizationScale", ctypes.c_float, LONG)
_zero_point = _method("TensorImpl_quantizationZeroPoint", INT, LONG)
_write = _method("TensorImpl_writeDirectBuffer", VOID, LONG, POINTER)
_read = _method("TensorImpl_buffer", POINTER, LONG)


class OpResolverType:
    """The resolvers by their names in the Python package; Android's library has no reference kernels."""

    AUTO, BUILTIN_REF, BUILTIN_WITHOUT_DEFAULT_DELEGATES = range(3)


def _facts(tensor: int) -> dict[str, Any]:
    scale, zero_point = _scale(tensor), _zero_point(tensor)
    several = ([scale], [zero_point]) if scale else ([], [])  # Java knows one scale; 0.0 where there is none
    quantization = dict(zip(("scales", "zero_points"), several, strict=True), quantized_dimension=0)
    return {
        "shape_signature": [*_shape(tensor)],
        "dtype": _DTYPES[_type(tensor)],
        "quantization_parameters": quantization,
    }


class _Graph:
    """The first subgraph, whose inputs and outputs are known by their places; Java plans it with the interpreter."""

    def __init__(self, interpreter: int, errors: int) -> None:
        self._interpreter, self._errors = interpreter, errors
        self.is_planned = True

    def tensor(self, side: str, place: int) -> int:
        """Returns a tensor's handle."""
        return int(_make_tensor(self._interpreter, _PLACES[side][1](self._interpreter, place), 0))

    def details(self, side: str) -> list[dict[str, Any]]:
        """Returns what the Python packages say of each input or output; its place is its index."""
        tensors = [self.tensor(side, place) for place in range(_PLACES[side][0](self._interpreter))]
        named = [{"name": _name(held).value.decode(), "index": place} for place, held in enumerate(tensors)]
        return [{**name, **_facts(held)} for name, held in zip(named, tensors, strict=True)]

    def resize(self, place: int, shape: list[int]) -> None:
        """Gives an input another shape."""
        _resize(self._interpreter, self._errors, place, shape, False)

    def allocate(self) -> None:
        """Plans memory."""
        _allocate(self._interpreter, self._errors)

    def run(self) -> None:
        """Computes the outputs."""
        _run(self._interpreter, self._errors)


class _Runner:
    """One signature."""

    def __init__(self, interpreter: int, errors: int, name: str) -> None:
        self._errors, self._handle = errors, _make_runner(interpreter, name.encode())
        self._inputs, self._outputs = ({key: key for key in self._names(side)} for side in ("Input", "Output"))
        self._subgraph_index = self
        self._is_first = _subgraph(self._handle) == 0
        self.is_planned = self._is_first  # with the interpreter

    def _names(self, side: str) -> list[str]:
        return texts(_SIDES[side][0](self._handle))

    def tensor(self, side: str, name: str) -> int:
        """Returns a tensor's handle."""
        _, place, make = _SIDES[side]
        if self._is_first and place(self._handle, name.encode()) < 0:
            raise ValueError(f"{side} error: {name} not found")
        return int(make(self._handle, name.encode()))

    def get_input_details(self) -> dict[str, dict[str, Any]]:
        return {name: _facts(self.tensor("Input", name)) for name in self._inputs}

    def get_output_details(self) -> dict[str, dict[str, Any]]:
        return {name: _facts(self.tensor("Output", name)) for name in self._outputs}

    def resize(self, name: str, shape: list[int]) -> None:
        """Gives an input another shape."""
        _resize_runner(self._handle, self._errors, name.encode(), shape)

    def allocate(self) -> None:
        """Plans memory."""
        _allocate_runner(self._handle, self._errors)

    def run(self) -> None:
        """Computes the outputs."""
        _invoke_runner(self._handle, self._errors)


class _Wrapper:
    """The calls of the package's C++ wrapper: a tensor's index is its name in a runner, or its place in the graph."""

    def __init__(self, graph: _Graph) -> None:
        self._graph = graph

    def _called(self, runner: Any) -> Any:
        return runner or self._graph  # 0 is the first subgraph

    def ResizeInputTensor(self, index: Any, sizes: Any, strict: bool, runner: Any) -> None:  # noqa: N802
        called, wanted = self._called(runner), [int(size) for size in sizes]
        if wanted != [*_shape(called.tensor("Input", index))]:
            called.resize(index, wanted)
            called.is_planned = False

    def AllocateTensors(self, runner: Any) -> None:  # noqa: N802
        called = self._called(runner)
        if not called.is_planned:
            called.allocate()
            called.is_planned = True

    def SetTensor(self, index: Any, array: Any, runner: Any) -> None:  # noqa: N802
        array, tensor = np.ascontiguousarray(array), self._called(runner).tensor("Input", index)
        if array.dtype.kind == "O" or array.nbytes != _num_bytes(tensor):
            raise ValueError(f"cannot copy {array.nbytes} bytes to {index}, which has {_num_bytes(tensor)}")
        if array.nbytes:
            _write(tensor, (array.ctypes.data, array.nbytes))

    def Invoke(self, runner: Any) -> None:  # noqa: N802
        self._called(runner).run()

    def GetTensor(self, index: Any, runner: Any) -> Any:  # noqa: N802
        tensor = self._called(runner).tensor("Output", index)
        array = np.zeros([*_shape(tensor)], _DTYPES[_type(tensor)])
        if array.dtype.kind == "O":
            raise ValueError(f"{index} holds texts")
        if array.nbytes:
            address, size = _read(tensor) or (None, 0)
            if not address or size != array.nbytes:
                raise ValueError(f"{index} has {array.nbytes} bytes and holds {size}")
            ctypes.memmove(array.ctypes.data, address, size)
        return array


class Interpreter:
    """As the class of the Python packages."""

    def __init__(
        self,
        model_path: str,
        num_threads: int | None,
        experimental_op_resolver_type: int,
        experimental_preserve_all_tensors: bool = False,
    ) -> None:
        if experimental_op_resolver_type == OpResolverType.BUILTIN_REF or experimental_preserve_all_tensors:
            raise ValueError("Android's library has no reference kernels, and keeps no tensors")
        has_xnnpack = experimental_op_resolver_type == OpResolverType.AUTO
        self._errors = _make_errors(_ERROR_BYTES)
        model = _open_model(model_path.encode(), self._errors)
        self._handle = _make_interpreter(model, self._errors, num_threads or 1, has_xnnpack, ())
        self._graph = _Graph(self._handle, self._errors)
        self._interpreter = _Wrapper(self._graph)

    def allocate_tensors(self) -> None:
        """Applies XNNPACK and plans memory: the last that Java's Interpreter does when it is made."""
        self._graph.allocate()

    def get_signature_list(self) -> list[str]:
        """Returns the names of the signatures."""
        return texts(_signature_keys(self._handle))

    def get_signature_runner(self, name: str) -> _Runner:
        """Returns what runs one signature."""
        return _Runner(self._handle, self._errors, name)

    def get_input_details(self) -> list[dict[str, Any]]:
        """Returns the inputs of the first subgraph."""
        return self._graph.details("Input")

    def get_output_details(self) -> list[dict[str, Any]]:
        """Returns the outputs of the first subgraph."""
        return self._graph.details("Output")

    def get_tensor_details(self) -> list[dict[str, Any]]:
        """Returns nothing: Java does not list tensors."""
        return []
