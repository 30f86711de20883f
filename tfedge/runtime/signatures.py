"""What a loaded model takes and gives, and the checks made before the interpreter is called."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tfedge.errors import WorkerError, one_of
from tfedge.runtime import worker

Array = npt.NDArray[Any]

_STEP_INPUTS = ("token_ids", "cache_update_index")


@dataclasses.dataclass(frozen=True)
class TensorSpec:
    """One tensor of a signature.

    Attributes:
        name: its name in the signature.
        shape: sizes; -1 where the size is free.
        dtype: NumPy's name of it, such as `float32`.
        scales, zero_points: quantization; empty where the tensor is not quantized, one value for per-tensor.
        quantized_dimension: the axis of per-channel scales.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    scales: tuple[float, ...] = ()
    zero_points: tuple[int, ...] = ()
    quantized_dimension: int = 0

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> TensorSpec:
        """Reads one tensor of a `describe` reply."""
        lists = {key: tuple(fields[key]) for key in ("shape", "scales", "zero_points")}
        return cls(**{**fields, **lists})

    def problem(self, array: Array) -> str:
        """Returns how dtype or shape of `array` differ, or nothing."""
        fits = len(array.shape) == len(self.shape) and all(
            want in (-1, size) for want, size in zip(self.shape, array.shape, strict=True)
        )
        if fits and array.dtype == np.dtype(self.dtype):
            return ""
        return f"{self.name}: expected {self.dtype} {self.shape}, received {array.dtype.name} {array.shape}"

    def carries(self, other: TensorSpec) -> bool:
        """Whether the bytes of `other` can be handed on as this tensor: same form, same quantization."""
        return dataclasses.replace(other, name=self.name) == self


@dataclasses.dataclass(frozen=True)
class SignatureSpec:
    """One entry point of a model: its name, and its inputs and outputs by name."""

    name: str
    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]

    @classmethod
    def from_json(cls, name: str, fields: Mapping[str, Iterable[Mapping[str, Any]]]) -> SignatureSpec:
        """Reads one signature of a `describe` reply."""
        sides = {side: {tensor["name"]: TensorSpec.from_json(tensor) for tensor in fields[side]} for side in fields}
        return cls(name, sides["inputs"], sides["outputs"])


Signatures = Mapping[str, SignatureSpec]


def _bad_request(message: str) -> WorkerError:
    return WorkerError(message, kind="bad_request")


def find(signatures: Signatures, name: str) -> SignatureSpec:
    """Returns the signature `name`.

    Raises:
        WorkerError: (bad_request) the model has no such signature.
    """
    if name not in signatures:
        held = ", ".join(signatures) or "none"
        raise _bad_request(f"expected a signature of the model ({held}); received {name!r}; choose one of them")
    return signatures[name]


def check_inputs(signature: SignatureSpec, arrays: Mapping[str, Array]) -> None:
    """Refuses arrays that differ from the inputs in name, dtype or shape; all problems in one message.

    Raises:
        WorkerError: (bad_request) naming expected and received for each input.
    """
    known = ", ".join(signature.inputs)
    problems = [f"{name}: expected, not received" for name in signature.inputs if name not in arrays]
    problems += [f"{name}: received, expected only {known}" for name in arrays if name not in signature.inputs]
    problems += [spec.problem(arrays[name]) for name, spec in signature.inputs.items() if name in arrays]
    found = [problem for problem in problems if problem]
    if found:
        raise _bad_request(f"wrong inputs for `{signature.name}`: {'; '.join(found)}; see describe() and convert them")


def _step_problems(signatures: Signatures) -> list[str]:
    """Returns why `encode` and `decode_step` cannot be run in turns by a host loop."""
    encode, step = find(signatures, "encode"), find(signatures, "decode_step")
    problems = [f"decode_step has no input {name}" for name in _STEP_INPUTS if name not in step.inputs]
    if "logits" not in step.outputs:
        problems.append("decode_step has no output logits")
    for name, spec in step.inputs.items():
        if name in _STEP_INPUTS:
            continue
        source = step if name.startswith("cache_") else encode
        if name not in source.outputs:
            problems.append(f"{source.name} has no output {name}")
        elif not spec.carries(source.outputs[name]):
            problems.append(f"{name} leaves {source.name} as {source.outputs[name]} and enters decode_step as {spec}")
    return problems


def check_decode(signatures: Signatures, entry: str, sources: Array, max_target_length: int | None) -> int:
    """Checks that `sources` can be decoded by `entry`; returns the max_target_length to use.

    Args:
        entry: `greedy` (the loop in the graph) or `encode+decode_step` (the loop of the host).
        sources: int32 (N, max_source_length), each row padded with 0 after its stop token.
        max_target_length: tokens; None takes it from the `greedy` signature.

    Raises:
        ConfigError: `entry` is neither.
        WorkerError: (bad_request) the signatures are missing or unfit, or the sources have another form.
    """
    if entry not in worker.ENTRIES:
        raise one_of("entry", entry, worker.ENTRIES)
    first = find(signatures, "greedy" if entry == worker.GREEDY else "encode")
    problems = [] if list(first.inputs) == ["source_ids"] else [f"{first.name} takes {', '.join(first.inputs)}"]
    if entry == worker.GREEDY:
        problems += [] if "target_ids" in first.outputs else [f"greedy gives {', '.join(first.outputs)}"]
    else:
        problems += _step_problems(signatures)
    if problems:
        raise _bad_request(
            "expected seq2seq signatures (greedy: source_ids -> target_ids; encode and decode_step that fit together);"
            f" received a model in which {'; '.join(problems)}; convert it again"
        )
    if sources.ndim != 2 or len(sources) == 0:
        raise _bad_request(
            f"expected sources int32 (N, max_source_length) with N >= 1; received {sources.dtype.name} {sources.shape};"
            " stack the padded ids, one row each"
        )
    check_inputs(first, {"source_ids": sources[:1]})
    return _target_length(signatures, max_target_length)


def _target_length(signatures: Signatures, given: int | None) -> int:
    if given is not None and given > 0:
        return given
    greedy = signatures.get("greedy")
    length = greedy.outputs["target_ids"].shape[-1] if greedy and "target_ids" in greedy.outputs else -1
    if given is not None or length < 1:
        raise _bad_request(
            f"expected max_target_length of 1 or more, as the model has no `greedy` to take it from; received {given};"
            " give the one of the task"
        )
    return length
