from __future__ import annotations

import re

import numpy as np
import pytest

from tests.unit.runtime.conftest import RUNTIMES
from tfedge.conversion import recipes
from tfedge.conversion.calibration import Calibration
from tfedge.conversion.converter import Seq2SeqConverter, quantize_scopes
from tfedge.conversion.recipes import ALL_RECIPES, QUANTIZER, RECIPES, Recipe
from tfedge.conversion.scopes import DYNAMIC, FLOAT, STATIC, Scope
from tfedge.errors import CalibrationError, ConversionError, RuntimeUnavailableError, WorkerError
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.summary import refused_ops
from tfedge.runtime.client import GREEDY, STEPS, Worker
from tfedge.training.decoding import GreedyDecoder

HIDDEN, LENGTH, HEADS, DIM, VOCAB = 32, 8, 1, 16, 11
NAMES = tuple(ALL_RECIPES)
INT8_PRODUCTS = ("static_wi8_ai8", "static_wi8_ai8_fc")
CROSS = {"cross_bias": (1, 1, 1, LENGTH)} | {f"cross_{part}_0": (1, HEADS, LENGTH, DIM) for part in ("key", "value")}
CACHE = {f"cache_{part}_0": (1, HEADS, LENGTH, DIM) for part in ("key", "value")}
# signature -> (inputs, outputs), each name -> (shape, dtype).
FLOATS, IDS = "float32", "int32"
SIGNATURES = {
    "encode": ({"source_ids": ((1, LENGTH), IDS)}, {name: (shape, FLOATS) for name, shape in CROSS.items()}),
    "decode_step": (
        {
            "token_ids": ((1, 1), IDS),
            "cache_update_index": ((1,), IDS),
            **{name: (shape, FLOATS) for name, shape in {**CROSS, **CACHE}.items()},
        },
        {"logits": ((1, VOCAB), FLOATS), **{name: (shape, FLOATS) for name, shape in CACHE.items()}},
    ),
    "greedy": ({"source_ids": ((1, LENGTH), IDS)}, {"target_ids": ((1, LENGTH), IDS)}),
}


@pytest.fixture(scope="module")
def sources(tiny_data):
    """int32 (48, 8): words of both lengths, dev words first."""
    return np.concatenate([tiny_data.spec.source_array(e.text) for e in (*tiny_data.dev, *tiny_data.train[:8])])


@pytest.fixture(scope="module")
def keras_answers(trained_model, sources):
    """int32 (48, 8): what Keras answers, padded as a file answers."""
    answers = GreedyDecoder(trained_model.network, LENGTH)([[int(i) for i in row if i] for row in sources])
    assert len({tuple(ids) for ids in answers}) > 20
    return np.array([ids + [0] * (LENGTH - len(ids)) for ids in answers], np.int32)


def identical_share(ours, others) -> float:
    return float(np.mean(np.all(ours == others, axis=1)))


@pytest.mark.parametrize("name", NAMES)
def test_convert_then_signatures_names_shapes_and_types_are_the_contract(graph_of, name):
    wanted = {key: sides for key, sides in SIGNATURES.items() if key != "greedy" or ALL_RECIPES[name].has_greedy}
    found = {
        key: tuple({n: (t.shape, t.dtype) for n, t in side.items()} for side in (signature.inputs, signature.outputs))
        for key, signature in graph_of(name).signatures.items()
    }
    assert found == wanted


@pytest.mark.parametrize("name", NAMES)
def test_convert_then_builtin_ops_alone_and_no_variable(graph_of, name):
    assert refused_ops(graph_of(name)) == []
    assert graph_of(name).resource_variables == ()


def test_convert_then_signatures_share_the_weights(graph_of, trained_model):
    parameters = sum(int(np.prod(variable.shape)) for variable in trained_model.network.trainable_variables)
    stored = graph_of("float32").weight_bytes["float32"]
    # 4 bytes each and, beside them, the sinusoids of both sides (one table each, cut or whole in each signature) and
    # a few scalars. Three signatures that shared nothing would hold the decoder twice.
    sinusoids = 4 * LENGTH * HIDDEN
    assert 4 * parameters <= stored < 4 * parameters + 4 * sinusoids


@pytest.mark.parametrize(
    ("name", "is_quantized"),
    [
        # What the converter leaves in float: less than 1,024 numbers.
        ("dynamic_wi8_afp32", lambda path, size: size >= 1024),
        ("static_wi8_ai8", lambda path, size: True),
        # Embeddings are looked up and never multiplied.
        ("static_wi8_ai8_fc", lambda path, size: "embedding" not in path),
        ("weight_only_wi8_afp32", lambda path, size: "embedding" not in path),
    ],
)
def test_convert_when_int8_then_matrices_are_stored_in_a_byte_each(graph_of, trained_model, name, is_quantized):
    sizes = {v.path: int(np.prod(v.shape)) for v in trained_model.network.trainable_variables if len(v.shape) == 2}
    bytes_of = graph_of(name).weight_bytes
    expected = sum(size for path, size in sizes.items() if is_quantized(path, size))
    assert expected > 0.5 * sum(sizes.values())
    # Constants of the graph, such as sinusoids, may be int8 too.
    assert expected <= bytes_of["int8"] <= expected + 4 * LENGTH * HIDDEN
    assert bytes_of.get("float32", 0) < graph_of("float32").weight_bytes["float32"] / 2


def test_convert_when_dynamic_then_per_tensor_as_tflite_runtime_needs(graph_of):
    graph = graph_of("dynamic_wi8_afp32")
    assert (graph.per_tensor_weights > 0, graph.per_channel_weights) == (True, 0)
    assert max(op.version for op in graph.ops if op.name == "FULLY_CONNECTED") < 12


@pytest.mark.parametrize("name", INT8_PRODUCTS)
def test_convert_when_static_then_products_are_int8_through_and_through(graph_of, name):
    graph = graph_of(name)
    products = [op for op in graph.ops if op.name == "FULLY_CONNECTED"]
    assert {op.input_dtypes[:2] + op.output_dtypes for op in products} == {("int8", "int8", "int8")}
    assert graph.per_channel_weights >= 10
    dtypes = {dtype for op in graph.ops if op.name == "SOFTMAX" for dtype in op.output_dtypes}
    assert dtypes == {"float32" if name.endswith("_fc") else "int8"}


@pytest.mark.parametrize("entry", [GREEDY, STEPS])
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_convert_when_float_then_answers_are_keras_on_each_runtime(
    convert_to_file, sources, keras_answers, runtime, entry
):
    with Worker(runtime) as worker:
        worker.load(convert_to_file("float32"))
        np.testing.assert_array_equal(worker.decode_many(sources, entry, LENGTH), keras_answers)


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("name", [*NAMES[1:4], "weight_only_wi8_afp32"])
def test_convert_when_quantized_then_nearly_all_answers_are_keras_on_each_runtime(
    convert_to_file, sources, keras_answers, runtime, name
):
    with Worker(runtime) as worker:
        worker.load(convert_to_file(name))
        answers = worker.decode_many(sources, STEPS, LENGTH)
        assert identical_share(answers, keras_answers) >= 0.9
        if ALL_RECIPES[name].has_greedy:
            np.testing.assert_array_equal(worker.decode_many(sources, GREEDY, LENGTH), answers)


def test_convert_when_float16_then_both_ways_of_decoding_answer_as_keras(convert_to_file, sources, keras_answers):
    # On LiteRT alone: tflite-runtime 2.14 answers wrongly or dies, as `tfedge check` says of such files.
    with Worker("ai-edge-litert") as worker:
        worker.load(convert_to_file("float16_weights"))
        for entry in (GREEDY, STEPS):
            assert identical_share(worker.decode_many(sources, entry, LENGTH), keras_answers) >= 0.95


@pytest.mark.parametrize(("name", "share"), [("dynamic_wi4_afp32", 0.6), ("static_wi8_ai16", 0.9)])
def test_convert_when_litert_alone_can_run_it_then_right_there_and_refused_elsewhere(
    convert_to_file, sources, keras_answers, name, share
):
    with Worker("ai-edge-litert") as worker:
        worker.load(convert_to_file(name))
        assert identical_share(worker.decode_many(sources, STEPS, LENGTH), keras_answers) >= share
    # Under the versions that litert-quantizer leaves, tflite-runtime 2.14 loads such files and answers zeros.
    with Worker("tflite-runtime") as worker, pytest.raises(WorkerError, match="Didn't find op for builtin opcode"):
        worker.load(convert_to_file(name))


def test_convert_when_int4_then_the_exceptions_of_its_recipe_are_int8(graph_of):
    products = [op for op in graph_of("dynamic_wi4_afp32").ops if op.name == "FULLY_CONNECTED"]
    eight = [op.outputs[0].name for op in products if op.input_dtypes[1] == "int8"]
    assert {op.input_dtypes[1] for op in products} == {"int4", "int8"}
    assert all(re.search("logits_dense|cross_attention/(key|value)_dense", name) for name in eight)
    # Logits in decode_step and in the loop; keys and values of one block in encode and in greedy.
    assert len(eight) == 2 + 2 * 2


def test_convert_when_quantized_then_op_versions_say_what_is_needed(graph_of):
    def needs(name):
        graph = graph_of(name)
        versions = {(op.name, op.version) for op in graph.ops if op.name in ("FULLY_CONNECTED", "DEQUANTIZE")}
        return versions, graph.min_runtime_version

    assert needs("static_wi8_ai8_fc") == ({("FULLY_CONNECTED", 5), ("DEQUANTIZE", 2)}, needs("float32")[1])
    assert needs("weight_only_wi8_afp32") == ({("FULLY_CONNECTED", 5), ("DEQUANTIZE", 5)}, needs("float32")[1])
    assert needs("dynamic_wi4_afp32") == ({("FULLY_CONNECTED", 10), ("FULLY_CONNECTED", 12)}, "2.17.0")
    assert needs("static_wi8_ai16") == ({("FULLY_CONNECTED", 11), ("DEQUANTIZE", 3)}, "2.15.0")


def test_convert_when_mixed_then_each_layer_as_its_scope_says(converter):
    scopes = (Scope(STATIC), Scope(DYNAMIC, "decoder_block_*", weight_bits=4), Scope(FLOAT, "logits_dense"))
    graph = read_graph(converter.convert(Recipe("mixed", "three ways", QUANTIZER, scopes)).model_bytes)
    assert set(graph.signatures) == {"encode", "decode_step", "greedy"}
    for op in graph.ops:
        if op.name == "FULLY_CONNECTED":
            name = op.outputs[0].name
            decoder = ("float32", "int4", "float32") if "decoder_block" in name else ("int8", "int8", "int8")
            wanted = ("float32",) * 3 if "logits_dense" in name else decoder
            assert op.input_dtypes[:2] + op.output_dtypes == wanted, name


def test_convert_when_a_scope_holds_no_layer_then_refused(converter):
    recipe = Recipe("mixed", "a layer misspelt", QUANTIZER, (Scope(DYNAMIC, "decodr_block_*"),))
    with pytest.raises(ConversionError, match=r"no op .* in these scopes: FULLY_CONNECTED in layers decodr_block_\*"):
        converter.convert(recipe)


def test_convert_when_asked_twice_then_done_once(converter):
    assert converter.convert(recipes.get("float32")) is converter.convert(recipes.get("float32"))


def test_convert_then_says_what_calibrated_it(converter):
    assert converter.convert(recipes.get("float32")).calibration is None
    record = converter.convert(recipes.get("static_wi8_ai8")).calibration
    assert record == converter.convert(recipes.get("static_wi8_ai8_fc")).calibration
    assert (record["num_texts"], record["num_samples"]["encode"], record["seed"]) == (160, 160, 7)
    assert 160 < record["num_samples"]["decode_step"] <= 160 * LENGTH
    assert re.fullmatch("[0-9a-f]{64}", record["sha256"])


def test_convert_when_static_without_texts_then_refused(trained_model):
    with pytest.raises(CalibrationError, match="expected training texts to calibrate a static recipe; got none"):
        Seq2SeqConverter(trained_model).convert(recipes.get("static_wi8_ai8"))


def test_convert_when_static_with_few_texts_then_refused(trained_model, tiny_data):
    texts = [example.text for example in tiny_data.train[:31]]
    with pytest.raises(CalibrationError, match="expected 32 calibration texts or more; got 31"):
        Seq2SeqConverter(trained_model, texts).convert(recipes.get("static_wi8_ai8_fc"))


@pytest.fixture
def calibration():
    """Calibration by hand, of two signatures with one input each."""
    sources = [{"source_ids": np.array([[index + 3, 2, 0]], np.int32)} for index in range(32)]
    steps = [{"token_ids": np.array([[index]], np.int32)} for index in range(32)]
    return Calibration({"encode": tuple(sources), "decode_step": tuple(steps)}, num_texts=32, seed=7, full_length=2)


@pytest.mark.parametrize("name", ["static_wi8_ai8_fc", "dynamic_wi4_afp32"])
def test_quantize_scopes_when_ranges_are_kept_then_the_same_file_without_calibrating(converter, tmp_path, name):
    """Kept by one recipe and read by another, as a search does: GPTQ keeps what it needs too."""
    recipe, ranges = ALL_RECIPES[name], tmp_path / "ranges.npz"
    model, seen = converter.float_model(recipe), converter.calibrate()
    samples = {key: rows[:32] for key, rows in seen.samples.items()}
    few = Calibration(samples, seen.num_texts, seen.seed, full_length=1)  # Any length will do to compare two files.
    changed = Recipe("changed", "another", QUANTIZER, (*recipe.scopes, Scope(FLOAT, "feed_forward")))
    quantize_scopes(model, recipe, few, ranges)
    kept = ranges.read_bytes()
    from_ranges = quantize_scopes(model, changed, few, ranges)
    assert ranges.read_bytes() == kept
    assert from_ranges == quantize_scopes(model, changed, few)


def test_quantize_scopes_when_the_model_is_damaged_then_the_reason(calibration):
    said = "expected litert-quantizer to quantize by recipe static_wi8_ai8_fc; it ended with: .+"
    with pytest.raises(ConversionError, match=said):
        quantize_scopes(b"TFL3 no model", RECIPES["static_wi8_ai8_fc"], calibration)


@pytest.mark.parametrize(
    ("line", "error", "said"),
    [
        ("import os; os.kill(os.getpid(), 9)", ConversionError, "it ended with: killed by SIGKILL"),
        ("raise SystemExit(5)", ConversionError, "it ended with: exit code 5, and no word"),
        (
            "raise ModuleNotFoundError(\"No module named 'litert_quantizer'\")",
            RuntimeUnavailableError,
            r"litert-quantizer; it is not installed; run: pip install 'tfedge\[train\]'",
        ),
    ],
)
def test_quantize_scopes_when_the_quantizer_dies_then_how(calibration, tmp_path, monkeypatch, line, error, said):
    # A package of that name which comes first on the path of the quantizer's process.
    (tmp_path / "litert_quantizer").mkdir()
    (tmp_path / "litert_quantizer" / "__init__.py").write_text(line)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(error, match=said):
        quantize_scopes(b"", RECIPES["static_wi8_ai8_fc"], calibration)
