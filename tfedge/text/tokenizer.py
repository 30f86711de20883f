"""A tokenizer that is only data: a JSON spec that Python and Kotlin execute alike.

Text is normalised (Unicode NFC, optionally lower case), cut into symbols (single code points, or
pieces between separators), and each symbol becomes its place in the vocabulary. Ids 0, 1 and 2 are
always padding, start and stop, so that every decode loop knows them without asking.
"""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from tfedge.errors import ConfigError, InputError

PAD_ID = 0
START_ID = 1
STOP_ID = 2
SPECIAL_SYMBOLS = ("<pad>", "<start>", "<stop>")


@dataclasses.dataclass(frozen=True)
class SymbolTokenizer:
    """Turns a text into ids, one a symbol, and back.

    Attributes:
        symbols: the vocabulary after the three special symbols, in id order; symbol i has id i + 3.
        separator: text between symbols: "" cuts a text into code points, " " into words.
        lowercase: whether text is lower-cased before it is cut.

    Example:
        >>> SymbolTokenizer(("a", "b"), separator="", lowercase=True).encode("Ba")
        [4, 3, 2]
    """

    symbols: tuple[str, ...]
    separator: str
    lowercase: bool

    def __post_init__(self) -> None:
        if not self.symbols:
            raise ConfigError("`symbols` must hold at least one symbol; got none")
        if len(set(self.symbols)) != len(self.symbols):
            raise ConfigError("`symbols` must be distinct; got a symbol twice")
        if any(not symbol or symbol in SPECIAL_SYMBOLS for symbol in self.symbols):
            raise ConfigError(f"`symbols` must be non-empty and none of {', '.join(SPECIAL_SYMBOLS)}")
        if self.separator not in ("", " "):
            raise ConfigError(f"`separator` must be '' or ' '; got {self.separator!r}")
        if self.separator == "" and any(len(symbol) != 1 for symbol in self.symbols):
            raise ConfigError("`symbols` must be single code points where `separator` is ''")

    @classmethod
    def from_texts(cls, texts: Iterable[str], separator: str, lowercase: bool) -> SymbolTokenizer:
        """Builds the vocabulary of `texts`: every symbol met, in code point order."""
        met: set[str] = set()
        for text in texts:
            met.update(_cut(text, separator, lowercase))
        return cls(tuple(sorted(met)), separator, lowercase)

    @property
    def vocab_size(self) -> int:
        """Number of ids, the three special ones included."""
        return len(self.symbols) + len(SPECIAL_SYMBOLS)

    def encode(self, text: str) -> list[int]:
        """Returns the ids of `text` with the stop id appended, without padding.

        Raises:
            InputError: the text is empty, or holds symbols that are not in the vocabulary (all are named).
        """
        pieces = _cut(text, self.separator, self.lowercase)
        if not pieces:
            raise InputError("expected a text of one symbol or more; got an empty one; pass a word")
        ids = self._ids()
        unknown = sorted({piece for piece in pieces if piece not in ids})
        if unknown:
            shown = ", ".join(repr(piece) for piece in unknown[:8]) + (", …" if len(unknown) > 8 else "")
            shown_text = text if len(text) <= 40 else text[:40] + "…"
            known = self.separator.join(self.symbols)
            known = known if len(known) <= 80 else known[:80] + "…"
            raise InputError(f"expected only the symbols {known!r}; got {shown} in {shown_text!r}; respell it")
        return [ids[piece] for piece in pieces] + [STOP_ID]

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """Returns the symbols of `ids` up to the first stop id, without special symbols."""
        found = []
        for value in ids:
            if value == STOP_ID:
                break
            if value >= len(SPECIAL_SYMBOLS):
                found.append(self.symbols[value - len(SPECIAL_SYMBOLS)])
        return found

    def decode(self, ids: Sequence[int]) -> str:
        """Returns the text of `ids` up to the first stop id."""
        return self.separator.join(self.pieces(ids))

    def to_json(self) -> dict[str, Any]:
        """Returns the spec; `from_json` of it is equal to this tokenizer."""
        return {
            "kind": "symbols",
            "separator": self.separator,
            "lowercase": self.lowercase,
            "special": list(SPECIAL_SYMBOLS),
            "symbols": list(self.symbols),
        }

    @classmethod
    def from_json(cls, spec: dict[str, Any]) -> SymbolTokenizer:
        """Reads a spec.

        Raises:
            ConfigError: another kind of tokenizer, an unknown or missing key, or an illegal value.
        """
        keys = {"kind", "separator", "lowercase", "special", "symbols"}
        if not isinstance(spec, dict) or set(spec) != keys:
            got = sorted(spec) if isinstance(spec, dict) else type(spec).__name__
            raise ConfigError(f"a tokenizer spec must have the keys {sorted(keys)}; got {got}")
        if spec["kind"] != "symbols" or tuple(spec["special"]) != SPECIAL_SYMBOLS:
            raise ConfigError(
                f"a tokenizer spec must be of kind 'symbols' with {SPECIAL_SYMBOLS}; got {spec['kind']!r}"
            )
        return cls(tuple(spec["symbols"]), str(spec["separator"]), bool(spec["lowercase"]))

    def _ids(self) -> dict[str, int]:
        # Built once: the instance is frozen, so the cache cannot go stale.
        cached: dict[str, int] | None = self.__dict__.get("_id_of")
        if cached is None:
            cached = {symbol: index + len(SPECIAL_SYMBOLS) for index, symbol in enumerate(self.symbols)}
            self.__dict__["_id_of"] = cached
        return cached


def _cut(text: str, separator: str, lowercase: bool) -> list[str]:
    text = unicodedata.normalize("NFC", text)
    if lowercase:
        text = unicodedata.normalize("NFC", text.lower())
    text = text.strip()
    return text.split() if separator else list(text)
