"""Interpreters load edited files; edits that must not change numbers change no bit of an answer."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

from tests.models import dense, loop, two_signatures
from tfedge.modelfile.rewrite import ModelEditor
from tfedge.runtime.client import Worker
from tfedge.runtime.targets import installed_targets

RUNTIMES = [target.name for target in installed_targets()]


def stamped(model_bytes: bytes) -> bytes:
    """Returns the model with every kind of edit that leaves its numbers alone."""
    editor = ModelEditor(model_bytes)
    first = editor.ops()[0]
    editor.set_op_versions({first: editor.op_version(first) + 1})
    editor.set_op_versions({first: editor.op_version(first) - 1})
    editor.set_min_runtime_version("2.3.0")
    editor.add_tensor(0, "unused", "int32", (3,), bytes(12))
    stored = [(0, index) for index in range(editor.num_tensors(0)) if editor.tensor_data((0, index))]
    for tensor in stored:
        scales, points, axis = editor.quantization(tensor)
        if len(scales):
            editor.set_quantization([tensor], scales, points, axis)
        editor.set_data([tensor], bytes(editor.tensor_data(tensor)))
    return editor.to_bytes()


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_interpreter_when_a_model_was_edited_answers_bit_for_bit_as_before(
    runtime: str, tmp_path: pathlib.Path
) -> None:
    models = {
        "static": dense("int8_static", per_channel=True),
        "dynamic": dense("int8_dynamic"),
        "loop": loop(),
        "two": two_signatures("int8_dynamic"),
    }
    with Worker(runtime, timeout_s=30) as worker:
        for name, model_bytes in models.items():
            assert stamped(model_bytes) != model_bytes
            answers = []
            for number, data in enumerate((model_bytes, stamped(model_bytes), stamped(stamped(model_bytes)))):
                path = tmp_path / f"{name}_{number}.tflite"
                path.write_bytes(data)
                worker.load(path)
                signature = next(iter(worker.describe().values()))
                rng = np.random.default_rng(1)
                inputs = {
                    tensor.name: rng.integers(-99, 99, tensor.shape).astype(tensor.dtype)
                    for tensor in signature.inputs.values()
                }
                answers.append(worker.run(signature.name, inputs))
            for answer in answers[1:]:
                assert all(np.array_equal(answer[key], answers[0][key]) for key in answers[0])
