"""Phonetisaurus, a joint n-gram of letters and phones as a finite-state transducer, trained on the same training words.

The package of that name on PyPI brings the toolkit's programs and no model. Trained as its README says, with the order
8 of its recipe for CMUdict: align, estimate-ngram, arpa2wfst; minutes, so that the result is kept.
https://github.com/AdolfVonKleist/Phonetisaurus (version 0.3.0 of the package).
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import pathlib
import platform
import resource
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tfedge.artifacts import sha256_hex
from tfedge.errors import MeasurementError, RuntimeUnavailableError
from tfedge.tasks.spec import TaskSpec

ORDER = 8
Pair = tuple[str, Sequence[str]]


def _command(program: str) -> tuple[str, dict[str, str]]:
    """Returns a program of the package and the environment it needs.

    Raises:
        RuntimeUnavailableError: the package is not installed, or has no programs for this machine.
    """
    found = importlib.util.find_spec("phonetisaurus")
    if found is None or found.origin is None:
        raise RuntimeUnavailableError(
            "expected phonetisaurus; it is not installed; run: pip install -c constraints.txt '.[train,benchmark]'"
        )
    package, machine = pathlib.Path(found.origin).parent, platform.machine()
    path = package / "bin" / machine / program
    if not os.access(path, os.X_OK):
        raise RuntimeUnavailableError(
            f"expected {program} of phonetisaurus to run on {machine}; {path} is no program; "
            "leave it out of --peers, or make it executable"
        )
    return str(path), {**os.environ, "LD_LIBRARY_PATH": str(package / "lib" / machine)}


def fingerprint(pairs: Iterable[Pair]) -> str:
    """Returns what a trained model depends on, as hex digits: its words, its order and the toolkit's version."""
    said = [ORDER, importlib.metadata.version("phonetisaurus"), [[word, list(phones)] for word, phones in pairs]]
    return sha256_hex(json.dumps(said).encode())


def write_model(pairs: Iterable[Pair], path: pathlib.Path, order: int = ORDER) -> None:
    """Trains on (word, phones) and writes the transducer to `path`. CMUdict's 118 thousand pairs take about 5 minutes.

    Raises:
        RuntimeUnavailableError: the package is not installed, or has no programs for this machine.
        MeasurementError: a program failed.
    """
    with tempfile.TemporaryDirectory(prefix="tfedge-benchmark-") as name:
        folder = pathlib.Path(name)
        words = folder / "words"
        words.write_text("".join(f"{word}\t{' '.join(phones)}\n" for word, phones in pairs), "utf-8")
        corpus, arpa, made = (str(folder / part) for part in ("corpus", "model.arpa", "model.fst"))
        _run("phonetisaurus-align", f"--input={words}", f"--ofile={corpus}", "--seq1_del=false")
        _run("estimate-ngram", "-o", str(order), "-t", corpus, "-wl", arpa)
        _run("phonetisaurus-arpa2wfst", f"--lm={arpa}", f"--ofile={made}")
        path.write_bytes(pathlib.Path(made).read_bytes())


def _run(program: str, *arguments: str) -> None:
    path, environment = _command(program)
    done = subprocess.run([path, *arguments], env=environment, capture_output=True, text=True, errors="replace")
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["no reason given"]
        raise MeasurementError(f"expected {program} to train; it ended with {done.returncode}: {said[-1]}")


class Decoder:
    """Decodes lists of words by one run of `phonetisaurus-g2pfst`, and times them by when each line comes.

    The program reads its whole list before it decodes, and writes a line a word at once, so that the time between two
    lines is that of a word; loading, and a first word that is thrown away, are not in it.

    Args:
        path: a transducer.
        spec: JSON of the task whose ids are taken and given.
    """

    def __init__(self, path: str, spec: Mapping[str, Any]) -> None:
        self._path = path
        self._spec = TaskSpec.from_json(dict(spec))
        self._command = _command("phonetisaurus-g2pfst")

    @property
    def peak_bytes(self) -> int:
        """Resident memory of the program at most."""
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024

    def timed(self, sources: Sequence[Sequence[int]], passes: int) -> tuple[list[list[int]], list[list[int]]]:
        """Returns nanoseconds (sources, passes) and the answer to each source, ids without the stop token.

        Raises:
            MeasurementError: the program gave another number of lines, or one of another word.
        """
        words = [self._spec.source_tokenizer.decode(ids) for ids in sources]
        lines, times = self._lines([words[0], *words * passes])
        answers = [self._phone_ids(line) for line in lines[1 : len(words) + 1]]
        taken = [after - before for before, after in zip(times, times[1:], strict=False)]
        return [taken[place :: len(words)] for place in range(len(words))], answers

    def _lines(self, words: Sequence[str]) -> tuple[list[str], list[int]]:
        path, environment = self._command
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
            file.write("".join(f"{word}\n" for word in words))
            file.flush()
            command = [path, f"--model={self._path}", f"--wordlist={file.name}"]
            lines, times = [], []
            with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as made:
                for line in made.stdout or ():
                    times.append(time.perf_counter_ns())
                    lines.append(line.decode("utf-8").rstrip("\n"))
        if [line.split("\t")[0] for line in lines] != list(words):
            raise MeasurementError(
                f"expected a line of phonetisaurus for each of {len(words)} words; got {len(lines)}; "
                "delete the transducer, so that it is trained anew"
            )
        return lines, times

    def _phone_ids(self, line: str) -> list[int]:
        """Returns the ids of `word TAB score TAB phones`."""
        tokenizer, phones = self._spec.target_tokenizer, line.split("\t")[2].split()
        return tokenizer.encode(tokenizer.separator.join(phones))[:-1] if phones else []
