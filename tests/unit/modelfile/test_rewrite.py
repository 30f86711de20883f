"""Each edit changes what it names and nothing else: compared with the published schema's own reading of the file."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.models import dense, loop, two_signatures, with_custom_op, with_metadata
from tests.unit.modelfile.model_tree import aliased, old_bytes_kept, reference_place, schema, tree, unpacked
from tfedge.errors import ArtifactError, ConfigError
from tfedge.modelfile.builder import ModelBuilder
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.rewrite import ModelEditor

TWO_DENSE_OPTIONS = {"asymmetricQuantizeInputs": True}


def two_dense(version: int = 5) -> bytes:
    """x -> FULLY_CONNECTED -> FULLY_CONNECTED -> y, both of operator code 0 and with weights in one buffer."""
    builder = ModelBuilder("two dense")
    x, hidden, y = (builder.tensor(name, (1, 4)) for name in ("x", "hidden", "y"))
    first = builder.tensor("first", (4, 4), "int8", np.arange(16).reshape(4, 4), scales=[0.1, 0.2, 0.3, 0.4])
    second = builder.tensor("second", (4, 4), "int8", buffer=builder.buffer_of(first), scales=[0.1, 0.2, 0.3, 0.4])
    builder.op("FULLY_CONNECTED", [x, first, None], [hidden], version, TWO_DENSE_OPTIONS)
    builder.op("FULLY_CONNECTED", [hidden, second, None], [y], version, TWO_DENSE_OPTIONS)
    builder.signature("serving_default", {"x": x}, {"y": y})
    return builder.build()


def edited(model_bytes: bytes, edit: Callable[[ModelEditor], object]) -> bytes:
    editor = ModelEditor(model_bytes)
    edit(editor)
    new = editor.to_bytes()
    read_graph(new)
    return new


def as_expected(model_bytes: bytes, change: Callable[[Any], object]) -> Any:
    model = unpacked(model_bytes)
    change(model)
    return tree(model)


@pytest.mark.parametrize("model_bytes", [dense(), loop(), two_signatures(), with_custom_op()])
def test_to_bytes_when_nothing_was_edited_returns_the_same_bytes(model_bytes: bytes) -> None:
    editor = ModelEditor(model_bytes)

    assert [editor.op_version(op) for op in editor.ops()] == [op.version for op in read_graph(model_bytes).ops]
    assert editor.to_bytes() == model_bytes


def test_set_op_versions_when_all_ops_of_a_code_change_changes_the_code() -> None:
    old = two_dense()
    new = edited(old, lambda editor: editor.set_op_versions({(0, 0): 12, (0, 1): 12}))

    assert read_graph(new).op_codes == (("FULLY_CONNECTED", 12),)
    assert old_bytes_kept(old, new)
    assert tree(unpacked(new)) == as_expected(old, lambda model: setattr(model.operatorCodes[0], "version", 12))


def test_set_op_versions_when_one_op_of_a_code_changes_gives_it_its_own() -> None:
    old = two_dense()
    new = edited(old, lambda editor: editor.set_op_versions({(0, 1): 12}))

    assert read_graph(new).op_codes == (("FULLY_CONNECTED", 5), ("FULLY_CONNECTED", 12))
    assert [op.version for op in read_graph(new).ops] == [5, 12]
    assert old_bytes_kept(old, new)


def test_set_op_versions_when_a_code_of_that_version_exists_uses_it() -> None:
    new = edited(
        edited(two_dense(), lambda editor: editor.set_op_versions({(0, 1): 12})),
        lambda editor: editor.set_op_versions({(0, 0): 12}),
    )

    # The first op's code has no other op: it is changed, and the second's stays.
    assert [op.version for op in read_graph(new).ops] == [12, 12]
    twice = edited(two_dense(), lambda editor: editor.set_op_versions({(0, 0): 9, (0, 1): 12}))
    assert read_graph(twice).op_codes == (("FULLY_CONNECTED", 5), ("FULLY_CONNECTED", 9), ("FULLY_CONNECTED", 12))


def test_set_op_versions_when_the_version_is_the_same_changes_nothing() -> None:
    assert edited(two_dense(), lambda editor: editor.set_op_versions({(0, 0): 5, (0, 1): 5})) == two_dense()


def test_set_op_versions_when_the_field_was_left_out_writes_it() -> None:
    old = dense(version=1)  # 1 is the default, which no writer stores.
    new = edited(old, lambda editor: editor.set_op_versions({(0, 0): 3}))

    assert tree(unpacked(new)) == as_expected(old, lambda model: setattr(model.operatorCodes[0], "version", 3))


def test_set_code_version_when_no_op_has_the_code_changes_it_all_the_same() -> None:
    builder = ModelBuilder("unused code")
    x, y = builder.tensor("x", (1, 2)), builder.tensor("y", (1, 2))
    builder.op("RELU", [x], [y])
    unused = builder.op_code("FULLY_CONNECTED", 12)

    new = edited(builder.build(), lambda editor: editor.set_code_version(unused, 1))

    assert read_graph(new).op_codes == (("RELU", 1), ("FULLY_CONNECTED", 1))


def test_set_quantization_when_two_tensors_have_the_same_old_one_changes_the_named_alone() -> None:
    old = two_dense()
    root = schema.Model.GetRootAs(old, 0)
    first, second = (root.Subgraphs(0).Tensors(index) for index in (3, 4))
    old = aliased(old, reference_place(first, 4), reference_place(second, 4))
    assert tree(unpacked(old))["subgraphs"][0]["tensors"][3]["quantization"]["scale"]

    new = edited(old, lambda editor: editor.set_quantization([(0, 3)], 0.5))

    tensors = tree(unpacked(new))["subgraphs"][0]["tensors"]
    assert tensors[3]["quantization"]["scale"] == [0.5] and tensors[3]["quantization"]["zeroPoint"] == [0]
    assert tensors[4] == tree(unpacked(old))["subgraphs"][0]["tensors"][4]


@pytest.mark.parametrize(
    "slot, get",
    [
        (0, lambda model: model.subgraphs[0].operators[1]),  # One table for both ops.
        (3, lambda model: model.subgraphs[0].tensors[4]),  # One table for both tensors, by their place in the vector.
    ],
)
def test_edits_when_whole_tables_are_shared_leave_the_other_alone(slot: int, get: Callable[[Any], Any]) -> None:
    old = two_dense()
    graph = schema.Model.GetRootAs(old, 0).Subgraphs(0)
    if slot == 0:
        old = aliased(old, reference_place(graph, 3, 0), reference_place(graph, 3, 1))
        new = edited(old, lambda editor: editor.set_op_versions({(0, 0): 12}))
        assert read_graph(new).ops[0].version == 12
    else:
        old = aliased(old, reference_place(graph, 0, 3), reference_place(graph, 0, 4))
        new = edited(old, lambda editor: editor.set_quantization([(0, 3)], 0.5))
        assert read_graph(new).ops[0].inputs[1].quantization == "per_tensor"

    assert tree(get(unpacked(new))) == tree(get(unpacked(old)))


def test_set_data_when_all_users_are_named_writes_in_place() -> None:
    old, data = two_dense(), bytes(range(100, 116))
    new = edited(old, lambda editor: editor.set_data([(0, 3), (0, 4)], data))

    assert len(new) - len(old) == 64 and data in new and bytes(range(16)) not in new
    buffer = unpacked(old).subgraphs[0].tensors[3].buffer
    assert tree(unpacked(new)) == as_expected(old, lambda model: setattr(model.buffers[buffer], "data", list(data)))


def test_set_data_when_others_share_the_buffer_leaves_theirs() -> None:
    old, data = two_dense(), bytes(range(100, 116))
    new = edited(old, lambda editor: editor.set_data([(0, 3)], data))

    editor = ModelEditor(new)
    assert bytes(editor.tensor_data((0, 3))) == data
    assert bytes(editor.tensor_data((0, 4))) == bytes(range(16))
    assert editor.sharing((0, 3)) == {(0, 3)} and editor.sharing((0, 4)) == {(0, 4)}


def test_set_data_when_metadata_or_another_buffer_has_the_same_bytes_leaves_theirs() -> None:
    builder = ModelBuilder("shared bytes")
    x, w, y = builder.tensor("x", (1, 2)), builder.tensor("w", (2,), data=[1, 2]), builder.tensor("y", (1, 2))
    other = builder.tensor("other", (2,), data=[3, 4])
    builder.op("ADD", [x, w], [y])
    builder.metadata("about", b"")
    builder.model.metadata[0].buffer = builder.buffer_of(w)
    old = builder.build()
    for slot_owner in ("tables", "vectors"):
        root = schema.Model.GetRootAs(old, 0)
        first, second = builder.buffer_of(w), builder.buffer_of(other)
        one, two = (reference_place(root, 4, index) for index in (first, second))
        if slot_owner == "vectors":
            one, two = (reference_place(root.Buffers(index), 0) for index in (first, second))
        shared = aliased(old, one, two)
        for tensor in (1, 3):
            new = edited(shared, lambda editor, tensor=tensor: editor.set_data([(0, tensor)], bytes(8)))
            before, after = unpacked(shared), unpacked(new)
            kept = [after.subgraphs[0].tensors[4 - tensor].buffer, after.metadata[0].buffer]
            was = [before.subgraphs[0].tensors[4 - tensor].buffer, before.metadata[0].buffer]
            assert [tree(after.buffers[index].data) for index in kept] == [
                tree(before.buffers[index].data) for index in was
            ]


def test_set_metadata_when_the_length_is_another_keeps_the_buffers_aligned() -> None:
    def change(editor: ModelEditor) -> None:
        editor.set_metadata("reduced_precision_support", b"fp16")
        editor.set_metadata("min_runtime_version", b"3.0.0")
        editor.set_metadata("min_runtime_version", b"3.0")

    new = edited(with_metadata(), change)

    root = schema.Model.GetRootAs(new, 0)
    offsets = [(buffer := root.Buffers(index))._tab.Offset(4) and buffer for index in range(root.BuffersLength())]
    places = [buffer._tab.Vector(buffer._tab.Offset(4)) for buffer in offsets if buffer]
    assert len(places) > 1 and [place % 16 for place in places] == [0] * len(places)
    assert read_graph(new).min_runtime_version == "3.0"
    assert read_graph(new).metadata["reduced_precision_support"] == 4


def test_add_tensor_when_used_as_bias_reads_back() -> None:
    def add(editor: ModelEditor) -> None:
        bias = editor.add_tensor(0, "bias", "int32", (8,), bytes(32), np.arange(1, 9) / 8)
        editor.set_op_input((0, 0), 2, bias)

    old = dense("int8_static", per_channel=True, bias=False)
    new = edited(old, add)

    bias = read_graph(new).ops[0].inputs[2]
    assert bias is not None and (bias.name, bias.dtype, bias.shape) == ("bias", "int32", (8,))
    assert ModelEditor(new).quantization((0, bias.index))[0].tolist() == (np.arange(1, 9) / 8).tolist()
    assert old_bytes_kept(old, new)
    assert tree(unpacked(new))["subgraphs"][0]["tensors"][:-1] == tree(unpacked(old))["subgraphs"][0]["tensors"]


def test_set_op_input_when_the_op_has_too_few_fills_up_and_leaves_sharing_ops_alone() -> None:
    old = two_dense()
    graph = schema.Model.GetRootAs(old, 0).Subgraphs(0)
    old = aliased(old, reference_place(graph.Operators(0), 1), reference_place(graph.Operators(1), 1))
    inputs = unpacked(old).subgraphs[0].operators[0].inputs.tolist()

    new = edited(old, lambda editor: editor.set_op_input((0, 0), 4, 3))

    operators = unpacked(new).subgraphs[0].operators
    assert [op.inputs.tolist() for op in operators] == [[*inputs, -1, 3], inputs]


def test_set_min_runtime_version_when_there_is_none_adds_it() -> None:
    new = edited(dense(), lambda editor: editor.set_min_runtime_version("2.17.0"))

    assert read_graph(new).min_runtime_version == "2.17.0"
    assert bytes(unpacked(new).buffers[-1].data) == b"2.17.0".ljust(16, b"\0")


def test_set_min_runtime_version_when_there_is_one_replaces_it_in_place() -> None:
    old = with_metadata()
    assert read_graph(old).min_runtime_version

    new = edited(old, lambda editor: editor.set_min_runtime_version("2.17.0"))

    assert read_graph(new).min_runtime_version == "2.17.0"
    assert len(unpacked(new).buffers) == len(unpacked(old).buffers)
    assert read_graph(new).metadata == read_graph(old).metadata


def test_edits_when_the_model_has_unknown_ops_and_custom_options_keep_them(
    edit_model: Callable[[bytes, Callable[[Any], None]], bytes],
) -> None:
    def make_unknown(model: Any) -> None:
        model.operatorCodes[0].builtinCode = 9_999
        model.operatorCodes[0].deprecatedBuiltinCode = 127
        model.subgraphs[0].operators[0].customOptions = list(b"an option of a runtime to come")

    old = edit_model(with_custom_op(), make_unknown)
    new = edited(old, lambda editor: (editor.set_min_runtime_version("3.0.0"), editor.set_op_versions({(0, 0): 7})))

    op = unpacked(new).subgraphs[0].operators[0]
    assert bytes(op.customOptions) == b"an option of a runtime to come"
    assert unpacked(new).operatorCodes[0].builtinCode == 9_999 and unpacked(new).operatorCodes[0].version == 7
    assert old_bytes_kept(old, new)


def test_edits_when_they_name_what_is_not_there_say_so() -> None:
    editor = ModelEditor(two_dense())
    for wrong in (
        lambda: editor.set_op_versions({(0, 2): 1}),
        lambda: editor.set_op_versions({(0, 0): 0}),
        lambda: editor.set_code_version(1, 2),
        lambda: editor.set_data([], b""),
        lambda: editor.set_data([(1, 0)], b""),
        lambda: editor.add_tensor(0, "x", "int7", (1,), b""),
        lambda: editor.set_op_input((0, 0), 2, 99),
        lambda: editor.set_min_runtime_version("1" * 16),
        lambda: editor.set_min_runtime_version(""),
    ):
        with pytest.raises(ConfigError, match="expected"):
            wrong()
    assert editor.to_bytes() == two_dense()


@pytest.mark.parametrize("what", ["external", "offset", "options", "dispatch"])
def test_editor_when_parts_stand_at_absolute_places_refuses(
    what: str, edit_model: Callable[[bytes, Callable[[Any], None]], bytes]
) -> None:
    def change(model: Any) -> None:
        if what == "external":
            model.externalBuffers = [schema.ExternalBufferT()]
        elif what == "offset":
            model.buffers[0].offset, model.buffers[0].size = 2, 1
        elif what == "options":
            model.subgraphs[0].operators[0].largeCustomOptionsOffset = 2
        else:
            model.operatorCodes[0].customCode = "DISPATCH_OP"

    with pytest.raises(ArtifactError, match="would move; convert the model again"):
        ModelEditor(edit_model(with_custom_op(), change))
    ModelEditor(edit_model(with_custom_op(), lambda model: setattr(model.buffers[0], "offset", 1)))


def test_editor_when_a_table_has_fields_of_a_newer_schema_refuses_to_copy_it() -> None:
    data = bytearray(dense(version=2))
    code = schema.Model.GetRootAs(bytes(data), 0).OperatorCodes(0)._tab
    vtable = code.Pos - struct.unpack_from("<i", data, code.Pos)[0]
    # A longer vtable at the end of the file: its last slot is one that no schema has.
    old = data[vtable : vtable + struct.unpack_from("<H", data, vtable)[0]]
    fields = 12 - len(old)
    data += bytes(-len(data) % 4)
    struct.pack_into("<i", data, code.Pos, code.Pos - len(data))
    data += struct.pack("<H", 14) + bytes(old[2:]) + bytes(fields) + struct.pack("<H", 4)

    with pytest.raises(ArtifactError, match="OperatorCode .* has field 4.*update tfedge"):
        ModelEditor(bytes(data))
