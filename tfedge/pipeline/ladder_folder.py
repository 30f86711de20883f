"""The folder in which a ladder keeps every file it measured, and what it measured of each, so that it can go on.

    NAME.ladder/
        NAME.RECIPE.tflite   every recipe, also those that are not shipped
        measured.json        what needs minutes: checks and answers, by the sha256 of file, target and words

Latency is not kept: it is comparable within one run only.
"""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Mapping
from typing import Any

from tfedge.artifacts import sha256_hex, write_bytes
from tfedge.conversion.recipes import Recipe, recipe_file
from tfedge.errors import ArtifactError, ConfigError
from tfedge.modelfile.pack import Pack, read_pack
from tfedge.modelfile.strict_json import dump_object, load_object


class LadderFolder:
    """One ladder's folder.

    Args:
        path: the folder; made at the first write.
        name: of the model.
        resume: whether what an earlier ladder left is used where it is of the same model, recipe and versions.
    """

    def __init__(self, path: pathlib.Path, name: str, resume: bool = False) -> None:
        self.path = path
        self._name = name
        self._resume = resume
        self._measured: dict[str, Any] = self._read() if resume else {}

    def file(self, recipe: str) -> pathlib.Path:
        """Returns where the file of a recipe is kept."""
        return recipe_file(self.path, self._name, recipe)

    def pack(self, recipe: Recipe, is_same: Callable[[Pack, Recipe], bool]) -> Pack | None:
        """Returns the file that an earlier ladder made by the same recipe of the same model; else None.

        Args:
            is_same: whether a file is of that.
        """
        if not self._resume or not self.file(recipe.name).exists():
            return None
        try:
            found = read_pack(self.file(recipe.name))
        except ArtifactError:
            return None  # Cut or changed: it is made anew.
        return found if is_same(found, recipe) else None

    def measured(self, *key: str) -> Mapping[str, Any] | None:
        """Returns what was kept under a key; None where nothing was."""
        return self._measured.get(sha256_hex("\0".join(key).encode()))

    def keep(self, value: Mapping[str, Any], *key: str) -> None:
        """Keeps a measurement, on disk at once: a ladder may be killed at any time."""
        self._measured[sha256_hex("\0".join(key).encode())] = dict(value)
        write_bytes(self.path / "measured.json", dump_object(self._measured, "measured.json"), force=True)

    def _read(self) -> dict[str, Any]:
        path = self.path / "measured.json"
        if not path.exists():
            return {}
        try:
            return load_object(path.read_bytes(), "measured.json")
        except ConfigError as error:
            raise ArtifactError(f"expected what a ladder measured in {path}; {error}; leave out --resume") from None
