"""Numbers out of bytes that nobody vouches for: every place is checked before it is read."""

from __future__ import annotations

import struct
from typing import Any

from tfedge.errors import ArtifactError
from tfedge.modelfile.model_file import ModelData


class Window:
    """Bytes with bounds.

    Args:
        data: the bytes.
        what: what they are, for messages: "AndroidManifest.xml".
    """

    def __init__(self, data: ModelData, what: str) -> None:
        self.view, self.what = memoryview(data), what

    def __len__(self) -> int:
        return len(self.view)

    def numbers(self, layout: str, at: int) -> tuple[Any, ...]:
        """Returns what `struct` reads at a byte; ArtifactError where that is not all inside."""
        size = struct.calcsize(layout)
        self.check(at, size)
        return struct.unpack_from(layout, self.view, at)

    def number(self, layout: str, at: int) -> int:
        """Returns the one whole number that `layout` stands for."""
        return int(self.numbers(layout, at)[0])

    def slice(self, at: int, size: int) -> bytes:
        """Returns a copy of `size` bytes; ArtifactError where they are not all inside."""
        self.check(at, size)
        return bytes(self.view[at : at + size])

    def check(self, at: int, size: int) -> None:
        """Returns when `size` bytes at `at` are inside; ArtifactError otherwise."""
        if at < 0 or size < 0 or at + size > len(self.view):
            raise ArtifactError(
                f"expected {size} bytes at byte {at} of {self.what}; it has {len(self.view)}: it is cut or damaged"
            )
