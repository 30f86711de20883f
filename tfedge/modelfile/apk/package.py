"""An Android package, read: everything that rules look at, and what of it could not be read."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Mapping

from tfedge.errors import ArtifactError
from tfedge.modelfile.apk import dex, kind
from tfedge.modelfile.apk.axml import MAX_BYTES as MAX_MANIFEST_BYTES
from tfedge.modelfile.apk.dex import DexClasses, read_classes
from tfedge.modelfile.apk.library import Library, find_libraries
from tfedge.modelfile.apk.manifest import AppManifest, read_manifest
from tfedge.modelfile.apk.signing import Signatures, read_signatures
from tfedge.modelfile.apk.zip_file import ZipEntry, ZipFile
from tfedge.modelfile.model_file import ModelData

TFLITE, LITERT, PLAY = "Lorg/tensorflow/lite/", "Lcom/google/ai/edge/litert/", "Lcom/google/android/gms/tflite/"
_DEX = re.compile(r"classes\d{0,5}\.dex")
_IDENTIFIER = b"TFL3"
# More than any app has; a package that has more was made to keep its reader busy.
MAX_MODELS, MAX_DEX = 50, 200


@dataclasses.dataclass(frozen=True)
class PackedModel:
    """A model inside a package.

    Attributes:
        entry: in the zip.
        sha256: of its content; empty where that cannot be read.
    """

    entry: ZipEntry
    sha256: str

    @property
    def name(self) -> str:
        """Where it lies in the package, such as "assets/g2p.tflite"."""
        return self.entry.name


@dataclasses.dataclass(frozen=True)
class Package:
    """An APK.

    Attributes:
        data: the file.
        archive: its zip.
        kind: what the zip is, as `kind.kind_of`; of all but "apk" nothing else is read.
        manifest: its manifest; None where it cannot be read.
        libraries: native libraries, in the zip's order.
        models: entries that are models by their first bytes, or by their name; `MAX_MODELS` of them.
        classes: dex file -> classes of runtimes.
        signatures: which schemes it is signed with.
        problems: entry -> why it could not be read.
    """

    data: ModelData = dataclasses.field(repr=False, compare=False)
    archive: ZipFile = dataclasses.field(repr=False, compare=False)
    kind: str
    manifest: AppManifest | None
    libraries: tuple[Library, ...]
    models: tuple[PackedModel, ...]
    classes: Mapping[str, DexClasses]
    signatures: Signatures
    problems: Mapping[str, str]

    @property
    def abis(self) -> tuple[str, ...]:
        """The ABIs that it has libraries for, each once."""
        return tuple(dict.fromkeys(library.abi for library in self.libraries))

    @property
    def runtimes(self) -> tuple[Library, ...]:
        """The libraries that hold an interpreter."""
        return tuple(library for library in self.libraries if library.has_interpreter)

    def defines(self, prefix: str) -> bool:
        """Whether a dex file defines a class under a prefix."""
        return any(name.startswith(prefix) for each in self.classes.values() for name in each.defined)


def open_package(data: ModelData) -> Package:
    """Reads a package; what is damaged inside it is among its problems.

    Raises:
        ArtifactError: it is no zip, or its directory is damaged.
    """
    archive = ZipFile(data)
    names = {entry.name for entry in archive.entries}
    found = kind.kind_of(names)
    signatures = read_signatures(data, archive.directory_offset, names)
    if found != kind.APK:
        return Package(data, archive, found, None, (), (), {}, signatures, {})
    problems: dict[str, str] = {}
    manifest = _manifest(archive, problems)
    libraries = tuple(find_libraries(archive))
    problems |= {library.entry.name: library.problem for library in libraries if library.problem}
    classes, models = _classes(archive, problems), _models(archive, problems)
    return Package(data, archive, found, manifest, libraries, models, classes, signatures, problems)


def _manifest(archive: ZipFile, problems: dict[str, str]) -> AppManifest | None:
    entry = next(entry for entry in archive.entries if entry.name == kind.MANIFEST)
    try:
        return read_manifest(archive.read(entry, MAX_MANIFEST_BYTES))
    except ArtifactError as error:
        problems[entry.name] = str(error)
        return None


def _classes(archive: ZipFile, problems: dict[str, str]) -> dict[str, DexClasses]:
    found: dict[str, DexClasses] = {}
    entries = {entry.name: entry for entry in reversed(archive.entries) if _DEX.fullmatch(entry.name)}
    for number, entry in enumerate(reversed(entries.values())):
        if number == MAX_DEX:
            problems[entry.name] = f"expected {MAX_DEX} dex files at most; from this one on none was looked at"
            break
        try:
            content = archive.read(entry, dex.MAX_BYTES)
            found[entry.name] = read_classes(content, entry.name, (TFLITE, LITERT, PLAY))
        except ArtifactError as error:
            problems[entry.name] = str(error)
    return found


def _models(archive: ZipFile, problems: dict[str, str]) -> tuple[PackedModel, ...]:
    found: dict[str, PackedModel] = {}
    for entry in archive.entries:
        is_model = entry.name.lower().endswith(".tflite") or archive.head(entry, 8)[4:] == _IDENTIFIER
        if not is_model or entry.name in found:
            continue
        if len(found) == MAX_MODELS:
            problems[entry.name] = f"expected {MAX_MODELS} models at most; from this one on none was looked at"
            break
        found[entry.name] = PackedModel(entry, _sha256(archive, entry, problems))
    return tuple(found.values())


def _sha256(archive: ZipFile, entry: ZipEntry, problems: dict[str, str]) -> str:
    digest = hashlib.sha256()
    try:
        for piece in archive.pieces(entry):
            digest.update(piece)
    except ArtifactError as error:
        problems[entry.name] = str(error)
        return ""
    return digest.hexdigest()
