"""The edits that make a file right for its targets, as data: printed before they are made, recorded after.

Tensors and ops are named by (subgraph, index), as in `tfedge.modelfile.rewrite`.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt

from tfedge.modelfile.layout import Place
from tfedge.modelfile.rewrite import ModelEditor

_BIAS = 2  # Position of the bias among the inputs of FULLY_CONNECTED.
_INT8 = 127  # Weights use -127 to 127, so that kernels may negate them.
_INT32 = 2**31 - 1


@dataclasses.dataclass(frozen=True)
class OpVersion:
    """An op gets the version that says what it means.

    Attributes:
        op: the op.
        name: "FULLY_CONNECTED".
        old: version before.
        new: version after.
    """

    kind: ClassVar[str] = "op_version"
    op: Place
    name: str
    old: int
    new: int

    @property
    def group(self) -> str:
        """What is said of all ops that change alike."""
        return f"{self.name} says version {self.new} and not {self.old}"


@dataclasses.dataclass(frozen=True)
class CodeVersion:
    """An operator code that no op uses no longer asks for a version that a target lacks.

    Attributes:
        code: index of the operator code.
        name: op that it stands for.
        old: version before.
        new: version after.
    """

    kind: ClassVar[str] = "code_version"
    code: int
    name: str
    old: int
    new: int

    @property
    def group(self) -> str:
        """What is said of all codes that change alike."""
        return f"an operator code that no op uses, {self.name}, says version {self.new} and not {self.old}"


@dataclasses.dataclass(frozen=True)
class OneScale:
    """int8 weights with one scale a channel are rounded anew to one scale for all.

    Attributes:
        tensors: all tensors that share the data.
        name: of the first, as in the file.
        channels: number of scales before.
        scale: the one after: the largest weight becomes 127.
    """

    kind: ClassVar[str] = "one_scale"
    tensors: tuple[Place, ...]
    name: str
    channels: int
    scale: float

    @property
    def group(self) -> str:
        """What is said of all weights."""
        return "int8 weights get one scale in place of one a channel"


@dataclasses.dataclass(frozen=True)
class RescaledBias:
    """The int32 bias of a product whose weights get one scale is counted in the new step.

    Attributes:
        tensors: all tensors that share the data.
        name: of the first, as in the file.
        scale: input scale times the new scale of the weights.
    """

    kind: ClassVar[str] = "rescaled_bias"
    tensors: tuple[Place, ...]
    name: str
    scale: float

    @property
    def group(self) -> str:
        """What is said of all biases."""
        return "int32 biases are counted in the new step of their product"


@dataclasses.dataclass(frozen=True)
class ZeroBias:
    """An int8 product without bias gets one of zeros: no answer changes, and the kernel has something to read.

    Attributes:
        op: the op.
        weights: its weights.
        name: op name.
        channels: length of the bias.
    """

    kind: ClassVar[str] = "zero_bias"
    op: Place
    weights: Place
    name: str
    channels: int

    @property
    def group(self) -> str:
        """What is said of all such ops."""
        return f"int8 {self.name} without bias gets one of zeros"


@dataclasses.dataclass(frozen=True)
class RuntimeVersion:
    """The file's metadata says which TensorFlow release its ops need.

    Attributes:
        old: what it said.
        new: the first release that runs every op, as published.
    """

    kind: ClassVar[str] = "min_runtime_version"
    old: str
    new: str

    @property
    def group(self) -> str:
        """The change in words."""
        return f"min_runtime_version says {self.new} and not {self.old}"


Edit: TypeAlias = OpVersion | CodeVersion | OneScale | RescaledBias | ZeroBias | RuntimeVersion
# Of these the answers of a right runtime change; all others leave every bit of them.
CHANGES_NUMBERS = (OneScale, RescaledBias)


def edit_lines(edits: Sequence[Edit]) -> list[str]:
    """Returns the edits in words, one line for those of a kind: "48 x int8 weights get one scale …"."""
    counts = collections.Counter(edit.group for edit in edits)
    return [group if count == 1 else f"{count} x {group}" for group, count in counts.items()]


def edits_to_json(edits: Iterable[Edit]) -> list[dict[str, Any]]:
    """Returns the edits as JSON values."""
    return [{"kind": edit.kind, **{key: _plain(value) for key, value in vars(edit).items()}} for edit in edits]


def _plain(value: object) -> object:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def apply_edits(model_bytes: bytes, edits: Sequence[Edit]) -> bytes:
    """Returns the model with all edits made.

    Raises:
        ArtifactError: a model that cannot be rewritten.
        ConfigError: an edit that names what the model does not have.
    """
    editor = ModelEditor(model_bytes)
    # Biases first: they are read in the scales that their weights have until then.
    for edit in sorted(edits, key=lambda edit: not isinstance(edit, RescaledBias)):
        if isinstance(edit, RescaledBias):
            real = _real(editor, edit.tensors[0], "<i4", np.float64)  # float32 has 24 bits, a bias up to 32.
            _store(editor, edit.tensors, real / edit.scale, edit.scale, _INT32, "<i4")
        elif isinstance(edit, OneScale):
            real = _real(editor, edit.tensors[0], "i1", np.float32)
            _store(editor, edit.tensors, real / edit.scale, edit.scale, _INT8, "i1")
        elif isinstance(edit, CodeVersion):
            editor.set_code_version(edit.code, edit.new)
        elif isinstance(edit, RuntimeVersion):
            editor.set_min_runtime_version(edit.new)
    _add_biases(editor, [edit for edit in edits if isinstance(edit, ZeroBias)])
    editor.set_op_versions({edit.op: edit.new for edit in edits if isinstance(edit, OpVersion)})
    return editor.to_bytes()


def one_scale_of(editor: ModelEditor, tensor: Place) -> float:
    """Returns the one scale, float32, by which per-channel int8 weights lose least at their largest value."""
    scales, points, axis = editor.quantization(tensor)
    quantized = np.moveaxis(_stored(editor, tensor, "i1"), axis, 0).reshape(len(scales), -1)
    if not quantized.size:
        return 1.0
    low, high = quantized.min(axis=1) - points, quantized.max(axis=1) - points
    largest = float((np.maximum(np.abs(low), np.abs(high)) * scales.astype(np.float64)).max())
    return float(np.float32(largest / _INT8)) or 1.0  # Weights that are all zero keep some scale above zero.


def _add_biases(editor: ModelEditor, edits: Sequence[ZeroBias]) -> None:
    zeros: dict[int, Place] = {}  # By length: biases of zeros share one buffer.
    for edit in edits:
        graph = edit.op[0]
        input_scales, _, _ = editor.quantization((graph, editor.op_inputs(edit.op)[0]))
        weight_scales, _, _ = editor.quantization(edit.weights)
        data = zeros.get(edit.channels) or bytes(4 * edit.channels)
        name = f"zero_bias_{graph}_{edit.op[1]}"
        bias = editor.add_tensor(graph, name, "int32", (edit.channels,), data, input_scales[0] * weight_scales)
        zeros.setdefault(edit.channels, (graph, bias))
        editor.set_op_input(edit.op, _BIAS, bias)


def _stored(editor: ModelEditor, tensor: Place, dtype: str) -> npt.NDArray[Any]:
    return np.frombuffer(editor.tensor_data(tensor), dtype).reshape(editor.shape(tensor))


def _real(editor: ModelEditor, tensor: Place, dtype: str, real: type[np.floating[Any]]) -> npt.NDArray[Any]:
    """Returns the values of a quantized tensor as numbers of type `real`, in its shape."""
    values = _stored(editor, tensor, dtype)
    scales, points, axis = editor.quantization(tensor)
    form = [1] * values.ndim
    if len(scales) > 1:
        form[axis] = len(scales)
    numbers: npt.NDArray[Any] = (values - points.reshape(form)).astype(real) * scales.astype(real).reshape(form)
    return numbers


def _store(
    editor: ModelEditor,
    tensors: Sequence[Place],
    steps: npt.NDArray[Any],
    scale: float,
    limit: int,
    dtype: str,
) -> None:
    """Stores values, given in steps of `scale`, rounded and kept within the limit, in every tensor of a group."""
    editor.set_data(tensors, np.clip(np.round(steps), -limit, limit).astype(dtype).tobytes())
    editor.set_quantization(tensors, scale)
