"""How well does the sensor task do on subjects that training never saw? Trains once a fold and keeps the figures.

    python tools/leave_subjects_out.py [--per-fold N] [--data FOLDER] [--config FILE] [--work FOLDER] [--out FILE]

Every subject is a test subject once: each fold leaves N of them out (default 1), fits scaling and weights to the others
alone, converts by the recipe that ships, and runs each window of those left out on every runtime beside this Python.
Folds that are done lie in --work and are not done again. An hour on two cores that have other things to do.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import pathlib
import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tfedge.artifacts import sha256_hex, write_bytes
from tfedge.cli.terminal import TerminalReporter
from tfedge.errors import ConfigError, TfedgeError
from tfedge.progress import Reporter
from tfedge.tasks import sensor
from tfedge.tasks.array_config import ArrayTaskConfig
from tfedge.tasks.recording_folder import read_recordings
from tfedge.tasks.recordings import RecordingSet
from tfedge.tasks.shipped import shipped_file
from tfedge.validation.class_accuracy import score_classes

if TYPE_CHECKING:
    from tfedge.pipeline.array_job import ArrayJob

SCHEMA_VERSION = 1
KERAS = "keras"
Columns = dict[str, npt.NDArray[Any]]


def folds(subjects: Sequence[str], per_fold: int) -> list[tuple[str, ...]]:
    """Returns the subjects in groups of `per_fold`, in their order; the last may be smaller.

    Raises:
        ConfigError: a fold that would leave nobody to train on.
    """
    if not 1 <= per_fold < len(subjects):
        raise ConfigError(
            f"expected --per-fold of 1 to {len(subjects) - 1} of {len(subjects)} subjects; got {per_fold}"
        )
    return [tuple(subjects[start : start + per_fold]) for start in range(0, len(subjects), per_fold)]


def run_fold(
    recordings: RecordingSet, test: Sequence[str], config: ArrayTaskConfig, work: pathlib.Path, reporter: Reporter
) -> Columns:
    """Trains without `test` and returns labels, groups, seconds, and each column's probabilities on them."""
    from tfedge.pipeline.array_job import ArrayJob
    from tfedge.training.train_arrays import train_arrays

    began, data = time.monotonic(), sensor.split(recordings, test)
    weights = work / f"without_{'_'.join(test)}.keras"
    model = train_arrays(data, config, weights, force=True, reporter=reporter)
    seconds = time.monotonic() - began
    job = ArrayJob(model, data, config.shipping, None, reporter)
    columns: Columns = {KERAS: job.examples.keras, "labels": job.examples.labels, "seconds": np.array(seconds)}
    return {**columns, "groups": np.asarray(job.groups), **_on_runtimes(job, weights, reporter)}


def _on_runtimes(job: ArrayJob, weights: pathlib.Path, reporter: Reporter) -> Columns:
    from tfedge.conversion.recipes import RECIPES
    from tfedge.runtime.client import Worker
    from tfedge.runtime.targets import installed_targets
    from tfedge.validation.array_calls import call_each

    found, examples = {}, job.examples
    pack = job.pack(RECIPES[job.shipping.recipe], weights.with_suffix(".tflite"), force=True)
    for target in installed_targets():
        with Worker(target.name) as worker:
            worker.load(pack.path)
            answers = call_each(worker, examples.signature, examples.input, examples.inputs, reporter)
        found[f"{job.shipping.recipe} on {target}"] = answers[examples.output]
    return found


def summary(parts: Sequence[Columns], recordings: RecordingSet, config: ArrayTaskConfig) -> dict[str, Any]:
    """Returns what the folds say together: accuracy by column with its interval over subjects, and by subject."""
    together = {key: np.concatenate([np.atleast_1d(part[key]) for part in parts]) for key in parts[0]}
    labels, groups = together["labels"], together["groups"]
    names = [key for key in together if key not in ("labels", "groups", "seconds")]
    columns = {}
    for name in names:
        report = score_classes(together[name], labels, None if name == KERAS else together[KERAS], groups)
        columns[name] = {key: value for key, value in report.to_json().items() if key != "errors"}
    is_right = {name: together[name].argmax(axis=1) == labels for name in names}
    by_subject = {
        subject: {
            "windows": int((groups == subject).sum()),
            **{name: round(100 * float(is_right[name][groups == subject].mean()), 2) for name in names},
        }
        for subject in recordings.subjects
    }
    return {
        "schema_version": SCHEMA_VERSION,
        "task": sensor.NAME,
        "source": dict(recordings.source),
        "classes": list(recordings.labels),
        "folds": [sorted(set(part["groups"].tolist())) for part in parts],
        "training_seconds": [round(float(part["seconds"])) for part in parts],
        **_settings(config),
        "columns": columns,
        "by_subject": by_subject,
    }


def _settings(config: ArrayTaskConfig) -> dict[str, Any]:
    return {
        "network": dict(config.network),
        "training": dataclasses.asdict(config.training),
        "recipe": config.shipping.recipe,
        "variation": dataclasses.asdict(sensor.VARIATION),
        "window_seconds": sensor.WINDOW_SECONDS,
        "hop_seconds": sensor.HOP_SECONDS,
    }


def table(report: Mapping[str, Any]) -> str:
    """Returns the figures as a Markdown table, a row a subject and the last for all windows."""
    names = list(report["columns"])
    lines = [f"| unseen subject | windows | {' | '.join(names)} |", f"|---|{'---:|' * (1 + len(names))}"]
    for subject, row in report["by_subject"].items():
        lines.append(f"| {subject} | {row['windows']} | {' | '.join(f'{row[name]:.1f}' for name in names)} |")
    cells = [
        f"**{column['accuracy']:.1f}** ({column['accuracy_low']:.1f} to {column['accuracy_high']:.1f})"
        for column in report["columns"].values()
    ]
    total = sum(row["windows"] for row in report["by_subject"].values())
    return "\n".join([*lines, f"| all | {total} | {' | '.join(cells)} |"])


def measure(args: argparse.Namespace, reporter: Reporter) -> dict[str, Any]:
    """Runs the folds that are missing and returns the summary of all."""
    recordings = sensor.read_watch() if args.data is None else read_recordings(args.data)
    config = ArrayTaskConfig.read(args.config or shipped_file(f"{sensor.NAME}/config.json"))
    asked = json.dumps(
        [config.to_json(), dict(recordings.source), dataclasses.asdict(sensor.VARIATION)], sort_keys=True
    )
    work = args.work / sha256_hex(asked.encode())[:12]
    work.mkdir(parents=True, exist_ok=True)
    parts = []
    for number, test in enumerate(folds(recordings.subjects, args.per_fold), 1):
        kept = work / f"without_{'_'.join(test)}.npz"
        reporter.stage(f"fold {number}: without subjects {', '.join(test)}")
        if not kept.exists():
            np.savez(kept, **run_fold(recordings, test, config, work, reporter))
        with np.load(kept) as arrays:
            parts.append(dict(arrays))
    return summary(parts, recordings, config)


def main(arguments: list[str] | None = None) -> int:
    """Measures, writes the report and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--per-fold", type=int, default=1, metavar="N", help="subjects left out at a time (default: 1)")
    parser.add_argument("--data", type=pathlib.Path, metavar="FOLDER", help="CSV files in place of the watch data")
    parser.add_argument("--config", type=pathlib.Path, metavar="FILE", help="default: the one that ships")
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("out/leave_subjects_out"), metavar="FOLDER")
    parser.add_argument("--out", type=pathlib.Path, metavar="FILE", help="where the report goes as JSON")
    args = parser.parse_args(arguments)
    try:
        from tfedge.cli import wing_a

        wing_a.import_tensorflow()
        report = measure(args, TerminalReporter())
        if args.out is not None:
            write_bytes(args.out, (json.dumps(report, indent=2) + "\n").encode(), force=True)
    except TfedgeError as error:
        print(f"leave_subjects_out: error: {error}", file=sys.stderr)
        return error.exit_code
    print(table(report))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
