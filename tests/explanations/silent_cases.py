"""Problems without an error: the answer is wrong, and the advice makes it right."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests import models
from tests.explanations.case import LITERT, TFLITE, Case
from tests.explanations.interpreter_cases import SIZE, alloc, run
from tests.models import layers, scores
from tests.models.dense import INPUT_SCALE, OUTPUT_SCALE, activation_facts, add_dense
from tfedge.modelfile.builder import ModelBuilder

SEQUENCE = np.random.default_rng(5).uniform(-1, 1, (4, 16)).astype(np.float32)
X = SEQUENCE[:1]
WORDS_THEN_PADDING = (5, 5, 5, 0, 0, 0, 0, 0)


def is_far(data: bytes) -> Any:
    """Returns a call: does the model's answer have little to do with what its weights mean?"""

    def call(runtime: Any) -> bool:
        (y,) = run(runtime, data, X)
        right = models.dense_reference(X)
        # 127 steps a weight, rows of very different size: right runtimes stay below 2 % (1.3 % measured).
        return bool(np.abs(y - right).max() > 0.05 * np.abs(right).max())

    return call


def sequence_is_far(per_channel: bool) -> Any:
    """Returns a call: are the reference kernels far off for an int8 Dense over a sequence, (1, 4, 16) -> (1, 4, 8)?"""

    def call(runtime: Any) -> bool:
        builder = ModelBuilder("sequence")
        x = builder.tensor("x", (1, 4, 16), **activation_facts("int8_static", INPUT_SCALE))
        y = builder.tensor("y", (1, 4, SIZE), **activation_facts("int8_static", OUTPUT_SCALE))
        add_dense(builder, "dense", x, y, "int8_static", per_channel)
        builder.model.subgraphs[0].operators[-1].builtinOptions.keepNumDims = True
        q = np.clip(np.round(SEQUENCE / INPUT_SCALE), -128, 127).astype(np.int8)
        reference = runtime.OpResolverType.BUILTIN_REF
        (actual,) = run(runtime, builder.build(), q[None], experimental_op_resolver_type=reference)
        off = np.abs(actual[0] * OUTPUT_SCALE - models.dense_reference(SEQUENCE)).max()
        return bool(off > 4 * OUTPUT_SCALE)  # A right kernel is off by less than one step of the output.

    return call


def softmax(dtype: str, keys: int) -> bytes:
    """Scores (1, keys) -> SOFTMAX -> weights."""
    builder = ModelBuilder("softmax")
    scores: dict[str, Any] = {"dtype": dtype}
    weights = dict(scores)
    if dtype == "int8":
        scores |= {"scales": 0.1}
        weights |= {"scales": 1 / 256, "zero_points": -128}  # The only output scale that TFLite takes.
    x, y = builder.tensor("x", (1, keys), **scores), builder.tensor("y", (1, keys), **weights)
    builder.op("SOFTMAX", [x], [y], 2, {"beta": 1.0})
    return builder.build()


def weights_vanish(data: bytes) -> Any:
    def call(runtime: Any) -> bool:
        (weights,) = run(runtime, data)
        return bool((weights == (-128 if weights.dtype == np.int8 else 0)).all())

    return call


def masked_scores(mask: float) -> Any:
    """Returns a call: are all scores the same after they were stored in int8 beside a mask of this value?"""

    def call(runtime: Any) -> bool:
        scale = (5 - mask) / 255
        point = round(-128 - mask / scale)
        builder = ModelBuilder("mask")
        x, y = builder.tensor("x", (1, SIZE)), builder.tensor("y", (1, SIZE))
        q = builder.tensor("q", (1, SIZE), "int8", scales=scale, zero_points=point)
        builder.op("QUANTIZE", [x], [q])
        builder.op("DEQUANTIZE", [q], [y], 2)
        scores = np.array([[5, 4, 3, 2, 1, 0, mask, mask]], np.float32)
        (kept,) = run(runtime, builder.build(), scores)
        return bool(np.ptp(kept[0, :6]) < 1)

    return call


def difference(first: str) -> bytes:
    """y = a - b; `first` stands first among the inputs."""
    builder = ModelBuilder("difference")
    a, b, y = (builder.tensor(name, (1, SIZE)) for name in "aby")
    builder.op("SUB", [a, b], [y])
    builder.interface([a, b] if first == "a" else [b, a], [y])
    builder.signature("serving_default", {"a": a, "b": b}, {"y": y})
    return builder.build()


def by_position(runtime: Any) -> bool:
    ones, zeros = np.ones((1, SIZE), np.float32), np.zeros((1, SIZE), np.float32)
    (y,) = run(runtime, difference("b"), ones, zeros)
    return bool((y == -1).all())


def by_name(runtime: Any) -> bool:
    runner = runtime.Interpreter(model_content=difference("b")).get_signature_runner("serving_default")
    y = runner(a=np.ones((1, SIZE), np.float32), b=np.zeros((1, SIZE), np.float32))["y"]
    return bool((y == -1).all())


def padding_alone(ids: int) -> Any:
    """Returns a call: is the output NaN for a source of these ids?"""

    def call(runtime: Any) -> bool:
        (y,) = run(runtime, models.with_nan_on_padding(), np.full((1, SIZE), ids, np.int32))
        return bool(np.isnan(y).any())

    return call


def fed(quantize: bool) -> Any:
    """Returns a call: is the answer of a uint8 model far off, its input cast or quantized?"""

    def call(runtime: Any) -> bool:
        interpreter = alloc(runtime, models.dense("uint8"))
        (detail,) = interpreter.get_input_details()
        scale, point = detail["quantization"] if quantize else (1, 0)
        interpreter.set_tensor(detail["index"], np.clip(np.round(X / scale) + point, 0, 255).astype(np.uint8))
        interpreter.invoke()
        (detail,) = interpreter.get_output_details()
        scale, point = detail["quantization"]
        y = (interpreter.get_tensor(detail["index"]).astype(np.float32) - point) * scale
        right = models.dense_reference(X)
        return bool(np.abs(y - right).max() > 0.2 * np.abs(right).max())  # One step of the output is 1/16.

    return call


def answers_from_old_memory(initialized: bool) -> Any:
    """Returns a call: does a variable that nothing assigned have a value?"""

    def call(runtime: Any) -> bool:
        alloc(runtime, models.dense())  # Leaves something in the memory that is taken next.
        (y,) = run(runtime, models.with_variable(initialized=initialized), np.zeros((1, SIZE), np.float32))
        return not (y == 1).all()

    return call


def computed_shape(fixed: bool) -> Any:
    """Returns a call: is the op behind a RESHAPE left out of the delegate?"""

    def call(runtime: Any) -> bool:
        builder = ModelBuilder("computed shape")
        x = builder.tensor("x", (1, SIZE))
        sizes = builder.tensor("sizes", (2,), "int32", (1, SIZE) if fixed else None)
        facts: dict[str, Any] = {} if fixed else {"shape_signature": (-1, -1)}
        y, z = builder.tensor("y", (1, SIZE), **facts), builder.tensor("z", (1, SIZE), **facts)
        builder.op("RESHAPE", [x, sizes], [y])
        builder.op("TANH", [y], [z])
        ops = alloc(runtime, builder.build())._get_ops_details()
        return all(op["op_name"] != "DELEGATE" for op in ops)

    return call


def product(weight: float) -> bytes:
    """x (1, 16) -> FULLY_CONNECTED with weights that are all the same -> y (1, 8)."""
    builder = ModelBuilder("product")
    x, y = builder.tensor("x", (1, 16)), builder.tensor("y", (1, SIZE))
    weights = builder.tensor("w", (SIZE, 16), data=np.full((SIZE, 16), weight))
    builder.op("FULLY_CONNECTED", [x, weights, None], [y])
    return builder.build()


def outputs_are(data: bytes, what: Any) -> Any:
    def call(runtime: Any) -> bool:
        (y,) = run(runtime, data, X)
        return bool(what(y).all())

    return call


def random_numbers(seed: int | None) -> Any:
    """Returns a call: do two interpreters give different answers to one input? None: without the op."""

    def call(runtime: Any) -> bool:
        builder = ModelBuilder("random")
        shape, y = builder.tensor("shape", (2,), "int32", (1, SIZE)), builder.tensor("y", (1, SIZE))
        x = builder.tensor("x", (1, SIZE))
        noise = builder.tensor("noise", (1, SIZE), data=None if seed is not None else np.zeros((1, SIZE)))
        if seed is not None:
            builder.op("RANDOM_UNIFORM", [shape], [noise], options={"seed": seed, "seed2": seed})
        builder.op("ADD", [x, noise], [y])
        builder.interface([x], [y])
        (first,), (second,) = (run(runtime, builder.build()) for _ in range(2))
        return not np.array_equal(first, second)

    return call


def attention_is(data: bytes, what: Any, ids: tuple[int, ...]) -> Any:
    """Returns a call: `what(answer)` of attention over keys 0 to 7 (their first number) with these ids, all even."""

    def call(runtime: Any) -> bool:
        keys = np.zeros((1, scores.KEYS, scores.WIDTH), np.float32)
        keys[0, :, 0] = np.arange(scores.KEYS)
        runner = runtime.Interpreter(model_content=data).get_signature_runner(scores.SIGNATURE)
        query = np.zeros((1, scores.QUERIES, scores.WIDTH), np.float32)
        return bool(what(runner(ids=np.array([ids], np.int32), query=query, key=keys)["y"][0, 0, 0]))

    return call


def equal_row(data: bytes) -> Any:
    """Returns a call: is the norm of a row of zeros NaN?"""

    def call(runtime: Any) -> bool:
        (y,) = run(runtime, data, np.zeros(layers.SHAPE, np.float32))
        return bool(np.isnan(y).any())

    return call


def is_not_one(value: float) -> bool:
    """The mean of keys 0, 1 and 2 is 1; a sum of 1e-6 off is float's."""
    return abs(value - 1) > 1e-3


def is_zero(values: np.ndarray) -> np.ndarray:
    return values == 0


PER_CHANNEL = models.dense("int8_dynamic", per_channel=True, version=5)
PER_TENSOR = models.dense("int8_dynamic", per_channel=False, version=5)

CASES = (
    Case(
        "outputs_all_zero",
        is_far(PER_CHANNEL),
        is_far(PER_TENSOR),
        (TFLITE,),
        said="on the old runtime the outputs are all zero, no error",
    ),
    Case(
        "reference_kernels",
        sequence_is_far(per_channel=True),
        sequence_is_far(per_channel=False),
        (TFLITE,),
        said="with BUILTIN_REF the answers are wrong",
    ),
    Case(
        "softmax_keys",
        weights_vanish(softmax("int8", 1024)),
        weights_vanish(softmax("float32", 1024)),
        said="after the int8 softmax everything is zero",
    ),
    Case("mask_range", masked_scores(-1e9), masked_scores(-30), said="we mask with -1e9 and int8 attention is flat"),
    Case("input_order", by_position, by_name, said="after conversion the inputs are swapped"),
    Case("nan_outputs", padding_alone(0), padding_alone(3), said="for an empty text the outputs are NaN"),
    Case("quantized_io", fed(quantize=False), fed(quantize=True), said="uint8 input gives wrong classes"),
    Case(
        "unassigned_variable_read",
        answers_from_old_memory(initialized=False),
        answers_from_old_memory(initialized=True),
        (LITERT,),
        said="the answers are not deterministic",
    ),
    Case(
        "non_finite_weights",
        outputs_are(product(np.nan), np.isnan),
        outputs_are(product(0.5), np.isnan),
        said="explain: non_finite_weights",
    ),
    Case(
        "zero_weights",
        outputs_are(product(0.0), is_zero),
        outputs_are(product(0.5), is_zero),
        said="explain: zero_weights",
    ),
    Case(
        "mask_doubled",
        attention_is(scores.added(-3e38, -3e38), np.isnan, (0,) * scores.KEYS),
        attention_is(scores.added(-3e38), np.isnan, (0,) * scores.KEYS),
        (LITERT,),
        said="    note  mask_doubled: attention scores with several masks added up: op 10 SOFTMAX",
    ),
    Case(
        "mask_multiplied",
        attention_is(scores.multiplied(), is_not_one, WORDS_THEN_PADDING),
        attention_is(scores.added(-30.0), is_not_one, WORDS_THEN_PADDING),
        name="before softmax",
        said="mask_multiplied: attention: scores are multiplied by a mask",
    ),
    Case(
        "mask_multiplied",
        attention_is(scores.weights_multiplied(), is_not_one, WORDS_THEN_PADDING),
        attention_is(scores.weights_multiplied(renormalized=True), is_not_one, WORDS_THEN_PADDING),
        name="after softmax",
        said="mask_multiplied: attention: weights are multiplied by a mask after softmax",
    ),
    Case(
        "norm_epsilon",
        equal_row(layers.normalization(1e-12, "float16")),
        equal_row(layers.normalization(1e-6, "float16")),
        said="a normalization without an epsilon: op 4 RSQRT in subgraph 0 (norm): epsilon of float16 is 0",
    ),
    Case("random_ops", random_numbers(0), random_numbers(None), said="explain: random_ops"),
    Case(
        "dynamic_shape",
        computed_shape(fixed=False),
        computed_shape(fixed=True),
        (TFLITE,),
        said="INFO: tensor#7 is a dynamic-sized tensor",
    ),
)
