"""A user's own Python: modules that register classes, functions that measure; imported only where the user says so."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from tfedge.errors import ConfigError


def import_modules(names: Sequence[str]) -> None:
    """Imports modules by name, from the present folder too.

    Raises:
        ConfigError: a module that is not there or raises.
    """
    for name in names:
        _imported(name)


def metric_function(name: str) -> Any:
    """Returns the function "module:function".

    Raises:
        ConfigError: no such module or function, or no function.
    """
    module, _, attribute = name.partition(":")
    if not module or not attribute:
        raise ConfigError(f"expected a metric of your own as MODULE:FUNCTION; got {name!r}")
    found = getattr(_imported(module), attribute, None)
    if not callable(found):
        raise ConfigError(f"expected a function {attribute!r} in {module}; there is none; check the name")
    return found


def _imported(name: str) -> Any:
    with _present_folder_on_path():
        try:
            return importlib.import_module(name)
        except Exception as error:  # Whatever a user's module raises is that module's.
            reason = " ".join(str(error).split())[:200]
            raise ConfigError(
                f"expected to import your module {name!r} from {os.getcwd()} or what is installed; "
                f"{type(error).__name__}: {reason}"
            ) from error


@contextlib.contextmanager
def _present_folder_on_path() -> Iterator[None]:
    """Lets an import find what `python script.py` in this folder would find; last, so that it hides no package."""
    folder = os.getcwd()
    sys.path.append(folder)
    try:
        yield
    finally:
        sys.path.remove(folder)
