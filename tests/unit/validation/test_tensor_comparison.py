"""Which layer broke: named where one was broken on purpose, and nothing named where none was."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests import models
from tests.models.attention import LAYER, attention, attention_inputs
from tfedge.errors import ConfigError
from tfedge.modelfile.builder import ModelBuilder
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.pack import read_pack, split_model
from tfedge.modelfile.schema import load_schema
from tfedge.runtime.client import Worker
from tfedge.runtime.environments import find_environment
from tfedge.runtime.targets import installed_targets
from tfedge.tasks.shipped import shipped_file
from tfedge.validation.cases import Call, Case
from tfedge.validation.golden_runs import golden_runs
from tfedge.validation.tensor_comparison import compare_files
from tfedge.validation.tensor_error import ONE_BIT_DB

CASES = tuple(
    Case(f"seeded_{place}", (Call("serving_default", {"x": x}),)) for place, x in enumerate(attention_inputs())
)


@pytest.fixture
def compare(tmp_path):
    """Returns a function that compares two models given as bytes."""

    def run(first, second, cases=CASES):
        paths = tmp_path / "first.tflite", tmp_path / "second.tflite"
        for path, data in zip(paths, (first, second), strict=True):
            path.write_bytes(data)
        return compare_files(*paths, cases)

    return run


def test_compare_when_int8_is_right_names_nothing(compare):
    found = compare(attention(), attention("int8"))
    (signature,) = found.signatures
    assert found.wrong == ()
    assert signature.num_runs == len(CASES) and len(signature.tensors) == 8 and signature.unmatched == ()
    assert all(tensor.snr_db > ONE_BIT_DB for tensor in signature.tensors)
    assert max(tensor.steps_rms for tensor in signature.tensors) < 4  # A few roundings, half a step each.


@pytest.mark.parametrize("layer", ["query", "key", "value", "output"])
def test_compare_when_a_layers_weights_are_broken_names_that_layer(compare, layer):
    found = compare(attention(), attention("int8", broken=layer))
    (wrong,) = found.wrong
    assert wrong.layer == f"{LAYER}/{layer}_dense" and wrong.op == "FULLY_CONNECTED"
    assert f"{layer}/kernel" in wrong.cause
    weights = {weight.name: weight.snr_db for weight in found.weights}
    # 8 times the value is an error of 7 times the signal: -20 log10(7) = -16.9 dB.
    assert weights.pop(f"{layer}/kernel") == pytest.approx(-16.9, abs=0.1)
    assert min(ratio for ratio in weights.values() if ratio is not None) > 30


def test_compare_when_the_mask_takes_the_whole_range_names_where_it_is_added(compare):
    found = compare(attention(mask=-1e9), attention("int8", mask=-1e9))
    (wrong,) = found.wrong
    assert (wrong.layer, wrong.op) == (f"{LAYER}/add_mask", "ADD")
    assert "too coarse" in wrong.cause
    # In steps nothing is wrong: the scale is as large as the mask, and that is the fault.
    assert wrong.steps_max <= 1


def test_compare_when_the_mask_is_large_and_nothing_is_rounded_names_nothing(compare):
    found = compare(attention(mask=-1e9), attention(mask=-65504.0))
    assert found.wrong == ()


def test_compare_when_the_second_file_gives_nan_says_so(compare):
    weights = np.full((8, 8), np.nan, np.float32)
    found = compare(attention(), _with_weights(attention(), "value/kernel", weights))
    (wrong,) = found.wrong
    assert wrong.layer == f"{LAYER}/value_dense" and wrong.snr_db == -math.inf
    assert "NaN" in wrong.cause


def test_compare_when_a_file_meets_itself_everything_is_exact(compare):
    found = compare(attention(), attention())
    assert {tensor.snr_db for tensor in found.tensors} == {None}
    assert found.worst() == ()
    assert {weight.snr_db for weight in found.weights} == {None}


def test_compare_when_no_signature_is_common_names_those_there_are(compare):
    with pytest.raises(ConfigError, match="second.tflite has classify, encode"):
        compare(attention(), models.two_signatures())


def test_compare_when_the_runtime_keeps_no_tensors_is_refused(tmp_path):
    target = next(target for target in installed_targets() if target.name == "tflite-runtime")
    with pytest.raises(ConfigError, match="keeps no tensors"):
        compare_files("first.tflite", "second.tflite", CASES, find_environment(target))


def test_compare_when_a_loop_is_inside_says_that_it_was_not_looked_into(compare):
    graph = read_graph(models.loop())
    (name, signature), *_ = graph.signatures.items()
    inputs = {key: np.zeros(tensor.shape, tensor.dtype) for key, tensor in signature.inputs.items()}
    found = compare(models.loop(), models.loop(), (Case("zeros", (Call(name, inputs),)),))
    assert found.signatures[0].num_loops == 1


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """The shipped file without its pack, and three of its golden cases."""
    path = tmp_path_factory.mktemp("shipped") / "g2p.tflite"
    packed = shipped_file("g2p/g2p.tflite")
    path.write_bytes(split_model(packed))
    with Worker("ai-edge-litert") as worker:
        worker.load(path)
        return path, golden_runs(read_pack(packed).golden[:3], worker.describe())


def test_compare_when_a_decoder_layer_of_the_shipped_model_is_broken_names_it(shipped, tmp_path):
    path, cases = shipped
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(_with_scale(path.read_bytes(), "decoder_block_1_1/feed_forward_1/intermediate_dense", 8.0))
    found = compare_files(path, broken, cases)
    (wrong,) = found.wrong  # In decode_step alone: it is fed with the first file's states.
    assert wrong.signature == "decode_step"
    assert wrong.layer == "decoder_block_1_1/feed_forward_1/intermediate_dense_1"
    encode, decode_step = found.signatures
    # What reads noise is wrong too: norms multiply it by its own root mean square, and two wrongs are no excuse.
    after = decode_step.tensors[wrong.position :]
    assert [tensor.is_wrong for tensor in after] == [tensor.snr_db < ONE_BIT_DB for tensor in after]
    assert sum(tensor.is_wrong for tensor in after) > 5
    assert {tensor.snr_db for tensor in encode.tensors} == {None}
    assert decode_step.num_runs == sum(len(case.calls) - 1 for case in cases)
    assert found.skipped == {"greedy": "no case calls it"}


def _with_scale(data: bytes, layer: str, factor: float) -> bytes:
    """Returns a model with the weights of one FULLY_CONNECTED read `factor` times too large."""
    changed = bytearray(data)
    op = next(op for op in read_graph(data).ops if op.name == "FULLY_CONNECTED" and layer in op.outputs[0].name)
    tensor = load_schema().Model.GetRootAs(changed, 0).Subgraphs(op.subgraph).Tensors(op.inputs[1].index)
    tensor.Quantization().ScaleAsNumpy()[:] *= factor
    return bytes(changed)


def _with_weights(data: bytes, name: str, values: np.ndarray) -> bytes:
    """Returns a model with other float32 values in one stored tensor."""
    changed = bytearray(data)
    tensor = next(tensor for tensor in read_graph(data).weights if tensor.name == name)
    load_schema().Model.GetRootAs(changed, 0).Buffers(tensor.buffer).DataAsNumpy()[:] = np.frombuffer(
        values.tobytes(), np.uint8
    )
    return bytes(changed)


def test_compare_when_sizes_come_out_different_the_tensor_has_no_partner(compare):
    def grown(sizes: list[int]) -> bytes:
        builder = ModelBuilder()
        x, shape = builder.tensor("x", (1, 4)), builder.tensor("shape", (2,), "int32", [2, 4])
        times = builder.tensor("times", (2,), "int32", sizes)
        made, y = builder.tensor("made", (1, 4), shape_signature=(-1, -1)), builder.tensor("y", (2, 4))
        other = builder.tensor("other", (2, 4))
        builder.op("TILE", [x, times], [made])
        builder.op("BROADCAST_TO", [x, shape], [other], 2)
        builder.op("ABS", [other], [y])
        builder.interface([x], [y, made])
        builder.signature("serving_default", {"x": x}, {"y": y, "made": made})
        return builder.build()

    case = Case("one", (Call("serving_default", {"x": np.ones((1, 4), np.float32)}),))
    (signature,) = compare(grown([2, 1]), grown([3, 1]), (case,)).signatures
    assert signature.unmatched == ("made",)
    assert [(tensor.name, tensor.position, tensor.snr_db) for tensor in signature.tensors] == [
        ("other", 0, None),
        ("y", 1, None),
    ]


def test_compare_when_the_second_file_refuses_one_case_the_others_are_compared(compare):
    def rows(is_right: bool) -> bytes:
        """A row of a table; the second file's table is shorter."""
        builder = ModelBuilder()
        ids = builder.tensor("ids", (1,), "int32")
        table = np.arange(8, dtype=np.float32).reshape(4, 2)[: 4 if is_right else 2]
        y = builder.tensor("y", (1, 2))
        builder.op("GATHER", [builder.tensor("table", table.shape, data=table), ids], [y])
        builder.signature("serving_default", {"ids": ids}, {"y": y})
        return builder.build()

    cases = tuple(
        Case(f"row {row}", (Call("serving_default", {"ids": np.array([row], np.int32)}),)) for row in (0, 3, 1)
    )
    found = compare(rows(True), rows(False), cases)
    assert found.signatures[0].num_runs == 2 and found.wrong == ()
    assert list(found.skipped) == ["serving_default in case row 3"]
