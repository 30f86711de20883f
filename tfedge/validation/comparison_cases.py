"""Which inputs two files are compared on: the user's own, else the golden cases of a pack, else seeded ones."""

from __future__ import annotations

import os
import pathlib
import zipfile
from collections.abc import Sequence

import numpy as np

from tfedge.errors import InputError
from tfedge.modelfile.golden import GoldenCase
from tfedge.modelfile.summary import GraphSummary
from tfedge.runtime.signatures import Array, Signatures
from tfedge.validation.cases import Call, Case
from tfedge.validation.expectation import made_up_cases
from tfedge.validation.golden_runs import golden_runs

SEED = 1


def choose_cases(
    graph: GraphSummary,
    signatures: Signatures,
    golden: Sequence[GoldenCase] = (),
    inputs: str | os.PathLike[str] | None = None,
    max_cases: int = 16,
) -> tuple[tuple[Case, ...], str]:
    """Returns cases for a file, and what they are, in words.

    Args:
        graph: of the file.
        signatures: of the file, as a runtime tells them.
        golden: of the pack of either file; empty where there is none.
        inputs: an `.npz` with one array an input, "SIGNATURE/INPUT" or "INPUT", cases along a new first axis.
        max_cases: more are left out.

    Raises:
        InputError: a file that is no `.npz`, or that misses inputs of every signature.
        MeasurementError: no inputs were given, and none can be made up.
    """
    if inputs is not None:
        given = _given_cases(inputs, signatures)[:max_cases]
        return given, f"{len(given)} cases of {pathlib.Path(inputs).name}"
    runs = golden_runs(golden[:max_cases], signatures)
    if runs:
        return runs, f"{len(runs)} golden cases, the decoder driven along the expected answers"
    # Extremes are left out: no calibration covers a hundred times the usual, and the error there tells nothing.
    made = tuple(case for case in made_up_cases(graph, signatures, SEED) if not case.is_extreme)[:max_cases]
    return made, f"{len(made)} made-up cases, seed {SEED}: ranges of real inputs may differ; give --inputs"


def _given_cases(path: str | os.PathLike[str], signatures: Signatures) -> tuple[Case, ...]:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays: dict[str, Array] = {name: file[name] for name in file.files}
    except (OSError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise InputError(
            f"expected an .npz file with inputs at {os.fspath(path)}; {error}; write it with numpy.savez"
        ) from None
    made: list[Case] = []
    for name, signature in signatures.items():
        short = len(signatures) == 1
        rows = {}
        for key in signature.inputs:
            held = arrays.get(f"{name}/{key}", arrays.get(key) if short else None)
            if held is not None:
                rows[key] = held
        if not rows or set(rows) != set(signature.inputs):
            continue
        if len({len(held) if held.ndim else -1 for held in rows.values()}) != 1 or not next(iter(rows.values())).ndim:
            sizes = ", ".join(f"{key} {held.shape}" for key, held in rows.items())
            raise InputError(f"expected as many cases of each input of {name!r}; got {sizes}; give one row a case")
        for row in range(len(next(iter(rows.values())))):
            made.append(Case(f"{name} {row}", (Call(name, {key: held[row] for key, held in rows.items()}),)))
    if not made:
        wanted = "; ".join(f"{name}: {', '.join(signature.inputs)}" for name, signature in signatures.items())
        raise InputError(
            f"expected all inputs of a signature ({wanted}) in {os.fspath(path)}; got {', '.join(arrays) or 'nothing'}"
        )
    return tuple(made)
