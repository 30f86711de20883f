from __future__ import annotations

import pytest

from tests import models
from tfedge.errors import ConfigError
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.prefix import with_first_ops


@pytest.mark.parametrize("count", [0, 1, 2])
def test_with_first_ops_when_read_has_these_ops_and_all_else_as_before(count):
    model = models.gather_dense()
    graph, cut = read_graph(model), read_graph(with_first_ops(model, 0, count))
    assert [op.name for op in cut.ops] == [op.name for op in graph.ops][:count]
    assert (cut.weights, cut.signatures, cut.subgraphs) == (graph.weights, graph.signatures, graph.subgraphs)


def test_with_first_ops_when_all_are_kept_changes_no_byte_and_else_one():
    model = models.gather_dense()
    assert with_first_ops(model, 0, 2) == model
    assert sum(one != other for one, other in zip(with_first_ops(model, 0, 1), model, strict=True)) == 1


def test_with_first_ops_when_another_subgraph_is_named_cuts_that_one():
    model = models.loop()
    cut = read_graph(with_first_ops(model, 2, 1))
    assert [op.name for op in cut.ops if op.subgraph == 2] == ["ADD"]
    assert [op.name for op in cut.ops if op.subgraph != 2] == ["WHILE", "LESS"]


@pytest.mark.parametrize(("subgraph", "count"), [(0, 3), (0, -1), (1, 0), (-1, 0)])
def test_with_first_ops_when_there_is_no_such_place_says_so(subgraph, count):
    with pytest.raises(ConfigError, match="expected"):
        with_first_ops(models.gather_dense(), subgraph, count)
