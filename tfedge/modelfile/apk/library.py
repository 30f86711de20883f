"""A native library inside a package: its headers, and whether it holds a TFLite interpreter, and of which version.

An interpreter is found by its own words and not by the name of its file: it may be linked into any library. Measured on
2026-11-21: every library of org.tensorflow:tensorflow-lite 2.4.0 to 2.16.1 (13 releases, 4 ABIs each) holds the message
below and exactly one text of three numbers, its version; so does none of tensorflow-lite-gpu. LiteRT 2.3's libLiteRt.so
holds the message and no version.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Iterator

from tfedge.errors import ArtifactError
from tfedge.modelfile.apk.elf import HEAD_BYTES, Elf, read_elf
from tfedge.modelfile.apk.zip_file import ZipEntry, ZipFile

MESSAGE = b"Didn't find op for builtin opcode"
# A function of Android 8's C library. Measured on the same archives: 2.12.0 to 2.15.0 ask for it, no other one does.
ANDROID_8_FUNCTION = b"\0strtod_l\0"
_VERSION = re.compile(rb"\0(\d{1,2}\.\d{1,3}\.\d{1,3}(?:-rc\d{1,2})?)(?=\0)")
_OVERLAP = 64  # Longer than the message and than any version.
_MAX_VERSIONS = 8
MAX_LIBRARIES = 1000  # The largest apps have a hundred for each of four ABIs.
_PLACE = re.compile(r"lib/([^/]+)/([^/]+\.so)")


@dataclasses.dataclass(frozen=True)
class Library:
    """One native library.

    Attributes:
        entry: in the zip.
        abi: the folder it lies in.
        name: of its file.
        elf: its headers; None where they cannot be read.
        problem: why something of it could not be read; empty otherwise.
        has_interpreter: whether it holds a TFLite interpreter.
        sha256: of an interpreter's library; empty of others.
        versions: texts of an interpreter's library that may be its version.
        needs_android_8: whether an interpreter's library asks for a function that older releases do not have.
    """

    entry: ZipEntry
    abi: str
    name: str
    elf: Elf | None
    problem: str = ""
    has_interpreter: bool = False
    sha256: str = ""
    versions: tuple[str, ...] = ()
    needs_android_8: bool = False

    @property
    def place(self) -> str:
        """The library for a person: "arm64-v8a/libtensorflowlite_jni.so"."""
        return f"{self.abi}/{self.name}"


def find_libraries(archive: ZipFile) -> Iterator[Library]:
    """Yields every native library of a package; what cannot be read of one is its `problem`."""
    places = ((entry, _PLACE.fullmatch(entry.name)) for entry in archive.entries)
    for number, (entry, place) in enumerate((entry, place) for entry, place in places if place):
        if number == MAX_LIBRARIES:
            said = f"expected {MAX_LIBRARIES} libraries at most; from this one on none was looked at"
            yield Library(entry, place[1], place[2], None, said)
            return
        yield _read(archive, entry, place[1], place[2])


def _read(archive: ZipFile, entry: ZipEntry, abi: str, name: str) -> Library:
    library = Library(entry, abi, name, None)
    try:
        elf = read_elf(archive.head(entry, HEAD_BYTES), f"{abi}/{name}")
        library = dataclasses.replace(library, elf=elf)
        if not any(MESSAGE in piece for piece in _overlapping(archive, entry)):
            return library
        return _interpreter(archive, library)
    except ArtifactError as error:
        return dataclasses.replace(library, problem=str(error))


def _interpreter(archive: ZipFile, library: Library) -> Library:
    """Returns a library that holds an interpreter, with what is asked of such libraries only."""
    digest, found, needs_android_8 = hashlib.sha256(), dict[str, None](), False
    for piece in archive.pieces(library.entry):
        digest.update(piece)
    for piece in _overlapping(archive, library.entry):
        found |= {match[1].decode("ascii"): None for match in _VERSION.finditer(piece)}
        needs_android_8 = needs_android_8 or ANDROID_8_FUNCTION in piece
    return dataclasses.replace(
        library,
        has_interpreter=True,
        sha256=digest.hexdigest(),
        versions=tuple(found)[:_MAX_VERSIONS],
        needs_android_8=needs_android_8,
    )


def _overlapping(archive: ZipFile, entry: ZipEntry) -> Iterator[bytes]:
    """Yields the content in pieces that begin with the end of the one before: no text is cut in two."""
    before = b""
    for piece in archive.pieces(entry):
        joined = before + bytes(piece)
        yield joined
        before = joined[-_OVERLAP:]
