"""Many random sequences of edits: after each, the file is what the same changes to the schema's own objects give."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.models import dense, gather_dense, loop, two_signatures, with_custom_op, with_metadata
from tests.unit.modelfile.model_tree import schema, tree, unpacked
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.rewrite import ModelEditor

Model = Any  # A ModelT of the published schema.
Edit = Callable[[random.Random, ModelEditor, Model], None]


def version(rng: random.Random, editor: ModelEditor, model: Model) -> None:
    op, number = rng.choice(editor.ops()), rng.randint(1, 12)
    editor.set_op_versions({op: number})
    assert editor.op_version(op) == number
    _read_codes(editor, model)


def all_versions(rng: random.Random, editor: ModelEditor, model: Model) -> None:
    wanted = {op: rng.randint(1, 3) for op in editor.ops()}
    editor.set_op_versions(wanted)
    assert {op: editor.op_version(op) for op in editor.ops()} == wanted
    _read_codes(editor, model)


def _read_codes(editor: ModelEditor, model: Model) -> None:
    """Takes codes and indices over from the edited file, after checking that each op is still the same op."""
    new = unpacked(editor.to_bytes())
    for old_graph, new_graph in zip(model.subgraphs, new.subgraphs, strict=True):
        for old, op in zip(old_graph.operators, new_graph.operators, strict=True):
            before, after = model.operatorCodes[old.opcodeIndex], new.operatorCodes[op.opcodeIndex]
            assert (before.builtinCode, before.customCode) == (after.builtinCode, after.customCode)
            old.opcodeIndex = op.opcodeIndex
    model.operatorCodes = new.operatorCodes


def quantization(rng: random.Random, editor: ModelEditor, model: Model) -> None:
    graph = rng.randrange(editor.num_subgraphs())
    places = {(graph, rng.randrange(editor.num_tensors(graph))) for _ in range(2)}
    scale = rng.uniform(0.1, 1)
    editor.set_quantization(places, scale, -3)
    for _, index in places:
        parameters = schema.QuantizationParametersT()
        parameters.scale, parameters.zeroPoint = np.array([scale], np.float32), np.array([-3], np.int64)
        model.subgraphs[graph].tensors[index].quantization = parameters


def data(rng: random.Random, editor: ModelEditor, model: Model) -> None:
    stored = [
        (graph, index)
        for graph in range(editor.num_subgraphs())
        for index in range(editor.num_tensors(graph))
        if editor.tensor_data((graph, index))
    ]
    if not stored:
        return
    graph, index = rng.choice(stored)
    content = rng.randbytes(len(editor.tensor_data((graph, index))))
    alone = editor.sharing((graph, index)) == {(graph, index)}
    editor.set_data([(graph, index)], content)
    tensor = model.subgraphs[graph].tensors[index]
    if not alone:
        model.buffers.append(schema.BufferT())
        tensor.buffer = len(model.buffers) - 1
    model.buffers[tensor.buffer].data = list(content)


def tensor(rng: random.Random, editor: ModelEditor, model: Model) -> None:
    graph, content = rng.randrange(editor.num_subgraphs()), rng.randbytes(4 * rng.randint(1, 5))
    added = editor.add_tensor(graph, f"new_{rng.random()}", "int32", (len(content) // 4,), content)
    new = unpacked(editor.to_bytes())
    assert bytes(new.buffers[-1].data) == content and len(new.buffers) == len(model.buffers) + 1
    model.subgraphs[graph].tensors.append(new.subgraphs[graph].tensors[added])
    model.buffers.append(new.buffers[-1])


def op_input(rng: random.Random, editor: ModelEditor, model: Model) -> None:
    graph, op = rng.choice(editor.ops())
    chosen = rng.randrange(editor.num_tensors(graph))
    editor.set_op_input((graph, op), 3, chosen)
    operator = model.subgraphs[graph].operators[op]
    inputs = list(operator.inputs)
    operator.inputs = [*inputs[:3], *[-1] * (3 - len(inputs)), chosen, *inputs[4:]]


def metadata(rng: random.Random, editor: ModelEditor, model: Model) -> None:
    number = f"{rng.randint(1, 9)}.{rng.randint(0, 30)}.0"
    editor.set_min_runtime_version(number)
    new = unpacked(editor.to_bytes())
    assert read_graph(editor.to_bytes()).min_runtime_version == number
    model.metadata = new.metadata
    model.buffers[len(model.buffers) :] = new.buffers[len(model.buffers) :]
    for entry in new.metadata:
        if entry.name == b"min_runtime_version":
            model.buffers[entry.buffer] = new.buffers[entry.buffer]


EDITS: tuple[Edit, ...] = (version, all_versions, quantization, data, tensor, op_input, metadata)
SOURCES = {
    "dense": dense("int8_dynamic", per_channel=True),
    "static": dense("int8_static", per_channel=True, bias=False),
    "gather": gather_dense("int8_dynamic"),
    "loop": loop(),
    "two_signatures": two_signatures(),
    "custom": with_custom_op(),
    "metadata": with_metadata(),
}


@pytest.mark.parametrize("name", SOURCES)
def test_edits_when_made_in_any_order_change_only_what_they_name(name: str) -> None:
    for seed in range(15):
        rng = random.Random(f"{name} {seed}")
        model_bytes, model = SOURCES[name], unpacked(SOURCES[name])
        for _ in range(rng.randint(1, 3)):  # A file that was edited is edited again.
            editor = ModelEditor(model_bytes)
            for _ in range(rng.randint(1, 6)):
                rng.choice(EDITS)(rng, editor, model)
            model_bytes = editor.to_bytes()
            assert tree(unpacked(model_bytes)) == tree(model), (name, seed)


def test_edits_when_one_is_wrong_are_noticed() -> None:
    editor, model = ModelEditor(SOURCES["dense"]), unpacked(SOURCES["dense"])
    editor.set_quantization([(0, 0)], 0.5)

    assert tree(unpacked(editor.to_bytes())) != tree(model)
