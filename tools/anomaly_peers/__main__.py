"""Compares the shipped anomaly model with river's HalfSpaceTrees and LODA on the same rows of Shuttle.

    python -m venv .venv-river && .venv-river/bin/pip install river==0.26.1
    python -m tools.anomaly_peers --river-python .venv-river/bin/python --out models/anomaly/anomaly.peers.json

Two comparisons. On the first 10,000 rows, river's detectors as river documents them: each row is scored, then learned,
from a cold start; none of these rows is in our training, dev or test part. On our test rows, the last 10,097: they have
scored and learned all rows before and go on learning. No label teaches anyone: ours is trained on rows 10,000 to
29,999 with all their anomalies. Thresholds of all come from rows 30,000 to 38,999, by one rule. river needs another
NumPy than tflite-runtime: it runs in a Python of its own, and nothing is installed by itself.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfedge.artifacts import check_writable, write_bytes
from tfedge.errors import MeasurementError, RuntimeUnavailableError, TfedgeError
from tfedge.modelfile.pack import read_pack
from tfedge.runtime.client import Worker
from tfedge.runtime.targets import installed_targets
from tfedge.tasks import anomaly
from tfedge.tasks.preprocessing.windows import WindowPreprocessing
from tfedge.tasks.tensor_task import TensorTask
from tools.anomaly_peers.comparison import FALSE_ALARM_SHARE, Array, Bootstrap, compare, covariance_scores

SCHEMA_VERSION = 1
ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "models" / "anomaly" / "anomaly.tflite"
SEED = 42  # River's own, in its documentation.
CITED = {"HalfSpaceTrees": 90.07, "LODA": 96.46}  # River 0.26.1, docstring of river.datasets.Shuttle.


def river_scores(python: str, rows: Array) -> dict[str, Array]:
    """Returns the scores of river's detectors, (N,) each, of rows in their order.

    Raises:
        RuntimeUnavailableError: no such Python, or no river of this version in it.
        MeasurementError: it failed.
    """
    asked = json.dumps({"rows": rows.tolist(), "seed": SEED, "version": anomaly.RIVER})
    script = pathlib.Path(__file__).with_name("river_scores.py")
    alone = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    try:
        done = subprocess.run([python, str(script)], input=asked, capture_output=True, text=True, env=alone)
    except OSError as error:
        raise RuntimeUnavailableError(
            f"expected a Python with river as --river-python; {python}: {error.strerror}; check the path"
        ) from None
    said = done.stderr.strip().rpartition("\n")[2]
    if done.returncode == 3:
        raise RuntimeUnavailableError(f"{said}; run: {python} -m pip install river=={anomaly.RIVER}")
    if done.returncode:
        raise MeasurementError(f"expected scores from river; it failed: {said[:200]}; run it by hand")
    return {name: np.array(each) for name, each in json.loads(done.stdout).items()}


def own_scores(model: pathlib.Path, inputs: Array) -> dict[str, Array]:
    """Returns the scores of a packed file, (N,), by each runtime beside this Python; inputs float32 (N, W, C)."""
    found = {}
    for target in installed_targets():
        with Worker(target.name) as worker:
            worker.load(model)
            rows = [worker.run("score", {"inputs": window[None]})["score"] for window in inputs]
        found[f"tfedge, {target.name}"] = np.concatenate(rows).astype(np.float64)
    return found


def measure(model: pathlib.Path, wheel: str | None, python: str, num_samples: int) -> dict[str, Any]:
    """Returns the whole comparison as JSON values; TfedgeError of whatever is missing or failed."""
    pack = read_pack(model)
    task = TensorTask.from_json(dict(pack.task))
    windows = task.preprocessing
    if task.name != anomaly.NAME or not isinstance(windows, WindowPreprocessing) or windows.length != 1:
        raise MeasurementError(f"expected the shipped anomaly model in {model}; got {task.name}; check --model")
    log, data = anomaly.shuttle(wheel), anomaly.load(wheel)
    labels = log.labels
    if labels is None:
        raise MeasurementError("expected labels in Shuttle; got none; get river's own file")
    peers = river_scores(python, log.rows)
    scaled = windows.cut(log.rows)
    held_out = np.r_[: anomaly.NUM_PEER_ROWS, len(log.rows) - len(data.dev) - len(data.test) : len(log.rows)]
    ours = own_scores(model, scaled[held_out])
    flat = np.clip(scaled[:, 0].astype(np.float64), -20, 20)
    train = data.train.inputs[:, 0].astype(np.float64).clip(-20, 20)
    own = {**ours, "covariance, most usual 90 %": covariance_scores(train, flat[held_out])}
    everyone = {**own, **{name: each[held_out] for name, each in peers.items()}}
    first, dev, test = (slice(0, 10_000), slice(10_000, 10_000 + len(data.dev)), slice(10_000 + len(data.dev), None))
    told = labels[held_out]
    normal = told[dev] == 0
    thresholds = {name: float(np.quantile(each[dev][normal], 1 - FALSE_ALARM_SHARE)) for name, each in everyone.items()}
    name, bootstrap = next(iter(ours)), Bootstrap(num_samples)
    parts = {
        "first_10000": ({key: each[first] for key, each in everyone.items()}, told[first], {}),
        "test": ({key: each[test] for key, each in everyone.items()}, told[test], thresholds),
    }
    return {
        "schema_version": SCHEMA_VERSION,
        "data": dict(data.source),
        "model_sha256": pack.manifest.model_sha256,
        "recipe": pack.manifest.recipe,
        "river": {"version": anomaly.RIVER, "seed": SEED, "cited_first_10000": CITED},
        "bootstrap": {"num_samples": num_samples, "seed": bootstrap.seed},
        "false_alarm_share_on_dev": FALSE_ALARM_SHARE,
        **{part: compare(*each, name, bootstrap) for part, each in parts.items()},
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code; see `tfedge.errors`."""
    parser = argparse.ArgumentParser(prog="python -m tools.anomaly_peers", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--river-python", default=sys.executable, help="a Python that has river; this one by default")
    parser.add_argument("--data", metavar="WHEEL", help="wheel of river, where this Python has none installed")
    parser.add_argument("--model", type=pathlib.Path, default=MODEL, help="packed file; the shipped one by default")
    parser.add_argument("--samples", type=int, default=2000, help="bootstrap draws")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="JSON file to write")
    parser.add_argument("--force", action="store_true", help="replace --out")
    asked = parser.parse_args(arguments)
    try:
        out = check_writable(asked.out, asked.force)
        found = measure(asked.model, asked.data, asked.river_python, asked.samples)
        write_bytes(out, (json.dumps(found, indent=1) + "\n").encode(), asked.force)
    except TfedgeError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    for part in ("first_10000", "test"):
        print(f"{part}: {found[part]['num_rows']:,} rows, {found[part]['num_anomalies']:,} anomalies")
        for name, figures in found[part]["detectors"].items():
            low, high = figures["auc_interval"]
            print(f"  {name:32} ROC-AUC {figures['auc']:.2f} ({low:.2f} to {high:.2f})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
