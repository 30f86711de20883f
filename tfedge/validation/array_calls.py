"""Calls of one signature with examples, one by one as a phone makes them, in real numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tfedge.modelfile.tensor_cases import TensorCase
from tfedge.progress import SILENT, Reporter
from tfedge.runtime.client import Worker
from tfedge.runtime.signatures import Array
from tfedge.validation.cases import run_case
from tfedge.validation.real_values import Reals, to_real
from tfedge.validation.tensor_golden import real_cases


def call_each(
    worker: Worker, signature: str, name: str, inputs: Array, reporter: Reporter = SILENT, label: str = ""
) -> dict[str, Reals]:
    """Returns what the loaded file answers to each example.

    Args:
        worker: with the file loaded.
        signature: that is called; it has one input.
        name: of that input.
        inputs: (N, ...), as the float model takes them; one or more.
        reporter: hears a bar.
        label: of the bar.

    Returns:
        output name -> float64 (N, ...), without the batch that each call has.

    Raises:
        WorkerError, CallFailedError: the file has another signature or input; the runtime refused, crashed or hung.
    """
    signatures = worker.describe()
    rows: list[Mapping[str, Array]] = []
    with reporter.bar(f"{label} on {worker.runtime}", len(inputs)) as bar:
        for at, row in enumerate(inputs):
            asked = TensorCase(f"example {at + 1}", signature, {name: row[None]}, {})
            rows.append(run_case(worker, *real_cases([asked], signatures))[0])
            bar.advance()
    specs = signatures[signature].outputs
    return {key: to_real(np.concatenate([row[key] for row in rows]), specs[key]) for key in specs}
