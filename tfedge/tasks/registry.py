"""The tasks that tfedge knows by name."""

from __future__ import annotations

import os
from collections.abc import Callable

from tfedge.errors import one_of
from tfedge.tasks import g2p

LOADERS: dict[str, Callable[[str | os.PathLike[str] | None], g2p.TaskData]] = {g2p.NAME: g2p.load}


def load_task(name: str, data: str | os.PathLike[str] | None = None) -> g2p.TaskData:
    """Returns the task `name` with its data, or with a user's own `data`.

    Raises:
        ConfigError: an unknown task; the nearest known one is named.
    """
    if name not in LOADERS:
        raise one_of("task", name, LOADERS)
    return LOADERS[name](data)
