"""How many examples a second tfedge's trainer takes, beside plain `model.fit` and KerasHub's layers.

    pip install -c constraints.txt '.[train]'
    pip install --no-deps keras-hub==0.32.0 kagglehub kagglesdk regex sentencepiece tokenizers
    python -m tools.training_speed [--rounds 6] [--examples 10000] [--cores 2] [--only ours fit ...] [--out FILE.json]
    python -m tools.training_speed --readme

All train a network of the shipped G2P sizes on CMUdict's training pairs, each in a process of its own, in turns, after
everything was traced and compiled. `model.fit` takes batches padded to the task's longest words, as many examples a
step as tfedge has on the average, and compiles its step by XLA, as Keras does unless told otherwise. `--readme` draws
the README's table from the kept report. KerasHub stands in no extra: it asks for tensorflow-text, which its layers do
not need and which is not made for each TensorFlow. Nothing is installed by itself.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import pathlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfedge.artifacts import read_bytes, write_bytes
from tfedge.cli.terminal import TerminalReporter
from tfedge.errors import ArtifactError, ConfigError, RuntimeUnavailableError, TfedgeError
from tfedge.progress import Reporter
from tfedge.runtime import cpu
from tools.benchmark.answering import started
from tools.benchmark.report import versions
from tools.update_readme import README, write_region

MARKS = ("<!-- training: begin -->", "<!-- training: end -->")
KEPT = pathlib.Path(__file__).with_name("measured.json")
SCHEMA_VERSION = 1
PACKAGES = ("tensorflow", "tensorflow-cpu", "keras", "keras-hub", "numpy")
RESAMPLES = 2000
OURS = "ours"
# What each is, and how many times as fast ours shall be.
WAYS: dict[str, tuple[str, float | None]] = {
    OURS: ("tfedge: bucketed batches, Muon, averaged weights", None),
    "fit": ("`model.fit`, same network, padded batches, AdamW", 3.0),
    "fit_muon": ("`model.fit`, same network, padded batches, Muon", None),
    "keras_hub": ("`model.fit`, KerasHub's layers, padded batches, AdamW", 1.2),
    "keras_hub_bucketed": ("`model.fit`, KerasHub's layers, tfedge's batches, AdamW", None),
}


def measure(ways: Sequence[str], rounds: int, examples: int, cores: int, reporter: Reporter) -> dict[str, Any]:
    """Returns a report: examples and seconds of each round of each way, A B C A B C ...

    Raises:
        MeasurementError: a process ended.
    """
    command = [sys.executable, "-m", "tools.training_speed.trainee"]
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])  # Inherited by each process.
    rows: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    reporter.stage(f"tracing {len(ways)} ways to train")
    with started("train", [(way, [*command, way]) for way in ways]) as processes:
        with reporter.bar("rounds", rounds * len(ways)) as bar:
            for _ in range(rounds):
                for way, process in zip(ways, processes, strict=True):
                    rows[way].append(process.ask({"examples": examples}))
                    bar.advance(note=way)
    conditions = {"cpu": cpu.this_cpu(), "cores": cores, "versions": versions(PACKAGES)}
    return {"schema_version": SCHEMA_VERSION, "conditions": conditions, "rounds": rows}


def rate(rounds: Sequence[Mapping[str, float]]) -> float:
    """Returns examples a second of all rounds together."""
    return sum(each["examples"] for each in rounds) / sum(each["seconds"] for each in rounds)


def times_as_fast(
    ours: Sequence[Mapping[str, float]], other: Sequence[Mapping[str, float]]
) -> tuple[float, float, float]:
    """Returns how many times as many examples a second `ours` takes, with a 95 % bootstrap interval over rounds."""
    rng, ratios = np.random.default_rng(0), []
    for _ in range(RESAMPLES):  # The same rounds of both: a burst of other work meets both.
        drawn = rng.integers(0, len(ours), len(ours))
        ratios.append(rate([ours[place] for place in drawn]) / rate([other[place] for place in drawn]))
    low, high = np.percentile(ratios, [2.5, 97.5])
    return rate(ours) / rate(other), float(low), float(high)


def read(path: pathlib.Path) -> dict[str, Any]:
    """Reads a report.

    Raises:
        ArtifactError: missing, or none of this schema version.
    """
    try:
        report: dict[str, Any] = json.loads(read_bytes(path, "report of training speed"))
        if report["schema_version"] != SCHEMA_VERSION or OURS not in report["rounds"]:
            raise ValueError(f"schema version {report['schema_version']!r}")
        markdown(report)
    except (ValueError, TypeError, KeyError, AttributeError, ZeroDivisionError, RecursionError) as error:
        raise ArtifactError(f"expected a report of training speed in {path}; {error}; name another file") from None
    return report


def markdown(report: Mapping[str, Any]) -> str:
    """Returns the table, and under it the conditions."""
    lines = ["| trained by | examples a second | tfedge is times as fast | aim |", "| --- | ---: | ---: | ---: |"]
    ours = report["rounds"][OURS]
    for way, rounds in report["rounds"].items():
        said, aim = WAYS[way]
        ratio, low, high = times_as_fast(ours, rounds)
        faster = "1" if way == OURS else f"{ratio:.2f} ({low:.2f}-{high:.2f})"
        lines.append(f"| {said} | {rate(rounds):.0f} | {faster} | {'-' if aim is None else f'{aim:g}'} |")
    held = report["conditions"]
    packages = ", ".join(f"{name} {version}" for name, version in held["versions"].items())
    turns = f"{len(ours)} rounds of {ours[0]['examples']} examples or more"
    return "\n".join([*lines, "", f"{turns} on {held['cores']} cores of {held['cpu']}; {packages}."])


def update_readme(readme: pathlib.Path = README, kept: pathlib.Path = KEPT) -> None:
    """Draws the README's table from the kept report.

    Raises:
        ArtifactError: no such report, or no marks in the README.
    """
    write_region(readme, f"\n{markdown(read(kept))}\n", *MARKS)


def _check(args: argparse.Namespace) -> None:
    if args.rounds < 1 or args.examples < 1:
        raise ConfigError(f"expected --rounds and --examples of 1 or more; got {args.rounds} and {args.examples}")
    if not 1 <= args.cores <= len(os.sched_getaffinity(0)):
        raise ConfigError(f"expected --cores of 1 to {len(os.sched_getaffinity(0))}; got {args.cores}")
    if any(way.startswith("keras_hub") for way in args.only) and importlib.util.find_spec("keras_hub") is None:
        raise RuntimeUnavailableError(
            "expected keras_hub; it is not installed; install it as --help says, or name others by --only"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints the table; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=6, help="turns of each that count (default: 6)")
    parser.add_argument("--examples", type=int, default=10_000, help="examples a turn, at least (default: 10000)")
    parser.add_argument("--cores", type=int, default=2, help="CPU cores for all (default: 2)")
    parser.add_argument("--only", nargs="+", choices=WAYS, default=list(WAYS), help="ways besides ours (default: all)")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("out/training_speed.json"))
    parser.add_argument("--readme", action="store_true", help="draw the README's table from the kept report")
    args = parser.parse_args(arguments)
    try:
        if args.readme:
            update_readme()
            return 0
        _check(args)
        ways = [OURS, *(way for way in WAYS if way in args.only and way != OURS)]
        report = measure(ways, args.rounds, args.examples, args.cores, TerminalReporter())
        write_bytes(args.out, (json.dumps(report) + "\n").encode(), force=True)
    except TfedgeError as error:
        print(f"training_speed: error: {error}", file=sys.stderr)
        return error.exit_code
    print(markdown(report))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
