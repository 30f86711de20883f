"""One explanation: what an id or an error line means, and what to do about it."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, Literal, get_args

from tfedge.checks.explanations.phrase import Phrase
from tfedge.errors import ConfigError

# What a match says about a log that several entries match: a cause explains it, a symptom only says where it showed,
# a notice stands in good logs too.
Kind = Literal["cause", "symptom", "notice"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_ID = re.compile(r"[a-z][a-z0-9_]{1,39}")
_SOURCE = re.compile(r"[\w.-]+/[\w.-]+#\d+|https://\S+|measured: .+")
_TEXTS = ("title", "cause", "consequence", "fix", "example")
_LISTS = ("matches", "sources", "affects", "aliases", "refines", "reproduced")
_MAX_TITLE = 90


@dataclasses.dataclass(frozen=True)
class Explanation:
    """What one id or error line means.

    Attributes:
        id: snake_case, 40 characters at most; of a rule or gate its own id.
        title: one line, 90 characters at most.
        cause: why it happens.
        consequence: what a user meets, in particular where there is no error.
        fix: what to do, the best first.
        example: command line, code or setting that does it; lines that begin with `tfedge ` are checked by a test.
        matches: phrases of error lines as `phrase.Phrase` reads them; none for an entry found by its id alone.
        sources: `owner/repository#number` of a thread, an `https` address, or `measured: ` and what was run.
        affects: runtimes, tools or devices that are concerned.
        aliases: other ids that this entry explains too.
        kind: `cause`, `symptom` or `notice`; orders the entries that match one log.
        refines: ids of entries that this one stands before where both match: it knows more.
        reproduced: with what a test of this project provokes it; empty where that cannot be done.
        not_reproduced: why no test provokes it; empty where one does.
    """

    id: str
    title: str
    cause: str
    consequence: str
    fix: str
    example: str
    matches: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    affects: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    kind: Kind = "cause"
    refines: tuple[str, ...] = ()
    reproduced: tuple[str, ...] = ()
    not_reproduced: str = ""
    phrases: tuple[Phrase, ...] = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in (self.id, *self.aliases):
            if not _ID.fullmatch(name):
                raise ConfigError(f"`id` of an explanation must be snake_case, 40 characters at most; got {name!r}")
        for key in _TEXTS:
            if not getattr(self, key).strip():
                raise self._wrong(key, "a text")
        for key in _LISTS:
            value = getattr(self, key)
            if not isinstance(value, tuple) or not all(isinstance(text, str) and text for text in value):
                raise self._wrong(key, "a tuple of texts; one needs a comma")
        if len(self.title) > _MAX_TITLE or "\n" in self.title:
            raise self._wrong("title", f"one line of {_MAX_TITLE} characters at most")
        if self.kind not in KINDS:
            raise self._wrong("kind", f"one of {', '.join(KINDS)}")
        if bool(self.reproduced) == bool(self.not_reproduced):
            raise self._wrong("reproduced", "given, or else `not_reproduced`")
        if not all(_SOURCE.fullmatch(source) for source in self.sources):
            raise self._wrong("sources", "`owner/repository#number`, an https address or `measured: ...`")
        object.__setattr__(self, "phrases", tuple(Phrase(text) for text in self.matches))

    def _wrong(self, key: str, expected: str) -> ConfigError:
        return ConfigError(f"`{key}` of explanation {self.id} must be {expected}; got {getattr(self, key)!r}")

    def to_json(self) -> dict[str, Any]:
        """Returns the entry as JSON values."""
        keys = [field.name for field in dataclasses.fields(self) if field.name != "phrases"]
        values = {key: getattr(self, key) for key in keys}
        return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}
