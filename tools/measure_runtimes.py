"""Measures runtime releases and writes tfedge/checks/measured_runtimes.json.

    python -m tools.measure_runtimes [--release ai-edge-litert==2.3.0 ...] [--places x86_64 ...] [--again]

For each release that still installs on Python 3.11: the highest version of every builtin op that it registers, and its
answer to every probe of `tfedge.checks.probes`, on x86-64 and on emulated ARM cores. A release is installed by
`tfedge.devices` into a cache of its own, measured and removed, and what was found is written at once, so that a run
may be stopped and goes on where it was. Only probes that are new, or whose file changed, are asked; `--again` asks
all. Android's library (`--release android-tflite==2.16.1`) is measured from its archive, its x86_64 and its arm64-v8a
machine code, made loadable by `tools/android` and called as Java's Interpreter calls it in every app, which applies
XNNPACK. On x86_64 XNNPACK gets memory on 64 bytes, which its kernels for AVX-512 need and its own 32 are chance for.
`--plain-kernels FILE` measures without XNNPACK, and writes to FILE, which tfedge does not read. Needs Python 3.11 on
Debian 12 x86-64, for Android Maven and gcc too; an hour for everything.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import hashlib
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tfedge.artifacts import write_bytes
from tfedge.checks import facts
from tfedge.checks.facts import RuntimeFacts
from tfedge.checks.probes import PROBES, SIGNATURE, Probe
from tfedge.cli.terminal import TerminalReporter
from tfedge.devices import environment, staging, wheels
from tfedge.errors import TfedgeError, WorkerError
from tfedge.modelfile.builder import ModelBuilder
from tfedge.modelfile.schema import load_schema
from tfedge.progress import Reporter, track
from tfedge.runtime import cpu, environments, targets
from tfedge.runtime.client import Worker
from tfedge.runtime.environments import Environment
from tfedge.runtime.limits import Limits
from tfedge.runtime.targets import RuntimeTarget
from tools.android import measured_library, port_library

PLACES = ("x86_64", "aarch64:cortex-a72", "aarch64:cortex-a76")
ANDROID = "android-tflite==2.16.1"  # the last archive in Maven's central repository
ANDROID_PLACES = ("x86_64", "arm64-v8a:cortex-a72", "arm64-v8a:cortex-a76")
ANDROID_HOST = RuntimeTarget("tflite-runtime", "2.14.0", "aarch64")  # whose emulated Python loads Android's library
HIGHEST = 40  # above every op version in the schema's own history; the search ends at the first that is refused
# Not ops: a mark for numbers above 127, one for custom ops, and what a delegate puts in their place.
NO_OPS = ("PLACEHOLDER_FOR_GREATER_OP_CODES", "CUSTOM", "DELEGATE")
TIMEOUT_S = 60.0
DEFAULT, PLAIN = "default", "without_default_delegates"
MISSING = re.compile(r"Didn't find op for builtin opcode '(\w+)' version '(\d+)'")


def releases() -> list[str]:
    """Returns `name==version` of every release that pip finds for this Python, newest first."""
    found = []
    for name in targets.RUNTIMES:
        command = [sys.executable, "-m", "pip", "index", "versions", name]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        versions = said.split("Available versions:")[1].splitlines()[0]
        found += [f"{name}=={version.strip()}" for version in versions.split(",")]
    return found


def digest(probe: Probe) -> str:
    """Returns a short hash of everything a probe asks and expects."""
    parts = [probe.data, repr(probe.tolerance).encode()]
    for arrays in (probe.inputs, probe.expected):
        parts += [part for name, array in arrays.items() for part in (name.encode(), np.asarray(array).tobytes())]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:8]


def refusal(worker: Worker, path: pathlib.Path, codes: Iterable[tuple[str, int]]) -> str:
    """Returns why a model with these unused operator codes is refused, or nothing."""
    builder = ModelBuilder()
    x, y = builder.tensor("x", (1, 2)), builder.tensor("y", (1, 2))
    builder.op("ADD", [x, x], [y])
    for op, version in codes:
        builder.op_code(op, version)
    path.write_bytes(builder.build())
    try:
        worker.load(path)
    except WorkerError as error:
        if error.kind != "refused":
            raise
        return str(error)
    return ""


def registered(worker: Worker, path: pathlib.Path, codes: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Returns those of `codes` that the runtime registers: each refusal names one that it does not."""
    left = list(codes)
    while said := refusal(worker, path, left):
        match = MISSING.search(said)
        code = (match[1], int(match[2])) if match else None
        if code in left:
            left.remove(code)
        else:  # newer than the names that this release has: each is asked alone
            return [code for code in left if not refusal(worker, path, [code])]
    return left


def op_versions(worker: Worker, folder: pathlib.Path) -> dict[str, int]:
    """Returns the highest registered version of each builtin op; ops are searched up to the first gap of two."""
    ops = [name for name in vars(load_schema().BuiltinOperator) if name.isupper() and name not in NO_OPS]
    highest = dict.fromkeys(ops, 0)
    for version in range(1, HIGHEST):
        asked = [(op, version) for op, found in highest.items() if version - found <= 2]
        if not asked:
            break
        for op, _ in registered(worker, folder / "codes.tflite", asked):
            highest[op] = version
    return {op: found for op, found in highest.items() if found}


def answer(worker: Worker, path: pathlib.Path, probe: Probe, resolver: str = DEFAULT) -> str:
    """Returns what a runtime makes of one probe."""
    path.write_bytes(probe.data)
    try:
        worker.load(path, resolver=resolver)
        return probe.judge(worker.run(SIGNATURE, probe.inputs))
    except WorkerError as error:
        if error.kind == "crashed":
            signal = re.search(r"died by (SIG\w+)", str(error))
            return f"crashed:{signal[1]}" if signal else "crashed"
        # A name, shape or dtype that the runtime describes otherwise than the file is a refusal too.
        return "refused" if error.kind == "bad_request" else error.kind


def measure(
    found: Environment, probes: Sequence[Probe], reporter: Reporter, codes: bool, resolver: str = DEFAULT
) -> dict[str, Any]:
    """Returns `op_versions` (when asked for), `answers` by probe, and the `cpu` in words."""
    with tempfile.TemporaryDirectory() as folder, Worker(found, timeout_s=TIMEOUT_S, limits=Limits()) as worker:
        path = pathlib.Path(folder) / "probe.tflite"
        asked = track(reporter, probes, len(probes), str(found.target))
        return {
            "op_versions": op_versions(worker, path.parent) if codes else {},
            "answers": {probe.name: answer(worker, path, probe, resolver) for probe in asked},
            "cpu": worker.info.cpu,
        }


def wheel_hash(target: RuntimeTarget) -> str:
    """Returns the sha256 of the release's wheel for Python 3.11, or nothing where there is none."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            (wheel,) = wheels.fetch({target.name: (target.version, "")}, target.arch, pathlib.Path(folder) / "wheels")
        except TfedgeError:
            return ""
        return hashlib.sha256(wheel.read_bytes()).hexdigest()


class Store:
    """The JSON file, with the hash of each probe beside its name."""

    def __init__(self, path: pathlib.Path, resolver: str = DEFAULT) -> None:
        self._path, self.resolver = path, resolver
        held = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"probes": {}, "releases": {}}
        self.digests: dict[str, str] = dict(held["probes"])
        names = tuple(self.digests)
        self.facts = {label: RuntimeFacts.from_json(label, value, names) for label, value in held["releases"].items()}

    def forget_changed(self, probes: Sequence[Probe]) -> None:
        """Drops answers to probes that are gone or whose file changed."""
        now = {probe.name: digest(probe) for probe in probes}
        kept = {name for name, value in self.digests.items() if now.get(name) == value}
        for label, release in self.facts.items():
            behaviours = {name: answers for name, answers in release.behaviours.items() if name in kept}
            self.facts[label] = dataclasses.replace(release, behaviours=behaviours)
        self.digests = now

    def add(self, release: RuntimeFacts) -> None:
        """Puts a release in and writes the file."""
        self.facts[release.label] = release
        numbers = {name: number for number, name in enumerate(self.digests)}
        order = sorted(self.facts, key=lambda label: (label.partition("==")[0], facts.version_order(label)))
        releases = {label: self.facts[label].to_json(numbers) for label in order}
        text = json.dumps({"probes": self.digests, "releases": releases}, indent=1)
        write_bytes(self._path, (text + "\n").encode(), force=True)


def measure_release(label: str, places: Sequence[str], store: Store, again: bool, reporter: Reporter) -> None:
    """Measures one release at every place where it can be installed and something is left to ask."""
    name, _, version = label.partition("==")
    empty = RuntimeFacts(name, version, "", "", {}, {}, {})
    for place in places:
        held = store.facts.get(label, empty)
        left = [probe for probe in PROBES if again or place not in held.behaviours.get(probe.name, {})]
        codes = place == PLACES[0] and (again or not held.op_versions)
        target = RuntimeTarget(name, version, *place.split(":"))
        if not (left or codes):
            continue
        if name == targets.ANDROID:
            installed: Environment = android_environment(target, reporter)
        elif hashed := held.wheels.get(target.arch) or wheel_hash(target):
            held = dataclasses.replace(held, wheels={**held.wheels, target.arch: hashed})
            store.add(dataclasses.replace(held, source=source(), date=today()))  # add_targets looks the hash up
            (installed,) = environment.add_targets([target], reporter=reporter)
        else:
            continue  # no wheel for this architecture
        measured = measure(installed, left, reporter, codes, store.resolver)
        stated = dataclasses.replace(held, source=source(name, store.resolver), date=today())
        store.add(merged(stated, place, measured))
    if name != targets.ANDROID:
        remove(name, version, reporter)


def android_environment(target: RuntimeTarget, reporter: Reporter) -> Environment:
    """Returns a Python in which Android's library stands for tflite-runtime; it is made once in the cache folder."""
    library = made_library(target, reporter)
    host = dataclasses.replace(ANDROID_HOST, core=target.core) if target.core else ANDROID_HOST
    (found,) = environment.add_targets([host if target.core else dataclasses.replace(host, arch="x86_64")])
    return in_python(found, library, target.version)


def made_library(target: RuntimeTarget, reporter: Reporter) -> pathlib.Path:
    """Returns the folder with the library that glibc loads, and its shim."""
    library = environments.cache_folder() / f"android-{target.version}" / target.arch
    if not library.exists():
        reporter.say(f"making {target} loadable")
        with staging.staged(library) as stage:
            measured_library.make(target.version, target.arch, stage)
    return library


def in_python(found: Environment, library: pathlib.Path, version: str) -> Environment:
    """Returns the environment of a Python, with Android's library of that version in place of its runtime."""
    numpy = found.variables.get("PYTHONPATH", os.path.dirname(os.path.dirname(np.__file__))).split(":")[-1]
    variables = {
        "PYTHONPATH": f"{port_library.FOLDER}:{numpy}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TFEDGE_ANDROID_LIBRARY": str(library),
        "TFEDGE_ANDROID_VERSION": version,
    }
    shown = dataclasses.replace(found.target, version=version)
    return Environment(shown, found.command, variables)


def merged(held: RuntimeFacts, place: str, measured: Mapping[str, Any]) -> RuntimeFacts:
    """Returns facts with what was measured at one place added."""
    behaviours = {probe: dict(answers) for probe, answers in held.behaviours.items()}
    for probe, said in measured["answers"].items():
        behaviours.setdefault(probe, {})[place] = said
    versions = measured["op_versions"] or held.op_versions
    return dataclasses.replace(held, behaviours=behaviours, op_versions=versions)


def remove(name: str, version: str, reporter: Reporter) -> None:
    """Frees the disk that a release took; the emulated board stays for the next one."""
    for arch in ("x86_64", "aarch64"):
        folder = environments.folder_of(RuntimeTarget(name, version, arch))
        if folder.exists():
            staging.remove(folder)
            reporter.say(f"removed {name} {version} for {arch}")


def source(name: str = "", resolver: str = DEFAULT) -> str:
    """Says how and where it was measured."""
    kernels = f"{resolver} resolver"
    if name == targets.ANDROID:
        delegate = "XNNPACK by default, its memory on 64 bytes" if resolver == DEFAULT else "no XNNPACK"
        kernels = f"the archive's own machine code under glibc, called as Java's Interpreter calls it, {delegate}"
    return (
        f"tools/measure_runtimes.py, {kernels}, 1 thread; x86_64: {cpu.this_cpu()}; ARM: QEMU user "
        f"emulation of the core; Python 3.11, numpy {environment.NUMPY}"
    )


def today() -> str:
    """Returns the date, ISO form."""
    return datetime.date.today().isoformat()


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures what is asked for and writes the file after each place."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--release", action="append", help="name==version; may be repeated (default: all that install)")
    parser.add_argument("--places", nargs="+", choices={*PLACES, *ANDROID_PLACES}, help="where (default: everywhere)")
    parser.add_argument("--again", action="store_true", help="ask every probe, known or not")
    parser.add_argument(
        "--plain-kernels",
        type=pathlib.Path,
        metavar="FILE",
        help="without XNNPACK, into FILE, which tfedge does not read",
    )
    args = parser.parse_args(arguments)
    if platform.machine() != "x86_64" or sys.version_info[:2] != (3, 11):
        parser.error("needs Python 3.11 on x86-64")
    reporter = TerminalReporter()
    store = Store(args.plain_kernels, PLAIN) if args.plain_kernels else Store(facts.FILE)
    store.forget_changed(PROBES)
    with tempfile.TemporaryDirectory(prefix="measure-") as cache:
        os.environ.setdefault("TFEDGE_CACHE", cache)
        for label in args.release or [*releases(), ANDROID]:
            reporter.stage(f"measuring {label}")
            everywhere = ANDROID_PLACES if label.startswith(targets.ANDROID) else PLACES
            places = [place for place in everywhere if place in (args.places or everywhere)]
            measure_release(label, places, store, args.again, reporter)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
