"""Measures what each file of the gate's corpus does on each target, against Keras' own float answers.

    python -m tools.measure_gate_corpus [--corpus FOLDER] TARGET ...

Writes truth.json into the folder: file -> target -> {"outcome", "error_share"}. The outcome is `right`, `wrong`,
`not_finite`, `refused` or `crashed`; nothing of tfedge's checks is used, so that they can be tested against it. The
error share is the squared error over the variance between cases: an answer that ignores its input has 1 or more. A
file counts as right up to 0.1; the last line printed says how far from that the files are.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
from typing import Any

import numpy as np

from tfedge.errors import WorkerError
from tfedge.progress import SILENT
from tfedge.runtime.client import Worker
from tfedge.runtime.environments import find_environment
from tfedge.runtime.signatures import SignatureSpec, TensorSpec
from tfedge.runtime.targets import ANDROID, RuntimeTarget
from tools import measure_runtimes
from tools.make_gate_corpus import NUM_CASES, OUT

RIGHT_SHARE = 0.1


def quantized(values: np.ndarray, spec: TensorSpec) -> np.ndarray:
    """Returns float or integer values as the tensor's own dtype."""
    dtype = np.dtype(spec.dtype)
    if dtype.kind in "iu" and values.dtype.kind == "f":
        limits = np.iinfo(dtype)
        steps = np.round(values / spec.scales[0]) + spec.zero_points[0]
        return np.clip(steps, limits.min, limits.max).astype(dtype)
    return values.astype(dtype)


def real(values: np.ndarray, spec: TensorSpec) -> np.ndarray:
    """Returns a tensor's values as float64."""
    if spec.scales and values.dtype.kind in "iu":
        return (values.astype(np.float64) - spec.zero_points[0]) * spec.scales[0]
    return values.astype(np.float64)


def measure(worker: Worker, path: pathlib.Path, truth: dict[str, np.ndarray]) -> dict[str, Any]:
    """Returns the outcome of one file."""
    try:
        worker.load(path)
        signature: SignatureSpec = next(iter(worker.describe().values()))
        (given, entry), (expected_name, answer) = (
            next(iter(side.items())) for side in (signature.inputs, signature.outputs)
        )
        name = next(key for key in truth if not key.startswith("expected_"))
        wanted = next(truth[key] for key in truth if key.startswith("expected_"))
        answers = []
        for row in range(NUM_CASES):
            outputs = worker.run(signature.name, {given: quantized(truth[name][row], entry)})
            answers.append(real(outputs[expected_name], answer))
    except WorkerError as error:
        return {"outcome": error.kind}
    got, wanted = np.stack(answers), wanted.astype(np.float64)
    if not np.isfinite(got).all():
        return {"outcome": "not_finite"}
    share = float(((got - wanted) ** 2).sum() / ((wanted - wanted.mean(0)) ** 2).sum())
    return {"outcome": "right" if share <= RIGHT_SHARE else "wrong", "error_share": round(share, 5)}


def main(arguments: list[str] | None = None) -> int:
    """Measures and writes; returns 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="+", type=RuntimeTarget.parse, metavar="TARGET")
    parser.add_argument("--corpus", type=pathlib.Path, default=OUT)
    args = parser.parse_args(arguments)
    out = args.corpus / "truth.json"
    found: dict[str, dict[str, Any]] = json.loads(out.read_text()) if out.exists() else {}
    for target in args.targets:
        is_android = target.name == ANDROID
        found_at = measure_runtimes.android_environment(target, SILENT) if is_android else find_environment(target)
        with Worker(found_at, timeout_s=60, isolate=True) as worker:
            for path in sorted(args.corpus.glob("*.tflite")):
                if path.name.startswith("special_"):  # These have no cases: tests say what is expected of them.
                    continue
                with np.load(args.corpus / f"{path.name.partition('.')[0]}.npz", allow_pickle=False) as truth:
                    outcome = measure(worker, path, dict(truth))
                found.setdefault(path.name, {})[str(target)] = outcome
                print(target, path.name, outcome, file=sys.stderr, flush=True)
    out.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    shares = [row["error_share"] for rows in found.values() for row in rows.values() if "error_share" in row]
    right, wrong = ([share for share in shares if (share <= RIGHT_SHARE) == side] for side in (True, False))
    print(f"largest error share of a right file {max(right)}, smallest of a wrong one {min(wrong, default=None)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
