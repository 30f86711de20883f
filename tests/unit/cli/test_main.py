from __future__ import annotations

import argparse
import dataclasses
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from absl import flags, logging

from tfedge import errors
from tfedge.cli import main, wing_a


@dataclasses.dataclass
class FakeVerb:
    """A verb whose `run` is the function it was given."""

    act: Callable[[], int]
    NEEDS_TRAIN: bool = False
    SUMMARY: str = "does what a test says"
    EXAMPLE: str = "tfedge fake"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--loud", action="store_true")

    def run(self, args: argparse.Namespace) -> int:
        return self.act()


@pytest.fixture
def run_fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., int]]:
    """Returns a function that runs `tfedge fake` with the given act."""

    def run(act: Callable[[], int], needs_train: bool = False) -> int:
        monkeypatch.setitem(main.VERBS, "fake", FakeVerb(act, needs_train))
        return main.main(["fake"])

    yield run


def raiser(error: BaseException) -> Callable[[], int]:
    def act() -> int:
        raise error

    return act


def every_error() -> list[type[errors.TfedgeError]]:
    found = [errors.TfedgeError]
    for kind in found:
        found += kind.__subclasses__()
    return found


@pytest.mark.parametrize("code", [0, 1, 2, 3])
def test_main_when_the_verb_returns_then_that_is_the_exit_code(run_fake, code):
    assert run_fake(lambda: code) == code


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_main_when_a_stage_raises_then_one_line_and_its_exit_code(run_fake, capsys, kind):
    assert run_fake(raiser(kind("expected a; got b\n  on two lines; do c"))) == kind.exit_code
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "tfedge: error: expected a; got b on two lines; do c\n"


def test_main_when_an_error_quotes_what_acts_on_a_terminal_then_its_code(run_fake, capsys):
    assert run_fake(raiser(errors.ArtifactError("expected a; got \x1b]0;pwned\x07\u202e"))) == 2
    assert capsys.readouterr().err == "tfedge: error: expected a; got \\x1b]0;pwned\\x07\\u202e\n"


def test_main_when_interrupted_then_130_and_one_line(run_fake, capsys):
    assert run_fake(raiser(KeyboardInterrupt())) == 130
    assert capsys.readouterr().err == "tfedge: error: interrupted\n"


def test_main_when_the_system_refuses_then_one_line_names_the_file(run_fake, capsys):
    assert run_fake(raiser(OSError(28, "No space left on device", "out/x"))) == 3
    assert capsys.readouterr().err == "tfedge: error: the system refused: No space left on device: out/x\n"


def test_main_when_a_package_of_wing_a_is_missing_then_the_extra_is_named(run_fake, capsys):
    assert run_fake(raiser(ModuleNotFoundError("No module named 'keras.layers'", name="keras.layers"))) == 3
    assert capsys.readouterr().err.endswith("pip install 'tfedge[train]'\n")


@pytest.mark.parametrize(
    "defect", [ZeroDivisionError("a defect"), ModuleNotFoundError("No module named 'gone'", name="gone")]
)
def test_main_when_tfedge_has_a_defect_then_a_traceback_and_never_exit_1(run_fake, capsys, defect):
    assert run_fake(raiser(defect)) == 3
    err = capsys.readouterr().err
    assert err.startswith("Traceback") and str(defect) in err
    assert err.splitlines()[-1].startswith("tfedge: error: a defect in tfedge")


def test_main_when_wing_a_is_missing_then_the_verb_is_not_run(run_fake, capsys, monkeypatch):
    monkeypatch.setattr(wing_a, "TRAIN_PACKAGES", ("numpy", "no_such_package"))
    assert run_fake(raiser(ZeroDivisionError()), needs_train=True) == 3
    assert "`tfedge fake` needs the package no_such_package;" in capsys.readouterr().err


def test_main_when_no_verb_then_exit_2(capsys):
    assert main.main([]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_main_when_verb_is_misspelled_then_nearest_match(capsys):
    assert main.main(["vaildate", "x"]) == 2
    assert "got 'vaildate'; did you mean 'validate'? See `tfedge --help`\n" in capsys.readouterr().err


def test_main_when_verbosity_is_not_given_then_absl_logs_warnings_only(run_fake):
    run_fake(lambda: 0)
    assert flags.FLAGS.verbosity == logging.WARNING


def test_main_when_stdout_is_closed_then_exit_141_and_nothing_on_stderr():
    code = """
import sys
from tfedge.cli import main, report
report.run = lambda args: print("x" * 1_000_000) or 0
sys.exit(main.main(["report", "x"]))
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


def test_main_as_module_then_the_same_command(root):
    run = subprocess.run([sys.executable, "-m", "tfedge", "--version"], capture_output=True, text=True, cwd=root)
    assert (run.returncode, run.stdout.split()[0], run.stderr) == (0, "tfedge", "")
