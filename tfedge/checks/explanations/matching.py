"""Which explanations fit a text: an id, one error line, or a whole log, from anywhere and of any length."""

from __future__ import annotations

import bisect
import dataclasses
import difflib
import itertools
import math
import re
from collections.abc import Mapping, Sequence

from tfedge.checks.explanations import catalogue
from tfedge.checks.explanations.entry import KINDS, Explanation
from tfedge.checks.explanations.phrase import squeeze

# Characters that are looked at: the first and the last half million, where the cause and the end of a log stand.
MAX_CHARACTERS = 1_000_000
MAX_EXCERPT = 300
MAX_NEAREST = 5
_MAX_QUERY = 2000  # Characters of a text that nothing matches, from which the nearest entries are guessed.
_MAX_NAMED = 10_000  # Ids named in one text.
_BLOCK = 4096

# How tfedge names an id: `explain: ID` at the end of an error, `tfedge explain ID` below a table, `"gate": "ID"` in
# JSON, `<failure type="ID"` in JUnit XML; and `fail  WHERE: ID: message` in a table. Every gap has a bound.
_NAMED = re.compile(
    r"(?:\bexplain:? |\bgate\"[ \t]{0,3}:[ \t]{0,3}\"|<failure type=\")([a-z][a-z0-9_]{1,39})\b"
    r"|^[ \t]{0,8}(?:fail|not measured|note)  (?:[^\n]{1,100}?: )??([a-z][a-z0-9_]{1,39}): ",
    re.MULTILINE,
)
_COMMAND = re.compile(r"\s*(?:tfedge\s+explain\s+)?([A-Za-z][\w .-]{1,60}?)\s*")
_WORD = re.compile(r"[a-z][a-z0-9]{2,}")
_STOP_WORDS = frozenset(
    "the and for with from that this not was were has have had are but you your can could does did been into than then "
    "its model tflite error file line lite tensorflow python failed when why what which while after same".split()
)


@dataclasses.dataclass(frozen=True)
class Match:
    """An explanation that fits.

    Attributes:
        entry: the explanation.
        excerpt: the line or lines that it fits, 300 characters at most; as they came, so not safe for a terminal.
        weight: letters that fit; 0 where the entry was named by its id.
    """

    entry: Explanation
    excerpt: str
    weight: int = 0


def find(text: str) -> tuple[Match, ...]:
    """Returns what fits `text`, the best first: causes, then symptoms, then notices; of each, what fits most letters.

    An entry that the text names by its id stands before all others. Time is bounded: about a third of a second for
    a text of any length and content.
    """
    text = bounded(text)
    alone = _COMMAND.fullmatch(text[:100]) if len(text) <= 100 else None
    entry = catalogue.get(_snake(alone.group(1))) if alone else None
    if entry is not None:
        return (Match(entry, text.strip()),)
    named = _named(text)
    fitting = [match for match in _fitting(text) if match.entry.id not in {other.entry.id for other in named}]
    refined = {name for match in fitting for name in match.entry.refines}

    def order(match: Match) -> tuple[int, bool, int]:
        return KINDS.index(match.entry.kind), match.entry.id in refined, -match.weight

    return tuple(named + sorted(fitting, key=order))


def find_ids(names: Sequence[str]) -> tuple[Match, ...]:
    """Returns the entries of `names`, in order, where every one of them is an id or alias; else nothing."""
    entries = [catalogue.get(_snake(name)) for name in names]
    return tuple(Match(entry, name) for entry, name in zip(entries, names, strict=True) if entry and all(entries))


def explanation_for(text: str) -> Explanation | None:
    """Returns the explanation that fits `text` best, None where none does.

    For messages of tfedge that quote a runtime: end them with `explain: ID`.
    """
    return next((match.entry for match in find(text)), None)


def bounded(text: str) -> str:
    """Returns `text`, or of a longer one its first and last half million characters."""
    half = MAX_CHARACTERS // 2
    return text if len(text) <= MAX_CHARACTERS else f"{text[:half]}\n{text[-half:]}"


def nearest(text: str) -> tuple[Explanation, ...]:
    """Returns up to five entries that share most with a text that nothing fits; none where nothing is shared."""
    text = text[:_MAX_QUERY]
    close = difflib.get_close_matches(_snake(text[:60]), catalogue.BY_ID, n=MAX_NEAREST, cutoff=0.6)
    found = {catalogue.BY_ID[name].id: catalogue.BY_ID[name] for name in close}
    words = {_stem(word) for word in _WORD.findall(text.lower())} - _STOP_WORDS
    index = _word_index()
    scores: dict[str, float] = {}
    for word in sorted(words & index.keys()):  # sums of floats are the same on every run only in one order
        for name in index[word]:
            scores[name] = scores.get(name, 0.0) + math.log(1 + len(catalogue.ALL) / len(index[word]))
    places = {entry.id: place for place, entry in enumerate(catalogue.ALL)}
    for name in sorted(scores, key=lambda name: (-scores[name], places[name])):
        found.setdefault(name, catalogue.BY_ID[name])
    return tuple(found.values())[:MAX_NEAREST]


def _named(text: str) -> list[Match]:
    matches: dict[str, Match] = {}
    for found in itertools.islice(_NAMED.finditer(text), _MAX_NAMED):
        entry = catalogue.get(found.group(1) or found.group(2))
        passed = squeeze(text[found.end() : found.end() + 80]).startswith(",verdict:pass")
        if entry is not None and entry.id not in matches and not passed:
            matches[entry.id] = Match(entry, _line_at(text, found.start()))
    return list(matches.values())


def _fitting(text: str) -> list[Match]:
    blocks = _blocks(text)
    squeezed = [squeeze(block) for block in blocks]
    starts = list(itertools.accumulate(map(len, squeezed[:-1]), initial=0))
    joined = "".join(squeezed)
    matches = []
    for entry in catalogue.ALL:
        places = [(phrase.weight, phrase.find(joined)) for phrase in entry.phrases]
        found = [(weight, place) for weight, place in places if place is not None]
        if found:
            weight, place = max(found, key=lambda pair: (pair[0], -pair[1][0]))
            block = bisect.bisect_right(starts, place[0]) - 1
            nearby = "".join(blocks[block : block + 2]).splitlines()
            matches.append(Match(entry, _excerpt(nearby, place[0] - starts[block], place[1] - starts[block]), weight))
    return matches


def _blocks(text: str) -> list[str]:
    """Returns `text` cut at line ends into pieces to squeeze one by one, so that a place leads back to its line."""
    blocks, begin = [], 0
    while len(text) - begin > _BLOCK:
        end = text.find("\n", begin + _BLOCK) + 1
        if end == 0:
            break
        blocks.append(text[begin:end])
        begin = end
    return [*blocks, text[begin:]]


def _excerpt(lines: Sequence[str], begin: int, end: int) -> str:
    """Returns the lines that hold the squeezed characters from `begin` to `end`."""
    kept: list[str] = []
    place = 0
    for line in lines:
        size = len(squeeze(line))
        if place + size > begin:
            if not kept and len(line) > MAX_EXCERPT:  # A log in one line: the words around the place.
                line = line[max(0, len(line) * (begin - place) // size - MAX_EXCERPT // 3) :]
            kept.append(line[:MAX_EXCERPT].strip())
        place += size
        if place >= end:
            break
    return " ".join(kept)[:MAX_EXCERPT]


def _line_at(text: str, place: int) -> str:
    begin = max(text.rfind("\n", 0, place) + 1, place - MAX_EXCERPT // 2)
    return text[begin : begin + MAX_EXCERPT].partition("\n")[0].strip()


def _snake(name: str) -> str:
    return re.sub(r"[\s.-]+", "_", name.strip().lower())


def _stem(word: str) -> str:
    for end in ("ing", "ed", "es", "s"):
        if word.endswith(end) and len(word) - len(end) >= 4:
            return word[: -len(end)]
    return word


def _word_index() -> Mapping[str, set[str]]:
    index: dict[str, set[str]] = {}
    for entry in catalogue.ALL:
        texts = " ".join((entry.id.replace("_", " "), entry.title, *entry.matches, *entry.affects))
        for word in _WORD.findall(texts.lower()):
            index.setdefault(_stem(word), set()).add(entry.id)
    return index
