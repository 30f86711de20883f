"""The files that ship with tfedge: trained weights, configs and packed models of the tasks."""

from __future__ import annotations

import pathlib

import tfedge
from tfedge.errors import ArtifactError


def shipped_file(name: str) -> pathlib.Path:
    """Returns the path of a shipped file such as "g2p/g2p.keras".

    An installed wheel holds the folder `models/` of the repository as `tfedge/_models`; a clone has it
    beside the package.

    Raises:
        ArtifactError: neither place has the file.
    """
    package = pathlib.Path(tfedge.__file__).resolve().parent
    folders = (package / "_models", package.parent / "models")
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    raise ArtifactError(
        f"expected the shipped file {name!r} in {folders[0]} or {folders[1]}; neither has it; install tfedge again"
    )
