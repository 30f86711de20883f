"""Facts read from real models, refusals of edited ones, and damage that is never a traceback."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests import models
from tfedge.errors import ArtifactError
from tfedge.modelfile.builder import ModelBuilder
from tfedge.modelfile.graph import GraphSummary, read_graph, refused_ops
from tfedge.modelfile.schema import load_schema

schema: Any = load_schema()

Edit = Callable[[bytes, Callable[[Any], None]], bytes]


def test_read_graph_when_weights_are_per_channel_says_which_op_has_them(dense_bytes: bytes) -> None:
    graph = read_graph(dense_bytes)

    (op,) = graph.ops
    assert (op.subgraph, op.name, op.version, op.kind) == (0, "FULLY_CONNECTED", 12, "builtin")
    assert op.input_dtypes[:2] == ("float32", "int8") and op.output_dtypes == ("float32",)
    weights = op.inputs[1]
    assert weights is not None and weights.is_constant
    assert (weights.quantization, weights.weight_bytes) == ("per_channel", 2304)
    assert (graph.per_channel_weights, graph.per_tensor_weights) == (1, 0)
    assert graph.min_runtime_version == "2.17.0"
    assert list(graph.signatures) == ["classify"]
    assert refused_ops(graph) == []


def test_read_graph_when_signatures_share_weights_counts_them_once(seq2seq_bytes: bytes) -> None:
    graph = read_graph(seq2seq_bytes)

    assert sorted(graph.signatures) == ["decode_step", "encode", "greedy"]
    step = graph.signatures["decode_step"]
    assert step.inputs["token_ids"].shape == (1, 1) and step.inputs["token_ids"].dtype == "int32"
    assert step.outputs["logits"].dtype == "float32"
    assert set(graph.signatures["encode"].outputs) < set(step.inputs)
    assert graph.num_subgraphs == 5  # Three signatures, and condition and body of the loop.
    assert "WHILE" in {op.name for op in graph.ops if op.subgraph == graph.signatures["greedy"].subgraph}
    assert set(graph.weight_bytes) == {"float32", "int32"}
    assert graph.weight_bytes["float32"] < len(seq2seq_bytes) // 3
    assert graph.resource_variables == () and refused_ops(graph) == []


def test_read_graph_when_a_pack_follows_reads_the_same(dense_bytes: bytes) -> None:
    assert read_graph(dense_bytes + b"PK\x03\x04 and so on") == read_graph(dense_bytes)


def _custom(name: bytes) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        code = model.operatorCodes[0]
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
        code.customCode = name
        for op in model.subgraphs[0].operators:
            op.builtinOptions, op.builtinOptionsType = None, 0

    return change


def _builtin(number: int) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        code = model.operatorCodes[0]
        code.builtinCode, code.deprecatedBuiltinCode = number, min(number, 127)
        for op in model.subgraphs[0].operators:
            op.builtinOptions, op.builtinOptionsType = None, 0

    return change


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_custom(b"FlexErf"), ["FlexErf (Flex op, 1x)"]),
        (_custom(b"MyOp"), ["MyOp (custom op, 1x)"]),
        (_custom(b"\xff"), ["\\xff (custom op, 1x)"]),
        (_builtin(schema.BuiltinOperator.READ_VARIABLE), ["READ_VARIABLE (resource-variable op, 1x)"]),
        (_builtin(schema.BuiltinOperator.VAR_HANDLE), ["VAR_HANDLE (resource-variable op, 1x)"]),
        (_builtin(9999), ["OP_9999 (op unknown to the installed schema, 1x)"]),
        (_builtin(schema.BuiltinOperator.TANH), []),
    ],
)
def test_refused_ops_when_an_op_is_replaced_names_it(
    dense_bytes: bytes, edit_model: Edit, change: Callable[[Any], None], expected: list[str]
) -> None:
    assert refused_ops(read_graph(edit_model(dense_bytes, change))) == expected


def test_read_graph_when_tensors_keep_state_names_them(dense_bytes: bytes, edit_model: Edit) -> None:
    def change(model: Any) -> None:
        output = model.subgraphs[0].outputs[0]
        model.subgraphs[0].tensors[output].isVariable = True
        model.subgraphs[0].tensors[output].name = b"state"

    assert read_graph(edit_model(dense_bytes, change)).resource_variables == ("state",)


def test_read_graph_when_a_bias_is_left_out_shows_the_gap(dense_bytes: bytes, edit_model: Edit) -> None:
    def change(model: Any) -> None:
        model.subgraphs[0].operators[0].inputs = [*model.subgraphs[0].operators[0].inputs[:2], -1]

    (op,) = read_graph(edit_model(dense_bytes, change)).ops

    assert op.inputs[2] is None and op.input_dtypes[2] is None


def test_read_graph_when_weights_have_one_scale_counts_them_as_per_tensor(dense_bytes: bytes, edit_model: Edit) -> None:
    def change(model: Any) -> None:
        weights = model.subgraphs[0].tensors[model.subgraphs[0].operators[0].inputs[1]]
        weights.quantization.scale, weights.quantization.zeroPoint = [0.5], [0]

    graph = read_graph(edit_model(dense_bytes, change))

    assert (graph.per_tensor_weights, graph.per_channel_weights) == (1, 0)


def _set(target: Callable[[Any], Any], **values: Any) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        for key, value in values.items():
            assert hasattr(target(model), key)
            setattr(target(model), key, value)

    return change


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (_set(lambda m: m, subgraphs=[]), "no subgraph"),
        (_set(lambda m: m.subgraphs[0], outputs=[99]), "tensor 99"),
        (_set(lambda m: m.subgraphs[0], inputs=[-1]), "tensor -1"),
        (_set(lambda m: m.subgraphs[0].operators[0], inputs=[-2, 1]), "tensor -2"),
        (_set(lambda m: m.subgraphs[0].operators[0], outputs=[-1]), "tensor -1"),
        (_set(lambda m: m.subgraphs[0].operators[0], opcodeIndex=7), "operator code 7"),
        (_set(lambda m: m.subgraphs[0].tensors[0], buffer=99), "buffer 99"),
        (_set(lambda m: m.subgraphs[0].tensors[0], type=77), "type 77"),
        (_set(lambda m: m.subgraphs[0].tensors[0], shape=[1, -9]), "shape"),
        (_set(lambda m: m.subgraphs[0].tensors[0], shape=[1] * 65), "65 dimensions"),
        (_set(lambda m: m.subgraphs[0].tensors[0], shapeSignature=[-1] * 65), "65 dimensions"),
        (_set(lambda m: m.subgraphs[0].tensors[1], shape=[3, 3]), "bytes stored"),
        (_set(lambda m: m.signatureDefs[0], subgraphIndex=5), "signature 'classify'"),
        (_set(lambda m: m.signatureDefs[0].inputs[0], tensorIndex=50), "tensor 50"),
        (lambda m: m.signatureDefs.append(m.signatureDefs[0]), "signature 'classify' twice"),
        (_set(lambda m: m.metadata[0], buffer=1000), "metadata in buffer"),
        (_set(lambda m: m.buffers[0], offset=2**40, size=9), "outside the file"),
        (_set(lambda m: m.subgraphs[0].tensors[1].quantization, zeroPoint=[0]), "zero points"),
        (_set(lambda m: m.subgraphs[0].tensors[1].quantization, quantizedDimension=2), "zero points"),
    ],
)
def test_read_graph_when_tables_contradict_each_other_refuses(
    dense_bytes: bytes, edit_model: Edit, change: Callable[[Any], None], place: str
) -> None:
    with pytest.raises(ArtifactError, match=re.escape(place)):
        read_graph(edit_model(dense_bytes, change))


def test_read_graph_when_a_loop_has_no_body_refuses(seq2seq_bytes: bytes, edit_model: Edit) -> None:
    def change(model: Any) -> None:
        for graph in model.subgraphs:
            for op in graph.operators:
                if op.builtinOptionsType == schema.BuiltinOptions.WhileOptions:
                    op.builtinOptions.bodySubgraphIndex = 42

    with pytest.raises(ArtifactError, match="a WHILE op with subgraph 42"):
        read_graph(edit_model(seq2seq_bytes, change))


def test_read_graph_when_the_options_of_an_op_are_damaged_refuses(dense_bytes: bytes, edit_model: Edit) -> None:
    def squeeze(model: Any) -> None:
        _builtin(schema.BuiltinOperator.SQUEEZE)(model)
        op = model.subgraphs[0].operators[0]
        op.builtinOptionsType, op.builtinOptions = schema.BuiltinOptions.SqueezeOptions, schema.SqueezeOptionsT()
        op.builtinOptions.squeezeDims = [0]

    data = bytearray(edit_model(dense_bytes, squeeze))
    assert [op.name for op in read_graph(bytes(data)).ops] == ["SQUEEZE"]
    table = schema.Model.GetRootAs(data, 0).Subgraphs(0).Operators(0).BuiltinOptions()
    struct.pack_into("<I", data, table.Vector(table.Offset(4)) - 4, 2**30)  # How many dimensions it squeezes.

    with pytest.raises(ArtifactError, match="unreadable options of a SQUEEZE op"):
        read_graph(bytes(data))


def _read_or_refuse(data: bytes) -> GraphSummary | None:
    try:
        return read_graph(data)
    except ArtifactError:
        return None  # Any other exception is a traceback for the user, and fails the test.


def test_read_graph_when_a_byte_is_flipped_reads_or_refuses(dense_bytes: bytes, seq2seq_bytes: bytes) -> None:
    # A read takes a millisecond or ten: steps that are odd, so that they meet every byte of a word.
    for model, step in ((dense_bytes, 3), (seq2seq_bytes, 97)):
        data = bytearray(model)
        refused = 0
        for position in range(0, len(data), step):
            data[position] ^= 0xFF
            refused += _read_or_refuse(bytes(data)) is None
            data[position] ^= 0xFF
        assert 0 < refused < len(data) // step


def test_read_graph_when_run_loads_no_interpreter(dense_bytes: bytes) -> None:
    code = (
        "import sys; from tfedge.modelfile.graph import read_graph\n"
        "read_graph(sys.stdin.buffer.read())\n"
        "maps = open('/proc/self/maps').read()\n"
        "print(any(word in maps for word in ('ai_edge_litert', 'tflite_runtime', 'tensorflow')))\n"
        "print(any(name.split('.')[0] in ('tensorflow', 'keras', 'tflite_runtime') for name in sys.modules))"
    )

    result = subprocess.run([sys.executable, "-c", code], input=dense_bytes, capture_output=True, check=True)

    assert result.stdout.split() == [b"False", b"False"]


def test_read_graph_when_tensors_are_quantized_gives_scale_zero_point_and_axis() -> None:
    (op,) = read_graph(models.dense("uint8")).ops
    x, weights, bias = op.inputs
    assert x is not None and (x.scale, x.zero_point, x.num_scales) == (1 / 32, 128, 1)
    assert (x.index, x.subgraph, x.buffer, x.shape_signature) == (0, 0, 0, ())
    assert weights is not None and bias is not None and 0 < weights.buffer != bias.buffer > 0

    (op,) = read_graph(models.dense("int8_dynamic", per_channel=True)).ops
    x, weights, _ = op.inputs
    assert x is not None and (x.scale, x.zero_point, x.num_scales) == (None, None, 0)
    assert weights is not None and (weights.num_scales, weights.quantized_dimension, weights.zero_point) == (8, 0, 0)


def test_read_graph_when_a_size_is_open_says_so() -> None:
    x = read_graph(models.dynamic_shape()).signatures["serving_default"].inputs["x"]
    assert (x.shape, x.shape_signature, x.has_dynamic_shape) == ((1, 8), (-1, 8), True)
    assert not read_graph(models.dense()).signatures["serving_default"].inputs["x"].has_dynamic_shape


def test_op_place_when_its_output_names_a_layer_says_which() -> None:
    assert read_graph(models.with_custom_op()).ops[0].place == "op 0 MyOp in subgraph 0 (head)"
    assert read_graph(models.loop()).ops[2].place == "op 0 ADD in subgraph 2"


def test_read_graph_when_subgraphs_have_interfaces_lists_them() -> None:
    graph = read_graph(models.loop())

    assert [(one.index, one.name, one.num_tensors) for one in graph.subgraphs] == [
        (0, "main", 4),
        (1, "condition", 4),
        (2, "body", 6),
    ]
    assert [tensor.name for tensor in graph.subgraphs[2].outputs] == ["i+1", "x+1"]
    assert [tensor.name for tensor in graph.subgraphs[0].inputs] == ["x"]


def test_read_graph_when_an_op_code_is_unused_lists_it_as_well() -> None:
    builder = ModelBuilder()
    builder.op("ADD", [builder.tensor("x", (1,)), 0], [builder.tensor("y", (1,))], version=2)
    builder.op_code("FULLY_CONNECTED", 12)
    graph = read_graph(builder.build())

    assert graph.op_codes == (("ADD", 2), ("FULLY_CONNECTED", 12)) and len(graph.ops) == 1
    assert graph.schema_version == 3


def test_read_graph_when_metadata_are_there_gives_their_sizes() -> None:
    builder = ModelBuilder()
    builder.tensor("x", (1,))
    builder.metadata("min_runtime_version", b"1.5.0".ljust(16, b"\0"))
    builder.metadata("TFLITE_METADATA", b"\0" * 100)
    graph = read_graph(builder.build())

    assert graph.metadata == {"min_runtime_version": 16, "TFLITE_METADATA": 100}
    assert graph.min_runtime_version == "1.5.0"
    assert read_graph(models.dense()).metadata == {}


def test_read_graph_when_names_would_act_on_a_terminal_writes_their_codes() -> None:
    builder = ModelBuilder("\x1b]0;title\x07")
    builder.subgraph("\x1b[2J")
    x = builder.tensor("x\n\x1b[31m", (1,))
    builder.op("CUSTOM", [x], [builder.tensor("\u202ey", (1,))], custom_code="My\rOp")
    builder.signature("\x9b0m", {"\x07": x}, {})
    builder.metadata("\x1b", b"x")
    graph = read_graph(builder.build())

    words = [graph.description, graph.subgraphs[0].name, *graph.signatures, *graph.metadata, *refused_ops(graph)]
    words += [name for signature in graph.signatures.values() for name in signature.inputs]
    words += [graph.ops[0].place, *(tensor.name for tensor in graph.ops[0].outputs + graph.subgraphs[0].inputs)]
    assert all(word.isprintable() for word in words)
    assert graph.ops[0].name == "My\\rOp" and list(graph.signatures) == ["\\x9b0m"]
