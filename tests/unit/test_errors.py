from __future__ import annotations

import inspect
from typing import Any

import pytest

from tfedge import errors
from tfedge.errors import ConfigError, InputError, IntegrityError, TfedgeError, WorkerError, one_of

EXIT_CODES = {
    "TfedgeError": 3,
    "ConfigError": 2,
    "InputError": 2,
    "ArtifactError": 2,
    "IntegrityError": 2,
    "CalibrationError": 2,
    "ConversionError": 3,
    "UnsupportedOpError": 3,
    "RuntimeUnavailableError": 3,
    "WorkerError": 3,
    "MeasurementError": 3,
    "DeviceError": 3,
    "GateError": 1,
}


def classes() -> dict[str, Any]:
    members = inspect.getmembers(errors, inspect.isclass)
    return {name: kind for name, kind in members if kind.__module__ == errors.__name__}


def test_errors_then_each_has_its_exit_code():
    assert {name: kind.exit_code for name, kind in classes().items()} == EXIT_CODES


def test_errors_then_all_are_tfedge_errors():
    assert [name for name, kind in classes().items() if not issubclass(kind, TfedgeError)] == []


def test_errors_then_the_drawn_tree_names_each_with_its_exit_code():
    for name, code in EXIT_CODES.items():
        lines = [line for line in errors.__doc__.splitlines() if line.strip().startswith(name)]
        assert len(lines) == 1, name
        assert f"exit {code}" in lines[0]


@pytest.mark.parametrize("kind", [ConfigError, InputError])
def test_error_when_a_value_is_wrong_then_also_a_value_error(kind):
    with pytest.raises(ValueError, match="expected"):
        raise kind("expected this")


def test_integrity_error_then_also_an_artifact_error():
    assert issubclass(IntegrityError, errors.ArtifactError)


def test_worker_error_then_knows_its_kind():
    assert WorkerError("died").kind == "refused"
    assert WorkerError("died", kind="crashed").kind == "crashed"


def test_one_of_when_a_name_is_near_then_it_is_suggested():
    error = one_of("recipe", "flot32", ["float32", "dynamic"])
    assert str(error) == "recipe must be one of float32, dynamic; got 'flot32'; did you mean 'float32'?"


@pytest.mark.parametrize("value", ["zzz", None, 5])
def test_one_of_when_nothing_is_near_then_nothing_is_suggested(value):
    assert str(one_of("task", value, iter(["g2p"]))) == f"task must be one of g2p; got {value!r}"
