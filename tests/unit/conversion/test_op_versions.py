from __future__ import annotations

import pytest

from tests.unit.conversion.graphs import SCHEMA, Graph
from tfedge.conversion import compact, op_versions
from tfedge.modelfile.graph import read_graph

ROWS = (1.0, 2.0, 3.0, 4.0)


def truth(graph: Graph):
    """The summary of the graph as it is written, after its versions were set."""
    op_versions.tell_the_truth(graph.model, SCHEMA)
    return read_graph(compact.pack(graph.model))


@pytest.mark.parametrize(
    ("activation", "kind", "scales", "version", "first_runtime"),
    [
        ("FLOAT32", "FLOAT32", ROWS, 5, "1.14.0"),
        ("FLOAT32", "INT8", (1.0,), 5, "1.14.0"),
        # What tflite-runtime 2.14 answers with zeros under version 5.
        ("FLOAT32", "INT8", ROWS, 12, "2.17.0"),
        ("FLOAT32", "INT4", ROWS, 10, "2.11.0"),
        ("INT8", "INT8", ROWS, 5, "1.14.0"),
        ("INT8", "INT4", ROWS, 10, "2.11.0"),
        ("INT16", "INT8", ROWS, 11, "2.15.0"),
        ("INT16", "INT4", ROWS, 13, "2.18.0"),
    ],
)
def test_product_then_the_version_of_its_types_and_the_runtime_that_has_it(
    activation, kind, scales, version, first_runtime
):
    graph = Graph()
    graph.product("dense", graph.buffer(None), activation, kind, scales)
    summary = truth(graph)
    assert [op.version for op in summary.ops] == [version]
    assert summary.min_runtime_version == first_runtime


def test_product_when_dynamic_of_one_scale_and_asymmetric_then_9():
    graph = Graph()
    graph.product("dense", graph.buffer(None))
    graph.model.subgraphs[0].operators[0].builtinOptions.asymmetricQuantizeInputs = True
    assert [op.version for op in truth(graph).ops] == [9]


@pytest.mark.parametrize(
    ("name", "activation", "kind", "scales", "version"),
    [
        ("CONV_2D", "FLOAT32", "FLOAT32", None, 1),
        ("CONV_2D", "FLOAT32", "INT8", (1.0,), 2),
        ("CONV_2D", "FLOAT32", "INT8", ROWS, 5),
        ("CONV_2D", "INT8", "INT8", ROWS, 3),
        ("DEPTHWISE_CONV_2D", "FLOAT32", "INT8", (1.0,), 4),
        ("DEPTHWISE_CONV_2D", "FLOAT32", "INT8", ROWS, 6),
        ("DEPTHWISE_CONV_2D", "INT8", "INT8", ROWS, 3),
    ],
)
def test_convolution_then_the_version_of_its_types(name, activation, kind, scales, version):
    graph = Graph()
    tensors = [graph.tensor("in", activation, (1, 4, 4, 4)), graph.tensor("kernel", kind, (4, 1, 1, 4), scales)]
    graph.op(name, tensors, [graph.tensor("out", activation, (1, 4, 4, 4))])
    assert [op.version for op in truth(graph).ops] == [version]


@pytest.mark.parametrize(
    ("name", "source", "scales", "target", "version"),
    [
        ("DEQUANTIZE", "INT8", (1.0,), "FLOAT32", 2),
        ("DEQUANTIZE", "INT8", ROWS, "FLOAT32", 5),
        ("DEQUANTIZE", "INT4", ROWS, "FLOAT32", 6),
        ("DEQUANTIZE", "FLOAT16", None, "FLOAT32", 3),
        ("QUANTIZE", "FLOAT32", None, "INT8", 1),
        ("QUANTIZE", "FLOAT32", None, "INT16", 2),
        ("SOFTMAX", "FLOAT32", None, "FLOAT32", 1),
        ("SOFTMAX", "INT8", (1.0,), "INT8", 2),
        ("RSQRT", "INT16", (1.0,), "INT16", 3),
        ("SQUARE", "FLOAT32", None, "FLOAT32", 1),
    ],
)
def test_op_then_the_version_of_its_types(name, source, scales, target, version):
    graph = Graph()
    graph.op(name, [graph.tensor("in", source, (4, 4), scales)], [graph.tensor("out", target, (4, 4))])
    assert [op.version for op in truth(graph).ops] == [version]


@pytest.mark.parametrize(("scale", "version"), [(0.25, 3), (0.26, 2)])
def test_mul_then_3_where_it_scales_up(scale, version):
    graph = Graph()
    inputs = [graph.tensor(name, "INT8", scales=(0.5,)) for name in "ab"]
    graph.op("MUL", inputs, [graph.tensor("out", "INT8", scales=(scale,))])
    assert [op.version for op in truth(graph).ops] == [version]


def test_mixed_then_each_op_its_own_code_and_none_that_no_op_has():
    graph = Graph()
    for name, scales in (("a", ROWS), ("b", ROWS), ("c", (1.0,))):
        graph.product(name, graph.buffer(None), scales=scales)
    assert [op.version for op in truth(graph).ops] == [12, 12, 5]
    assert sorted(code.version for code in graph.model.operatorCodes) == [5, 12]
    graph.model.subgraphs[0].operators.pop()
    op_versions.tell_the_truth(graph.model, SCHEMA)
    assert [code.version for code in graph.model.operatorCodes] == [12]


def test_min_runtime_version_when_the_file_needs_a_younger_one_already_then_kept():
    graph = Graph(min_runtime_version="2.20.0")
    graph.product("dense", graph.buffer(None), scales=ROWS)
    assert truth(graph).min_runtime_version == "2.20.0"


def test_version_when_higher_already_then_kept():
    graph = Graph()
    graph.op("SOFTMAX", [graph.tensor("in", "INT8", scales=(1.0,))], [graph.tensor("out")], version=4)
    assert [op.version for op in truth(graph).ops] == [4]
