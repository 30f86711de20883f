"""Which layer broke: two files of one network, run on the same inputs, compared tensor by tensor in graph order.

Each call is fed with what the first file gave at the calls before (teacher forcing), so that errors of different calls
do not mix. Loops (WHILE bodies) cannot be looked into; `encode` and `decode_step` are how their insides are seen.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tfedge.errors import ConfigError, WorkerError
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.pack import split_model
from tfedge.modelfile.stored_values import StoredValues
from tfedge.modelfile.summary import TensorSummary
from tfedge.progress import SILENT, Reporter, track
from tfedge.runtime.client import Worker
from tfedge.runtime.environments import Environment
from tfedge.runtime.signatures import Array, SignatureSpec
from tfedge.validation.cases import Call, Case
from tfedge.validation.real_values import hand_over
from tfedge.validation.signature_comparison import SignatureComparison, SignaturePair, TensorError
from tfedge.validation.tensor_matching import NAMELESS, size_of
from tfedge.validation.weight_comparison import WeightError

KEEPS_TENSORS = "ai-edge-litert"
# Tensors are read in pieces of this size, so that a large network's do not fill a pipe at once.
MAX_READ_BYTES = 64 * 2**20


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Two files of one network.

    Attributes:
        first, second: their paths.
        first_sha256, second_sha256: of the files that the runtime read.
        target: the runtime that ran both.
        signatures: compared, in the order in which they are called.
        weights: stored tensors, in graph order.
        skipped: signatures, or calls of a case that the second file refuses, each with its reason.
    """

    first: str
    second: str
    first_sha256: str
    second_sha256: str
    target: str
    signatures: tuple[SignatureComparison, ...]
    weights: tuple[WeightError, ...]
    skipped: Mapping[str, str]

    @property
    def tensors(self) -> tuple[TensorError, ...]:
        """Of all signatures, in order."""
        return tuple(tensor for signature in self.signatures for tensor in signature.tensors)

    @property
    def wrong(self) -> tuple[TensorError, ...]:
        """Where each signature goes wrong; empty where none does."""
        return tuple(signature.wrong for signature in self.signatures if signature.wrong)

    def worst(self, count: int = 10) -> tuple[TensorError, ...]:
        """Returns the tensors with the lowest signal to noise, the lowest first."""
        with_error = [tensor for tensor in self.tensors if tensor.snr_db is not None]
        return tuple(sorted(with_error, key=lambda tensor: tensor.snr_db or 0.0)[:count])


def compare_files(
    first: str | os.PathLike[str],
    second: str | os.PathLike[str],
    cases: Sequence[Case],
    environment: Environment | None = None,
    reporter: Reporter = SILENT,
) -> Comparison:
    """Runs `cases` on both files without delegates and compares every tensor.

    Args:
        first: the file that is right, a float one as a rule.
        second: the file in question.
        cases: inputs in the first file's form; the second file is fed with what they mean.
        environment: of LiteRT; by default the one of this Python. tflite-runtime 2.14 lets ops write over their
            inputs even when asked to keep them, so that a right file would look wrong on it.

    Raises:
        ArtifactError, IntegrityError: a file that is none, or was changed.
        ConfigError: another runtime than LiteRT, or no signature that both files have and a case calls.
        WorkerError: a file was refused, the first file refused a case, or an interpreter crashed.
    """
    if environment is not None and environment.target.name != KEEPS_TENSORS:
        raise ConfigError(
            f"expected an environment of {KEEPS_TENSORS}; got {environment.target}, which keeps no tensors"
        )
    runtime = environment or KEEPS_TENSORS
    with Worker(runtime) as one, Worker(runtime) as other:
        sides = (_Side(one, first), _Side(other, second))
        pairs, skipped = _pairs(sides, cases)
        total = sum(len(case.calls) for case in cases)
        for case, call, inputs, expected in track(
            reporter, _fed_calls(cases, sides[0], pairs), total, "compare tensors"
        ):
            pair = pairs[call.signature]
            handed = _handed_over(inputs, sides, call.signature)
            try:
                _, actual = sides[1].run(call.signature, handed, [match.second.tensor for match in pair.matches])
            except WorkerError as error:
                if error.kind != "refused":
                    raise
                skipped[f"{call.signature} in case {case}"] = f"the second file refuses it: {error}"
                continue
            pair.add(expected, actual)
        target = str(one.info.target)
    return Comparison(
        first=str(first),
        second=str(second),
        first_sha256=sides[0].sha256,
        second_sha256=sides[1].sha256,
        target=target,
        signatures=tuple(pair.result() for pair in pairs.values()),
        weights=_distinct(pairs.values()),
        skipped=skipped,
    )


class _Side:
    """One file, loaded in a worker that keeps every tensor."""

    def __init__(self, worker: Worker, path: str | os.PathLike[str]) -> None:
        data = split_model(path)
        self.path, self.graph, self.stored, self.worker = path, read_graph(data), StoredValues(data), worker
        self.sha256 = worker.load(path, resolver="without_default_delegates", preserve_all_tensors=True)

    def spec(self, signature: str) -> SignatureSpec:
        """Returns inputs and outputs of a signature, as the runtime tells them."""
        return self.worker.describe()[signature]

    def run(
        self, signature: str, inputs: Mapping[str, Array], tensors: Sequence[TensorSummary]
    ) -> tuple[dict[str, Array], list[Array]]:
        """Returns outputs by name, and `tensors`; where these are too many for one message, of several equal runs."""
        outputs: dict[str, Array] = {}
        arrays: list[Array] = []
        for piece in _pieces(tensors):
            outputs, kept = self.worker.run_keeping(signature, inputs, [tensor.index for tensor in piece])
            arrays += [kept[tensor.index] for tensor in piece]
        return outputs, arrays


def _pieces(tensors: Sequence[TensorSummary]) -> Iterator[list[TensorSummary]]:
    piece: list[TensorSummary] = []
    for tensor in tensors:
        if piece and (sum(map(size_of, piece)) + size_of(tensor)) * 4 > MAX_READ_BYTES:
            yield piece
            piece = []
        piece.append(tensor)
    yield piece


def _pairs(sides: tuple[_Side, _Side], cases: Sequence[Case]) -> tuple[dict[str, SignaturePair], dict[str, str]]:
    """Returns the signatures to compare, in the order of their first calls, and why others are left out."""
    held = [set(side.graph.signatures) or {NAMELESS} for side in sides]
    called = list(dict.fromkeys(call.signature for case in cases for call in case.calls))
    names = [name for name in called if name in held[0] & held[1]]
    skipped = {name: "the other file does not have it" for name in sorted(held[0] ^ held[1])}
    skipped |= {name: "no case calls it" for name in sorted(held[0] & held[1] - set(called))}
    if not names:
        pairs = zip(sides, held, strict=True)
        told = "; ".join(f"{side.path} has {', '.join(sorted(keys - {NAMELESS})) or 'none'}" for side, keys in pairs)
        raise ConfigError(f"expected a signature that both files have and a case calls ({', '.join(called)}); {told}")
    stored = (sides[0].stored, sides[1].stored)
    return {name: SignaturePair(name, sides[0].graph, sides[1].graph, stored) for name in names}, skipped


def _fed_calls(
    cases: Sequence[Case], side: _Side, pairs: Mapping[str, SignaturePair]
) -> Iterator[tuple[str, Call, dict[str, Array], list[Array]]]:
    """Runs the cases on the first file; yields case, call, all its inputs and the tensors it gave, for `pairs`."""
    for case in cases:
        done: list[tuple[str, dict[str, Array]]] = []
        for call in case.calls:
            spec, pair = side.spec(call.signature), pairs.get(call.signature)
            inputs = dict(call.inputs)
            for name, (place, output) in call.fed.items():
                source = side.spec(done[place][0]).outputs[output]
                inputs[name] = hand_over(done[place][1][output], source, spec.inputs[name])
            wanted = [match.first.tensor for match in pair.matches] if pair else []
            outputs, kept = side.run(call.signature, inputs, wanted)
            done.append((call.signature, outputs))
            if pair:
                yield case.name, call, inputs, kept


def _handed_over(inputs: Mapping[str, Array], sides: tuple[_Side, _Side], signature: str) -> dict[str, Array]:
    """Returns inputs of the first file in the form in which the second takes them."""
    specs = [side.spec(signature).inputs for side in sides]
    return {
        name: hand_over(array, specs[0][name], specs[1][name]) if name in specs[1] else array
        for name, array in inputs.items()
    }


def _distinct(pairs: Iterable[SignaturePair]) -> tuple[WeightError, ...]:
    """Returns every stored tensor once: signatures share them."""
    found: dict[int, WeightError] = {}
    for pair in pairs:
        for weights in pair.weights.values():
            for weight in weights:
                found.setdefault(weight.buffer, weight)
    return tuple(found.values())
