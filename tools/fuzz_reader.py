"""Damages real files by the thousand and reads them: tfedge must refuse each in words, or read it, in bounded time.

    python -m tools.fuzz_reader [--count N] [--seed S] [--start I] [--run] [--save FOLDER] [FILE ...]

Case I of seed S is always the same bytes, so a long run can be continued with --start, and one case made again with
--start I --count 1 --save. Whatever leaves a reader but ArtifactError is a finding, and so is a case of more than 5 s
of processor time or 1.5 GB. With --run, files that were read are also given to every runtime installed here, as
`tfedge inspect` and `tfedge check` do, in processes with limits: those may refuse or die, and tfedge must say so and
go on. Exit code 1 where anything was found.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import dataclasses
import io
import json
import pathlib
import re
import resource
import signal
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Iterator, Sequence

from rich.console import Console

from tfedge.checks.rules import static_findings
from tfedge.cli.terminal import TerminalReporter
from tfedge.errors import ArtifactError
from tfedge.modelfile.golden import KERAS, GoldenCase
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.pack import looks_packed, parse_pack, write_pack
from tfedge.modelfile.summary import GraphSummary
from tfedge.reports import check, inspect, inspect_table, trial
from tfedge.runtime.client import Worker
from tfedge.runtime.limits import Limits
from tfedge.runtime.targets import RuntimeTarget, installed_targets
from tools.fuzz_mutations import Sample, find_places, mutated

ROOT = pathlib.Path(__file__).resolve().parents[1]
TARGETS = ("tflite-runtime==2.14.0@x86_64", "ai-edge-litert==2.3.0@aarch64", "android-tflite==2.16.1@arm64-v8a")
MAX_SECONDS, HANG_SECONDS = 5.0, 60
MAX_MEMORY_BYTES = 1_500_000_000
# A file of 16 KB is read a thousand times in the time of one of 2 MB, and has every kind of table that one has.
MAX_SAMPLE_BYTES = 40_000
# Drawing takes ten times as long as reading a small file; every letter of a name has been looked at before.
DRAWN_SHARE = 20
RUN_SECONDS = 5.0
CHECKED_TOGETHER = 50


@dataclasses.dataclass
class Tally:
    """What a run has met.

    Attributes:
        outcomes: "read", "refused", and with --run what each runtime did.
        findings: case and what went wrong, in words.
        slowest: processor seconds and case of the slowest.
    """

    outcomes: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    findings: list[str] = dataclasses.field(default_factory=list)
    slowest: tuple[float, int] = (0.0, 0)


def default_samples() -> list[Sample]:
    """Returns small real files of this repository: bare, with a stranger's zip, and with a pack."""
    paths = sorted((ROOT / "tests" / "golden").glob("*/*.tflite"))
    models = {path.name: path.read_bytes() for path in paths if path.stat().st_size <= MAX_SAMPLE_BYTES}
    files = {name: data for name, data in models.items() if _is_sound(data)}
    first = next(iter(files.values()))
    files["with_zip"] = with_zip(first)
    files["packed"] = with_pack(first)
    return [Sample(name, data, find_places(data)) for name, data in files.items()]


def _is_sound(data: bytes) -> bool:
    try:
        read_graph(data)
    except ArtifactError:
        return False
    return True


def with_zip(model: bytes) -> bytes:
    """Returns a model with files behind it, as TFLite Metadata has them."""
    buffer = io.BytesIO(model)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("labels.txt", "cat\ndog\n" * 20)
        archive.writestr("vocab/../words.txt", "a\n")
    return buffer.getvalue()


def with_pack(model: bytes) -> bytes:
    """Returns a model packed by tfedge."""
    case = GoldenCase("one", "a", (4, 2), {KERAS: (4, 2), "float32": (4, 2)}, "a")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "m.tflite")
        write_pack(path, model, {"name": "fuzz"}, [case], {"recipe": "float32", "provenance": {"seed": 1}})
        return path.read_bytes()


def read_all(data: bytes, index: int) -> GraphSummary:
    """Reads everything that tfedge reads of a file without running it, and draws it now and then.

    Raises:
        ArtifactError: the file is refused, as it may be.
    """
    path = pathlib.Path("fuzz.tflite")
    if looks_packed(data):
        with contextlib.suppress(ArtifactError):  # The model before a damaged pack is still read.
            parse_pack(data, path)
    graph = read_graph(data)
    found = inspect.read_inspection(path, data, graph)
    json.dumps(found.to_json(), allow_nan=False)
    static_findings(graph, RuntimeTarget.parse(TARGETS[index % len(TARGETS)]), data)
    if index % DRAWN_SHARE == 0:
        drawn = io.StringIO()
        inspect_table.print_inspection(found, Console(file=drawn, width=80, highlight=False))
        if not all(line.isprintable() for line in drawn.getvalue().splitlines()):
            raise ValueError("a letter that is not printable was drawn")
    return graph


@contextlib.contextmanager
def alarm(seconds: int) -> Iterator[None]:
    """Raises TimeoutError in the block after `seconds`."""

    def ring(*_: object) -> None:
        raise TimeoutError(f"no end after {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


class Fuzzer:
    """Makes cases, reads them, and with `workers` runs those that were read."""

    def __init__(self, samples: Sequence[Sample], seed: int, workers: Sequence[Worker], save: pathlib.Path | None):
        self._samples, self._seed, self._workers, self._save = samples, seed, workers, save
        self._waiting: list[tuple[int, str, bytes]] = []
        self.tally = Tally()

    def case(self, index: int) -> None:
        """Tries one case and notes what came of it."""
        name, data = mutated(self._seed, index, self._samples)
        started = time.process_time()
        graph = None
        try:
            with alarm(HANG_SECONDS):
                graph = read_all(data, index)
            self.tally.outcomes["read"] += 1
            if self._workers:
                self._run(data, graph)
                self._waiting.append((index, name, data))
        except ArtifactError as error:
            self.tally.outcomes["refused"] += 1
            if not str(error).isprintable():
                self._found(index, name, data, f"an error that is not printable: {str(error)!r}")
        except Exception:  # Whatever it is, it is what this tool looks for.
            self._found(index, name, data, traceback.format_exc())
        seconds = time.process_time() - started
        self.tally.slowest = max(self.tally.slowest, (seconds, index))
        if seconds > MAX_SECONDS:
            self._found(index, name, data, f"{seconds:.1f} s of processor time")

    def _run(self, data: bytes, graph: GraphSummary) -> None:
        with tempfile.TemporaryDirectory(prefix="tfedge-fuzz-") as folder:
            path = pathlib.Path(folder, "m.tflite")
            path.write_bytes(data)
            for worker in self._workers:
                done = trial.try_file(worker, path, data, graph, trial.choose_subgraphs(data, graph))
                self.tally.outcomes[f"{worker.runtime} {done.outcome}"] += 1

    def check_waiting(self, at_least: int = 1) -> None:
        """Gives the files that were read to `tfedge check`, together, when there are enough of them."""
        if len(self._waiting) < at_least:
            return
        waiting, self._waiting = self._waiting, []
        with tempfile.TemporaryDirectory(prefix="tfedge-fuzz-") as folder:
            paths = [pathlib.Path(folder, f"{index}.tflite") for index, _, _ in waiting]
            for path, (_, _, data) in zip(paths, waiting, strict=True):
                path.write_bytes(data)
            try:
                names = [worker.runtime for worker in self._workers]
                report = check.check_files(paths, names, timeout_s=RUN_SECONDS, limits=_limits())
                json.dumps(report.to_json(), allow_nan=False)
                for file in report.files:
                    self.tally.outcomes[f"checked {file.verdict}"] += 1
            except Exception:
                for index, name, data in waiting:
                    self._found(index, name, data, f"one of {len(waiting)} checked: {traceback.format_exc()}")

    def _found(self, index: int, name: str, data: bytes, what: str) -> None:
        self.tally.findings.append(f"case {index} of seed {self._seed} ({name}): {what}")
        if self._save:
            self._save.mkdir(parents=True, exist_ok=True)
            (self._save / f"case_{self._seed}_{index}.tflite").write_bytes(data)


def fuzz(
    count: int,
    seed: int = 1,
    start: int = 0,
    run: bool = False,
    samples: Sequence[Sample] | None = None,
    save: pathlib.Path | None = None,
    reporter: TerminalReporter | None = None,
) -> Tally:
    """Tries `count` cases from `start` on; see the module's docstring."""
    reporter = reporter or TerminalReporter()
    with contextlib.ExitStack() as stack:
        names = [target.name for target in installed_targets()] if run else []
        workers = [stack.enter_context(Worker(name, timeout_s=RUN_SECONDS, limits=_limits())) for name in names]
        fuzzer = Fuzzer(default_samples() if samples is None else samples, seed, workers, save)
        stack.enter_context(limited_memory())
        with reporter.bar("damaged files", count) as bar:
            for index in range(start, start + count):
                fuzzer.case(index)
                fuzzer.check_waiting(CHECKED_TOGETHER)
                bar.advance(1, f"{len(fuzzer.tally.findings)} findings")
            fuzzer.check_waiting()
    return fuzzer.tally


def _limits() -> Limits:
    return Limits(address_space_bytes=2**30, cpu_seconds=int(RUN_SECONDS) + 1)


@contextlib.contextmanager
def limited_memory() -> Iterator[None]:
    """Lets this process have `MAX_MEMORY_BYTES` more than it has, as long as the block lasts."""
    used = int(pathlib.Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + MAX_MEMORY_BYTES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def _peak_bytes() -> int:
    found = re.search(r"VmHWM:\s*([0-9]+)", pathlib.Path("/proc/self/status").read_text(encoding="ascii"))
    return int(found[1]) * 1024 if found else 0


def main() -> int:
    """Runs the command line; returns 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=pathlib.Path, help="files to damage (default: those of the tests)")
    parser.add_argument("--count", type=int, default=100_000, help="cases (default: 100,000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=int, default=0, help="first case")
    parser.add_argument("--run", action="store_true", help="give files that were read to the runtimes installed here")
    parser.add_argument("--save", type=pathlib.Path, metavar="FOLDER", help="where to keep cases that found something")
    args = parser.parse_args()
    samples = [Sample(path.name, path.read_bytes(), find_places(path.read_bytes())) for path in args.files] or None
    started = time.monotonic()
    tally = fuzz(args.count, args.seed, args.start, args.run, samples, args.save)
    for finding in tally.findings[:20]:
        print(finding)
    done = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(tally.outcomes.items()))
    seconds, index = tally.slowest
    print(
        f"{args.count:,} damaged files (seed {args.seed}, cases {args.start} to {args.start + args.count - 1}) in "
        f"{time.monotonic() - started:.0f} s: {done}; slowest {seconds:.2f} s (case {index}), peak memory "
        f"{_peak_bytes() / 1e6:.0f} MB; {len(tally.findings)} findings"
    )
    return 1 if tally.findings else 0


if __name__ == "__main__":
    sys.exit(main())
