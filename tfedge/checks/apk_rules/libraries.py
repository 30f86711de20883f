"""Rules on native libraries: for which processors, and whether they lie and are built as Android maps them."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Iterator

from tfedge.checks.apk_rules.package_case import PackageCase
from tfedge.checks.rules.rule import Rule, Words, found, note
from tfedge.checks.verdict import Finding
from tfedge.modelfile.apk.library import Library

PAGE_BYTES = 16_384
WIDE_ABIS = ("arm64-v8a", "x86_64", "riscv64")
_PHONES = "arm64-v8a"
_SAME_MACHINE = {"armeabi": "armeabi-v7a"}  # The older of the two 32-bit ARM folders.


def arm64_missing(case: PackageCase) -> Iterator[Finding]:
    """Native libraries, and none for 64-bit ARM.

    Published: Google Play wants a 64-bit library beside every 32-bit one since 2019, and phones since 2023 (Pixel 7 and
    later) run no 32-bit code.
    """
    words = Words(
        "native libraries, but none for arm64-v8a",
        "abiFilters or a build for an emulator left it out, or the dependency has 32 bits only.",
        "list arm64-v8a in abiFilters, and depend on a library that has it",
        "It runs on no phone of today that has 64 bits alone, and Google Play refuses 32-bit libraries without it.",
    )
    abis = case.package.abis
    yield from found("arm64_missing", words, [", ".join(abis)] if abis and _PHONES not in abis else [])


def libraries_by_abi(case: PackageCase) -> Iterator[Finding]:
    """A library that some ABIs have and others do not; of an interpreter's library it fails.

    Published: Android chooses one folder when it installs and looks into no other, so the app has no such library
    there (UnsatisfiedLinkError). Other libraries may be loaded on some ABIs on purpose: a note.
    """
    words = Words(
        "libraries that are not there for every ABI of the package",
        "A dependency has fewer ABIs than another one, or abiFilters were set for one of them.",
        "limit abiFilters to the ABIs that every library has, or exclude what is of another ABI",
        "Android installs the libraries of one folder: there, loading the missing one crashes the app.",
    )
    of_names: dict[str, set[str]] = collections.defaultdict(set)
    for library in case.package.libraries:
        of_names[library.name].add(library.abi)
    runtimes = {library.name for library in case.package.runtimes}
    missing = {
        name: sorted(set(case.package.abis) - abis) for name, abis in of_names.items() if abis != set(case.package.abis)
    }
    told = {name: f"{name} is missing for {', '.join(abis)}" for name, abis in missing.items()}
    yield from found("libraries_by_abi", words, (told[name] for name in told if name in runtimes))
    yield from note("libraries_by_abi", words, (told[name] for name in told if name not in runtimes))


def library_machine(case: PackageCase) -> Iterator[Finding]:
    """A library built for another processor than its folder says.

    Published: the loader refuses it ("is for EM_X86_64 instead of EM_AARCH64").
    """
    words = Words(
        "libraries built for another processor than their folder says",
        "A file was copied into the wrong folder of jniLibs.",
        "copy the library of each ABI into its own folder",
        "Loading it fails on every device of that ABI.",
    )
    places = (
        f"{library.place} is for {library.elf.abi}"
        for library in case.package.libraries
        if library.elf is not None and library.elf.abi != _SAME_MACHINE.get(library.abi, library.abi)
    )
    yield from found("library_machine", words, places)


def page_size_16kb(case: PackageCase) -> Iterator[Finding]:
    """A 64-bit library whose segments are aligned to less than 16 KB.

    Measured: of tensorflow-lite 2.4.0 to 2.16.1 every x86_64 library has 4 KB, arm64-v8a has 64 KB up to 2.11.0 and
    4 KB from 2.12.0 on. Published: Google Play asks for 16 KB of apps for Android 15 and later since 2025-11-01, and on
    devices with such pages the library does not load.
    """
    runtimes = {library.name for library in _unaligned(case) if library.has_interpreter}
    fix = "build them with NDK r28 or later, or -Wl,-z,max-page-size=16384; zipalign cannot change the library itself"
    if runtimes:
        fix = (
            "no TensorFlow Lite from 2.12.0 to 2.16.1 is built for it: move to LiteRT 1.4 or later (Google's Maven "
            "repository); until then accept it aloud with --allow page_size_16kb"
        )
    words = Words(
        "64-bit libraries that are not aligned for pages of 16 KB",
        "They were linked for pages of 4 KB.",
        fix,
        "Google Play refuses the upload of apps for Android 15 and later; devices with 16 KB pages do not load them.",
    )
    yield from found("page_size_16kb", words, _by_name(_unaligned(case)))


def _unaligned(case: PackageCase) -> list[Library]:
    wide = [library for library in case.package.libraries if library.elf is not None and library.abi in WIDE_ABIS]
    return [library for library in wide if library.elf is not None and library.elf.load_alignment < PAGE_BYTES]


def _by_name(libraries: Iterable[Library]) -> Iterator[str]:
    """Yields a library with all of its ABIs at once."""
    groups: dict[tuple[str, int], list[str]] = collections.defaultdict(list)
    for library in libraries:
        if library.elf is not None:
            groups[library.name, library.elf.load_alignment].append(library.abi)
    for (name, alignment), abis in groups.items():
        yield f"{name} of {', '.join(abis)} (p_align 0x{alignment:x})"


def zip_alignment_16kb(case: PackageCase) -> Iterator[Finding]:
    """A stored 64-bit library that does not begin at a multiple of 16 KB in the file.

    Published: Android maps stored libraries in place, so they must begin at a page; `zipalign -P 16` does it. Where
    libraries are copied out at installation it does no harm: a note.
    """
    words = Words(
        "stored libraries that do not begin at a multiple of 16 KB in the package",
        "The package was aligned for pages of 4 KB, or not at all.",
        "run `zipalign -P 16 -f 4` (build tools 35) before signing, or use Android Gradle Plugin 8.5.1 or later",
        "Devices with pages of 16 KB cannot map them out of the package.",
    )
    places = [
        f"{library.place} at byte {library.entry.data_offset}"
        for library in case.package.libraries
        if library.abi in WIDE_ABIS and library.entry.is_stored and library.entry.data_offset % PAGE_BYTES
    ]
    is_extracted = any(each.extract_libraries for each in case.manifests)
    yield from (note if is_extracted else found)("zip_alignment_16kb", words, places)


def libraries_compressed(case: PackageCase) -> Iterator[Finding]:
    """Compressed libraries.

    Published: with extractNativeLibs="false" installation fails (INSTALL_FAILED_INVALID_APK, "Failed to extract native
    libraries, res=-2"). Else they are copied out when the app is installed: a note.
    """
    is_extracted = all(each.extract_libraries for each in case.manifests)
    words = Words(
        "compressed libraries" + ("" if is_extracted else ', while extractNativeLibs is "false"'),
        "The package was packed by a zip tool, or by old build settings.",
        "store them uncompressed and aligned (useLegacyPackaging = false), or set extractNativeLibs to true",
        "They are copied when the app is installed, and take their place on the phone twice."
        if is_extracted
        else "Android refuses the installation (INSTALL_FAILED_INVALID_APK).",
    )
    places = (library.place for library in case.package.libraries if not library.entry.is_stored)
    yield from (note if is_extracted else found)("libraries_compressed", words, places)


RULES = tuple(
    Rule(check.__name__, check)
    for check in (
        *(arm64_missing, libraries_by_abi, library_machine, page_size_16kb, zip_alignment_16kb),
        *(libraries_compressed,),
    )
)
