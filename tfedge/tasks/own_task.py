"""A task of arrays that is a user's own: a Python file with `load`, and beside it its settings as JSON."""

from __future__ import annotations

import importlib.util
import os
import pathlib
from typing import Any

from tfedge.errors import ArtifactError, ConfigError
from tfedge.tasks.array_data import ArrayData

_SUFFIX = ".py"


def is_file(name: str) -> bool:
    """Whether a task is named by its file: such a name ends in .py."""
    return name.endswith(_SUFFIX)


def stem(name: str) -> str:
    """Returns what files of a task are called: its name, or that of its file."""
    return pathlib.Path(name).stem if is_file(name) else name


def check(name: str) -> bool:
    """Returns True where the file is there; ArtifactError else. Nothing of it is run yet."""
    if not pathlib.Path(name).is_file():
        raise ArtifactError(f"expected the Python file of a task in {name}; there is none; check the path")
    return True


def config_file(name: str) -> pathlib.Path:
    """Returns the settings beside the file: NAME.json of NAME.py; ArtifactError where there are none."""
    path = pathlib.Path(name).with_suffix(".json")
    if not path.is_file():
        raise ArtifactError(f"expected the settings of the task {name} in {path}; there is no such file; write it")
    return path


def load(name: str, data: str | os.PathLike[str] | None = None) -> ArrayData:
    """Runs the file's `load(data)`.

    Raises:
        ArtifactError: there is no such file.
        ConfigError: it raises, has no `load`, or gives anything but a task's data.
    """
    check(name)
    loader = _loader(pathlib.Path(name))
    try:
        loaded = loader(data)
    except Exception as error:  # Whatever a user's file raises is that file's.
        raise _raised(name, error) from error
    if not isinstance(loaded, ArrayData):
        raise ConfigError(f"expected `load` in {name} to return ArrayData; got {type(loaded).__name__}")
    if loaded.spec.name != stem(name):
        raise ConfigError(f"expected the task in {name} to be called {stem(name)!r}; got {loaded.spec.name!r}")
    return loaded


def _loader(path: pathlib.Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"expected a Python file in {path}; got another kind of file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise _raised(path, error) from error
    loader = getattr(module, "load", None)
    if not callable(loader):
        raise ConfigError(f"expected a function `load(data)` in {path}; there is none")
    return loader


def _raised(path: object, error: Exception) -> ConfigError:
    return ConfigError(
        f"expected {path} to load its data; {type(error).__name__}: {' '.join(str(error).split())[:200]}"
    )
