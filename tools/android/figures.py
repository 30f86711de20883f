"""Compares answers of the shipped network on 1,000 real words: Python's runtimes, Android's library on this machine's
JVM, and the arm64 library out of the built APK, emulated; and writes the README's table.

    python -m tools.android.figures [--words 1000] [--sizes-only]

Needs the extra `train`, and the app built by tools/android/build.py. Kept as models/g2p/g2p.android.json.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfedge.artifacts import write_bytes
from tfedge.errors import DeviceError, TfedgeError
from tfedge.modelfile.pack import Pack, read_pack
from tfedge.runtime.client import Worker
from tfedge.runtime.predict import decode_entry
from tfedge.tasks.spec import TaskSpec
from tfedge.text.tokenizer import trimmed
from tfedge.validation.near_ties import Fork
from tfedge.validation.stage_tracing import step_logits
from tools.android import build
from tools.update_readme import README, write_region

MODEL = build.ROOT / "models" / "g2p" / "g2p.keras"
STORED = MODEL.with_name("g2p.android.json")
MARKS = ("<!-- android: begin -->", "<!-- android: end -->")
RECIPES = ("float32", "dynamic_wi8_afp32", "static_wi8_ai8")
RUNTIMES = ("ai-edge-litert", "tflite-runtime")
HOST, ARM64 = "Android's library, JVM", "arm64 library of the APK"
APK = build.DEMO / "app" / "target" / "tfedge-demo.apk"

Answers = dict[str, tuple[int, ...]]  # text -> ids up to and including the stop token


def _run(command: Sequence[str | pathlib.Path]) -> str:
    done = subprocess.run([str(part) for part in command], cwd=build.ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise DeviceError(f"expected `{command[0]} ...` to end with 0; it ended with {done.returncode}: {last}")
    return done.stdout


def python_answers(pack: Pack, runtime: str, texts: Sequence[str]) -> Answers:
    """Returns the answers of an interpreter here."""
    spec = TaskSpec.from_json(dict(pack.task))
    sources = np.concatenate([spec.source_array(text) for text in texts])
    with Worker(runtime) as worker:
        worker.load(pack.path)
        rows = worker.decode_many(sources, decode_entry(worker), spec.max_target_length)
    return {text: trimmed(row) for text, row in zip(texts, rows, strict=True)}


def host_answers(pack: Pack, words: pathlib.Path) -> Answers:
    """Returns the answers of the app's core with Android's library on this machine's JVM."""
    jar = build.DEMO / "host" / "target" / "android-host.jar"
    rows = json.loads(_run(["java", "-jar", jar, "predict", pack.path, "--words", words, "--json"]))
    tokenizer = TaskSpec.from_json(dict(pack.task)).target_tokenizer
    return {row["text"]: tuple(tokenizer.encode(row["prediction"])) for row in rows}


def arm64_answers(packs: Mapping[str, Pack], words: pathlib.Path, out: pathlib.Path) -> dict[str, Answers]:
    """Returns the answers of the library in the built APK, on an emulated ARM core, by recipe."""
    jar = build.DEMO / "arm64" / "target" / "arm64.jar"
    _run(["java", "-jar", jar, APK, words, out, *(pack.path for pack in packs.values())])
    models = json.loads(out.read_text("utf-8"))["models"]
    return {each["recipe"]: {row["text"]: trimmed(row["tokens"]) for row in each["answers"]} for each in models}


@dataclasses.dataclass(frozen=True)
class Difference:
    """Two devices' answers by one recipe.

    Attributes:
        words: that differ.
        steps: of each such word, how far the two tokens' logits lie apart where the answers fork, in steps of the
            logits; None where they are float.
    """

    words: int
    steps: tuple[int, ...] | None


def difference(pack: Pack, expected: Answers, actual: Answers, is_quantized: bool) -> Difference:
    """Compares two devices' answers; LiteRT here is asked for the logits."""
    forks = []
    spec = TaskSpec.from_json(dict(pack.task))
    for text, ids in expected.items():
        other = actual[text]
        if ids != other:
            place = next(i for i, pair in enumerate(zip((*ids, 0), (*other, 0), strict=False)) if pair[0] != pair[1])
            pair = ((*ids, 0)[place], (*other, 0)[place])
            forks.append(Fork(text, tuple(spec.source_ids(text)), ids[:place], *pair))
    return Difference(len(forks), steps_of(pack, spec, forks) if is_quantized and forks else None)


def steps_of(pack: Pack, spec: TaskSpec, forks: Sequence[Fork]) -> tuple[int, ...]:
    """Returns the gap of each fork in steps; a step is the least distance between two logits of the file."""
    found = []
    with Worker(RUNTIMES[0]) as worker:
        worker.load(pack.path)
        for fork in forks:
            source = spec.source_array(fork.case)[0]
            values = step_logits(worker, source, fork.prefix).reals.reshape(-1)
            distances = np.diff(np.unique(values))
            gap = abs(float(values[fork.expected] - values[fork.actual]))
            found.append(round(gap / float(distances[distances > 1e-6].min())))
    return tuple(sorted(found))


def measure(num_words: int, folder: pathlib.Path) -> dict[str, Any]:
    """Converts, runs everyone and compares; returns the report."""
    flags = [part for recipe in RECIPES for part in ("--recipe", recipe)]
    _run([sys.executable, "-m", "tfedge", "convert", MODEL, *flags, "--out", folder])
    packs = {recipe: read_pack(folder / f"g2p.{recipe}.tflite") for recipe in RECIPES}
    evaluation = packs[RECIPES[0]].evaluation
    texts = [example.text for example in evaluation.examples][:num_words] if evaluation else []
    words = folder / "words.txt"
    words.write_text("\n".join(texts) + "\n", "utf-8")
    arm64 = arm64_answers(packs, words, folder / "arm64.json")
    rows = []
    for recipe, pack in packs.items():
        answers = {runtime: python_answers(pack, runtime, texts) for runtime in RUNTIMES}
        answers |= {HOST: host_answers(pack, words), ARM64: arm64[recipe]}
        cells = {}
        for device in (HOST, ARM64):
            for runtime in RUNTIMES:
                found = difference(pack, answers[runtime], answers[device], recipe.startswith("static"))
                cells[f"{device} / {runtime}"] = dataclasses.asdict(found)
        rows.append({"recipe": recipe, "cells": cells})
        print(json.dumps(rows[-1]), file=sys.stderr)
    return {"schema_version": 1, "num_words": len(texts), "rows": rows, "overhead": overhead(packs), "apk": sizes()}


def overhead(packs: Mapping[str, Pack]) -> dict[str, float]:
    """Returns how much longer a word takes than its bare interpreter calls, as a share, by recipe with `greedy`."""
    jar = build.DEMO / "host" / "target" / "android-host.jar"
    found = {}
    for recipe in RECIPES[:2]:
        said = json.loads(_run(["java", "-jar", jar, "overhead", packs[recipe].path, "--min-seconds", "10"]))
        found[recipe] = float(said["overhead_ratio"])
    return found


def sizes() -> dict[str, int]:
    """Returns the bytes of each part of the APK."""
    parts: dict[str, int] = json.loads(APK.with_suffix(".sizes.json").read_text("utf-8"))
    return parts


def region(report: Mapping[str, Any]) -> str:
    """Returns what stands between the marks."""
    columns = list(report["rows"][0]["cells"])
    lines = ["| recipe | " + " | ".join(columns) + " |", "| --- |" + " ---: |" * len(columns)]
    for row in report["rows"]:
        lines.append(f"| `{row['recipe']}` | " + " | ".join(_cell(row["cells"][name]) for name in columns) + " |")
    parts = ", ".join(f"{name} {value / 1e6:.2f}" for name, value in report["apk"].items() if name != "all")
    more = ", ".join(f"{100 * value:.1f} % ({recipe})" for recipe, value in report["overhead"].items())
    said = (
        f"Words of {report['num_words']:,} whose tokens differ; in brackets by how many steps of the logits the two "
        f"tokens lay apart, median and most. The core's own time a word beside the bare call: {more}. "
        f"The APK: {report['apk']['all'] / 1e6:.2f} MB (MB by part: {parts})."
    )
    return "\n" + "\n".join(lines) + f"\n\n{said}\n"


def _cell(cell: Mapping[str, Any]) -> str:
    steps = cell["steps"]
    return f"{cell['words']} ({int(np.median(steps))}, {max(steps)})" if steps else str(cell["words"])


def main(arguments: list[str] | None = None) -> int:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--words", type=int, default=1000)
    parser.add_argument("--sizes-only", action="store_true", help="read the APK's parts anew, and keep the rest")
    args = parser.parse_args(arguments)
    try:
        if args.sizes_only:
            report = {**json.loads(STORED.read_text("utf-8")), "apk": sizes()}
        else:
            with tempfile.TemporaryDirectory(prefix="tfedge-android-") as folder:
                report = measure(args.words, pathlib.Path(folder))
        write_bytes(STORED, (json.dumps(report, indent=1) + "\n").encode(), force=True)
        write_region(README, region(report), *MARKS)
    except TfedgeError as error:
        print(f"figures: error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
