"""Cases that a user gives: inputs and expected outputs in an .npz, and a float model whose answers are right."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from collections.abc import Iterator, Mapping

import numpy as np

from tfedge.errors import ConfigError, InputError, WorkerError, one_of
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.model_file import open_model
from tfedge.number_arrays import read_npz
from tfedge.runtime.client import Worker
from tfedge.runtime.signatures import Array, Signatures, TensorSpec
from tfedge.validation.cases import Call, CallFailedError, Case, Key, Outcome, run_case, words_of
from tfedge.validation.expectation import CheckedFile, Expectation, expect_from_litert, made_up_cases
from tfedge.validation.lane import Lane
from tfedge.validation.real_values import from_real, hand_over, is_quantized
from tfedge.validation.sample_cases import Chain, chains

EXPECTED = "expected_"
MAX_CASES = 1_000


@dataclasses.dataclass(frozen=True)
class UserCases:
    """What `--inputs` and `--reference` give.

    Attributes:
        arrays: by name as in the .npz; empty where inputs are made up.
        source: the .npz, for messages.
        reference: a .tflite; None where LiteRT's reference kernels are the reference.
    """

    arrays: Mapping[str, Array] = dataclasses.field(default_factory=dict, repr=False)
    source: str = ""
    reference: pathlib.Path | None = None

    @classmethod
    def read(
        cls, inputs: str | os.PathLike[str] | None = None, reference: str | os.PathLike[str] | None = None
    ) -> UserCases:
        """Reads both files, as far as they can be judged without a model.

        Raises:
            ArtifactError: a file is missing, or the reference is no .tflite.
            InputError: the .npz is none, is empty or too large, or an array of it holds objects or NaN.
        """
        path = None if reference is None else pathlib.Path(reference)
        if path is not None:
            read_graph(open_model(path))
        return cls({} if inputs is None else read_arrays(inputs), "" if inputs is None else str(inputs), path)


def read_arrays(path: str | os.PathLike[str]) -> dict[str, Array]:
    """Reads the arrays of an .npz; no code in it is run.

    Raises:
        ArtifactError: there is no such file.
        InputError: not an .npz, no array, objects or text in one, NaN, cases that differ in number, or too much.
    """
    arrays = read_npz(path, "file of inputs")
    problems: list[str] = []
    counts = {array.shape[0] for array in arrays.values()}
    if len(counts) > 1:
        sizes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        problems = [f"the first axis counts the cases and must be equal: {sizes}"]
    elif not 1 <= min(counts) <= MAX_CASES:
        problems = [f"it holds {min(counts)} cases: give 1 to {MAX_CASES}"]
    if problems:
        raise InputError(f"expected cases along the first axis of each array in {path}; {'; '.join(problems)}")
    return arrays


def expect_from_user(checked: CheckedFile, lane: Lane, user: UserCases, seed: int) -> Expectation:
    """Returns the user's cases of a file with what is right for them.

    Expected outputs in the .npz are compared first; where there are none, the reference model answers on LiteRT, and
    without one LiteRT's reference kernels run the file itself.

    Args:
        lane: of LiteRT on this machine.

    Raises:
        ConfigError: inputs or a reference that do not fit the file's signatures.
    """
    try:
        worker = lane.load(checked.path, "reference")
    except WorkerError as error:
        return Expectation(seed=seed, reason=f"LiteRT cannot read its signatures: {words_of(error)}")
    signatures = worker.describe()
    if not user.arrays:
        # Beyond the calibrated range a quantized file clips, and a float one does not: that is no defect.
        cases = tuple(case for case in made_up_cases(checked.graph, signatures, seed) if not case.is_extreme)
        return _from_reference(checked, lane, user, cases, signatures, is_real=False)
    cases, expected = fit_cases(user, signatures, checked.path.name)
    if any(outputs for outcome in expected for outputs in outcome):
        against = f"the expected outputs in {pathlib.Path(user.source).name}"
        return Expectation(cases, expected, against=against, is_real=True)
    if user.reference is not None:
        return _from_reference(checked, lane, user, cases, signatures, is_real=True)
    return expect_from_litert(checked, lane, seed, cases)


def _from_reference(
    checked: CheckedFile, lane: Lane, user: UserCases, cases: tuple[Case, ...], signatures: Signatures, is_real: bool
) -> Expectation:
    """Returns what the reference model answers on LiteRT, in the forms of the file under test."""
    path = user.reference
    if path is None:
        raise ConfigError("expected a reference; there is none")
    try:
        worker = lane.load(path)
        theirs = worker.describe()
        _check_alike(signatures, theirs, checked.path.name, path.name)
        expected = tuple(_answer(worker, case, signatures, theirs) for case in cases)
    except WorkerError as error:
        return Expectation(cases, reason=f"LiteRT cannot run {path.name}: {words_of(error)}", is_real=is_real)
    except CallFailedError as failed:
        return Expectation(cases, reason=f"LiteRT cannot run {path.name}: {words_of(failed.error)}", is_real=is_real)
    return Expectation(cases, expected, against=path.name, is_real=is_real)


def _answer(worker: Worker, case: Case, ours: Signatures, theirs: Signatures) -> Outcome:
    """Runs a case on the reference; inputs and outputs change between the forms of the two files."""
    calls = tuple(
        dataclasses.replace(
            call,
            inputs={
                name: hand_over(array, ours[call.signature].inputs[name], theirs[call.signature].inputs[name])
                for name, array in call.inputs.items()
            },
        )
        for call in case.calls
    )
    outcome = run_case(worker, dataclasses.replace(case, calls=calls))
    return tuple(
        {
            name: hand_over(array, theirs[call.signature].outputs[name], ours[call.signature].outputs[name])
            for name, array in outputs.items()
            if name in ours[call.signature].outputs
        }
        for call, outputs in zip(case.calls, outcome, strict=True)
    )


def _check_alike(ours: Signatures, theirs: Signatures, name: str, reference: str) -> None:
    """Refuses a reference that cannot be asked the same: other signatures, inputs or shapes, no output in common."""
    problems = []
    for key, signature in ours.items():
        other = theirs.get(key)
        if other is None:
            problems.append(f"it has no signature {key!r} (only {', '.join(map(repr, theirs)) or 'none'})")
            continue
        for tensor, spec in signature.inputs.items():
            if tensor not in other.inputs:
                problems.append(f"its {key!r} has no input {tensor!r} (only {', '.join(map(repr, other.inputs))})")
            elif other.inputs[tensor].shape != spec.shape:
                problems.append(f"its {key!r} takes {tensor!r} as {other.inputs[tensor].shape}, not {spec.shape}")
        problems += [f"its {key!r} wants {extra!r} too" for extra in other.inputs if extra not in signature.inputs]
        if not set(signature.outputs) & set(other.outputs):
            problems.append(f"its {key!r} gives {', '.join(map(repr, other.outputs))}, and nothing in common")
    if problems:
        raise ConfigError(
            f"expected {reference} to have the signatures of {name}; {'; '.join(problems)}; export both from one model"
        )


def fit_cases(user: UserCases, signatures: Signatures, name: str) -> tuple[tuple[Case, ...], tuple[Outcome, ...]]:
    """Returns the user's cases as calls of a file's signatures, and the outputs expected of each call.

    Raises:
        ConfigError: a name that the file does not have, inputs that are missing, or another shape or dtype.
    """
    inputs, outputs = _placed(user, signatures, name)
    called = [chain for chain in _called(signatures, inputs, name) if chain.names]
    count = next(iter(user.arrays.values())).shape[0]
    cases: list[Case] = []
    expected: list[Outcome] = []
    for chain in called:
        prefix = f"{chain.sink}/" if len(called) > 1 else ""
        for place in range(count):
            calls = tuple(_call(chain, signature, signatures, inputs, place) for signature in chain.names)
            cases.append(Case(f"{prefix}case_{place + 1}", calls))
            expected.append(
                tuple(
                    {key[1]: rows[place] for key, rows in outputs.items() if key[0] == call.signature} for call in calls
                )
            )
    return tuple(cases), tuple(expected)


def _placed(
    user: UserCases, signatures: Signatures, name: str
) -> tuple[dict[Key, list[Array]], dict[Key, list[Array]]]:
    """Returns inputs and expected outputs by (signature, tensor), one array a case, in the form of the file."""
    inputs: dict[Key, list[Array]] = {}
    outputs: dict[Key, list[Array]] = {}
    for word, array in user.arrays.items():
        found = list(_owners(word, signatures))
        if not found:
            raise one_of(f"an array of {user.source} for {name}", word, _known_names(word, signatures))
        for key, spec, is_output in found:
            (outputs if is_output else inputs)[key] = [_fitted(row, spec, word, name) for row in array]
    if not inputs:
        raise ConfigError(
            f"expected inputs in {user.source}; it holds outputs alone; add an array by each input's name"
        )
    return inputs, outputs


def _owners(word: str, signatures: Signatures) -> Iterator[tuple[Key, TensorSpec, bool]]:
    """Yields the tensors that `word` names, INPUT or SIGNATURE/INPUT, and whether each is an output.

    Names of tensors may hold slashes themselves, so whole names are compared and none is taken apart.
    """
    for key, signature in signatures.items():
        for is_output, tensors in ((False, signature.inputs), (True, signature.outputs)):
            for tensor, spec in tensors.items():
                name = EXPECTED + tensor if is_output else tensor
                if word in (name, f"{key}/{name}"):
                    yield (key, tensor), spec, is_output


def _known_names(word: str, signatures: Signatures) -> list[str]:
    """Returns what an array may be called, in the form in which `word` was meant."""
    known = {
        (key, EXPECTED + tensor if is_output else tensor): None
        for key, signature in signatures.items()
        for is_output, tensors in ((False, signature.inputs), (True, signature.outputs))
        for tensor in tensors
        if is_output == word.rpartition("/")[2].startswith(EXPECTED)
    }
    return list(dict.fromkeys(f"{key}/{name}" if "/" in word else name for key, name in known))


def _fitted(row: Array, spec: TensorSpec, word: str, name: str) -> Array:
    """Returns one case of an array as the tensor takes it: with its batch axis, and quantized where it is."""
    dtype = np.dtype(spec.dtype)
    if row.dtype != dtype:
        if row.dtype.kind == "f" and is_quantized(spec):
            row = from_real(row, spec)
        elif row.dtype.kind == dtype.kind or (row.dtype.kind in "iu" and dtype.kind in "iu"):
            changed = row.astype(dtype)
            row = changed if dtype.kind == "f" or np.array_equal(changed, row) else row
    for shaped in (row, row[None]):
        if not spec.problem(shaped):
            return shaped
    raise ConfigError(
        f"expected each case of {word} as {spec.dtype} {spec.shape} for {name}; got {row.dtype} {row.shape}; "
        "the first axis of an array counts the cases"
    )


def _called(signatures: Signatures, inputs: Mapping[Key, list[Array]], name: str) -> list[Chain]:
    """Returns the chains to call: the signatures that inputs were given for, after those that feed them."""
    given = {key[0] for key in inputs}
    found = []
    for chain in chains({key: each for key, each in signatures.items() if key in given}):
        missing = [
            f"{signature}/{tensor}"
            for signature in chain.names
            for tensor in signatures[signature].inputs
            if (signature, tensor) not in inputs and (signature, tensor) not in chain.feeds
            if not (signature == chain.sink and tensor in chain.states)
        ]
        if missing:
            raise ConfigError(f"expected every input of {name} that nothing feeds; missing: {', '.join(missing)}")
        found.append(chain)
    return found


def _call(chain: Chain, signature: str, signatures: Signatures, inputs: Mapping[Key, list[Array]], place: int) -> Call:
    values, fed = {}, {}
    for tensor, spec in signatures[signature].inputs.items():
        if (signature, tensor) in inputs:
            values[tensor] = inputs[signature, tensor][place]
        elif (signature, tensor) in chain.feeds:
            fed[tensor] = (chain.names.index(chain.feeds[signature, tensor]), tensor)
        else:  # A state that nobody gave: a decoder's first call finds it empty.
            values[tensor] = from_real(np.zeros([max(size, 1) for size in spec.shape]), spec)
    return Call(signature, values, fed)
