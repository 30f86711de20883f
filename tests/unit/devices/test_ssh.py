"""A board behind ssh, played by a program that speaks ssh's command line and runs the rest for real."""

from __future__ import annotations

import os
import pathlib
import sys

import numpy as np
import pytest

from tests.golden import autokey, packed_autokey
from tests.unit.devices import ssh_here
from tfedge.artifacts import sha256_hex
from tfedge.devices import ssh
from tfedge.devices.ssh import BoardFacts, SshBoard, environment_of
from tfedge.errors import ConfigError, DeviceError, RuntimeUnavailableError, WorkerError
from tfedge.runtime.client import Worker
from tfedge.runtime.limits import Limits

FACTS = BoardFacts("3.11.2", "aarch64", "Debian", {"numpy": "1.26.4", "ai-edge-litert": "2.3.0"})


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """The board's home, with a Python that has everything."""
    return ssh_here.install(tmp_path, monkeypatch)


@pytest.fixture
def board(machine):
    return SshBoard("pi@board.local", machine.python())


@pytest.fixture
def environment(board):
    return environment_of(board, board.facts())


def failed(call, *arguments):
    """Returns the one line that a call fails with."""
    with pytest.raises(DeviceError) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_worker_when_it_runs_there_then_the_same_answers_and_only_its_own_files_were_sent(machine, environment):
    with Worker(environment) as worker:
        assert worker.load(autokey.MODEL) == sha256_hex(autokey.MODEL.read_bytes())
        assert np.array_equal(worker.decode_many(autokey.SOURCES), autokey.EXPECTED)
    sent = [name for name in machine.files if "__pycache__" not in name]
    assert sorted(name.rpartition("/")[2] for name in sent)[1:] == ["isolation.py", "sandbox.py", "worker.py"]
    host, options, _ = machine.calls[0]
    assert host == "pi@board.local" and "-o BatchMode=yes" in options and "-T" in options


def test_place_when_the_board_has_it_then_not_sent_again_but_where_its_bytes_changed(machine, board):
    def pushes():
        return sum(" place " in command for _, _, command in machine.calls)

    path = pathlib.Path(board.place(autokey.MODEL))
    assert path.read_bytes() == autokey.MODEL.read_bytes() and pushes() == 1
    assert board.place(autokey.MODEL) == str(path) and pushes() == 1
    path.write_bytes(b"stale" + path.read_bytes()[5:])  # Of the same name and size.
    board.place(autokey.MODEL)
    assert pushes() == 2 and path.read_bytes() == autokey.MODEL.read_bytes()


def test_worker_when_limits_are_asked_then_it_can_write_nothing_there(environment):
    with Worker(environment, limits=Limits()) as worker:
        worker.load(autokey.MODEL)
        assert np.array_equal(worker.decode_many(autokey.SOURCES[:1]), autokey.EXPECTED[:1])


def test_worker_when_a_file_is_refused_there_then_the_next_one_is_run(board, machine):
    environment = environment_of(board, board.facts(), "tflite-runtime")
    with Worker(environment) as worker:
        with pytest.raises(WorkerError, match=r"on pi@board.local: .*FULLY_CONNECTED"):
            worker.load(autokey.REFUSED_MODEL)
        worker.load(autokey.MODEL)
        assert np.array_equal(worker.decode_many(autokey.SOURCES[:1]), autokey.EXPECTED[:1])


def test_facts_when_ssh_is_missing_then_one_line_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "there is none on PATH; run: apt-get install openssh-client" in failed(SshBoard("pi").facts)


def test_facts_when_the_host_is_unreachable_then_its_reason_is_quoted(machine, board):
    machine.behave("unreachable")
    said = failed(board.facts)
    assert said.startswith("expected to reach pi@board.local by ssh; ") and "No route to host" in said


@pytest.mark.parametrize("python", ["/no/such/python", "no-such-python", "~/venv/bin/python"])
def test_facts_when_there_is_no_such_python_then_named(machine, python):
    said = failed(SshBoard("pi", python).facts)
    assert said.startswith(f"expected a Python called {python} on pi: ") and "ssh:pi:PYTHON" in said


def test_facts_when_python_is_in_the_home_folder_then_found_by_its_tilde(machine):
    machine.python(name="mine")
    assert SshBoard("pi", "~/mine").facts().python == sys.version.split()[0]


def test_facts_when_python_is_too_old_then_its_version_is_said(machine):
    old = machine.home / "python2"
    old.write_text("#!/bin/sh\necho 'it is Python 3.7.3, and 3.9 is needed' >&2; exit 1\n", encoding="utf-8")
    old.chmod(0o755)
    assert "exited with code 1: it is Python 3.7.3, and 3.9 is needed" in failed(SshBoard("pi", str(old)).facts)


def test_facts_when_the_shell_greets_then_said_before_a_worker_chokes_on_it(machine, board):
    machine.behave("greets")
    assert "its shell prints 'Welcome to pi!' first" in failed(board.facts)


@pytest.mark.parametrize("answer", ["", "hello", "tfedge-board: [1]", "tfedge-board: {", 'tfedge-board: {"arch": 1}'])
def test_facts_when_the_answer_is_none_then_quoted(machine, answer):
    odd = machine.home / "odd"
    odd.write_text(f"#!/bin/sh\ncat > /dev/null\necho '{answer}'\n", encoding="utf-8")
    odd.chmod(0o755)
    assert "expected an answer of pi; got" in failed(SshBoard("pi", str(odd)).facts)


@pytest.mark.parametrize("sent", [100, 6_000])
def test_place_when_the_cable_is_pulled_then_nothing_half_is_left_and_the_next_push_works(machine, board, sent):
    machine.behave(f"pulled {sent}")
    said = failed(board.place, autokey.MODEL)
    assert "the connection broke: client_loop: send disconnect: Broken pipe; nothing half is left there" in said
    assert machine.files == []
    machine.behave("")
    assert pathlib.Path(board.place(autokey.MODEL)).is_file()


def test_place_when_the_board_cannot_write_then_its_folder_is_named(machine, board):
    machine.behave("full")
    said = failed(board.place, autokey.MODEL)
    assert ".cache/tfedge/board-1; File too large" in said and machine.files == []


def test_worker_when_the_connection_breaks_then_no_blame_for_the_file(machine, environment):
    machine.behave("dies")
    with pytest.raises(DeviceError, match="answer of pi@board.local to `hello`; the connection broke.*not responding"):
        Worker(environment).__enter__()


def test_lost_when_the_interpreter_chattered_last_then_ssh_is_quoted(board):
    said = str(board.lost(255, "Timeout, server pi not responding.\nINFO: Created a delegate.\n", "run"))
    assert "the connection broke: Timeout, server pi not responding.; look at" in said
    assert board.lost(139, "Segmentation fault", "run") is None


def test_worker_when_the_cable_is_pulled_while_it_is_sent_then_nothing_stays_open(machine, environment):
    machine.behave("pulled 5000")
    with pytest.raises(DeviceError, match="expected pi@board.local to take tfedge's worker; the connection broke"):
        Worker(environment).__enter__()


def test_place_when_there_is_no_room_then_said(machine, board, monkeypatch):
    folder = machine.home / "programs"
    folder.mkdir()
    # The board's own program with a disk that has 1 MB left.
    text = pathlib.Path(ssh._PROGRAM).read_text(encoding="utf-8").replace(".free\n", ".free * 0 + (1 << 20)\n")
    (folder / "board.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(ssh, "_PROGRAM", folder / "board.py")
    assert "expected on pi@board.local 16 MB of free space" in failed(board.place, autokey.MODEL)


@pytest.mark.parametrize(
    ("versions", "runtime", "said"),
    [
        ({"numpy": "2.0.0"}, None, r"it has neither; run: ssh pi python3 -m pip install ai-edge-litert"),
        ({"numpy": "1.26.4", "ai-edge-litert": "2.3.0"}, "tflite-runtime", "it has ai-edge-litert 2.3.0; run: ssh pi"),
        ({"ai-edge-litert": "2.3.0"}, None, "expected NumPy in .*pip install numpy"),
        ({"numpy": "2.2.0", "tflite-runtime": "2.14.0"}, None, r"it has 2.2.0; run: .*'numpy<2'"),
    ],
)
def test_environment_of_when_the_interpreter_is_missing_or_unfit_then_says_what_to_install(versions, runtime, said):
    facts = BoardFacts("3.11.2", "aarch64", "Debian", versions)
    with pytest.raises(RuntimeUnavailableError, match=said):
        environment_of(SshBoard("pi"), facts, runtime)


def test_environment_of_when_both_are_there_then_litert_and_the_other_where_asked():
    facts = BoardFacts("3.11.2", "aarch64", "Debian", {**FACTS.versions, "tflite-runtime": "2.14.0"})
    assert str(environment_of(SshBoard("pi"), facts).target) == "ai-edge-litert==2.3.0@aarch64"
    assert environment_of(SshBoard("pi"), facts, "tflite-runtime").command == ("python3",)


@pytest.mark.parametrize("host", ["", "-oProxyCommand=x", "pi;reboot", "a b", "pi:22/x", "@pi"])
def test_board_when_the_host_is_no_host_then_config_error(host):
    with pytest.raises(ConfigError, match="expected a host's name"):
        SshBoard(host)


@pytest.mark.parametrize("python", ["a b", "$(reboot)", "-c", "py'thon"])
def test_board_when_the_python_is_no_path_then_config_error(python):
    with pytest.raises(ConfigError, match="expected the path of a Python"):
        SshBoard("pi", python)


def test_pack_when_pushed_then_its_name_is_its_sha256(machine, board, tmp_path):
    pack = packed_autokey.write(tmp_path / "misleading_name_v2.tflite")
    assert board.place(pack.path).endswith(f"/models/{pack.sha256}.tflite")


def test_place_when_many_models_were_sent_then_the_last_ones_stay(machine, board, tmp_path):
    folder = machine.home / ".cache/tfedge/board-1/models"
    folder.mkdir(parents=True)
    for number in range(20):
        path = folder / f"{number}.tflite"
        path.write_bytes(b"x")
        os.utime(path, (number, number))
    newest = pathlib.Path(board.place(autokey.MODEL))
    left = {path.name for path in folder.iterdir()}
    assert len(left) == 16 and newest.name in left and "19.tflite" in left and "0.tflite" not in left
