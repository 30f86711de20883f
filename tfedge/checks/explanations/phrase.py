"""Finding an error line in any text, without regular expressions: linear in the text, whatever the text is.

Text is squeezed before it is searched: lower case, and without spaces, line ends, quotes, backslashes and the marks
that terminals, mails and chats put around a line. So a message is found however it was wrapped, quoted or escaped.
"""

from __future__ import annotations

import dataclasses
import re

from tfedge.errors import ConfigError

# Characters that a gap may stand for, after squeezing: `*` a path or a list of shapes, `~` a few words of a sentence.
GAPS = {"*": 240, "~": 30}
# Letters of a phrase, squeezed, and of its longest part: shorter ones are found everywhere.
MIN_LETTERS, MIN_PART = 8, 4
# Beginnings tried in one text; a log that repeats one line more often says nothing new.
MAX_TRIES = 2000

_PIECES = re.compile(r"([*~])")
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_DROPPED = dict.fromkeys(
    [*range(33), *range(0x7F, 0xA1), 0xAD, *range(0x2000, 0x2010), *range(0x2028, 0x2030), 0x202F, 0x205F, 0x3000]
    + [0xFEFF, *map(ord, "'\"`´‘’‚‛“”„‟«»‹›|│┃╎>*\\")]
)
# Quotes and line ends as JSON, HTML and source code write them. `&amp;` first: `&amp;quot;` is met in CI reports.
_ESCAPES = (
    ("&amp;", "&"),
    *((escape, "") for escape in ("&#39;", "&#039;", "&#x27;", "&apos;", "&quot;", "&#34;", "&gt;")),
    ("&lt;", "<"),
    *((escape, "") for escape in ("\\u0027", "\\u0022", "\\u003e", "\\n", "\\r", "\\t")),
    ("\\u003c", "<"),
    ("\\u003d", "="),
)


def squeeze(text: str) -> str:
    """Returns `text` as phrases are searched in it; lines are joined."""
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    text = text.lower()
    for escape, meant in _ESCAPES:
        if escape in text:
            text = text.replace(escape, meant)
    return text.translate(_DROPPED)


@dataclasses.dataclass(frozen=True)
class Phrase:
    """An error line with `*` where op names, numbers or paths stand; in a sentence, `~` where other words may stand.

    Attributes:
        text: such as "Didn't find op for builtin opcode '*' version '*'"; begins with a word.

    Raises:
        ConfigError: no words, or too few to be told from other text.
    """

    text: str
    first: str = dataclasses.field(init=False, repr=False)
    rest: tuple[tuple[int, str], ...] = dataclasses.field(init=False, repr=False)  # Largest gap before it, words.

    def __post_init__(self) -> None:
        first, *rest = _PIECES.split(self.text)
        words = [squeeze(piece) for piece in (first, *rest[1::2])]
        if not words[0] or max(map(len, words)) < MIN_PART or sum(map(len, words)) < MIN_LETTERS:
            raise ConfigError(
                f"a phrase must begin with a word and have {MIN_LETTERS} letters, {MIN_PART} in a row; got "
                f"{self.text!r}"
            )
        gaps = [GAPS[mark] for mark in rest[::2]]
        object.__setattr__(self, "first", words[0])
        object.__setattr__(self, "rest", tuple((gap, word) for gap, word in zip(gaps, words[1:], strict=True) if word))

    @property
    def weight(self) -> int:
        """How much of a text it pins down: the letters that must be there."""
        return len(self.first) + sum(len(word) for _, word in self.rest)

    def find(self, squeezed: str) -> tuple[int, int] | None:
        """Returns begin and end of the first place in a squeezed text, None where there is none."""
        begin = -1
        for _ in range(MAX_TRIES):
            begin = squeezed.find(self.first, begin + 1)
            if begin < 0:
                return None
            end = self._end(squeezed, begin + len(self.first))
            if end is not None:
                return begin, end
        return None

    def _end(self, squeezed: str, end: int) -> int | None:
        for gap, word in self.rest:
            place = squeezed.find(word, end, end + gap + len(word))
            if place < 0:
                return None
            end = place + len(word)
        return end
