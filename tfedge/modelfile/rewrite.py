"""Edits a .tflite without rebuilding it: what an edit does not name stays byte for byte, understood or not.

    editor = ModelEditor(model_bytes)
    editor.set_op_versions({(0, 3): 12})
    editor.set_min_runtime_version("2.17.0")
    fixed = editor.to_bytes()

`tfedge.modelfile.overlay` says how: new tables stand in front of the old bytes. Tensors and ops are named by
(subgraph, index), and no edit renumbers one.
"""

from __future__ import annotations

import collections
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy.typing as npt

from tfedge.errors import ConfigError
from tfedge.modelfile import layout
from tfedge.modelfile.flatbuffer import verify_model
from tfedge.modelfile.layout import ModelView, Place, new_integers, new_quantization
from tfedge.modelfile.overlay import BUFFER_ALIGNMENT, Kept, Scalars, Table, Text
from tfedge.modelfile.schema import load_schema

MIN_RUNTIME_VERSION = "min_runtime_version"
MIN_RUNTIME_VERSION_BYTES = 16  # The width that TensorFlow's exporter reserves, padded with NUL.
LEFT_OUT = -1  # An optional input that an op does not get.


class ModelEditor(ModelView):
    """One model under edit; reading methods see the edits made before.

    Args:
        model_bytes: a .tflite alone (`tfedge.modelfile.tail` takes off what stands behind one).

    Raises:
        ArtifactError: damaged, or with parts at absolute places in the file, which an edit would move: external
            buffers, large custom options, or an op compiled for an NPU.
    """

    def __init__(self, model_bytes: bytes) -> None:
        super().__init__(model_bytes)
        self._check_movable()

    def set_op_versions(self, versions: Mapping[Place, int]) -> None:
        """Gives ops other versions.

        An operator code whose ops all get one version is changed; where only some do, they get a code of their own.

        Raises:
            ConfigError: no such op, or a version below 1.
        """
        by_code: dict[int, dict[int, list[Place]]] = collections.defaultdict(lambda: collections.defaultdict(list))
        for op, version in versions.items():
            if version < 1:
                raise ConfigError(f"expected an op version of 1 or more; got {version} for op {op}")
            by_code[self.op_code(op)][version].append(op)
        counts = collections.Counter(self.op_code(op) for op in self.ops())
        for code, wanted in sorted(by_code.items()):
            if len(wanted) == 1 and sum(map(len, wanted.values())) == counts[code]:
                self.set_code_version(code, next(iter(wanted)))
                continue
            for version, ops in sorted(wanted.items()):
                if version != self._code_version(code):
                    self._move_ops(ops, code, version)

    def set_code_version(self, code: int, version: int) -> None:
        """Sets the version of an operator code, and so of every op that has it.

        Raises:
            ConfigError: no such code, or a version below 1.
        """
        count = len(self._overlay.tables(self._root, layout.CODES).items)
        if not 0 <= code < count or version < 1:
            raise ConfigError(f"expected an operator code below {count}, a version of 1 or more; got {code}, {version}")
        if version != self._code_version(code):
            codes = self._overlay.open_tables(self._root, layout.CODES)
            self._overlay.set_integer(self._overlay.open_table(codes, code), layout.VERSION, version)

    def set_quantization(
        self,
        tensors: Iterable[Place],
        scales: npt.ArrayLike,
        zero_points: npt.ArrayLike = 0,
        quantized_dimension: int = 0,
    ) -> None:
        """Gives tensors other scales: float32, one or one a channel; a single zero point goes for all.

        Recorded ranges and custom quantization of the old parameters are dropped: they describe others.
        """
        for tensor in tensors:
            table = self._open(tensor, layout.TENSORS)
            new = new_quantization(scales, zero_points, quantized_dimension)
            self._overlay.set_node(table, layout.QUANTIZATION, new)

    def set_data(self, tensors: Collection[Place], data: bytes) -> None:
        """Gives stored tensors other data; others that share their buffer keep the old.

        Data of the old length are written over the old, where nothing else refers to it: the file does not grow.

        Raises:
            ConfigError: no tensor, or no such tensor.
        """
        if not tensors:
            raise ConfigError("expected one tensor or more to give data to; got none")
        buffers = {self.buffer_of(tensor) for tensor in tensors}
        buffer = buffers.pop() if len(buffers) == 1 else 0
        if buffer and self._buffer_users()[buffer] == set(tensors) and not self._metadata_users()[buffer]:
            self._replace_buffer(buffer, data)
            return
        added = self._add_buffer(data)
        for tensor in tensors:
            self._overlay.set_integer(self._open(tensor, layout.TENSORS), layout.BUFFER, added)
        self._users = None

    def add_tensor(
        self,
        subgraph: int,
        name: str,
        dtype: str,
        shape: Sequence[int],
        data: bytes | Place,
        scales: npt.ArrayLike | None = None,
        zero_points: npt.ArrayLike = 0,
        quantized_dimension: int = 0,
    ) -> int:
        """Adds a stored tensor behind the others of a subgraph; returns its index.

        Args:
            subgraph: where.
            name: need not be unique.
            dtype: as the schema calls it, in lower case.
            shape: sizes.
            data: its bytes, or a stored tensor whose buffer it shares.
            scales: one or one a channel; None: not quantized.
            zero_points: as many, or one for all.
            quantized_dimension: of several scales.

        Raises:
            ConfigError: an unknown dtype or no such subgraph.
        """
        number = vars(load_schema().TensorType).get(dtype.upper())
        if number is None:
            raise ConfigError(f"expected a dtype of the .tflite schema; got {dtype!r}")
        table = Table("Tensor", {layout.SHAPE: new_integers(tuple(shape)), layout.NAME: Text(name.encode())})
        if scales is not None:
            table.fields[layout.QUANTIZATION] = new_quantization(scales, zero_points, quantized_dimension)
        tensors = self._overlay.open_tables(self._open_graph(subgraph), layout.TENSORS)
        self._overlay.set_integer(table, layout.TYPE, number)
        buffer = self._add_buffer(data) if isinstance(data, bytes) else self.buffer_of(data)
        self._overlay.set_integer(table, layout.BUFFER, buffer)
        tensors.items.append(table)
        self._users = None
        return len(tensors.items) - 1

    def set_op_input(self, op: Place, position: int, tensor: int) -> None:
        """Lets an op read another tensor at `position`; inputs before it that it lacks are left out (-1).

        Raises:
            ConfigError: no such op or tensor.
        """
        if not 0 <= tensor < self.num_tensors(op[0]):
            raise ConfigError(f"expected a tensor of subgraph {op[0]}; got {tensor}")
        inputs = list(self.op_inputs(op))
        inputs += [LEFT_OUT] * (position + 1 - len(inputs))
        inputs[position] = tensor
        self._overlay.set_node(self._open(op, layout.OPERATORS), layout.INPUTS, new_integers(tuple(inputs)))

    def set_metadata(self, name: str, data: bytes) -> None:
        """Adds a metadata entry, or replaces the data of every entry of this name."""
        entries = self._overlay.open_tables(self._root, layout.METADATA)
        found = False
        for index, item in enumerate(entries.items):
            table = self._overlay.view(item, "Metadata")
            if self._overlay.content(table, layout.METADATA_NAME) != name.encode():
                continue
            found, buffer = True, self._overlay.integer(table, layout.METADATA_BUFFER)
            if not buffer or self._metadata_users()[buffer] > 1 or self._buffer_users()[buffer]:
                added, table = self._add_buffer(data), self._overlay.open_table(entries, index)
                self._overlay.set_integer(table, layout.METADATA_BUFFER, added)
            else:
                self._replace_buffer(buffer, data)
        if not found:
            table = Table("Metadata", {layout.METADATA_NAME: Text(name.encode())})
            self._overlay.set_integer(table, layout.METADATA_BUFFER, self._add_buffer(data))
            entries.items.append(table)

    def set_min_runtime_version(self, version: str) -> None:
        """Sets or adds what the file says of the oldest runtime that runs it, such as "2.17.0".

        Raises:
            ConfigError: a text that does not fit.
        """
        data = version.encode("ascii", "replace")
        if not 0 < len(data) < MIN_RUNTIME_VERSION_BYTES:
            raise ConfigError(f"expected a version of 1 to {MIN_RUNTIME_VERSION_BYTES - 1} letters; got {version!r}")
        self.set_metadata(MIN_RUNTIME_VERSION, data.ljust(MIN_RUNTIME_VERSION_BYTES, b"\0"))

    def to_bytes(self) -> bytes:
        """Returns the edited model; without an edit, the bytes it was given.

        Raises:
            ArtifactError: it would be 2 GB or more.
        """
        data = self._overlay.to_bytes()
        verify_model(data)
        return data

    def _open_graph(self, subgraph: int) -> Table:
        self._graph(subgraph)
        return self._overlay.open_table(self._overlay.open_tables(self._root, layout.SUBGRAPHS), subgraph)

    def _open(self, place: Place, slot: int) -> Table:
        """Returns the tensor or op (by `slot`) at `place` to change."""
        self._view(place, slot)
        vector = self._overlay.open_tables(self._open_graph(place[0]), slot)
        return self._overlay.open_table(vector, place[1])

    def _move_ops(self, ops: Sequence[Place], code: int, version: int) -> None:
        """Gives ops the code that differs from `code` in its version alone; adds it where there is none."""
        codes = self._overlay.open_tables(self._root, layout.CODES)
        wanted = self._overlay.view(codes.items[code], "OperatorCode")
        identity = self._identity(wanted)
        found = None
        for index, item in enumerate(codes.items):
            if (
                self._code_version(index) == version
                and self._identity(self._overlay.view(item, "OperatorCode")) == identity
            ):
                found = index
        if found is None:
            added = Table("OperatorCode", dict(wanted.fields))
            self._overlay.set_integer(added, layout.VERSION, version)
            codes.items.append(added)
            found = len(codes.items) - 1
        for op in ops:
            self._overlay.set_integer(self._open(op, layout.OPERATORS), layout.CODE_INDEX, found)

    def _identity(self, code: Table) -> tuple[int, bytes]:
        """Returns which op a code is: its number (codes under 127 may be in the old field alone) and custom code."""
        numbers = [self._overlay.integer(code, slot) for slot in (layout.OLD_BUILTIN_CODE, layout.BUILTIN_CODE)]
        return max(numbers), bytes(self._overlay.content(code, layout.CUSTOM_CODE))

    def _add_buffer(self, data: bytes) -> int:
        buffers = self._overlay.open_tables(self._root, layout.BUFFERS)
        if not buffers.items:
            buffers.items.append(Table("Buffer", {}))  # Buffer 0 is empty by convention: tensors without data.
        buffers.items.append(Table("Buffer", {layout.DATA: Scalars(1, bytes(data), BUFFER_ALIGNMENT)}))
        return len(buffers.items) - 1

    def _replace_buffer(self, index: int, data: bytes) -> None:
        """Gives a buffer other data: in place where they fit and no other buffer has the same bytes."""
        views = [self._overlay.view(item, "Buffer") for item in self._overlay.tables(self._root, layout.BUFFERS).items]
        held = views[index].fields.get(layout.DATA)
        fits = len(self._overlay.content(views[index], layout.DATA)) == len(data)
        if fits and isinstance(held, Kept) and sum(view.fields.get(layout.DATA) == held for view in views) == 1:
            self._overlay.overwrite(held, bytes(data))
            return
        buffers = self._overlay.open_tables(self._root, layout.BUFFERS)
        buffers.items[index] = Table("Buffer", {layout.DATA: Scalars(1, bytes(data), BUFFER_ALIGNMENT)})
