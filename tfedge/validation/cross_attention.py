"""Which letters a decoder looks at for each token: its own cross attention weights, taken from the file as it runs.

No signature gives them out. They are what the SOFTMAX ops behind the input `cross_bias` of `decode_step` compute, and
LiteRT keeps what each op computes where it is asked to and no delegate runs the ops.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from tfedge.modelfile.summary import GraphSummary, TensorSummary
from tfedge.runtime.client import Worker
from tfedge.runtime.signatures import Array
from tfedge.tasks.spec import TaskSpec
from tfedge.text.tokenizer import START_ID, STOP_ID
from tfedge.validation.real_values import Reals

ENCODE, DECODE_STEP, CROSS_BIAS = "encode", "decode_step", "cross_bias"
# tflite-runtime 2.14 lets some ops write over their inputs, whatever it is asked to keep.
RUNTIME = "ai-edge-litert"


@dataclasses.dataclass(frozen=True, eq=False)
class CrossAttention:
    """What one text became, and where each token of the answer came from.

    Attributes:
        sources: symbols of the text, with the stop token.
        targets: symbols of the answer, with the stop token where there is one.
        weights: float64 (len(targets), len(sources)), mean over heads and layers; a row sums to 1 but for rounding.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    weights: Reals


def attention_tensors(graph: GraphSummary) -> tuple[TensorSummary, ...]:
    """Returns the attention weights over the source that `decode_step` computes, a tensor a layer; none where it has no
    such input or signature.

    What `cross_bias` reaches before any softmax are the scores of cross attention alone: to those of self attention of
    a later layer it comes only through the softmax of an earlier one.
    """
    step = graph.signatures.get(DECODE_STEP)
    if step is None or CROSS_BIAS not in step.inputs:
        return ()
    reached, found = {step.inputs[CROSS_BIAS].index}, []
    for op in graph.ops:
        if op.subgraph != step.subgraph or not any(tensor and tensor.index in reached for tensor in op.inputs):
            continue
        if op.name == "SOFTMAX":
            found.append(op.outputs[0])
        else:
            reached.update(tensor.index for tensor in op.outputs)
    return tuple(found)


def load_for_attention(worker: Worker, path: str) -> None:
    """Loads a file so that `cross_attention` can be asked of it; raises as `Worker.load`."""
    worker.load(path, resolver="without_default_delegates", preserve_all_tensors=True)


def cross_attention(worker: Worker, tensors: Sequence[TensorSummary], spec: TaskSpec, text: str) -> CrossAttention:
    """Decodes a text greedily, step by step, and keeps the weights of each step.

    Args:
        worker: that `load_for_attention` loaded the file into, on LiteRT.
        tensors: of that file, from `attention_tensors`; one or more.
        spec: of its task.
        text: as a user types it.

    Raises:
        InputError: a text that the task cannot read.
        WorkerError: the runtime refused, crashed or hung.
    """
    ids = spec.source_ids(text)
    inputs = _first_inputs(worker, spec, text)
    targets: list[int] = []
    rows = []
    while len(targets) < spec.max_target_length and targets[-1:] != [STOP_ID]:
        inputs["token_ids"] = np.array([[targets[-1] if targets else START_ID]], np.int32)
        inputs["cache_update_index"] = np.array([len(targets)], np.int32)
        outputs, kept = worker.run_keeping(DECODE_STEP, inputs, [tensor.index for tensor in tensors])
        inputs |= {name: array for name, array in outputs.items() if name in inputs}
        targets.append(int(np.argmax(outputs["logits"])))
        rows.append(np.mean([_mean_of_heads(kept[tensor.index], tensor, len(ids)) for tensor in tensors], axis=0))
    return CrossAttention(
        _symbols(spec.source_tokenizer.symbols, ids), _symbols(spec.target_tokenizer.symbols, targets), np.stack(rows)
    )


def _first_inputs(worker: Worker, spec: TaskSpec, text: str) -> dict[str, Array]:
    """Returns the inputs of the first step: what the encoder says, and empty caches."""
    form = worker.describe()[DECODE_STEP].inputs
    # 0.0 is the zero point of a quantized cache.
    inputs = {name: np.full(each.shape, (each.zero_points or (0,))[0], each.dtype) for name, each in form.items()}
    encoded = worker.run(ENCODE, {"source_ids": spec.source_array(text)})
    return inputs | {name: array for name, array in encoded.items() if name in inputs}


def _mean_of_heads(kept: Array, tensor: TensorSummary, length: int) -> Reals:
    """Returns float64 (length,): the weights on the symbols of the source, padding left out."""
    reals = kept.astype(np.float64)
    if tensor.scale is not None and kept.dtype.kind in "iu":
        reals = (reals - (tensor.zero_point or 0)) * tensor.scale
    mean: Reals = reals.reshape(-1, reals.shape[-1]).mean(axis=0)
    return mean[:length]


def _symbols(symbols: Sequence[str], ids: Sequence[int]) -> tuple[str, ...]:
    special = {0: "pad", START_ID: "start", STOP_ID: "end"}
    return tuple(special.get(value) or symbols[value - len(special)] for value in ids)
