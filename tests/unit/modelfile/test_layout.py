"""The view by index reads what the published schema's own classes read."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pytest

from tests.models import dense, loop
from tfedge.errors import ArtifactError, ConfigError
from tfedge.modelfile.layout import ModelView
from tfedge.modelfile.schema import load_schema
from tfedge.modelfile.tail import split_file

schema: Any = load_schema()
SHIPPED = pathlib.Path(__file__).resolve().parents[3] / "models" / "g2p" / "g2p.tflite"


@pytest.mark.parametrize("name", ["shipped", "dense", "loop"])
def test_view_when_compared_with_the_schema_reads_the_same(name: str) -> None:
    models = {"dense": dense("int8_static", per_channel=True), "loop": loop()}
    model_bytes = models.get(name) or split_file(SHIPPED.read_bytes())[0]
    view, model = ModelView(model_bytes), schema.Model.GetRootAs(model_bytes, 0)

    users: dict[int, set[tuple[int, int]]] = {}
    for graph in range(model.SubgraphsLength()):
        held = model.Subgraphs(graph)
        assert view.num_tensors(graph) == held.TensorsLength()
        for index in range(held.TensorsLength()):
            tensor, buffer = held.Tensors(index), model.Buffers(held.Tensors(index).Buffer())
            users.setdefault(tensor.Buffer(), set()).add((graph, index))
            assert view.buffer_of((graph, index)) == tensor.Buffer()
            assert view.shape((graph, index)) == tuple(np.atleast_1d(tensor.ShapeAsNumpy())[: tensor.ShapeLength()])
            assert len(view.tensor_data((graph, index))) == buffer.DataLength()
            scales, points, axis = view.quantization((graph, index))
            parameters = tensor.Quantization()
            count = parameters.ScaleLength() if parameters else 0
            assert scales.tolist() == [parameters.Scale(place) for place in range(count)]
            assert points.tolist() == [parameters.ZeroPoint(place) for place in range(count)]
            assert axis == (parameters.QuantizedDimension() if parameters else 0)
        for index in range(held.OperatorsLength()):
            op = held.Operators(index)
            assert view.op_inputs((graph, index)) == tuple(op.Inputs(place) for place in range(op.InputsLength()))
            assert view.op_outputs((graph, index)) == tuple(op.Outputs(place) for place in range(op.OutputsLength()))
            assert view.op_version((graph, index)) == model.OperatorCodes(op.OpcodeIndex()).Version()
    assert users == {view.buffer_of(next(iter(places))): view.sharing(next(iter(places))) for places in users.values()}


def test_view_when_an_index_is_wrong_says_so() -> None:
    view = ModelView(dense())
    with pytest.raises(ConfigError, match="index of a Tensor below"):
        view.shape((0, 99))
    with pytest.raises(ConfigError, match="index of a Operator below 1"):
        view.op_inputs((0, 1))
    with pytest.raises(ConfigError, match="expected a subgraph below 1"):
        view.num_tensors(1)
    with pytest.raises(ArtifactError):
        ModelView(b"no model")
