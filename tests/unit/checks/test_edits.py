"""What edits do to numbers: on paper, and as interpreters compute them."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

from tests.models import dense
from tests.models.dense import INPUT_SCALE, dense_reference
from tfedge.checks.edits import OneScale, apply_edits, edit_lines, one_scale_of
from tfedge.checks.fixes import plans
from tfedge.modelfile.builder import ModelBuilder
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.rewrite import ModelEditor
from tfedge.runtime.client import Worker
from tfedge.runtime.targets import installed_targets

RUNTIMES = [target.name for target in installed_targets()]


def fixed(model_bytes: bytes, plan: int) -> bytes:
    """Returns the model after its plan of that number."""
    return apply_edits(model_bytes, plans(model_bytes, read_graph(model_bytes))[plan].edits)


def real_weights(model_bytes: bytes, tensor: tuple[int, int]) -> np.ndarray:
    editor = ModelEditor(model_bytes)
    scales, points, axis = editor.quantization(tensor)
    values = np.frombuffer(editor.tensor_data(tensor), np.int8).reshape(editor.shape(tensor)).astype(np.float64)
    form = [len(scales) if place == axis else 1 for place in range(values.ndim)]
    return (values - points.reshape(form)) * scales.astype(np.float64).reshape(form)


def table(shape: tuple[int, ...], scales: list[float], axis: int, points: list[int] | None = None) -> bytes:
    builder = ModelBuilder()
    values = np.random.default_rng(5).integers(-127, 128, shape)
    builder.tensor("w", shape, "int8", values, scales=scales, zero_points=points, axis=axis)
    return builder.build()


@pytest.mark.parametrize(
    "shape, scales, axis, points",
    [
        ((3, 5), [0.1, 1.0, 0.01], 0, None),
        ((5, 3), [0.1, 1.0, 0.01], 1, None),
        ((2, 3, 4, 2), [1e-9, 3e-9], 3, None),
        ((3, 5), [0.1, 0.2, 0.3], 0, [5, -5, 0]),
    ],
)
def test_one_scale_when_applied_moves_no_weight_by_more_than_half_a_step(
    shape: tuple[int, ...], scales: list[float], axis: int, points: list[int] | None
) -> None:
    old = table(shape, scales, axis, points)
    step = one_scale_of(ModelEditor(old), (0, 0))

    new = apply_edits(old, [OneScale(((0, 0),), "w", len(scales), step)])

    before, after = real_weights(old, (0, 0)), real_weights(new, (0, 0))
    # Rounding to a step is off by half of it; float32 products by 1e-6 of the largest value, 127 steps.
    assert np.abs(before - after).max() <= step * (0.5 + 127e-6)
    assert np.abs(before).max() == pytest.approx(127 * step, rel=1e-6)
    tensor = read_graph(new).weights[0]
    assert (tensor.quantization, tensor.num_scales, tensor.zero_point) == ("per_tensor", 1, 0)


def test_one_scale_when_all_weights_are_zero_keeps_a_scale_above_zero() -> None:
    builder = ModelBuilder()
    builder.tensor("w", (2, 2), "int8", np.zeros((2, 2)), scales=[0.5, 0.25])

    assert one_scale_of(ModelEditor(builder.build()), (0, 0)) > 0


def test_rescaled_bias_when_applied_is_the_same_number_in_another_step() -> None:
    old = dense("int8_static", per_channel=True)
    new = fixed(old, 0)

    op = read_graph(new).ops[0]
    weights, bias = op.inputs[1], op.inputs[2]
    assert weights is not None and bias is not None and weights.scale is not None
    assert bias.num_scales == 1 and bias.scale == pytest.approx(INPUT_SCALE * weights.scale, rel=1e-6)
    numbers = []
    for model_bytes in (old, new):
        editor = ModelEditor(model_bytes)
        scales, _, _ = editor.quantization((0, bias.index))
        numbers.append(np.frombuffer(editor.tensor_data((0, bias.index)), np.int32) * scales.astype(np.float64))
    assert np.abs(numbers[0] - numbers[1]).max() <= bias.scale / 2


def test_zero_bias_when_added_has_the_steps_of_its_product() -> None:
    new = fixed(dense("int8_static", per_channel=True, bias=False), 0)

    op = read_graph(new).ops[0]
    assert op.input_dtypes == ("int8", "int8", "int32")
    editor = ModelEditor(new)
    bias = (0, op.inputs[2].index)
    assert not any(editor.tensor_data(bias))
    assert np.allclose(editor.quantization(bias)[0], INPUT_SCALE * editor.quantization((0, op.inputs[1].index))[0])


def answers(runtime: str, model_bytes: bytes, x: np.ndarray, folder: pathlib.Path) -> np.ndarray:
    path = folder / "model.tflite"
    path.write_bytes(model_bytes)
    with Worker(runtime, timeout_s=30) as worker:
        worker.load(path)
        return worker.run("serving_default", {"x": x})["y"]


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_zero_bias_when_run_changes_no_bit(runtime: str, tmp_path: pathlib.Path) -> None:
    old = dense("int8_static", per_channel=True, bias=False, rows=4)
    x = np.random.default_rng(1).integers(-128, 128, (4, 16)).astype(np.int8)

    got = [answers(runtime, model_bytes, x, tmp_path) for model_bytes in (old, fixed(old, 0))]

    assert np.array_equal(*got) and got[0].any()


def test_true_version_when_run_on_litert_changes_no_bit(tmp_path: pathlib.Path) -> None:
    old = dense("int8_dynamic", per_channel=True, rows=4)
    x = np.random.default_rng(1).normal(size=(4, 16)).astype(np.float32)

    got = [answers("ai-edge-litert", model_bytes, x, tmp_path) for model_bytes in (old, fixed(old, 0))]

    assert np.array_equal(*got) and got[0].any()


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("version", [5, 12])
def test_one_scale_when_run_gives_right_numbers_everywhere(runtime: str, version: int, tmp_path: pathlib.Path) -> None:
    old = dense("int8_dynamic", per_channel=True, rows=8, version=version)
    x = np.random.default_rng(1).normal(size=(8, 16)).astype(np.float32)

    got = answers(runtime, fixed(old, -1), x, tmp_path)

    # A weight is off by half a step of 1/127 at most, 0.29 of one in the root mean square, and so is an activation of
    # about 1 in 3/127: over 16 products 4 * 0.29 * (1 + 3 * 0.35) / 127 = 0.019. Four times that.
    assert np.abs(got - dense_reference(x)).max() < 0.076


def test_one_scale_when_the_old_runtime_read_one_scale_of_many_was_needed(tmp_path: pathlib.Path) -> None:
    """The twin of the test above: without the rewrite an old runtime is wrong, and says nothing."""
    old = dense("int8_dynamic", per_channel=True, rows=8)
    x = np.random.default_rng(1).normal(size=(8, 16)).astype(np.float32)
    got = answers(RUNTIMES[0] if RUNTIMES[0] != "ai-edge-litert" else RUNTIMES[-1], old, x, tmp_path)

    wrong = np.abs(got - dense_reference(x)).max() > 1.0
    assert wrong == ("tflite-runtime" in RUNTIMES)


def test_edit_lines_when_many_are_alike_count_them() -> None:
    old = dense("int8_dynamic", per_channel=True)
    edits = plans(old, read_graph(old))[1].edits

    assert edit_lines([*edits, *edits]) == ["2 x int8 weights get one scale in place of one a channel"]
