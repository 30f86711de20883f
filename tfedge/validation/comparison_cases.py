"""Which inputs two files are compared on: the user's own, else the golden cases of a pack, else seeded ones."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Sequence

from tfedge.modelfile.golden import GoldenCase
from tfedge.modelfile.summary import GraphSummary
from tfedge.runtime.signatures import Signatures
from tfedge.validation.cases import Case
from tfedge.validation.expectation import made_up_cases
from tfedge.validation.golden_runs import golden_runs
from tfedge.validation.user_cases import UserCases, fit_cases

SEED = 1


def choose_cases(
    path: str | os.PathLike[str],
    graph: GraphSummary,
    signatures: Signatures,
    golden: Sequence[GoldenCase] = (),
    inputs: str | os.PathLike[str] | None = None,
    max_cases: int = 16,
) -> tuple[tuple[Case, ...], str]:
    """Returns cases for a file, and what they are, in words.

    Args:
        path: of the file, for messages.
        graph: of the file.
        signatures: of the file, as a runtime tells them.
        golden: of the pack of either file; empty where there is none.
        inputs: an `.npz` with cases, as `tfedge check --inputs` takes it.
        max_cases: more are left out.

    Raises:
        ArtifactError, InputError, ConfigError: no `.npz`, or inputs that do not fit the file.
        MeasurementError: no inputs were given, and none can be made up.
    """
    if inputs is not None:
        given = fit_cases(UserCases.read(inputs), signatures, pathlib.Path(path).name)[0][:max_cases]
        return given, f"{len(given)} cases of {pathlib.Path(inputs).name}"
    runs = golden_runs(golden[:max_cases], signatures)
    if runs:
        return runs, f"{len(runs)} golden cases, the decoder driven along the expected answers"
    # Extremes are left out: no calibration covers a hundred times the usual, and the error there tells nothing.
    made = tuple(case for case in made_up_cases(graph, signatures, SEED) if not case.is_extreme)[:max_cases]
    return made, f"{len(made)} made-up cases, seed {SEED}: ranges of real inputs may differ; give --inputs"
