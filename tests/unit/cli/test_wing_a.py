from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib

import pytest

from tfedge.cli import wing_a
from tfedge.errors import RuntimeUnavailableError


def test_require_when_everything_is_installed_then_returns():
    wing_a.require("run")


def test_require_when_packages_are_missing_then_all_are_named_with_the_extra(monkeypatch):
    monkeypatch.setattr(wing_a, "TRAIN_PACKAGES", ("no_first", "numpy", "no_second"))
    with pytest.raises(RuntimeUnavailableError) as caught:
        wing_a.require("convert")
    assert str(caught.value) == (
        "`tfedge convert` needs the packages no_first, no_second; not installed here; run: pip install 'tfedge[train]'"
    )


def test_train_packages_are_those_of_the_extra(root):
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    names = {re.match(r"[\w-]+", requirement).group().replace("-", "_") for requirement in extras["train"]}
    # Only tasks of images need Pillow, and say so where it is missing, in wing B too.
    assert set(wing_a.TRAIN_PACKAGES) == names - {"pillow"}


CHATTER = r"""
import os
from tfedge.cli import wing_a
with wing_a._without_chatter():
    os.write(2, b"I0000 00:00:1795270206.205222   18397 port.cc:153] oneDNN custom operations are on.\n")
    os.write(2, b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n")
    os.write(2, b"E0000 00:00:1795 1 cuda_platform.cc:52] failed call to cuInit: INTERNAL: UNKNOWN ERROR (303)\n")
    os.write(2, b"E0000 00:00:1795 1 cuda_platform.cc:52] failed call to cuInit: INTERNAL: NO DEVICE (100)\n")
os.write(2, b"after\n")
"""


def test_import_tensorflow_when_it_chatters_then_only_what_matters_is_handed_on(root):
    run = subprocess.run([sys.executable, "-c", CHATTER], capture_output=True, text=True, cwd=root)
    assert run.stderr.splitlines() == [
        "E0000 00:00:1795 1 cuda_platform.cc:52] failed call to cuInit: INTERNAL: NO DEVICE (100)",
        "after",
    ]


def test_import_tensorflow_when_the_import_fails_then_its_output_is_handed_on(root):
    code = CHATTER.replace('os.write(2, b"E0000', 'raise SystemExit(7)\n    os.write(2, b"E0000')
    code = code.replace("with wing_a", "os.write(2, b'before\\n')\nwith wing_a")
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root)
    assert (run.returncode, run.stderr) == (7, "before\n")


def test_import_tensorflow_then_stderr_is_empty_and_the_users_log_level_is_kept(root):
    code = "import os; from tfedge.cli.wing_a import *; import_tensorflow(); print(os.environ['TF_CPP_MIN_LOG_LEVEL'])"
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "1"}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, env=environment)
    assert (run.returncode, run.stdout, run.stderr) == (0, "1\n", "")
