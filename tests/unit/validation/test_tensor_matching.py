from __future__ import annotations

import dataclasses

from tests.models.attention import attention
from tfedge.modelfile.builder import ModelBuilder
from tfedge.modelfile.graph import GraphSummary, read_graph
from tfedge.validation.tensor_matching import SignatureGraph, match_tensors

KEY = "serving_default"


def matched(first: GraphSummary, second: GraphSummary) -> list[tuple[str, str, str]]:
    """Returns (name in the first file, name in the second, by what)."""
    matching = match_tensors(SignatureGraph(first, KEY), SignatureGraph(second, KEY))
    return [(match.first.tensor.name, match.second.tensor.name, match.by) for match in matching.matches]


def without_names(graph: GraphSummary) -> GraphSummary:
    def renamed(tensor):
        return tensor and dataclasses.replace(tensor, name=f"tfl.op{tensor.index}")

    ops = [
        dataclasses.replace(op, inputs=tuple(map(renamed, op.inputs)), outputs=tuple(map(renamed, op.outputs)))
        for op in graph.ops
    ]
    return dataclasses.replace(graph, ops=tuple(ops))


def chain(*ops: str, names: str = "") -> GraphSummary:
    """Returns the graph of one-input ops in a row; `names` are those of their outputs, letter by letter."""
    builder = ModelBuilder()
    x = here = builder.tensor("x", (4,))
    for place, op in enumerate(ops):
        made = builder.tensor(names[place] if names else f"{op}_{place}", (4,))
        builder.op(op, [here], [made])
        here = made
    builder.signature(KEY, {"x": x}, {"y": here})
    return read_graph(builder.build())


def test_match_when_quantized_every_tensor_finds_its_own_through_quantize_and_dequantize():
    found = matched(read_graph(attention()), read_graph(attention("int8")))
    assert len(found) == 8
    assert {(one, by) for one, _, by in found if by != "name"} == {
        ("encoder/attention/output_dense/MatMul", "signature")
    }
    assert all(one == other for one, other, _ in found)


def test_match_when_names_are_lost_the_order_tells():
    named = matched(read_graph(attention()), read_graph(attention("int8")))
    quantized = read_graph(attention("int8"))
    found = matched(read_graph(attention()), without_names(quantized))
    names = {f"tfl.op{tensor.index}": tensor.name for op in quantized.ops for tensor in op.outputs}
    assert [(one, names[other]) for one, other, _ in found] == [(one, other) for one, other, _ in named]
    assert [by for _, _, by in found].count("order") == 7


def test_match_when_an_op_is_missing_it_alone_is_unmatched():
    first, second = SignatureGraph(chain("EXP", "ABS", "SIN"), KEY), SignatureGraph(chain("EXP", "SIN"), KEY)
    matching = match_tensors(first, second)
    assert [match.first.op.name for match in matching.matches] == ["EXP", "SIN"]
    assert [place.op.name for place in matching.unmatched] == ["ABS"]


def test_match_when_a_name_means_another_op_it_is_not_taken():
    found = matched(chain("EXP", "ABS", "NEG", names="abc"), chain("ABS", "EXP", "NEG", names="abc"))
    assert ("a", "a", "name") not in found and ("b", "b", "name") not in found


def test_match_when_order_contradicts_what_is_certain_it_is_dropped():
    # b reads a in the first file and c in the second: the same kind in the same order, and another tensor.
    def crossed(source: int, names: str) -> GraphSummary:
        builder = ModelBuilder()
        x = builder.tensor("x", (4,))
        made = [builder.tensor(name, (4,)) for name in names]
        builder.op("EXP", [x], [made[0]])
        builder.op("SIN", [x], [made[1]])
        builder.op("ABS", [made[source]], [made[2]])
        builder.op("ADD", [made[0], made[2]], [made[3]])
        builder.signature(KEY, {"x": x}, {"y": made[3]})
        return read_graph(builder.build())

    assert ("b", "?", "order") not in matched(crossed(0, "acby"), crossed(1, "ac?y"))
    assert ("b", "?", "order") in matched(crossed(1, "acby"), crossed(1, "ac?y"))
