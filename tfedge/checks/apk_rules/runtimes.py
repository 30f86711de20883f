"""Rules on the interpreter inside: which one, which version, and whether the app has all of it and only once."""

from __future__ import annotations

import collections
from collections.abc import Iterator, Mapping

from tfedge.checks.apk_rules.known_libraries import known_library
from tfedge.checks.apk_rules.package_case import PackageCase
from tfedge.checks.rules.rule import Rule, Words, found, note
from tfedge.checks.verdict import Finding
from tfedge.modelfile.apk.library import Library
from tfedge.modelfile.apk.package import LITERT, PLAY, TFLITE

_INTERPRETER = TFLITE + "Interpreter;"
_ANDROID_8 = 26


def version_of(library: Library) -> str:
    """Returns the version of an interpreter's library: of the published file it is, else the one that it says itself.

    Empty where it says none, or several.
    """
    known = known_library(library.sha256, library.elf.build_id if library.elf else "")
    if known is not None:
        return known.version
    return library.versions[0] if len(library.versions) == 1 else ""


def runtime_missing(case: PackageCase) -> Iterator[Finding]:
    """A model, and nothing in the package that could run it.

    Measured: an interpreter's library holds a message that every release since 2.4 has; no library here does. With
    classes of Play services the interpreter is on the phone: a note. A split may have it elsewhere.
    """
    package = case.package
    if not package.models or package.runtimes or any(each.split for each in case.manifests):
        return
    models = [model.name for model in package.models]
    if package.defines(PLAY):
        words = Words(
            "the interpreter of Play services runs the models",
            "The app depends on play-services-tflite and brings none of its own.",
            "check the models for the release that you tested with: --target android-tflite==VERSION@ABI",
            "Its version is that of each phone, so which ops it has is not known here; phones without Play have none.",
        )
        yield from note("runtime_missing", words, models)
        return
    words = Words(
        "models, but no library with an interpreter",
        "Only the API classes were depended on, abiFilters left every ABI out, or another kind of runtime is meant.",
        "depend on org.tensorflow:tensorflow-lite or com.google.ai.edge.litert:litert, not on its -api",
        "The app fails when it creates the interpreter (UnsatisfiedLinkError).",
    )
    yield from found("runtime_missing", words, models)


def runtime_versions(case: PackageCase) -> Iterator[Finding]:
    """Interpreters of different versions, of one library in two ABIs.

    Measured: releases register different op versions, so a model runs on one phone and not on the other.
    """
    words = Words(
        "one library in different versions for different ABIs",
        "Libraries were copied into jniLibs by hand, or a build folder was not cleaned.",
        "take all ABIs from one release",
        "A model that runs on one phone is refused, or computes something else, on another.",
    )
    versions: dict[str, dict[str, str]] = collections.defaultdict(dict)
    for library in case.package.runtimes:
        versions[library.name][library.abi] = version_of(library) or "unknown"
    places = (
        f"{name}: " + ", ".join(f"{version} for {abi}" for abi, version in by_abi.items())
        for name, by_abi in versions.items()
        if len(set(by_abi.values())) > 1
    )
    yield from found("runtime_versions", words, places)


def runtime_modified(case: PackageCase) -> Iterator[Finding]:
    """An interpreter's library that is none of the published ones.

    A note: neither its bytes nor its build id are in the table of measured archives. Builds with selected ops register
    fewer of them.
    """
    words = Words(
        "a library that is not the published one of its version",
        "It was built from source, stripped, or is of a release that was not measured.",
        "run the model on a device with this package, or take the published library",
        "What is known of the release may not hold: a build with selected ops refuses models that the release runs.",
    )
    places = (
        f"{library.place} (sha256 {library.sha256[:16]}…)"
        for library in case.package.runtimes
        if known_library(library.sha256, library.elf.build_id if library.elf else "") is None
    )
    yield from note("runtime_modified", words, places)


def several_interpreters(case: PackageCase) -> Iterator[Finding]:
    """Several libraries with an interpreter for one ABI.

    A note: they can live side by side. Each is checked with the models, because the package does not say which runs
    which.
    """
    words = Words(
        "several libraries with an interpreter",
        "Two dependencies bring one each: a plugin, MediaPipe, LiteRT beside TensorFlow Lite, a C and a Java library.",
        "find who brings each (./gradlew app:dependencies) and keep one",
        "The package is larger by one of them, and which one runs a model depends on the code that loads it.",
    )
    by_abi: Mapping[str, list[str]] = collections.defaultdict(list)
    for library in case.package.runtimes:
        by_abi[library.abi].append(f"{library.name} {version_of(library)}".strip())
    yield from note(
        "several_interpreters", words, (f"{abi}: {', '.join(names)}" for abi, names in by_abi.items() if names[1:])
    )


def duplicate_classes(case: PackageCase) -> Iterator[Finding]:
    """A class of a runtime that two dex files define.

    Published: Android takes the first and never looks at the second; builds by Gradle refuse it, packages that are
    joined by hand do not.
    """
    words = Words(
        "classes of a runtime that are there twice",
        "litert and org.tensorflow:tensorflow-lite have the same classes; both were put into the package.",
        "keep one of them: find who brings the other, and exclude it there",
        "Android uses the first that it finds, so classes of one release call the library of the other.",
    )
    counts = collections.Counter(name for each in case.package.classes.values() for name in each.defined)
    yield from found("duplicate_classes", words, (_dotted(name) for name in sorted(counts) if counts[name] > 1))


def interpreter_class_missing(case: PackageCase) -> Iterator[Finding]:
    """Code that names the class Interpreter, which no dex file defines.

    Published: LiteRT 2.0 for Android has CompiledModel only (google-ai-edge/LiteRT#4775); code for the Interpreter
    fails when it is reached (NoClassDefFoundError). Splits may define it elsewhere.
    """
    words = Words(
        "code that uses a class that is not in the package",
        "LiteRT 2.0 has no Interpreter, only CompiledModel; or the classes were left out of the package."
        if case.package.defines(LITERT)
        else "The dependency with the classes was left out, or shrunk away.",
        "use LiteRT 1.4, or 2.1 and later, or TensorFlow Lite 2.16.1; or write the code for CompiledModel",
        "NoClassDefFoundError when the app creates its interpreter.",
    )
    classes = case.package.classes.values()
    is_named, is_defined = any(_INTERPRETER in each.named for each in classes), case.package.defines(_INTERPRETER)
    is_split = any(each.split for each in case.manifests)
    places = [_dotted(_INTERPRETER)] if is_named and not is_defined and not is_split else []
    yield from found("interpreter_class_missing", words, places)


def old_android(case: PackageCase) -> Iterator[Finding]:
    """A library that needs Android 8, in an app that allows older releases.

    Measured on every published library: 2.12.0 to 2.15.0 ask for `strtod_l`, a function of Android 8 (API level 26).
    """
    words = Words(
        "a library that asks for functions of Android 8",
        "TensorFlow Lite 2.12 to 2.15 were built against a newer C library than their minSdk says.",
        "set minSdkVersion to 26, or use 2.16.1",
        "UnsatisfiedLinkError on phones with Android 7 and older, though the app installs there.",
    )
    is_older = any(0 < each.min_sdk < _ANDROID_8 for each in case.manifests)
    yield from found(
        "old_android", words, (one.place for one in case.package.runtimes if one.needs_android_8 and is_older)
    )


def _dotted(descriptor: str) -> str:
    return descriptor[1:].rstrip(";").replace("/", ".")


RULES = tuple(
    Rule(check.__name__, check)
    for check in (
        *(runtime_missing, runtime_versions, runtime_modified, several_interpreters, duplicate_classes),
        *(interpreter_class_missing, old_android),
    )
)
