"""The encoder at several lengths: the same answers as at the longest, and fewer positions computed."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.unit.runtime.conftest import RUNTIMES
from tfedge.conversion import recipes
from tfedge.conversion.converter import Seq2SeqConverter
from tfedge.conversion.length_buckets import check_buckets, cross_caches, default_buckets
from tfedge.conversion.recipes import ALL_RECIPES, QUANTIZER, Recipe
from tfedge.conversion.scopes import DYNAMIC, STATIC, TENSOR, Scope
from tfedge.errors import ConfigError
from tfedge.modelfile.control_flow import calls
from tfedge.modelfile.graph import read_graph
from tfedge.networks.beam import beam_search
from tfedge.networks.beam_config import BeamConfig
from tfedge.runtime.client import GREEDY, Worker

STOP, LENGTH, BUCKETS = 2, 8, (3, 5)
# Float32 sums in another order, and positions that a bias of -30 hides: exp(-30) is 1e-13.
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def bucketed(trained_model, tiny_data, tmp_path_factory):
    """Returns a function: recipe name -> path of a file with two buckets and a beam search."""
    texts = [example.text for example in tiny_data.train]
    converter = Seq2SeqConverter(trained_model, texts, BeamConfig(3, 2), BUCKETS)
    folder, made = tmp_path_factory.mktemp("bucketed"), {}

    def convert(name):
        if name not in made:
            made[name] = folder / f"{name}.tflite"
            made[name].write_bytes(converter.convert(recipes.get(name)).model_bytes)
        return made[name]

    return convert


def source_of(length):
    """One source of `length` ids, the stop token included."""
    ids = [3 + position % 9 for position in range(length - 1)]
    return np.array([[*ids, STOP] + [0] * (LENGTH - length)], np.int32)


@pytest.mark.parametrize(
    ("longest", "buckets"), [(2, ()), (8, ()), (12, (8,)), (25, (8, 16)), (32, (8, 16)), (512, (128, 256))]
)
def test_default_buckets_are_a_quarter_and_a_half_in_eights(longest, buckets):
    assert default_buckets(longest, recipes.get("static_wi8_ai8_fc")) == buckets


def test_default_buckets_when_products_are_hybrid_then_none():
    """Of few rows: on Cortex-A76 tflite-runtime 2.14 would die."""
    assert {name for name, recipe in ALL_RECIPES.items() if not default_buckets(32, recipe)} == {"dynamic_wi8_afp32"}
    mixed = Recipe("mine", "x", QUANTIZER, (Scope(STATIC), Scope(DYNAMIC, "logits_dense", granularity=TENSOR)))
    assert default_buckets(32, mixed) == ()


def test_check_buckets_sorts_them():
    assert check_buckets([16, 8], 25) == (8, 16)
    assert check_buckets([], 25) == ()


@pytest.mark.parametrize("buckets", [[0], [25], [-1, 8], [8, 8]])
def test_check_buckets_when_one_is_no_shorter_length_then_refused(buckets):
    with pytest.raises(ConfigError, match="expected length buckets from 1 to 24, each once, for sources of at most 25"):
        check_buckets(buckets, 25)


@pytest.mark.parametrize("length", range(1, LENGTH + 1))
def test_cross_caches_then_those_of_the_whole_source_where_there_is_one(trained_model, length):
    network, source = trained_model.network, tf.constant(source_of(length))
    whole = network.cross_caches(network.encode(source))
    bucket = next(each for each in (*BUCKETS, LENGTH) if length <= each)
    for found, expected in zip(cross_caches(network, source, BUCKETS), whole, strict=True):
        for part, wanted in zip(found, expected, strict=True):
            assert part.shape == wanted.shape
            np.testing.assert_allclose(part[:, :, :length], wanted[:, :, :length], atol=TOLERANCE)
            assert not np.any(part[:, :, bucket:])
            assert np.any(part[:, :, :bucket])


def test_cross_caches_when_padding_stands_between_tokens_then_all_of_them_count(trained_model):
    network, source = trained_model.network, source_of(3)
    source[0, 6] = 4
    whole = network.cross_caches(network.encode(source))[0][0]
    np.testing.assert_allclose(cross_caches(network, tf.constant(source), BUCKETS)[0][0], whole, atol=TOLERANCE)


def test_convert_then_each_branch_multiplies_as_many_rows_as_its_bucket_has(bucketed):
    graph = read_graph(bucketed("float32").read_bytes())
    start = graph.signatures["greedy"].subgraph
    branches = [
        call.subgraphs["then"] for call in calls(graph) if call.op.subgraph == start and "then" in call.subgraphs
    ]
    rows = [
        {op.outputs[0].shape[-2] for op in graph.ops if op.subgraph == branch and op.name == "FULLY_CONNECTED"}
        for branch in branches
    ]
    assert rows == [{3}, {5}, {LENGTH}]
    assert not [op for op in graph.ops if op.subgraph == start and op.name == "FULLY_CONNECTED"]


def test_convert_then_the_weights_are_stored_once(bucketed, convert_to_file):
    stored = [read_graph(path("float32").read_bytes()).weight_bytes["float32"] for path in (bucketed, convert_to_file)]
    # Only what belongs to a shape is new: tables of positions, a beam's masks.
    assert stored[0] < 1.1 * stored[1]


@pytest.mark.parametrize(
    ("runtime", "name"),
    [
        (runtime, name)
        for runtime in RUNTIMES
        for name in ("float32", "dynamic_wi8_afp32", "static_wi8_ai8_fc", "dynamic_wi4_afp32")
        if (runtime, name) != ("tflite-runtime", "dynamic_wi4_afp32")  # int4 is newer than 2.14.
    ],
)
def test_decode_then_the_same_answers_as_without_buckets(bucketed, convert_to_file, runtime, name):
    sources = np.concatenate([source_of(length) for length in range(1, LENGTH + 1)])
    answers = []
    for path in (bucketed(name), convert_to_file(name)):
        with Worker(runtime) as worker:
            worker.load(path)
            # Twice, and lengths in turns: a branch that has run is prepared again at its next call.
            answers.append(worker.decode_many(np.concatenate([sources, sources[::-1]]), GREEDY))
    np.testing.assert_array_equal(answers[0], answers[1])
    np.testing.assert_array_equal(answers[0][: len(sources)], answers[0][: len(sources) - 1 : -1])


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_beam_then_the_same_answers_as_keras(bucketed, trained_model, runtime):
    with Worker(runtime) as worker:
        worker.load(bucketed("float32"))
        for length in range(1, LENGTH + 1):
            source = source_of(length)
            ids, scores = beam_search(trained_model.network, tf.constant(source), LENGTH, BeamConfig(3, 2))
            found = worker.run("beam", {"source_ids": source})
            np.testing.assert_array_equal(found["target_ids"], ids)
            np.testing.assert_allclose(found["scores"], scores, atol=1e-4)  # Sums of up to 8 log probabilities.
