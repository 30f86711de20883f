"""Where things stand in the tables of a .tflite: slots by name, and a view of tensors, ops and buffers by index."""

from __future__ import annotations

import collections

import numpy as np
import numpy.typing as npt

from tfedge.errors import ArtifactError, ConfigError
from tfedge.modelfile.overlay import Kept, Overlay, Scalars, Table

Place = tuple[int, int]  # (subgraph, index of the tensor or op in it)

# Slots of the published schema (version 3); tfedge.modelfile.flatbuffer.TABLES has their types.
CODES, SUBGRAPHS, BUFFERS, METADATA_BUFFERS, METADATA = 1, 2, 4, 5, 6
EXTERNAL_GROUPS, EXTERNAL_BUFFERS = 8, 9
OLD_BUILTIN_CODE, CUSTOM_CODE, VERSION, BUILTIN_CODE = 0, 1, 2, 3
TENSORS, OPERATORS = 0, 3
SHAPE, TYPE, BUFFER, NAME, QUANTIZATION = 0, 1, 2, 3, 4
SCALES, ZERO_POINTS, AXIS = 2, 3, 6
CODE_INDEX, INPUTS, OUTPUTS, LARGE_OPTIONS = 0, 1, 2, 9
DATA, DATA_OFFSET = 0, 1
METADATA_NAME, METADATA_BUFFER = 0, 1

# LiteRT's op for a part that was compiled for an NPU; its options hold absolute places in the file.
DISPATCH_OP = b"DISPATCH_OP"


class ModelView:
    """A model by index, as far as an edit needs it; sees what was changed through its overlay.

    Args:
        model_bytes: a .tflite with nothing behind it.

    Raises:
        ArtifactError: damaged, or with fields of a newer schema in the tables read here.
    """

    def __init__(self, model_bytes: bytes) -> None:
        self._overlay = Overlay(model_bytes)
        self._root = self._overlay.root
        self._users: collections.defaultdict[int, set[Place]] | None = None

    def num_subgraphs(self) -> int:
        """Returns the number of subgraphs."""
        return len(self._overlay.tables(self._root, SUBGRAPHS).items)

    def num_tensors(self, subgraph: int) -> int:
        """Returns the number of tensors of a subgraph."""
        return len(self._overlay.tables(self._graph(subgraph), TENSORS).items)

    def ops(self) -> list[Place]:
        """Returns the places of all ops, in order."""
        counts = [
            len(self._overlay.tables(self._graph(graph), OPERATORS).items) for graph in range(self.num_subgraphs())
        ]
        return [(graph, op) for graph, count in enumerate(counts) for op in range(count)]

    def op_version(self, op: Place) -> int:
        """Returns the version of an op, which its operator code states."""
        return self._code_version(self.op_code(op))

    def op_code(self, op: Place) -> int:
        """Returns the index of the operator code of an op."""
        index = self._overlay.integer(self._view(op, OPERATORS), CODE_INDEX)
        if index >= len(self._overlay.tables(self._root, CODES).items):
            raise ArtifactError(f"expected op {op} to have an operator code of the file; got {index}; convert again")
        return index

    def op_inputs(self, op: Place) -> tuple[int, ...]:
        """Returns the tensors that an op reads; -1 is one left out."""
        return self._indices(self._view(op, OPERATORS), INPUTS)

    def op_outputs(self, op: Place) -> tuple[int, ...]:
        """Returns the tensors that an op writes."""
        return self._indices(self._view(op, OPERATORS), OUTPUTS)

    def buffer_of(self, tensor: Place) -> int:
        """Returns the buffer of a tensor."""
        return self._overlay.integer(self._view(tensor, TENSORS), BUFFER)

    def shape(self, tensor: Place) -> tuple[int, ...]:
        """Returns the shape of a tensor."""
        return self._indices(self._view(tensor, TENSORS), SHAPE)

    def tensor_data(self, tensor: Place) -> memoryview:
        """Returns the stored bytes of a tensor; of a computed one none."""
        buffers = self._overlay.tables(self._root, BUFFERS).items
        index = self.buffer_of(tensor)
        if index >= len(buffers):
            raise ArtifactError(
                f"expected a buffer below {len(buffers)} for tensor {tensor}; got {index}; convert again"
            )
        return self._overlay.content(self._overlay.view(buffers[index], "Buffer"), DATA)

    def quantization(self, tensor: Place) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64], int]:
        """Returns scales float32 (N,), zero points int64 (N,) and the quantized dimension of a tensor."""
        node = self._view(tensor, TENSORS).fields.get(QUANTIZATION)
        if not isinstance(node, Table | Kept):
            return np.zeros(0, np.float32), np.zeros(0, np.int64), 0
        table = self._overlay.view(node, "QuantizationParameters")
        scales = np.frombuffer(self._overlay.content(table, SCALES), "<f4")
        points = np.frombuffer(self._overlay.content(table, ZERO_POINTS), "<i8")
        return scales, points, self._overlay.integer(table, AXIS)

    def sharing(self, tensor: Place) -> frozenset[Place]:
        """Returns all tensors whose data are in the buffer of `tensor`, itself included."""
        return frozenset(self._buffer_users()[self.buffer_of(tensor)])

    def _check_movable(self) -> None:
        """Refuses what stands at absolute places in the file, which an edit would move."""
        overlay, root = self._overlay, self._root
        buffers = [overlay.view(item, "Buffer") for item in overlay.tables(root, BUFFERS).items]
        codes = [overlay.view(item, "OperatorCode") for item in overlay.tables(root, CODES).items]
        what = ""
        if root.fields.keys() & {EXTERNAL_GROUPS, EXTERNAL_BUFFERS}:
            what = "external buffers"
        elif any(overlay.integer(buffer, DATA_OFFSET) > 1 for buffer in buffers):  # 0 and 1 both mean "inside".
            what = "weights behind the flatbuffer (the form of files of 2 GB and more)"
        elif any(overlay.integer(self._view(op, OPERATORS), LARGE_OPTIONS) > 1 for op in self.ops()):
            what = "custom options behind the flatbuffer"
        elif any(overlay.content(code, CUSTOM_CODE) == DISPATCH_OP for code in codes):
            what = "parts compiled for an NPU, found by their place in the file"
        if what:
            raise ArtifactError(
                f"expected a model with everything inside its flatbuffer; got one with {what}, which rewriting would "
                "move; convert the model again instead"
            )

    def _graph(self, subgraph: int) -> Table:
        graphs = self._overlay.tables(self._root, SUBGRAPHS)
        if not 0 <= subgraph < len(graphs.items):
            raise ConfigError(f"expected a subgraph below {len(graphs.items)}; got {subgraph}")
        return self._overlay.view(graphs.items[subgraph], "SubGraph")

    def _view(self, place: Place, slot: int) -> Table:
        """Returns the tensor or op (by `slot`) at `place` to read."""
        vector = self._overlay.tables(self._graph(place[0]), slot)
        if not 0 <= place[1] < len(vector.items):
            raise ConfigError(
                f"expected the index of a {vector.kind} below {len(vector.items)} in subgraph {place[0]}; got {place}"
            )
        return self._overlay.view(vector.items[place[1]], vector.kind)

    def _indices(self, table: Table, slot: int) -> tuple[int, ...]:
        return tuple(np.frombuffer(self._overlay.content(table, slot), "<i4").tolist())

    def _code_version(self, code: int) -> int:
        item = self._overlay.tables(self._root, CODES).items[code]
        return self._overlay.integer(self._overlay.view(item, "OperatorCode"), VERSION, default=1)

    def _buffer_users(self) -> collections.defaultdict[int, set[Place]]:
        """Returns the tensors of each buffer; who moves a tensor to another sets `_users` to None."""
        if self._users is None:
            self._users = collections.defaultdict(set)
            for graph in range(self.num_subgraphs()):
                for index in range(self.num_tensors(graph)):
                    self._users[self.buffer_of((graph, index))].add((graph, index))
        return self._users

    def _metadata_users(self) -> collections.Counter[int]:
        """Returns how many metadata entries refer to each buffer."""
        entries = self._overlay.tables(self._root, METADATA).items
        named = [self._overlay.integer(self._overlay.view(item, "Metadata"), METADATA_BUFFER) for item in entries]
        listed = self._indices(self._root, METADATA_BUFFERS)  # What the schema had before metadata had names.
        return collections.Counter([*named, *(index for index in listed if index not in named)])


def new_integers(values: tuple[int, ...]) -> Scalars:
    """Returns a new vector of int32."""
    return Scalars(4, np.asarray(values, "<i4").tobytes())


def new_quantization(scales: npt.ArrayLike, zero_points: npt.ArrayLike, quantized_dimension: int) -> Table:
    """Returns new quantization parameters: scales, zero points (a single one goes for all), and nothing else."""
    steps = np.atleast_1d(np.asarray(scales, "<f4"))
    points = np.broadcast_to(np.asarray(zero_points, "<i8"), steps.shape)
    fields: dict[int, bytes | Scalars] = {
        SCALES: Scalars(4, steps.tobytes()),
        ZERO_POINTS: Scalars(8, points.tobytes(), 8),
    }
    if quantized_dimension:
        fields[AXIS] = quantized_dimension.to_bytes(4, "little", signed=True)
    return Table("QuantizationParameters", dict(fields))
