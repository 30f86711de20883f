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


def trimmed(ids: Iterable[int]) -> tuple[int, ...]:
    """Returns a row of ids up to and including its stop token, or where it has none, without padding at its end.

    A network that was hardly trained may answer padding in the middle: only what comes after the end is cut.
    """
    row = [int(value) for value in ids]
    if STOP_ID in row:
        return tuple(row[: row.index(STOP_ID) + 1])
    while row and row[-1] == PAD_ID:
        row.pop()
    return tuple(row)


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
        if not isinstance(self.lowercase, bool):
            raise ConfigError(f"`lowercase` must be true or false; got {self.lowercase!r}")
        if self.separator not in ("", " "):
            raise ConfigError(f"`separator` must be '' or ' '; got {self.separator!r}")
        if not isinstance(self.symbols, tuple) or not self.symbols:
            raise ConfigError(f"`symbols` must be a list of one symbol or more; got {self.symbols!r}")
        illegal = [symbol for symbol in self.symbols if not self._is_symbol(symbol)]
        if illegal:
            form = "single code points" if self.separator == "" else "non-empty and without white space"
            case = " and lower case" if self.lowercase else ""
            raise ConfigError(
                f"`symbols` must be {form}, in Unicode NFC{case}, and none of {', '.join(SPECIAL_SYMBOLS)}; "
                f"got {illegal[0]!r}"
            )
        if len(set(self.symbols)) != len(self.symbols):
            twice = next(symbol for symbol in self.symbols if self.symbols.count(symbol) > 1)
            raise ConfigError(f"`symbols` must be distinct; got {twice!r} twice")

    def _is_symbol(self, symbol: object) -> bool:
        # A symbol that no text can be cut into would be a place in the vocabulary that nothing ever reaches.
        if not isinstance(symbol, str) or symbol in SPECIAL_SYMBOLS or _normalize(symbol, self.lowercase) != symbol:
            return False
        return symbol.split() == [symbol] if self.separator else len(symbol) == 1

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
        """Returns the symbols of `ids` up to the first stop id, without special symbols.

        Raises:
            ConfigError: an id that is not in the vocabulary: the ids are not of this tokenizer's model.
        """
        found = []
        for value in ids:
            if value == STOP_ID:
                break
            if not 0 <= value < self.vocab_size:
                raise ConfigError(
                    f"expected ids below {self.vocab_size}; got {value}; model and tokenizer do not belong together"
                )
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
        if spec["kind"] != "symbols" or spec["special"] != list(SPECIAL_SYMBOLS):
            raise ConfigError(
                f"a tokenizer spec must be of kind 'symbols' with special symbols {', '.join(SPECIAL_SYMBOLS)}; "
                f"got {spec['kind']!r} with {spec['special']!r}"
            )
        if not isinstance(spec["symbols"], list):
            raise ConfigError(f"`symbols` must be a list; got {type(spec['symbols']).__name__}")
        return cls(tuple(spec["symbols"]), spec["separator"], spec["lowercase"])

    def _ids(self) -> dict[str, int]:
        # Built once: the instance is frozen, so the cache cannot go stale.
        cached: dict[str, int] | None = self.__dict__.get("_id_of")
        if cached is None:
            cached = {symbol: index + len(SPECIAL_SYMBOLS) for index, symbol in enumerate(self.symbols)}
            self.__dict__["_id_of"] = cached
        return cached


def _normalize(text: str, lowercase: bool) -> str:
    text = unicodedata.normalize("NFC", text)
    return unicodedata.normalize("NFC", text.lower()) if lowercase else text


def _cut(text: str, separator: str, lowercase: bool) -> list[str]:
    text = _normalize(text, lowercase).strip()
    return text.split() if separator else list(text)
