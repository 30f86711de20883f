"""Files with some of their signatures: the same answers, nothing left of the others, less memory."""

from __future__ import annotations

import functools

import pytest

from tfedge.conversion import recipes
from tfedge.conversion.converter import Seq2SeqConverter
from tfedge.errors import ConfigError
from tfedge.modelfile.control_flow import roles
from tfedge.modelfile.graph import read_graph
from tfedge.networks.beam_config import BeamConfig
from tfedge.pipeline.kept_signatures import keep, keep_signatures
from tfedge.runtime.client import GREEDY, STEPS, Worker

LENGTH = 8
NAMES = ("float32", "dynamic_wi8_afp32", "static_wi8_ai8_fc", "dynamic_wi4_afp32")


@pytest.fixture(scope="module")
def convert_to_file(trained, tiny_data, tmp_path_factory):
    """Returns a function: recipe name -> path of the converted file with all of its signatures."""
    converter = Seq2SeqConverter(trained[0], [example.text for example in tiny_data.train])
    folder = tmp_path_factory.mktemp("whole")

    @functools.cache
    def convert(name):
        path = folder / f"{name}.tflite"
        path.write_bytes(converter.convert(recipes.get(name)).model_bytes)
        return path

    return convert


@pytest.fixture
def sources(tiny_data):
    return [tiny_data.spec.source_array(example.text)[0] for example in tiny_data.dev[:6]]


def decoded(data, tmp_path, sources, entry):
    path = tmp_path / f"{entry}-{len(data)}.tflite"
    path.write_bytes(data)
    with Worker("ai-edge-litert") as worker:
        worker.load(path)
        return [worker.decode(source, entry, LENGTH).tolist() for source in sources]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("kept", "entry"), [(["greedy"], GREEDY), (["encode", "decode_step"], STEPS)])
def test_keep_signatures_then_the_same_answers(convert_to_file, tmp_path, sources, name, kept, entry):
    before = convert_to_file(name).read_bytes()
    after = keep_signatures(before, kept)
    assert decoded(after, tmp_path, sources, entry) == decoded(before, tmp_path, sources, entry)


@pytest.mark.parametrize("name", NAMES)
def test_keep_signatures_then_every_subgraph_left_is_run_by_something(convert_to_file, name):
    graph = read_graph(keep_signatures(convert_to_file(name).read_bytes(), ["greedy"]))
    assert list(graph.signatures) == ["greedy"]
    assert graph.num_subgraphs == 3
    assert "unused" not in roles(graph)


def test_keep_signatures_then_weights_of_the_others_are_gone(convert_to_file):
    before = convert_to_file("float32").read_bytes()
    after = keep_signatures(before, ["encode"])
    assert read_graph(after).weight_bytes["float32"] < 0.7 * read_graph(before).weight_bytes["float32"]
    assert len(after) < 0.7 * len(before)


def test_keep_signatures_when_all_are_kept_then_the_same_graph(convert_to_file):
    before = convert_to_file("dynamic_wi8_afp32").read_bytes()
    graph, again = read_graph(before), read_graph(keep_signatures(before, ["greedy", "encode", "decode_step"]))
    assert [op.name for op in again.ops] == [op.name for op in graph.ops]
    assert roles(again) == roles(graph)


def test_keep_signatures_when_there_is_none_of_such_a_name_then_refused(convert_to_file):
    with pytest.raises(ConfigError, match="of decode_step, encode, greedy; got beam, answer; name others"):
        keep_signatures(convert_to_file("float32").read_bytes(), ["greedy", "beam", "answer"])


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (None, {"beam", "length_buckets"}),
        (("beam",), {"beam", "length_buckets"}),
        (("greedy",), {"length_buckets"}),
        (("encode", "decode_step"), set()),
    ],
)
def test_keep_then_it_says_of_decoding_what_the_file_has(trained, kept, said):
    made = Seq2SeqConverter(trained[0], None, BeamConfig(2, 1), [5]).convert(recipes.get("float32"))
    conversion = keep(made, kept)
    assert set(conversion.decoding) == said
    graph = read_graph(conversion.model_bytes)
    assert set(graph.signatures) == set(kept or ("encode", "decode_step", "greedy", "beam"))
