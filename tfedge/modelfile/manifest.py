"""The manifest of a pack: what the file is, how it was made, and what its gates said."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from tfedge.errors import ConfigError
from tfedge.modelfile.strict_json import check_keys, check_version

SCHEMA_VERSION = 1
_KEYS = ("schema_version", "tfedge_version", "recipe", "model", "entries", "provenance", "calibration", "gates")
# Keys that later versions added: a file without them is read, a reader that does not know them refuses the file.
_OPTIONAL_KEYS = ("targets",)
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclasses.dataclass(frozen=True)
class Manifest:
    """What manifest.json holds.

    Attributes:
        tfedge_version: version that wrote the pack.
        recipe: how the model was quantized, for example "dynamic_wi8_afp32".
        model_sha256: of the model part alone.
        model_size_bytes: of the model part alone.
        entries: sha256 of each other entry by its name.
        provenance: free JSON: trained model, training command, seed, data version, converter versions.
        calibration: free JSON on the calibration data; None where the recipe needs none.
        gates: findings as JSON (`Finding.from_json` reads each).
        targets: runtimes that the file was checked on and is said to run right on, as `name==version@arch[:core]`.
    """

    tfedge_version: str
    recipe: str
    model_sha256: str
    model_size_bytes: int
    entries: Mapping[str, str]
    provenance: Mapping[str, Any]
    calibration: Mapping[str, Any] | None
    gates: tuple[Mapping[str, Any], ...]
    targets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.tfedge_version, str) or not self.tfedge_version:
            raise ConfigError(f"`tfedge_version` must be a version; got {self.tfedge_version!r}")
        if not isinstance(self.recipe, str) or not re.fullmatch(r"[a-z0-9_]+", self.recipe):
            raise ConfigError(f"`recipe` must be a recipe's name; got {self.recipe!r}")
        if not isinstance(self.model_size_bytes, int) or self.model_size_bytes < 1:
            raise ConfigError(f"`size_bytes` of the model must be 1 or more; got {self.model_size_bytes!r}")
        if not isinstance(self.entries, dict):
            raise ConfigError(f"`entries` must be an object of sha256 by name; got {type(self.entries).__name__}")
        for name, digest in {"model": self.model_sha256, **self.entries}.items():
            if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
                raise ConfigError(f"the sha256 of {name} must be 64 lower-case hexadecimal digits; got {digest!r}")
        if not isinstance(self.provenance, dict):
            raise ConfigError(f"`provenance` must be an object; got {type(self.provenance).__name__}")
        if self.calibration is not None and not isinstance(self.calibration, dict):
            raise ConfigError(f"`calibration` must be an object or null; got {type(self.calibration).__name__}")
        if not all(isinstance(gate, dict) for gate in self.gates):
            raise ConfigError("`gates` must be findings as JSON objects")
        if not all(isinstance(target, str) and target for target in self.targets):
            raise ConfigError(f"`targets` must be texts such as 'ai-edge-litert==2.3.0@x86_64'; got {self.targets!r}")

    def to_json(self) -> dict[str, Any]:
        """Returns what manifest.json holds; `from_json` of it is equal to this manifest."""
        optional = {"targets": list(self.targets)} if self.targets else {}
        return {
            **optional,
            "schema_version": SCHEMA_VERSION,
            "tfedge_version": self.tfedge_version,
            "recipe": self.recipe,
            "model": {"sha256": self.model_sha256, "size_bytes": self.model_size_bytes},
            "entries": dict(self.entries),
            "provenance": dict(self.provenance),
            "calibration": None if self.calibration is None else dict(self.calibration),
            "gates": [dict(gate) for gate in self.gates],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Manifest:
        """Reads what manifest.json holds.

        Raises:
            ConfigError: another schema version, an unknown or missing key, or an illegal value.
        """
        check_version(value, SCHEMA_VERSION, "manifest.json")
        present = _OPTIONAL_KEYS if isinstance(value, dict) and "targets" in value else ()
        check_keys(value, (*_KEYS, *present), "manifest.json")
        check_keys(value["model"], ("sha256", "size_bytes"), "`model` of manifest.json")
        if not isinstance(value["gates"], list):
            raise ConfigError(f"`gates` must be a list; got {type(value['gates']).__name__}")
        if not isinstance(value.get("targets", []), list):
            raise ConfigError(f"`targets` must be a list; got {type(value['targets']).__name__}")
        return cls(
            tfedge_version=value["tfedge_version"],
            recipe=value["recipe"],
            model_sha256=value["model"]["sha256"],
            model_size_bytes=value["model"]["size_bytes"],
            entries=value["entries"],
            provenance=value["provenance"],
            calibration=value["calibration"],
            gates=tuple(value["gates"]),
            targets=tuple(value.get("targets", ())),
        )
