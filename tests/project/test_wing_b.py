"""Wing B runs where there is no TensorFlow."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.project import sources
from tests.project.test_imports import HEAVY, SHARED, SPINE, WING_B

# Put before every other finder, this makes wing A's packages look not installed: `import` and `find_spec` both fail.
BLOCKER = f"""
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {HEAVY!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Blocker())
import importlib.util
_real = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name in {HEAVY!r} else _real(name, package)
"""


def modules() -> list[str]:
    """Returns every module that the base install must be able to import."""
    rooms = [path for room in (*SHARED, *WING_B, "cli") for path in sources.python_files(f"tfedge/{room}")]
    spine = [sources.ROOT / "tfedge" / f"{name}.py" for name in SPINE]
    # The worker's interpreters are imported in processes of their own: two of them in one process crash.
    return [sources.module_name(path) for path in [*spine, *rooms]]


def run_blocked(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs `code` in a fresh interpreter that has no package of wing A."""
    command = [sys.executable, "-c", BLOCKER + code, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(sources.ROOT)}
    return subprocess.run(command, capture_output=True, text=True, cwd=sources.ROOT, env=environment)


def run_tfedge(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the command line in an environment without wing A."""
    return run_blocked("from tfedge.cli.main import main; sys.exit(main(sys.argv[1:]))", *arguments)


def test_wing_b_when_every_module_is_imported_then_no_tensorflow_in_the_process():
    code = f"""
import importlib, sys
for name in {modules()!r}:
    importlib.import_module(name)
print(*sorted({{name.partition(".")[0] for name in sys.modules}} & set({HEAVY!r})))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=sources.ROOT)
    assert (run.returncode, run.stdout, run.stderr) == (0, "\n", "")


def test_wing_b_when_tensorflow_is_not_installed_then_every_module_imports():
    run = run_blocked(f"import importlib\nfor name in {modules()!r}:\n    importlib.import_module(name)")
    assert (run.returncode, run.stderr) == (0, "")


def test_blocker_when_tensorflow_is_imported_then_it_is_missing():
    run = run_blocked("import tensorflow")
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1] == "ModuleNotFoundError: No module named 'tensorflow'"


@pytest.mark.parametrize(
    "line",
    ["run g2p", "train g2p --out x.keras", "convert x.keras", "package x.tflite --from x.keras --out y.tflite"],
)
def test_verb_of_wing_a_when_tensorflow_is_not_installed_then_one_line_names_the_extra(line):
    run = run_tfedge(*line.split())
    assert (run.returncode, run.stdout) == (3, "")
    assert run.stderr.count("\n") == 1
    assert run.stderr.endswith("pip install 'tfedge[train]'\n")


@pytest.mark.parametrize("line", ["--help", "--version", "run --help", "predict --help"])
def test_help_when_tensorflow_is_not_installed_then_it_is_shown(line):
    run = run_tfedge(*line.split())
    assert (run.returncode, run.stderr) == (0, "")
