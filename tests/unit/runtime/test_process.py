"""Ends of a worker: crash, hang, refusal to start, Ctrl-C; real processes and real signals."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from tests.golden import autokey
from tests.unit.runtime.conftest import RUNTIMES
from tfedge.errors import RuntimeUnavailableError, WorkerError
from tfedge.runtime import process
from tfedge.runtime import worker as worker_file
from tfedge.runtime.client import Worker

IS_GONE = 0.2  # seconds after which a signal sent has surely been delivered


def exists(pid):
    return pathlib.Path(f"/proc/{pid}").exists()  # a zombie exists too


def runs(pid):
    """Whether another's child runs; as a zombie it waits for whoever inherited it."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_load_when_a_file_is_cut_is_a_finding_and_never_our_crash(tmp_path, runtime):
    cut = tmp_path / "cut.tflite"
    cut.write_bytes(autokey.MODEL.read_bytes()[:8000])
    with Worker(runtime) as worker:
        pid = worker.process.pid
        # tflite-runtime reads behind the end of a cut file. What lies there decides whether it dies or refuses.
        with pytest.raises(WorkerError, match=r"load cut\.tflite") as caught:
            worker.load(cut)
        assert caught.value.kind in ("crashed", "refused")
        assert ("died by SIG" in str(caught.value)) == (caught.value.kind == "crashed")
        assert exists(pid) == (caught.value.kind == "refused")


def test_request_when_process_is_killed_under_way_names_signal_and_request(worker):
    pid = worker.process.pid
    killer = threading.Timer(IS_GONE, os.kill, (pid, signal.SIGSEGV))
    killer.start()
    with pytest.raises(WorkerError, match="time greedy of autokey_seq2seq.tflite.*died by SIGSEGV") as caught:
        worker.time(autokey.SOURCES, min_seconds=20)
    killer.join()
    assert caught.value.kind == "crashed"
    assert not exists(pid)


def test_request_when_process_has_crashed_says_start_a_new_one(worker):
    os.kill(worker.process.pid, signal.SIGKILL)
    with pytest.raises(WorkerError, match="SIGKILL.*memory"):
        worker.memory()
    with pytest.raises(WorkerError, match="died by SIGKILL during `memory`; start a new one") as caught:
        worker.decode(autokey.SOURCES[0])
    assert caught.value.kind == "crashed"
    assert not worker.process.is_alive


def test_request_when_process_hangs_is_killed_in_time():
    with Worker("ai-edge-litert") as worker:
        worker.load(autokey.MODEL)
        worker.describe()
        pid, worker.process.timeout_s = worker.process.pid, 1.0
        os.kill(pid, signal.SIGSTOP)
        start = time.monotonic()
        with pytest.raises(WorkerError, match="decode 5 sources by greedy.*within 1 s.*killed") as caught:
            worker.decode_many(autokey.SOURCES)
        assert 0.9 < time.monotonic() - start < 3
        assert caught.value.kind == "timed_out"
        assert not exists(pid)


def test_request_when_process_reads_nothing_times_out_while_writing():
    with Worker("ai-edge-litert") as worker:
        worker.load(autokey.MODEL)
        worker.describe()
        worker.process.timeout_s = 1.0
        os.kill(worker.process.pid, signal.SIGSTOP)
        many = np.tile(autokey.SOURCES, (10_000, 1))  # 2 MB: more than a pipe holds
        with pytest.raises(WorkerError, match="decode 50000 sources") as caught:
            worker.decode_many(many)
        assert caught.value.kind == "timed_out"


def test_request_when_progress_comes_may_last_longer_than_the_timeout():
    seen = []
    with Worker("ai-edge-litert") as worker:
        worker.load(autokey.MODEL)
        worker.describe()
        worker.process.timeout_s = 1.5
        worker.time(autokey.SOURCES, min_seconds=2.0, on_progress=lambda done, total: seen.append((done, total)))
    assert len(seen) >= 2
    assert seen[0][0] < seen[1][0]


def test_request_when_caller_is_interrupted_ends_the_process(worker):
    pid = worker.process.pid

    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        worker.time(autokey.SOURCES, min_seconds=5, on_progress=interrupt)
    assert not exists(pid)
    with pytest.raises(WorkerError, match="was stopped during"):
        worker.memory()


def test_worker_when_it_gets_ctrl_c_leaves_that_to_its_client(worker):
    os.kill(worker.process.pid, signal.SIGINT)
    np.testing.assert_array_equal(worker.decode(autokey.SOURCES[0]), autokey.EXPECTED[0])


def test_close_when_called_twice_leaves_no_process(runtime):
    with Worker(runtime) as worker:
        pid = worker.process.pid
        assert exists(pid)
        worker.close()
        assert not exists(pid)
    with pytest.raises(WorkerError, match="was closed"):
        worker.memory()


def test_close_when_process_is_stopped_kills_it(monkeypatch):
    monkeypatch.setattr(process, "_GRACE_SECONDS", 0.2)
    with Worker("ai-edge-litert") as worker:
        os.kill(worker.process.pid, signal.SIGSTOP)
    assert not exists(worker.process.pid)


def test_worker_when_its_client_dies_ends_by_itself():
    code = (
        "import os; from tfedge.runtime.client import Worker; worker = Worker('ai-edge-litert').__enter__(); "
        "print(worker.process.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    search_path = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=search_path) as client:
        worker_pid = int(client.stdout.readline())
    assert client.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 10
    while runs(worker_pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not runs(worker_pid)


def wrapper(folder, *options, **environment):
    """Writes a Python that sees other packages than this one."""
    settings = " ".join(f"{key}='{value}'" for key, value in environment.items())
    script = folder / "python"
    script.write_text(f"#!/bin/sh\nexec env {settings} '{sys.executable}' {' '.join(options)} \"$@\"\n")
    script.chmod(0o755)
    return str(script)


def test_start_when_runtime_is_not_installed_names_the_package(tmp_path):
    packages = tmp_path / "packages"
    packages.mkdir()
    site = pathlib.Path(np.__file__).parent.parent
    for name in ("numpy", "numpy.libs"):
        (packages / name).symlink_to(site / name)
    python = wrapper(tmp_path, "-S", PYTHONPATH=packages)  # -S: no site-packages
    with pytest.raises(RuntimeUnavailableError, match="No module named 'ai_edge_litert'.*pip install tfedge"):
        Worker("ai-edge-litert", python=python).__enter__()


def test_start_when_python_lacks_numpy_quotes_it(tmp_path):
    python = wrapper(tmp_path, "-I", "-S")
    with pytest.raises(RuntimeUnavailableError, match="exited with code 1.*No module named 'numpy'"):
        Worker("ai-edge-litert", python=python).__enter__()


def test_start_when_python_does_not_exist_names_it(tmp_path):
    with pytest.raises(RuntimeUnavailableError, match="expected a Python at .*none"):
        Worker("ai-edge-litert", python=str(tmp_path / "none")).__enter__()


def framed(text):
    return worker_file.LENGTHS.pack(len(text), 0) + text


@pytest.mark.parametrize(
    "sent",
    [b"words and no message", framed(b"[]"), framed(b'{"arrays":1}'), framed(b'{"arrays":[],"kind":"x"}')],
    ids=["words", "list", "arrays", "kind"],
)
def test_request_when_what_comes_is_no_message_ends_the_process(tmp_path, sent):
    (tmp_path / "sent").write_bytes(sent)
    script = tmp_path / "python"
    script.write_text(f"#!/bin/sh\ncat '{tmp_path}/sent'\nexec sleep 20\n")
    script.chmod(0o755)
    start = time.monotonic()
    with pytest.raises(WorkerError, match="what came is none") as caught:
        Worker("ai-edge-litert", python=str(script)).__enter__()
    assert caught.value.kind == "crashed"
    assert time.monotonic() - start < 10


def test_start_when_python_settings_are_hostile_ignores_them(monkeypatch, runtime):
    for name, value in {"PYTHONWARNINGS": "error", "PYTHONINSPECT": "1", "PYTHONVERBOSE": "1"}.items():
        monkeypatch.setenv(name, value)
    with Worker(runtime) as worker:
        worker.load(autokey.MODEL)
        np.testing.assert_array_equal(worker.decode(autokey.SOURCES[0]), autokey.EXPECTED[0])


def test_worker_variables_when_python_differs_drops_the_search_path(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/packages")
    assert process.worker_variables([sys.executable], {})["PYTHONPATH"] == "/packages"
    monkeypatch.setenv("PYTHONPATH", f".{os.pathsep}/packages")
    assert process.worker_variables([sys.executable], {})["PYTHONPATH"] == f"{os.getcwd()}{os.pathsep}/packages"
    assert "PYTHONPATH" not in process.worker_variables(["/usr/bin/python3"], {})
    assert process.worker_variables(["/usr/bin/python3"], {"PYTHONPATH": "/site"})["PYTHONPATH"] == "/site"


def test_load_when_done_has_the_xnnpack_delegate_and_keeps_its_print_out_of_the_messages(worker):
    assert "XNNPACK" in worker.process.stderr_tail()


@pytest.mark.parametrize(
    ("returncode", "words", "found"),
    [
        (-11, "died by SIGSEGV", signal.SIGSEGV),
        (139, "died by SIGSEGV", signal.SIGSEGV),
        (1, "exited with code 1", None),
        (255, "exited with code 255", None),
    ],
)
def test_how_it_ended_when_given_a_return_code_names_the_signal(returncode, words, found):
    assert process.how_it_ended(returncode) == (words, found)
