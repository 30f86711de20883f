"""The part of `tfedge check` for Android packages: the package, and every model in it on every interpreter in it."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
from collections.abc import Iterator, Sequence

from tfedge.checks.apk_rules import RULES, PackageCase, WantedModel, package_findings
from tfedge.checks.apk_rules.targets import model_findings, other_runtimes, targets_of, unknown_runtimes
from tfedge.checks.verdict import Finding
from tfedge.devices import apksigner
from tfedge.errors import ArtifactError, one_of
from tfedge.modelfile.apk import kind
from tfedge.modelfile.apk.package import Package, PackedModel, open_package
from tfedge.modelfile.flatbuffer import verify_model
from tfedge.modelfile.model_file import ModelData, open_model, sha256_of
from tfedge.modelfile.pack import looks_packed, parse_pack
from tfedge.reports.check_report import PACKAGE, FileCheck, TargetCheck
from tfedge.reports.reading import read_checked
from tfedge.runtime.targets import RuntimeTarget

_INSIDE = "!/"  # As Java writes an entry of an archive.
# kind -> what it is, why it is not checked as it is, what to do.
_OTHER_KINDS = {
    kind.BUNDLE: (
        "an Android App Bundle (AAB), which a store builds APKs from; nothing installs it as it is",
        "Alignment, compression and signatures are those of the APKs that are built from it.",
        "build an APK of it: bundletool build-apks --mode=universal --bundle=FILE.aab --output=out.apks; unzip "
        "universal.apk from out.apks, and check that",
    ),
    kind.APK_SET: (
        "a set of APKs in one archive",
        "A device installs some of the packages in it, each with its own libraries.",
        "unzip it and check the packages inside; with bundletool build one for all: --mode=universal",
    ),
    kind.ARCHIVE: (
        "an Android library (AAR), which is built into apps",
        "An app's build decides how its libraries and assets are packed.",
        "check the APK of an app that uses it",
    ),
    kind.ZIP: (
        "a zip without AndroidManifest.xml",
        "It is no Android package, or what makes it one was lost.",
        "name an .apk, or the .tflite by itself",
    ),
}


@dataclasses.dataclass(frozen=True)
class PackageOptions:
    """What is asked of packages.

    Attributes:
        wanted: the model that must be inside; None where none was named.
        targets: interpreters to judge the models for, in place of those inside.
        allowed: ids of rules whose failures are accepted, and become notes.
        verify: whether `apksigner`, where it is installed, is asked about signatures.

    Raises:
        ConfigError: an id that no rule on packages has.
    """

    wanted: WantedModel | None = None
    targets: tuple[RuntimeTarget, ...] = ()
    allowed: frozenset[str] = frozenset()
    verify: bool = True

    def __post_init__(self) -> None:
        known = [rule.id for rule in RULES]
        for name in sorted(self.allowed - set(known)):
            raise one_of("a rule to allow", name, known)

    @classmethod
    def read(
        cls,
        model: str | os.PathLike[str] | None,
        targets: Sequence[RuntimeTarget] = (),
        allowed: Sequence[str] = (),
        verify: bool = True,
    ) -> PackageOptions:
        """Returns the options; reads the model that must be inside.

        Raises:
            ArtifactError: `model` is no readable .tflite, or its pack is damaged.
            ConfigError: an id that no rule on packages has.
        """
        options = cls(None, tuple(targets), frozenset(allowed), verify)
        if model is None:
            return options
        data = open_model(model)
        verify_model(data)
        whole = sha256_of(data)
        part = parse_pack(data, model).manifest.model_sha256 if looks_packed(data) else whole
        return dataclasses.replace(options, wanted=WantedModel(pathlib.Path(model).name, whole, part))


def check_package(path: pathlib.Path, data: ModelData, options: PackageOptions) -> tuple[FileCheck, ...]:
    """Checks a package, and every model in it; the first of what is returned is the package itself."""
    sha256, size = sha256_of(data), len(data)
    try:
        package = open_package(data)
    except ArtifactError as error:
        return (FileCheck(str(path), sha256, size, (TargetCheck(PACKAGE, (_unreadable(error),)),)),)
    if package.kind != kind.APK:
        return (FileCheck(str(path), sha256, size, (TargetCheck(PACKAGE, (_other_kind(package.kind),)),)),)
    read = [_Model.read(path, package, model, options.wanted is not None) for model in package.models]
    case = PackageCase(package, options.wanted, tuple((model.name, model.part_sha256) for model in read))
    findings = [*package_findings(case), *other_runtimes(case, options.targets)]
    if package.signatures.schemes and options.verify:
        findings.append(apksigner.verify(path))
    allowed = tuple(_allowed(finding) if finding.gate in options.allowed else finding for finding in findings)
    inside = (model.check(package, options.targets) for model in read if model.sha256)
    return (FileCheck(str(path), sha256, size, (TargetCheck(PACKAGE, allowed),)), *inside)


@dataclasses.dataclass(frozen=True)
class _Model:
    """A model inside a package; its content is read when it is needed, so that one at a time is in memory."""

    path: str
    inside: PackedModel
    part_sha256: str

    @property
    def name(self) -> str:
        return self.inside.name

    @property
    def sha256(self) -> str:
        return self.inside.sha256

    @classmethod
    def read(cls, path: pathlib.Path, package: Package, inside: PackedModel, is_compared: bool) -> _Model:
        part = inside.sha256
        if is_compared:
            with contextlib.suppress(ArtifactError):  # Damaged: `check` says so, and as it is it equals nothing.
                data = package.archive.read(inside.entry)
                part = parse_pack(data, inside.name).manifest.model_sha256 if looks_packed(data) else part
        return cls(f"{path}{_INSIDE}{inside.name}", inside, part)

    def check(self, package: Package, named: Sequence[RuntimeTarget]) -> FileCheck:
        """Returns what static rules say of the model on each interpreter of the package, or on those named."""
        targets = tuple(named) or targets_of(package)
        try:
            data = package.archive.read(self.inside.entry)
            read = read_checked(pathlib.Path(self.path), data)
        except ArtifactError as error:
            read = _too_large(error)
        if isinstance(read, Finding):
            checks = [TargetCheck(name, (read,)) for name in map(str, targets or (PACKAGE,))]
            return FileCheck(self.path, self.sha256, self.inside.entry.size_bytes, tuple(checks))
        checked, about_pack = read
        checks = [
            TargetCheck(str(each), (*about_pack, *model_findings(package, checked.graph, checked.data, each)))
            for each in targets
        ]
        unknown = () if named else tuple(unknown_runtimes(package))
        if unknown or not checks:
            checks.append(TargetCheck(PACKAGE, (*about_pack, *unknown, *_unjudged(package, bool(checks or unknown)))))
        return FileCheck(self.path, self.sha256, self.inside.entry.size_bytes, tuple(checks))


def _unjudged(package: Package, is_judged: bool) -> Iterator[Finding]:
    """Yields what there is to say of a model in a package without interpreter."""
    if not is_judged and not package.runtimes:
        yield Finding(
            "apk_runtime",
            "not_measured",
            "expected an interpreter in the package; there is none, so none was asked about this model",
            fix="name the one that will run it: --target android-tflite==2.16.1@arm64-v8a",
        )


def _allowed(finding: Finding) -> Finding:
    if finding.verdict == "pass":
        return finding
    so = finding.consequence or "It was accepted for this check."
    message = f"{finding.message}; accepted by --allow"
    return dataclasses.replace(finding, verdict="pass", message=message, consequence=so)


def _unreadable(error: ArtifactError) -> Finding:
    return Finding(
        "apk_readable",
        "fail",
        str(error),
        cause="The file is cut, was changed, or is no Android package at all.",
        consequence="Android does not install it; nothing else of it was checked.",
        fix="copy or build it again, and compare sha256",
    )


def _other_kind(found: str) -> Finding:
    what, so, fix = _OTHER_KINDS[found]
    return Finding(
        "apk_readable",
        "fail",
        f"expected an Android package (APK); this is {what}",
        cause="Another file was named than the one that devices install.",
        consequence=so,
        fix=fix,
    )


def _too_large(error: ArtifactError) -> Finding:
    return Finding(
        "readable",
        "fail",
        str(error),
        cause="The model is larger than what is unpacked of a package at once, or its compressed bytes are damaged.",
        consequence="Nothing of it was checked.",
        fix="store it uncompressed in the package, as an app needs it anyway",
    )
