"""Android's native TFLite library, through its C interface, behind the calls that tfedge's worker makes.

`TFEDGE_ANDROID_LIBRARY` names the folder with the ported library and its shim; see `tools/android/measured_library.py`.
Only what measuring needs: files with signatures, the default resolver (with XNNPACK, as Android's own Interpreter).
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

_FOLDER = os.environ["TFEDGE_ANDROID_LIBRARY"]
ctypes.CDLL(f"{_FOLDER}/libB.so", mode=ctypes.RTLD_GLOBAL)
_LIBRARY = ctypes.CDLL(f"{_FOLDER}/libtensorflowlite_jni.so")
_P, _TEXT, _INT, _SIZE = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32, ctypes.c_size_t
# TfLiteType by number; texts have no array form.
_DTYPES: dict[int, Any] = {
    **{1: np.float32, 2: np.int32, 3: np.uint8, 4: np.int64, 5: np.object_, 6: np.bool_, 7: np.int16, 8: np.complex64},
    **{9: np.int8, 10: np.float16, 11: np.float64, 12: np.complex128, 13: np.uint64, 16: np.uint32, 17: np.uint16},
}


def _call(name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
    function = getattr(_LIBRARY, f"TfLite{name}")
    function.restype, function.argtypes = result, arguments
    return function


_open_model = _call("ModelCreateFromFile", _P, _TEXT)
_make_options = _call("InterpreterOptionsCreate", _P)
_set_threads = _call("InterpreterOptionsSetNumThreads", None, _P, _INT)
_make_interpreter = _call("InterpreterCreate", _P, _P, _P)
_allocate = _call("InterpreterAllocateTensors", _INT, _P)
_num_signatures = _call("InterpreterGetSignatureCount", _INT, _P)
_signature_key = _call("InterpreterGetSignatureKey", _TEXT, _P, _INT)
_make_runner = _call("InterpreterGetSignatureRunner", _P, _P, _TEXT)
_SIDES = {
    side: (
        _call(f"SignatureRunnerGet{side}Count", _SIZE, _P),
        _call(f"SignatureRunnerGet{side}Name", _TEXT, _P, _INT),
        _call(f"SignatureRunnerGet{side}Tensor", _P, _P, _TEXT),
    )
    for side in ("Input", "Output")
}
_resize = _call("SignatureRunnerResizeInputTensor", _INT, _P, _TEXT, _P, _INT)
_allocate_runner = _call("SignatureRunnerAllocateTensors", _INT, _P)
_invoke = _call("SignatureRunnerInvoke", _INT, _P)
_type = _call("TensorType", _INT, _P)
_num_dims = _call("TensorNumDims", _INT, _P)
_dim = _call("TensorDim", _INT, _P, _INT)
_data = _call("TensorData", _P, _P)
_copy_in = _call("TensorCopyFromBuffer", _INT, _P, _P, _SIZE)
_copy_out = _call("TensorCopyToBuffer", _INT, _P, _P, _SIZE)


class OpResolverType:
    """The resolvers by their names in the Python package; only the default one is there."""

    AUTO, BUILTIN_REF, BUILTIN_WITHOUT_DEFAULT_DELEGATES = range(3)


@contextmanager
def _heard() -> Iterator[list[str]]:
    """Collects what the library logs, which alone says why a call failed; a pipe holds 64 KiB of it."""
    lines: list[str] = []
    readable, writable = os.pipe()
    for end in (readable, writable):
        os.set_blocking(end, False)
    before = os.dup(2)
    os.dup2(writable, 2)
    try:
        yield lines
    finally:
        os.dup2(before, 2)
        try:
            said = os.read(readable, 1 << 16)
        except BlockingIOError:
            said = b""
        for end in (readable, writable, before):
            os.close(end)
        os.write(2, said)
        lines += said.decode(errors="replace").splitlines()


def _do(what: str, call: Callable[..., Any], *arguments: Any) -> None:
    with _heard() as lines:
        status = call(*arguments)
    if status:
        raise RuntimeError("\n".join(lines) or f"{what} failed")


def _made(what: str, call: Callable[..., Any], *arguments: Any) -> Any:
    with _heard() as lines:
        made = call(*arguments)
    if not made:
        raise ValueError("\n".join(lines) or f"there is no {what}")
    return made


def _shape(tensor: Any) -> list[int]:
    return [_dim(tensor, axis) for axis in range(_num_dims(tensor))]


class _Runner:
    def __init__(self, interpreter: Any, name: str) -> None:
        self.handle = _made("signature", _make_runner, interpreter, name.encode())
        self._inputs, self._outputs = ({key: key for key in self._names(side)} for side in ("Input", "Output"))
        self._subgraph_index = self

    def _names(self, side: str) -> list[str]:
        count, name, _ = _SIDES[side]
        return [name(self.handle, place).decode() for place in range(count(self.handle))]

    def tensor(self, side: str, name: str) -> Any:
        return _SIDES[side][2](self.handle, name.encode())

    def _details(self, side: str) -> dict[str, dict[str, Any]]:
        none = {"scales": [], "zero_points": [], "quantized_dimension": 0}
        tensors = {name: self.tensor(side, name) for name in self._names(side)}
        return {
            name: {"shape_signature": _shape(held), "dtype": _DTYPES[_type(held)], "quantization_parameters": none}
            for name, held in tensors.items()
        }

    def get_input_details(self) -> dict[str, dict[str, Any]]:
        return self._details("Input")

    def get_output_details(self) -> dict[str, dict[str, Any]]:
        return self._details("Output")


class _Wrapper:
    """The calls of the package's C++ wrapper; a tensor's index is its name, a subgraph's its runner."""

    def ResizeInputTensor(self, name: str, sizes: Any, strict: bool, runner: _Runner) -> None:  # noqa: N802
        _do("resizing", _resize, runner.handle, name.encode(), sizes.ctypes.data_as(_P), len(sizes))

    def AllocateTensors(self, runner: _Runner) -> None:  # noqa: N802
        _do("allocating", _allocate_runner, runner.handle)

    def SetTensor(self, name: str, array: Any, runner: _Runner) -> None:  # noqa: N802
        array = np.ascontiguousarray(array)
        _do("setting", _copy_in, runner.tensor("Input", name), array.ctypes.data_as(_P), array.nbytes)

    def Invoke(self, runner: _Runner) -> None:  # noqa: N802
        _do("running", _invoke, runner.handle)

    def GetTensor(self, name: str, runner: _Runner) -> Any:  # noqa: N802
        tensor = runner.tensor("Output", name)
        array = np.zeros(_shape(tensor), _DTYPES[_type(tensor)])
        if array.dtype.kind == "O" or (array.nbytes and not _data(tensor)):
            raise ValueError(f"{name} holds texts, or nothing")
        _do("reading", _copy_out, tensor, array.ctypes.data_as(_P), array.nbytes)
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
        if experimental_op_resolver_type != OpResolverType.AUTO or experimental_preserve_all_tensors:
            raise ValueError("Android's library has the default resolver only, and keeps no tensors")
        options = _make_options()
        _set_threads(options, num_threads or 1)
        self._model = _made("model", _open_model, model_path.encode())
        self._handle = _made("interpreter", _make_interpreter, self._model, options)
        self._interpreter = _Wrapper()

    def allocate_tensors(self) -> None:
        """Plans memory and applies XNNPACK."""
        _do("allocating", _allocate, self._handle)

    def get_signature_list(self) -> list[str]:
        """Returns the names of the signatures."""
        return [_signature_key(self._handle, place).decode() for place in range(_num_signatures(self._handle))]

    def get_signature_runner(self, name: str) -> _Runner:
        """Returns what runs one signature."""
        return _Runner(self._handle, name)

    def get_tensor_details(self) -> list[dict[str, Any]]:
        """Returns nothing: the C interface does not list tensors."""
        return []
