from __future__ import annotations

from tests.unit.conversion.graphs import SCHEMA, Graph
from tfedge.conversion.loop_ranges import carry_into_loops


def two_subgraphs(first, second):
    """Two subgraphs of products, each (name, place of its weights among three)."""
    graph = Graph()
    weights = [graph.buffer(None) for _ in range(3)]
    for name, place in first:
        graph.product(name, weights[place])
    graph.subgraph()
    for name, place in second:
        graph.product(name, weights[place])
    return graph.model


def seen(*names):
    return {each: {"min": -index, "max": index} for index, each in enumerate(names, start=1)}


def test_carry_then_input_and_output_of_the_product_with_the_same_weights():
    model = two_subgraphs([("q", 0), ("k", 1)], [("while/k", 1), ("while/q", 0)])
    ranges = seen("q/input", "q", "k/input", "k")
    carried = carry_into_loops({**ranges, "while/k": {}}, model, SCHEMA)
    wanted = {f"while/{name}": value for name, value in ranges.items()}
    assert carried == {**ranges, **wanted}


def test_carry_when_one_matrix_is_used_twice_then_by_its_turn():
    model = two_subgraphs([("a", 0), ("b", 0)], [("while/a", 0), ("while/b", 0)])
    ranges = seen("a/input", "a", "b/input", "b")
    carried = carry_into_loops(ranges, model, SCHEMA)
    assert [carried[f"while/{name}"] for name in "ab"] == [ranges[name] for name in "ab"]


def test_carry_when_it_was_seen_inside_too_then_that_counts():
    model = two_subgraphs([("q", 0)], [("while/q", 0)])
    inside = {"min": -9, "max": 9}
    carried = carry_into_loops({**seen("q/input", "q"), "while/q": inside}, model, SCHEMA)
    assert carried["while/q"] == inside


def test_carry_when_no_calibrated_product_has_the_weights_then_it_stays_without():
    model = two_subgraphs([("q", 0), ("k", 1)], [("while/q", 0), ("while/k", 1)])
    carried = carry_into_loops(seen("q/input", "q"), model, SCHEMA)
    assert set(carried) == {"q/input", "q", "while/q/input", "while/q"}


def test_carry_then_what_was_given_is_left_alone():
    ranges = seen("q/input", "q")
    before = dict(ranges)
    carry_into_loops(ranges, two_subgraphs([("q", 0)], [("while/q", 0)]), SCHEMA)
    assert ranges == before
