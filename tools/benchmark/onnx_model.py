"""The shipped network as one ONNX graph, written by hand: the same weights, so that float answers are the same.

Made the way that suits ONNX Runtime, as it was measured: the encoder on the real tokens alone (batch 1 needs no padding
and no mask), one product for a part's queries, keys and values, keys of the source transposed once, a Loop that stops
at the stop token, and caches that grow by a concatenation each turn. `write_model` then has ONNX Runtime's own tool
quantize the products: dynamic int8, a scale a channel. Greedy only: its beam search takes decoders of other shapes.
https://onnx.ai/onnx/operators/ (opset 23) and https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html
"""

from __future__ import annotations

import importlib
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfedge.layers.positions import sinusoids
from tfedge.networks.seq2seq import Seq2SeqTransformer
from tfedge.text.tokenizer import START_ID, STOP_ID

OPSET, IR_VERSION = 23, 11
SWAP = [0, 2, 1, 3]  # Heads before positions, and back.


class Graph:
    """Nodes in the order they were added, and the constants they read; a body inside a Loop shares the constants."""

    def __init__(self, outer: Graph | None = None) -> None:
        self._onnx = importlib.import_module("onnx")  # Of the extra `benchmark`.
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {} if outer is None else outer._constants
        self._prefix = "" if outer is None else "body_"

    def add(self, op: str, *inputs: str, num_outputs: int = 1, output: str = "", **attributes: Any) -> Any:
        """Adds a node; returns the name of its output, or of its outputs if there are several."""
        name = output or f"{self._prefix}{op}_{len(self._nodes)}"
        outputs = [name, *(f"{name}_{place}" for place in range(1, num_outputs))]
        self._nodes.append(self._onnx.helper.make_node(op, list(inputs), outputs, **attributes))
        return outputs[0] if num_outputs == 1 else outputs

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        """Returns the name of a constant."""
        name = f"constant_{len(self._constants)}"
        self._constants[name] = self._onnx.numpy_helper.from_array(np.asarray(value, dtype), name)
        return name

    def shape(self, *sizes: int) -> str:
        """Returns the name of a shape; 0 copies a size, -1 is what is left."""
        return self.constant(sizes, np.int64)

    def values(self, names: dict[str, tuple[str, Sequence[Any]]]) -> list[Any]:
        """Returns inputs or outputs: name -> ("INT32" or alike, sizes)."""
        make, types = self._onnx.helper.make_tensor_value_info, self._onnx.TensorProto
        return [make(name, getattr(types, kind), list(sizes)) for name, (kind, sizes) in names.items()]

    def finish(self, inputs: list[Any], outputs: list[Any], has_constants: bool = True) -> Any:
        """Returns the graph."""
        constants = list(self._constants.values()) if has_constants else []
        return self._onnx.helper.make_graph(self._nodes, f"{self._prefix}graph", inputs, outputs, constants)


def write_model(network: Seq2SeqTransformer, float_path: pathlib.Path, int8_path: pathlib.Path) -> None:
    """Writes `network`, with sinusoidal positions, in float32 and in dynamic int8: source_ids (S,) -> target_ids
    (T,), as int32, the stop token included.

    Raises:
        ImportError: onnx or onnxruntime is not installed; the extra `benchmark` has both.
    """
    onnx, quantization = (importlib.import_module(name) for name in ("onnx", "onnxruntime.quantization"))
    graph = _greedy_graph(network)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(float_path))
    quantization.quantize_dynamic(
        str(float_path),
        str(int8_path),
        op_types_to_quantize=["MatMul"],
        per_channel=True,
        extra_options={"EnableSubgraph": True, "MatMulConstBOnly": True},
    )


def _greedy_graph(network: Seq2SeqTransformer) -> Any:
    graph = Graph()
    encoded = _encode(graph, network)
    crosses = [_cross(graph, block.cross_attention, encoded) for block in network.decoder_blocks]
    trips, always = graph.constant(network.max_target_length, np.int64), graph.constant(True, np.bool_)
    heads, dim = network.num_key_value_heads, network.head_dim
    empty = [graph.constant(np.zeros(sizes)) for sizes in ((1, heads, dim, 0), (1, heads, 0, dim))]
    state = [graph.constant([START_ID], np.int64), *(empty * network.num_decoder_layers)]
    body = _body(graph, network, crosses)
    *_, written = graph.add("Loop", trips, always, *state, num_outputs=len(state) + 1, body=body)
    graph.add("Cast", graph.add("Reshape", written, graph.shape(-1)), output="target_ids", to=6)  # 6: INT32.
    inputs = graph.values({"source_ids": ("INT32", ("S",))})
    return graph.finish(inputs, graph.values({"target_ids": ("INT32", ("T",))}))


def _encode(graph: Graph, network: Seq2SeqTransformer) -> str:
    """Adds the encoder; returns the name of float (S, hidden_dim)."""
    layer = network.source_embedding
    x = graph.add("Gather", graph.constant(layer.token_embedding.embeddings.numpy()), "source_ids")
    table = graph.constant(sinusoids(layer.max_length, layer.hidden_dim))
    x = graph.add("Add", x, graph.add("Slice", table, graph.shape(0), graph.add("Shape", "source_ids"), graph.shape(0)))
    for block in network.encoder_blocks:
        attention, width = block.self_attention, block.self_attention.num_heads * block.self_attention.head_dim
        heads = attention.num_key_value_heads
        rows, keys, values = _projections(graph, attention, _norm(graph, x, block.self_attention_norm))
        rows = graph.add("Transpose", graph.add("Reshape", rows, graph.shape(1, -1, heads, width // heads)), perm=SWAP)
        rows = graph.add("Reshape", rows, graph.shape(1, heads, -1, attention.head_dim))  # (1, K, S * G, D)
        mixed = _attend(graph, rows, *_keys_and_values(graph, attention, keys, values))
        mixed = graph.add("Reshape", mixed, graph.shape(1, heads, -1, width // heads))
        mixed = graph.add("Reshape", graph.add("Transpose", mixed, perm=SWAP), graph.shape(-1, width))
        x = graph.add("Add", x, _linear(graph, mixed, attention.output_dense))
        x = graph.add("Add", x, _feed_forward(graph, block, x))
    return _norm(graph, x, network.encoder_norm)


def _keys_and_values(graph: Graph, attention: Any, keys: str, values: str) -> tuple[str, str]:
    """Returns the names of keys (1, K, D, S) and values (1, K, S, D) of both (S, K * D)."""
    split = graph.shape(1, -1, attention.num_key_value_heads, attention.head_dim)
    keys = graph.add("Transpose", graph.add("Reshape", keys, split), perm=[0, 2, 3, 1])
    return keys, graph.add("Transpose", graph.add("Reshape", values, split), perm=SWAP)


def _cross(graph: Graph, attention: Any, encoded: str) -> tuple[str, str]:
    """Returns the names of the source's keys (1, K, D, S) and values (1, K, S, D)."""
    both = _linear(graph, encoded, attention.key_dense, attention.value_dense)
    width = attention.num_key_value_heads * attention.head_dim
    keys, values = graph.add("Split", both, graph.shape(width, width), num_outputs=2, axis=-1)
    return _keys_and_values(graph, attention, keys, values)


def _body(outer: Graph, network: Seq2SeqTransformer, crosses: Sequence[tuple[str, str]]) -> Any:
    """Returns one turn of the loop: trip, condition, token (1,), caches -> condition, token, caches, token."""
    graph = Graph(outer)
    layer, heads, dim = network.target_embedding, network.num_key_value_heads, network.head_dim
    x = graph.add("Gather", graph.constant(layer.token_embedding.embeddings.numpy()), "token")  # (1, hidden_dim)
    table = graph.constant(sinusoids(layer.max_length, layer.hidden_dim))
    x = graph.add("Add", x, graph.add("Gather", table, "trip"))
    inputs: dict[str, Any] = {"trip": ("INT64", ()), "condition": ("BOOL", ()), "token": ("INT64", (1,))}
    caches: dict[str, Any] = {}
    for place, (block, cross) in enumerate(zip(network.decoder_blocks, crosses, strict=True)):
        inputs[f"keys_{place}"] = ("FLOAT", (1, heads, dim, "P"))
        inputs[f"values_{place}"] = ("FLOAT", (1, heads, "P", dim))
        rows, key, value = _projections(graph, block.self_attention, _norm(graph, x, block.self_attention_norm))
        key = graph.add("Reshape", key, graph.shape(1, heads, dim, 1))
        value = graph.add("Reshape", value, graph.shape(1, heads, 1, dim))
        keys = graph.add("Concat", f"keys_{place}", key, axis=3)
        values = graph.add("Concat", f"values_{place}", value, axis=2)
        caches[keys], caches[values] = ("FLOAT", (1, heads, dim, "Q")), ("FLOAT", (1, heads, "Q", dim))
        x = graph.add("Add", x, _attend_one(graph, block.self_attention, rows, keys, values))
        rows = _product(graph, _norm(graph, x, block.cross_attention_norm), *_query_weights(block.cross_attention))
        x = graph.add("Add", x, _attend_one(graph, block.cross_attention, rows, *cross))
        x = graph.add("Add", x, _feed_forward(graph, block, x))
    logits = _linear(graph, _norm(graph, x, network.decoder_norm), network.logits_dense)
    token = graph.add("ArgMax", logits, axis=-1, keepdims=0)
    stop = graph.add("Equal", graph.add("Reshape", token, graph.shape()), graph.constant(STOP_ID, np.int64))
    more, written = graph.add("Not", stop), graph.add("Identity", token)
    outputs = {more: ("BOOL", ()), token: ("INT64", (1,)), **caches, written: ("INT64", (1,))}
    return graph.finish(graph.values(inputs), graph.values(outputs), has_constants=False)


def _attend(graph: Graph, rows: str, keys: str, values: str) -> str:
    """Returns (1, K, R, D) of queries (1, K, R, D), keys (1, K, D, S) and values (1, K, S, D)."""
    weights = graph.add("Softmax", graph.add("MatMul", rows, keys), axis=-1)
    return graph.add("MatMul", weights, values)


def _attend_one(graph: Graph, attention: Any, rows: str, keys: str, values: str) -> str:
    """Returns (1, hidden_dim) of the queries of one position, (1, H * D): nothing to transpose."""
    group = attention.num_heads // attention.num_key_value_heads
    rows = graph.add("Reshape", rows, graph.shape(1, attention.num_key_value_heads, group, attention.head_dim))
    mixed = graph.add("Reshape", _attend(graph, rows, keys, values), graph.shape(1, -1))
    return _linear(graph, mixed, attention.output_dense)


def _query_weights(attention: Any) -> tuple[np.ndarray, np.ndarray]:
    """Returns kernel and bias of the queries with the factor of the scores inside."""
    dense, factor = attention.query_dense, attention.head_dim**-0.5
    return dense.kernel.numpy() * factor, dense.bias.numpy() * factor


def _projections(graph: Graph, attention: Any, x: str) -> tuple[str, str, str]:
    """Returns the names of queries (T, H * D), keys and values (T, K * D) of (T, hidden_dim): one product."""
    parts = [_query_weights(attention)]
    parts += [(each.kernel.numpy(), each.bias.numpy()) for each in (attention.key_dense, attention.value_dense)]
    kernels, biases = zip(*parts, strict=True)
    together = _product(graph, x, np.concatenate(kernels, axis=1), np.concatenate(biases))
    sizes = graph.shape(*(len(bias) for bias in biases))
    rows, keys, values = graph.add("Split", together, sizes, num_outputs=3, axis=-1)
    return rows, keys, values


def _feed_forward(graph: Graph, block: Any, x: str) -> str:
    part = block.feed_forward
    inner = _linear(graph, _norm(graph, x, block.feed_forward_norm), part.intermediate_dense)
    return _linear(graph, graph.add("Relu", inner), part.output_dense)


def _linear(graph: Graph, x: str, *layers: Any) -> str:
    kernel = np.concatenate([layer.kernel.numpy() for layer in layers], axis=1)
    return _product(graph, x, kernel, np.concatenate([layer.bias.numpy() for layer in layers]))


def _product(graph: Graph, x: str, kernel: np.ndarray, bias: np.ndarray) -> str:
    return graph.add("Add", graph.add("MatMul", x, graph.constant(kernel)), graph.constant(bias))


def _norm(graph: Graph, x: str, layer: Any) -> str:
    scale = graph.constant(layer.scale.numpy())
    return graph.add("RMSNormalization", x, scale, axis=-1, epsilon=layer.epsilon)
