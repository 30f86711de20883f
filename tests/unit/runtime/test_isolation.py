"""A process for each file: what one file does, the next one never meets; real processes, real signals."""

from __future__ import annotations

import math
import os
import pathlib
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from tests import models
from tests.conftest import ARM_TARGETS
from tests.golden import autokey
from tfedge.errors import WorkerError
from tfedge.modelfile.builder import ModelBuilder
from tfedge.modelfile.graph import read_graph
from tfedge.runtime.client import Worker
from tfedge.runtime.limits import Limits
from tfedge.runtime.process import ISOLATION_FILE

MIB = 1 << 20


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def child_of(worker):
    (pid,) = children(worker.process.pid)
    return pid


def exists(pid):
    return pathlib.Path(f"/proc/{pid}").exists()


def right(worker):
    """Whether the worker still loads a file and computes what it should."""
    worker.load(autokey.MODEL)
    return np.array_equal(worker.decode(autokey.SOURCES[0]), autokey.EXPECTED[0])


def huge_model(path):
    """Writes a small file whose two tensors need 4 GiB each."""
    builder = ModelBuilder()
    x, y = builder.tensor("x", (1, 1 << 30)), builder.tensor("y", (1, 1 << 30))
    builder.op("ABS", [x], [y])
    builder.signature("serving_default", {"x": x}, {"y": y})
    path.write_bytes(builder.build())
    return path


@pytest.fixture
def isolated(runtime):
    """A started worker that gives each file a process with limits."""
    with Worker(runtime, timeout_s=30, limits=Limits()) as started:
        yield started


def test_load_when_repeated_gives_each_file_its_own_process_in_milliseconds(isolated):
    pids = []
    start = time.monotonic()
    for _ in range(10):
        assert right(isolated)
        pids.append(child_of(isolated))
    # 10 to 20 ms each on an idle machine, decode included; a new worker takes 130.
    assert (time.monotonic() - start) / 10 < 0.5
    assert len(set(pids)) == 10
    assert not any(exists(pid) for pid in pids[:-1])


def test_request_when_the_file_crashes_names_signal_and_leaves_a_worker(isolated):
    isolated.load(autokey.MODEL)
    pid = child_of(isolated)
    os.kill(pid, signal.SIGSEGV)
    with pytest.raises(WorkerError, match="describe autokey_seq2seq.tflite.*died by SIGSEGV") as caught:
        isolated.describe()
    assert caught.value.kind == "crashed"
    assert not exists(pid)
    with pytest.raises(WorkerError, match="no file is loaded") as caught:
        isolated.describe()
    assert caught.value.kind == "refused"
    assert right(isolated)


def test_request_when_the_file_hangs_is_ended_in_time_and_leaves_a_worker(isolated):
    isolated.load(autokey.MODEL)
    pid, isolated.process.timeout_s = child_of(isolated), 0.5
    os.kill(pid, signal.SIGSTOP)
    start = time.monotonic()
    with pytest.raises(WorkerError, match="within 0.5 s") as caught:
        isolated.describe()
    assert 0.4 < time.monotonic() - start < 2.4
    assert caught.value.kind == "timed_out"
    assert not exists(pid)
    assert right(isolated)


def test_request_when_processor_time_is_used_up_says_so(runtime):
    with Worker(runtime, limits=Limits(cpu_seconds=1)) as worker:
        worker.load(autokey.MODEL)
        with pytest.raises(WorkerError, match="SIGXCPU.*allow more") as caught:
            worker.time(autokey.SOURCES, min_seconds=30)
        assert caught.value.kind == "timed_out"
        assert right(worker)


def test_load_when_the_model_needs_too_much_memory_says_so(runtime, tmp_path):
    path = huge_model(tmp_path / "huge.tflite")
    with Worker(runtime, limits=Limits(address_space_bytes=256 * MIB)) as worker:
        with pytest.raises(WorkerError, match="tensors of .* bytes, where 268435456 are allowed") as caught:
            worker.load(path)
        assert caught.value.kind == "out_of_memory"
        assert right(worker)


def test_load_when_the_model_fits_its_memory_loads(runtime):
    with Worker(runtime, limits=Limits(address_space_bytes=64 * MIB)) as worker:
        assert right(worker)


def test_describe_when_a_file_has_no_signature_uses_tensor_names(isolated, tmp_path):
    builder = ModelBuilder()
    x, y = builder.tensor("first", (1, 2)), builder.tensor("second", (1, 2))
    total = builder.tensor("total", (1, 2))
    builder.op("ADD", [x, y], [total])
    path = tmp_path / "bare.tflite"
    path.write_bytes(builder.build())
    isolated.load(path)
    assert list(isolated.describe()) == [""]
    one, two = np.ones((1, 2), np.float32), np.full((1, 2), 2, np.float32)
    np.testing.assert_array_equal(isolated.run("", {"first": one, "second": two})["total"], one + two)


def test_profile_when_a_delegate_takes_all_leaves_nothing_outside(isolated, tmp_path):
    path = tmp_path / "dense.tflite"
    path.write_bytes(models.dense("float32"))
    isolated.load(path)
    found = isolated.profile()
    assert (found.delegated, found.outside, found.num_partitions) == (("FULLY_CONNECTED",), (), 1)


def test_stderr_tail_when_another_file_is_loaded_forgets_the_one_before(isolated):
    isolated.load(autokey.MODEL)
    assert "XNNPACK" in isolated.process.stderr_tail()
    with pytest.raises(WorkerError):
        isolated.load(__file__)
    assert "XNNPACK" not in isolated.process.stderr_tail()


def test_load_when_limited_leaves_a_process_with_nothing_open_but_its_pipes(isolated):
    with open(__file__, encoding="utf-8"):  # what the client has open is not the worker's
        isolated.load(autokey.MODEL)
    process = pathlib.Path(f"/proc/{child_of(isolated)}")
    held = {os.readlink(path).partition(":")[0] for path in (process / "fd").iterdir()}
    assert held <= {"/dev/null", "pipe", "socket", str(autokey.MODEL)}  # the interpreter maps its file
    assert os.readlink(process / "cwd").endswith(" (deleted)")
    limits = [line.split() for line in (process / "limits").read_text().splitlines()]
    assert ["Max", "file", "size", "0", "0", "bytes"] in limits
    assert ["Max", "core", "file", "size", "0", "0", "bytes"] in limits


def test_memory_when_no_file_was_loaded_is_the_bare_worker(isolated):
    assert isolated.memory().peak_bytes >= isolated.info.baseline_bytes


def test_worker_when_its_client_dies_takes_the_file_with_it():
    code = (
        "import os, sys; from tfedge.runtime.client import Worker; "
        "worker = Worker('ai-edge-litert', isolate=True).__enter__(); worker.load(sys.argv[1]); "
        "print(worker.process.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    search_path = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code, str(autokey.MODEL)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=search_path) as client:
        pid = int(client.stdout.readline())
        pids = [pid, *children(pid)]
    deadline = time.monotonic() + 10
    while any(runs(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(runs(pid) for pid in pids)


def runs(pid):
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_close_when_the_file_is_stopped_leaves_no_process():
    with Worker("ai-edge-litert", isolate=True) as worker:
        worker.load(autokey.MODEL)
        pids = [worker.process.pid, child_of(worker)]
        os.kill(pids[1], signal.SIGSTOP)
    assert not any(exists(pid) for pid in pids)


def test_restrict_when_applied_leaves_no_core_and_no_byte_to_write(tmp_path):
    code = (
        "import importlib.util, resource, sys; spec = importlib.util.spec_from_file_location('i', sys.argv[1]); "
        "module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module); "
        "before = open(sys.argv[2], 'w'); before.write('x'); before.flush(); "
        "module.restrict({'address_space_bytes': 1 << 28, 'cpu_seconds': 7}); "
        "print(resource.getrlimit(resource.RLIMIT_CORE), resource.getrlimit(resource.RLIMIT_CPU), flush=True)\n"
        "try:\n    bytearray(1 << 29)\nexcept MemoryError:\n    print('no memory', flush=True)\n"
        "try:\n    before.write('y'); before.flush()\nexcept OSError as error:\n    print(error.strerror, flush=True)"
    )
    path = tmp_path / "file"
    run = subprocess.run([sys.executable, "-c", code, ISOLATION_FILE, path], stdout=subprocess.PIPE, text=True)
    assert run.stdout.splitlines() == ["(0, 0) (7, 8)", "no memory", "File too large"]
    assert path.read_text() == "x"


@pytest.mark.parametrize("target", ARM_TARGETS)
def test_load_when_emulated_crashes_hangs_and_memory_end_with_the_file(arm, target, tmp_path):
    with Worker(arm[target], timeout_s=60, limits=Limits(address_space_bytes=256 * MIB)) as worker:
        assert right(worker)
        os.kill(child_of(worker), signal.SIGSEGV)
        with pytest.raises(WorkerError, match="died by SIGSEGV"):
            worker.memory()
        with pytest.raises(WorkerError) as caught:
            worker.load(huge_model(tmp_path / "huge.tflite"))
        assert caught.value.kind == "out_of_memory"
        start = time.monotonic()
        assert right(worker)
        assert time.monotonic() - start < 10  # 0.1 to 0.3 s on an idle machine; a new worker takes 1.3 s
        assert "asimd" in worker.info.cpu


def test_layout_when_a_model_is_loaded_gives_the_memory_of_its_tensors(isolated):
    isolated.load(autokey.MODEL, resolver="without_default_delegates")
    places = isolated.layout()
    sizes = {int(index): int(size) for index, _, size in places}
    inputs = read_graph(autokey.MODEL.read_bytes()).subgraphs[0].inputs
    assert [sizes[tensor.index] for tensor in inputs] == [4 * math.prod(tensor.shape) for tensor in inputs]
    assert (places[:, 1] > 0).all()


def test_layout_when_the_worker_is_not_isolated_asks_for_it(runtime):
    with Worker(runtime) as worker:
        worker.load(autokey.MODEL)
        with pytest.raises(WorkerError, match="isolate=True") as caught:
            worker.layout()
        assert caught.value.kind == "bad_request"
