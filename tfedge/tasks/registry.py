"""The tasks that tfedge knows by name, and a user's own, which are named by their file."""

from __future__ import annotations

import importlib
import os
import pathlib
from collections.abc import Callable

from tfedge.errors import ConfigError, one_of
from tfedge.tasks import g2p, own_task
from tfedge.tasks.array_data import ArrayData
from tfedge.tasks.shipped import shipped_file

Data = str | os.PathLike[str] | None
LOADERS: dict[str, Callable[[Data], g2p.TaskData]] = {g2p.NAME: g2p.load}


def _of(module: str) -> Callable[[Data], ArrayData]:
    """Returns the `load` of a module, imported when it is called: one task does not need another's libraries."""

    def load(data: Data) -> ArrayData:
        loaded: ArrayData = importlib.import_module(module).load(data)
        return loaded

    return load


ARRAY_LOADERS: dict[str, Callable[[Data], ArrayData]] = {
    name: _of(f"tfedge.tasks.{name}") for name in ("anomaly", "image", "sensor")
}


def names() -> tuple[str, ...]:
    """Returns the names of all tasks."""
    return (*LOADERS, *ARRAY_LOADERS)


def is_array_task(name: str) -> bool:
    """Whether a task is of arrays; ConfigError where there is none of that name or file, naming the nearest."""
    if own_task.is_file(name):
        return own_task.check(name)
    if name not in names():
        raise one_of("task", name, names())
    return name in ARRAY_LOADERS


def load_task(name: str, data: Data = None) -> g2p.TaskData:
    """Returns the task of texts `name` with its data, or with a user's own `data`.

    Raises:
        ConfigError: an unknown task; the nearest known one is named. Or it is of arrays.
    """
    if is_array_task(name):
        raise ConfigError(f"expected a task of texts, one of {', '.join(LOADERS)}; {name} takes arrays")
    return LOADERS[name](data)


def load_arrays(name: str, data: Data = None) -> ArrayData:
    """Returns the task of arrays `name`, or of the file `name`, with its data, or with a user's own `data`.

    Raises:
        ConfigError: an unknown task, one of texts, or a file without a task.
        InputError, ArtifactError: data that are broken or missing.
    """
    if not is_array_task(name):
        raise ConfigError(f"expected a task of arrays, one of {', '.join(ARRAY_LOADERS)}; {name} takes texts")
    return own_task.load(name, data) if own_task.is_file(name) else ARRAY_LOADERS[name](data)


def config_file(name: str) -> pathlib.Path:
    """Returns the file with a task's settings: it ships, or lies beside a user's own file under the same name.

    Raises:
        ArtifactError: there is none.
    """
    if own_task.is_file(name):
        return own_task.config_file(name)
    return shipped_file(f"{name}/config.json")
