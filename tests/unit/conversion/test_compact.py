from __future__ import annotations

import numpy as np

from tests.unit.conversion.graphs import SCHEMA, Graph
from tfedge.conversion import compact
from tfedge.modelfile.graph import read_graph


def model_with(num_tensors: int, distinct: bool = False):
    """Tensors of one stored matrix, each with 256 scales of its own that are the same, or are not."""
    graph = Graph()
    buffer = graph.buffer(np.arange(512, dtype=np.uint8))
    for index in range(num_tensors):
        scales = np.arange(1, 257, dtype=np.float32) + (1000 * index if distinct else 0)
        graph.tensor(f"weights_{index}", "INT8", (256, 2), scales, buffer)
    return graph.model


def read_back(data: bytes):
    return SCHEMA.ModelT.InitFromPackedBuf(data, 0)


def test_pack_then_equal_scales_once_and_others_as_often_as_they_are():
    one, three = (len(compact.pack(model_with(count))) for count in (1, 3))
    others = len(compact.pack(model_with(3, distinct=True)))
    # Two more tensors cost their tables, and no 256 scales of 4 bytes; others cost those too.
    assert three - one < 512
    assert others - three >= 2 * 256 * 4


def test_pack_then_every_value_is_read_back():
    tensors = read_back(compact.pack(model_with(2, distinct=True))).subgraphs[0].tensors
    for index, tensor in enumerate(tensors):
        assert tensor.name == f"weights_{index}".encode()
        np.testing.assert_array_equal(tensor.quantization.scale, np.arange(1, 257) + 1000 * index)
        np.testing.assert_array_equal(tensor.quantization.zeroPoint, np.zeros(256))
        np.testing.assert_array_equal(tensor.shape, [256, 2])


def test_pack_then_stored_data_is_aligned_and_whole():
    data = compact.pack(model_with(1))
    wanted = np.arange(512, dtype=np.uint8).tobytes()
    assert data.count(wanted) == 1
    assert data.index(wanted) % 16 == 0
    read_graph(data)


def test_pack_then_bytes_that_are_a_name_and_a_buffer_are_kept_apart():
    graph = Graph()
    graph.tensor("abcd", "INT8", (4,), (1.0,), graph.buffer(np.frombuffer(b"abcd", np.uint8)))
    tensor = read_back(compact.pack(graph.model)).subgraphs[0].tensors[0]
    assert tensor.name == b"abcd"
    assert read_back(compact.pack(graph.model)).buffers[tensor.buffer].data.tobytes() == b"abcd"


def test_pack_when_a_float_tensor_has_an_empty_table_then_none():
    graph = Graph()
    graph.tensor("float")
    graph.tensor("int8", "INT8", scales=(1.0,))
    tensors = read_back(compact.pack(graph.model)).subgraphs[0].tensors
    assert [tensor.quantization is None for tensor in tensors] == [True, False]


def test_pack_when_an_empty_table_has_blockwise_details_then_kept():
    graph = Graph()
    graph.tensor("blocks", "INT4")
    parameters = graph.model.subgraphs[0].tensors[0].quantization
    parameters.details, parameters.detailsType = SCHEMA.BlockwiseQuantizationT(), 2
    parameters.details.blockSize = 32
    tensor = read_back(compact.pack(graph.model)).subgraphs[0].tensors[0]
    assert tensor.quantization.details.blockSize == 32


def test_inline_buffers_then_what_stood_behind_the_flatbuffer_is_inside():
    model = model_with(1)
    behind = bytes(range(100, 164))
    model.buffers[-1].data, model.buffers[-1].offset, model.buffers[-1].size = None, 32, 64
    compact.inline_buffers(model, b"\0" * 32 + behind)
    buffer = read_back(compact.pack(model)).buffers[-1]
    assert (buffer.data.tobytes(), buffer.offset, buffer.size) == (behind, 0, 0)
