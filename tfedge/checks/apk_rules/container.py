"""Rules on the zip: what Android refuses, and what two readers would read differently."""

from __future__ import annotations

import collections
from collections.abc import Iterator

from tfedge.checks.apk_rules.package_case import PackageCase
from tfedge.checks.rules.rule import Rule, Words, found
from tfedge.checks.verdict import Finding
from tfedge.modelfile.apk.zip_file import DEFLATED, STORED, ZipEntry
from tfedge.modelfile.archive import BOMB_RATIO

_BUILD_AGAIN = "build the package again, and sign it again"
_BOMB_BYTES = 64 * 2**20  # What an app may unpack without a question, however small it is packed.


def duplicate_entries(case: PackageCase) -> Iterator[Finding]:
    """Two entries under one name.

    Published: the master key flaw of Android 4 (CVE-2013-4787) was two readers that took different ones; Android since
    refuses the installation.
    """
    words = Words(
        "two entries under one name",
        "A build step added a file that was there already.",
        _BUILD_AGAIN,
        "Which of the two is read depends on the reader; Android refuses the installation.",
    )
    counts = collections.Counter(entry.name for entry in case.package.archive.entries)
    yield from found("duplicate_entries", words, (name for name, count in counts.items() if count > 1))


def overlapping_entries(case: PackageCase) -> Iterator[Finding]:
    """Entries that share bytes of the file.

    Published: the form of zip bombs that need no nesting (David Fifield, 2019); no build tool writes it.
    """
    words = Words(
        "entries that share bytes",
        "The zip was made to mislead, or a tool wrote wrong offsets.",
        _BUILD_AGAIN,
        "It unpacks to more than it holds, and a signature over its bytes says little about its files.",
    )
    entries = sorted(case.package.archive.entries, key=lambda entry: entry.header_offset)
    pairs = zip(entries, entries[1:], strict=False)
    places = (f"{one.name} and {other.name}" for one, other in pairs if one.end_offset > other.header_offset)
    yield from found("overlapping_entries", words, places)


def entry_headers(case: PackageCase) -> Iterator[Finding]:
    """A local header that contradicts the directory.

    Published: readers that trust one and readers that trust the other see different files (CVE-2013-4787 and after).
    """
    words = Words(
        "headers that contradict the zip's directory",
        "The package was edited by a tool that wrote one of the two.",
        _BUILD_AGAIN,
        "Readers that trust the one and readers that trust the other see different files; Android may refuse it.",
    )
    entries = case.package.archive.entries
    places = (f"{each.name} ({', '.join(each.differences)})" for each in entries if each.differences)
    yield from found("entry_headers", words, places)


def encrypted_entries(case: PackageCase) -> Iterator[Finding]:
    """Entries that are encrypted, or pretend to be.

    Published: Android has no password to read them with; the bit alone is a known trick against analysis tools.
    """
    words = Words(
        "encrypted entries",
        "The zip was written with a password, or the bit was set to keep tools from reading it.",
        _BUILD_AGAIN,
        "Android cannot read them; what they hold was not checked.",
    )
    yield from found("encrypted_entries", words, _names(case, lambda entry: entry.is_encrypted))


def entry_method(case: PackageCase) -> Iterator[Finding]:
    """Entries packed by another method than deflate.

    Published: Android's zip reader knows stored and deflated.
    """
    words = Words(
        "entries packed by a method that Android does not know",
        "A zip tool with newer methods (Deflate64, LZMA, Zstandard) made the package.",
        "pack with stored or deflated entries only",
        "Android cannot read them; what they hold was not checked.",
    )
    yield from found("entry_method", words, _names(case, lambda entry: entry.method not in (STORED, DEFLATED)))


def unsafe_names(case: PackageCase) -> Iterator[Finding]:
    """Names that lead out of a folder, and symbolic links.

    Published: "zip slip"; code that unpacks by these names writes wherever they say.
    """
    words = Words(
        "names that lead out of a folder, or symbolic links",
        "The zip was made to mislead whoever unpacks it, or on a system with other separators.",
        "name entries by plain relative paths, and store files instead of links",
        "Tools that unpack the package, and apps that copy its assets, may write outside of their folder.",
    )
    yield from found("unsafe_names", words, _names(case, _is_unsafe))


def _is_unsafe(entry: ZipEntry) -> bool:
    parts = entry.name.replace("\\", "/").split("/")
    return entry.is_symlink or ".." in parts or parts[0] == "" or ":" in parts[0] or "\0" in entry.name


def zip_bomb(case: PackageCase) -> Iterator[Finding]:
    """Entries that unpack to a hundred times their size and to more than 64 MiB.

    A note would not do: installing and checking it may fill memory and disk. Measured: models, libraries and dex files
    pack by 2 to 4; deflate's own limit is 1,000.
    """
    words = Words(
        "entries that unpack to a hundred times their size",
        "They hold little but zeros, or were made to fill memory.",
        "take them out, or create such content when the app runs",
        "Installing the app, or checking it, may take all memory or disk.",
    )
    entries = case.package.archive.entries
    yield from found("zip_bomb", words, (_declared(each) for each in entries if _is_bomb(each)))


def _is_bomb(entry: ZipEntry) -> bool:
    return entry.size_bytes > _BOMB_BYTES and entry.size_bytes > BOMB_RATIO * max(entry.stored_bytes, 1)


def _declared(entry: ZipEntry) -> str:
    return f"{entry.name} ({entry.stored_bytes} bytes declare {entry.size_bytes})"


def zip64(case: PackageCase) -> Iterator[Finding]:
    """The 64-bit zip format.

    Published: `apksigner` and Android's signature check refuse packages with its records ("ZIP64 not supported").
    """
    words = Words(
        "a zip of the 64-bit format",
        "The tool that packed it was told to, or an entry has more than 4 GB or more than 65,535 entries are there.",
        "pack without ZIP64 (Python: zipfile with allowZip64=False); move large files out of the package",
        "It cannot be signed by scheme v2 or later, and Android does not install it.",
    )
    yield from found("zip64", words, ["its end record"] if case.package.archive.is_zip64 else [])


def entry_damaged(case: PackageCase) -> Iterator[Finding]:
    """Entries that rules want to look at and that cannot be read: manifest, dex files, libraries, models.

    Measured on the package itself: what cannot be read has not been checked, so it cannot pass.
    """
    words = Words(
        "what cannot be read of the package",
        "It was cut or changed after it was built, or is no such file.",
        "copy or build the package again",
        "The app may not install, or fail where it needs this file; rules know nothing about it.",
    )
    places = (f"{name}: {said}" for name, said in case.package.problems.items())
    yield from found("entry_damaged", words, places)


def _names(case: PackageCase, is_met: collections.abc.Callable[[ZipEntry], bool]) -> Iterator[str]:
    return (entry.name for entry in case.package.archive.entries if is_met(entry))


RULES = tuple(
    Rule(check.__name__, check)
    for check in (
        *(duplicate_entries, overlapping_entries, entry_headers, encrypted_entries, entry_method),
        *(unsafe_names, zip_bomb, zip64, entry_damaged),
    )
)
