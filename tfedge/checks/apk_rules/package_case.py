"""What rules on a package look at."""

from __future__ import annotations

import dataclasses

from tfedge.modelfile.apk.manifest import AppManifest
from tfedge.modelfile.apk.package import Package


@dataclasses.dataclass(frozen=True)
class WantedModel:
    """The model that must be inside: `--model`.

    Attributes:
        name: of its file.
        sha256: of the whole file, pack included.
        model_sha256: of the model alone, without its pack.
    """

    name: str
    sha256: str
    model_sha256: str


@dataclasses.dataclass(frozen=True)
class PackageCase:
    """What every rule is called with.

    Attributes:
        package: an APK whose directory could be read.
        wanted: the model that must be inside; None where none was named.
        model_parts: name of a model in the package -> sha256 of it without its pack.
    """

    package: Package
    wanted: WantedModel | None = None
    model_parts: tuple[tuple[str, str], ...] = ()

    @property
    def manifests(self) -> tuple[AppManifest, ...]:
        """The manifest; none where it cannot be read, of which another rule speaks."""
        return (self.package.manifest,) if self.package.manifest is not None else ()
