"""Errors of commands: pip, the dynamic loader, tfedge's own worker. Each returns what was printed."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pathlib
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator

import numpy as np

from tests import models
from tests.explanations.case import LITERT, TFLITE
from tests.explanations.interpreter_cases import wide
from tests.project.test_wing_b import run_tfedge
from tfedge.errors import RuntimeUnavailableError, WorkerError
from tfedge.runtime.client import Worker
from tfedge.runtime.environments import find_environment
from tfedge.runtime.targets import RuntimeTarget

ENDLESS = 2**31 - 1  # Turns of a loop: hours.


def printed(*command: str) -> str:
    """Runs a command that must fail and returns what it printed."""
    run = subprocess.run(command, capture_output=True, text=True, cwd="/")
    if run.returncode == 0:
        raise RuntimeError(f"expected {command} to fail")
    return run.stdout + run.stderr


def no_wheel(folder: pathlib.Path) -> str:
    """pip with an empty shelf: its words are those for a Python that has no wheel."""
    shelf = ["--no-index", "--find-links", str(folder)]
    return printed(sys.executable, "-m", "pip", "install", "--dry-run", *shelf, "tflite-runtime==2.99")


def runtime_not_installed(folder: pathlib.Path) -> str:
    """-S: a Python without site-packages."""
    return printed(sys.executable, "-I", "-S", "-c", "import tflite_runtime.interpreter")


def elf_hash(name: bytes) -> int:
    """The hash of a symbol version in an ELF file (System V ABI, "Hash Table")."""
    value = 0
    for byte in name:
        value = (value << 4) + byte
        value = (value ^ (value & 0xF0000000) >> 24) & 0x0FFFFFFF
    return value


def glibc(folder: pathlib.Path, old: bytes = b"GLIBC_2.17", new: bytes = b"GLIBC_2.99") -> str:
    """The runtime's library with one required version raised beyond what any system has, given to the loader."""
    found = importlib.util.find_spec("tflite_runtime._pywrap_tensorflow_interpreter_wrapper")
    data = pathlib.Path(found.origin).read_bytes().replace(old + b"\0", new + b"\0")
    data = data.replace(struct.pack("<I", elf_hash(old)), struct.pack("<I", elf_hash(new)))
    library = folder / "raised.so"
    library.write_bytes(data)
    return printed(sys.executable, "-c", f"import ctypes; ctypes.CDLL({str(library)!r})")


def glibcxx(folder: pathlib.Path) -> str:
    return glibc(folder, b"GLIBCXX_3.4.18", b"GLIBCXX_3.4.98")


def train_extra(folder: pathlib.Path) -> str:
    return run_tfedge("convert", "x.keras").stderr


@contextlib.contextmanager
def cache(folder: pathlib.Path) -> Iterator[None]:
    """An empty cache of environments."""
    before = os.environ.get("TFEDGE_CACHE")
    os.environ["TFEDGE_CACHE"] = str(folder)
    try:
        yield
    finally:
        os.environ.pop("TFEDGE_CACHE")
        if before is not None:
            os.environ["TFEDGE_CACHE"] = before


def target_not_installed(folder: pathlib.Path) -> str:
    with cache(folder):
        try:
            find_environment(RuntimeTarget.parse("tflite-runtime==2.11.0@x86_64"))
        except RuntimeUnavailableError as error:
            return str(error)
    raise RuntimeError("expected no such environment")


def worker_error(runtime: str, data: bytes, folder: pathlib.Path, timeout_s: float = 30.0) -> str:
    """Loads and runs a file in tfedge's worker and returns the error's words."""
    path = folder / "model.tflite"
    path.write_bytes(data)
    with Worker(runtime, timeout_s=timeout_s) as worker:
        try:
            worker.load(path)
            (name,) = worker.describe()
            worker.run(name, {"x": np.zeros((1, 8), np.float32)})
        except WorkerError as error:
            return str(error)
    raise RuntimeError("expected a WorkerError")


def timed_out(folder: pathlib.Path) -> str:
    return worker_error(TFLITE, models.loop(ENDLESS), folder, timeout_s=0.5)


def empty_runtime_error(folder: pathlib.Path) -> str:
    return worker_error(LITERT, wide(1 << 40), folder)


CASES: tuple[tuple[str, Callable[[pathlib.Path], str]], ...] = (
    ("no_wheel", no_wheel),
    ("runtime_not_installed", runtime_not_installed),
    ("glibc", glibc),
    ("glibc", glibcxx),
    ("train_extra", train_extra),
    ("target_not_installed", target_not_installed),
    ("timed_out", timed_out),
    ("empty_runtime_error", empty_runtime_error),
)
