"""The APK Signing Block, which stands between the entries and their directory: which signature schemes are there.

That a signature is present is read here; whether it is valid is a question of cryptography, which `apksigner` answers.
Layout: source.android.com/docs/security/features/apksigning/v2.
"""

from __future__ import annotations

import dataclasses

from tfedge.errors import ArtifactError
from tfedge.modelfile.apk.window import Window
from tfedge.modelfile.model_file import ModelData

MAGIC = b"APK Sig Block 42"
SCHEMES = {0x7109871A: "v2", 0xF05368C0: "v3", 0x1B93AD61: "v3.1"}
# Google Play's source stamp, dependency list, and the padding that aligns the directory, are no schemes of the app's.
_MAX_PAIRS = 1000
# The name that Android's build tools write into the certificate of their debug key.
_DEBUG_NAME = b"Android Debug"


@dataclasses.dataclass(frozen=True)
class Signatures:
    """What a package is signed with.

    Attributes:
        schemes: of "v1", "v2", "v3", "v3.1"; empty: unsigned.
        is_debug_key: whether the certificate is that of a debug build.
        problem: what is wrong with the signing block; empty where it is sound or there is none.
        start: where the signing block begins; the directory's offset where there is none.
    """

    schemes: tuple[str, ...]
    is_debug_key: bool
    problem: str
    start: int


def read_signatures(data: ModelData, directory_offset: int, names: set[str]) -> Signatures:
    """Reads which schemes a package is signed with.

    Args:
        data: the package.
        directory_offset: where the zip's directory begins.
        names: of its entries: v1 is a pair of files in META-INF.
    """
    folder = [name for name in names if name.startswith("META-INF/") and "/" not in name[9:]]
    is_v1 = any(name.endswith(".SF") for name in folder) and any(
        name.endswith((".RSA", ".DSA", ".EC")) for name in folder
    )
    first = ("v1",) if is_v1 else ()
    window = Window(data, "the signing block")
    if directory_offset < 32 or window.slice(directory_offset - 16, 16) != MAGIC:
        return Signatures(first, False, "", directory_offset)
    try:
        start, ids, is_debug = _read_block(window, directory_offset)
    except ArtifactError as error:
        return Signatures(first, False, str(error), directory_offset)
    schemes = tuple(name for number, name in SCHEMES.items() if number in ids)
    return Signatures((*first, *schemes), is_debug, "", start)


def _read_block(window: Window, end: int) -> tuple[int, set[int], bool]:
    size = window.number("<Q", end - 24)
    start = end - size - 8
    if size < 24 or start < 0 or window.number("<Q", start) != size:
        raise ArtifactError(f"expected a signing block of {size} bytes before byte {end}; its two sizes do not agree")
    ids: set[int] = set()
    is_debug = False
    at, last = start + 8, end - 24
    for _ in range(_MAX_PAIRS):
        if at == last:
            return start, ids, is_debug
        length, key = window.numbers("<QI", at)
        if length < 4 or at + 8 + length > last:
            raise ArtifactError(
                f"expected a part of the signing block at byte {at}; its length, {length}, does not fit"
            )
        ids.add(key)
        if key in SCHEMES:
            is_debug = is_debug or _DEBUG_NAME in window.slice(at + 12, min(length - 4, 2**16))
        at += 8 + length
    raise ArtifactError(f"expected at most {_MAX_PAIRS} parts in the signing block; it has more")
