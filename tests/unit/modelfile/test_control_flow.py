"""Subgraphs are told apart by what runs them."""

from __future__ import annotations

from tests import models
from tfedge.modelfile.builder import ModelBuilder
from tfedge.modelfile.control_flow import called_from, calls, roles
from tfedge.modelfile.graph import read_graph


def test_roles_when_a_loop_is_in_the_graph_name_condition_and_body() -> None:
    graph = read_graph(models.loop())

    assert roles(graph) == (
        "signature serving_default",
        "condition of WHILE in subgraph 0",
        "body of WHILE in subgraph 0",
    )
    (call,) = calls(graph)
    assert (call.op.place, call.subgraphs) == ("op 0 WHILE in subgraph 0", {"condition": 1, "body": 2})
    assert called_from(graph, 0) == (0, 1, 2) and called_from(graph, 2) == (2,)


def test_roles_when_there_is_no_control_flow_name_signatures_alone() -> None:
    graph = read_graph(models.two_signatures())

    assert roles(graph) == ("signature encode", "signature classify")
    assert calls(graph) == () and called_from(graph, 1) == (1,)


def _looping_in_itself(times: int) -> bytes:
    builder = ModelBuilder()
    x, y = builder.tensor("x", (1,)), builder.tensor("y", (1,))
    for _ in range(times):
        builder.op("WHILE", [x], [y], options={"condSubgraphIndex": 0, "bodySubgraphIndex": 0})
    builder.subgraph("alone")
    builder.tensor("z", (1,))
    return builder.build()


def test_called_from_when_a_subgraph_runs_itself_ends() -> None:
    graph = read_graph(_looping_in_itself(3))

    assert called_from(graph, 0) == (0,)
    assert roles(graph) == ("main, condition of WHILE in subgraph 0, body of WHILE in subgraph 0", "unused")


def test_roles_when_many_run_a_subgraph_counts_them() -> None:
    builder = ModelBuilder()
    for _ in range(5):
        x, y = builder.tensor("x", (1,)), builder.tensor("y", (1,))
        builder.op("CALL_ONCE", [x], [y], options={"initSubgraphIndex": 0})
        builder.subgraph()
    builder.tensor("z", (1,))

    assert roles(read_graph(builder.build()))[0].endswith("initializer of CALL_ONCE in subgraph 1, 3 more")
