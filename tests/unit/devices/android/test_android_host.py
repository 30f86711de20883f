from __future__ import annotations

import pathlib
import sys
import time

import pytest

from tfedge.devices.android import android_host
from tfedge.devices.android.android_host import host_command, run_host
from tfedge.devices.android.following import Patience
from tfedge.errors import DeviceError
from tfedge.progress import SILENT

PROGRAM = """\
import pathlib, sys, time
action, model, _, report, _, threads = sys.argv[1:]
print("progress 1/2", file=sys.stderr, flush=True)
{body}
"""
ANSWER = "pathlib.Path(report).write_text(' '.join((action, model, threads)))"


@pytest.fixture
def run(tmp_path):
    """Returns a function that runs a program of so many lines in place of Java's."""

    def run_body(body: str, patience: Patience = Patience()) -> bytes:  # noqa: B008
        program = tmp_path / "host.py"
        program.write_text(PROGRAM.format(body=body))
        return run_host((sys.executable, "-IS", str(program)), "selftest", tmp_path / "m.tflite", 2, SILENT, patience)

    return run_body


@pytest.mark.parametrize("code", [0, 1])
def test_run_host_when_a_report_is_written_then_its_bytes_whatever_the_golden_cases_say(run, tmp_path, code):
    assert run(f"{ANSWER}\nsys.exit({code})").decode() == f"selftest {tmp_path / 'm.tflite'} 2"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("sys.exit('error: expected a pack; there is none')", "exit code 1: expected a pack; there is none"),
        (f"{ANSWER}\nprint('error: no', file=sys.stderr)\nsys.exit(3)", "exit code 3: no"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", "signal 11: it gave no reason"),
        ("pass", "exit code 0: it gave no reason"),
        ("print('error: own', file=sys.stderr)\nprint('INFO: x', file=sys.stderr)\nsys.exit(2)", "exit code 2: own"),
        (
            "print('Exception in thread \"main\" java.lang.Error: x\\n\\tat y', file=sys.stderr)\nsys.exit(1)",
            'exit code 1: Exception in thread "main" java.lang.Error: x',
        ),
        ("print('Killed', file=sys.stderr)\nsys.exit(9)", "exit code 9: Killed"),
    ],
)
def test_run_host_when_there_is_no_report_then_one_line(run, body, said):
    with pytest.raises(DeviceError, match=f"expected selftest to run on android-host; it ended with {said}"):
        run(body)


def test_run_host_when_it_hangs_then_it_is_stopped(run):
    begun = time.monotonic()
    with pytest.raises(DeviceError, match="it said nothing for 0.3 s"):
        run("time.sleep(600)", Patience(silence_s=0.3))
    assert time.monotonic() - begun < 10.0


def test_run_host_when_the_program_is_missing_then_one_line(tmp_path):
    with pytest.raises(DeviceError, match="expected to start /no/java; No such file"):
        run_host(("/no/java",), "selftest", tmp_path / "m.tflite", 1, SILENT, Patience())


def test_host_command_when_the_jar_is_not_built_then_the_command_that_builds_it(monkeypatch):
    monkeypatch.setattr(android_host, "JAR", pathlib.Path("android_demo/none.jar"))
    with pytest.raises(DeviceError, match="it is not built; run `mvn -B -f android_demo package` in the clone"):
        host_command()


def test_host_command_when_there_is_no_java_then_what_to_install(monkeypatch):
    monkeypatch.setattr(android_host, "JAR", pathlib.Path("README.md"))
    monkeypatch.setenv("PATH", "/none")
    with pytest.raises(DeviceError, match="expected java, 17 or newer, on PATH; there is none"):
        host_command()


def test_host_command_when_both_are_there_then_the_command(monkeypatch, tmp_path):
    java = tmp_path / "java"
    java.touch(mode=0o755)
    monkeypatch.setattr(android_host, "JAR", pathlib.Path("README.md"))
    monkeypatch.setenv("PATH", str(tmp_path))
    program, *words = host_command()
    assert program == str(java) and words[0] == "-jar" and words[1].endswith("README.md")
