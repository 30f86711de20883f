"""Golden cases: fixed texts with the ids and the text a right model answers. They travel in the pack."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from tfedge.errors import ConfigError
from tfedge.modelfile.strict_json import check_keys, check_version
from tfedge.text.tokenizer import STOP_ID

SCHEMA_VERSION = 1
KERAS = "keras"  # The key of the float reference among a case's expected ids.
_CASE_KEYS = ("name", "text", "source_ids", "expected_ids", "expected_text")


@dataclasses.dataclass(frozen=True)
class GoldenCase:
    """One fixed question with its answers.

    Attributes:
        name: what is special about it, for example "longest_word"; one of a kind in a pack.
        text: the raw text, as a user types it.
        source_ids: its ids with the stop token, without padding.
        expected_ids: answers by who gave them: "keras", the float reference, and the recipe of the file
            the case travels in. Ids after the start token, up to and including the stop token, without
            padding; an answer that filled the target length has no stop token, and a broken recipe's may be
            empty.
        expected_text: the text of Keras' answer.
    """

    name: str
    text: str
    source_ids: tuple[int, ...]
    expected_ids: Mapping[str, tuple[int, ...]]
    expected_text: str

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ConfigError(f"`name` of a golden case must be a text that is not empty; got {self.name!r}")
        for key in ("text", "expected_text"):
            if not isinstance(getattr(self, key), str):
                raise ConfigError(f"`{key}` of golden case {self.name!r} must be a text; got {getattr(self, key)!r}")
        _check_ids(self.source_ids, f"`source_ids` of golden case {self.name!r}")
        if self.source_ids[-1:] != (STOP_ID,):
            raise ConfigError(f"`source_ids` of golden case {self.name!r} must end with the stop id {STOP_ID}")
        if not self.expected_ids.get(KERAS):
            raise ConfigError(f"`expected_ids` of golden case {self.name!r} must hold ids of {KERAS!r}")
        for key, ids in self.expected_ids.items():
            _check_ids(ids, f"`expected_ids` {key!r} of golden case {self.name!r}")

    def to_json(self) -> dict[str, Any]:
        """Returns the case as JSON values; `from_json` of it is equal to this case."""
        return {
            "name": self.name,
            "text": self.text,
            "source_ids": list(self.source_ids),
            "expected_ids": {key: list(ids) for key, ids in self.expected_ids.items()},
            "expected_text": self.expected_text,
        }

    @classmethod
    def from_json(cls, value: Any) -> GoldenCase:
        """Reads what `to_json` wrote.

        Raises:
            ConfigError: an unknown or missing key, or an illegal value.
        """
        check_keys(value, _CASE_KEYS, "a golden case")
        expected = value["expected_ids"]
        if not isinstance(expected, dict) or not all(isinstance(ids, list) for ids in expected.values()):
            raise ConfigError("`expected_ids` of a golden case must be an object of lists of ids")
        if not isinstance(value["source_ids"], list):
            raise ConfigError("`source_ids` of a golden case must be a list of ids")
        return cls(
            name=value["name"],
            text=value["text"],
            source_ids=tuple(value["source_ids"]),
            expected_ids={key: tuple(ids) for key, ids in expected.items()},
            expected_text=value["expected_text"],
        )


def cases_to_json(cases: Sequence[GoldenCase]) -> dict[str, Any]:
    """Returns what golden.json holds."""
    return {"schema_version": SCHEMA_VERSION, "cases": [case.to_json() for case in cases]}


def cases_from_json(value: dict[str, Any]) -> tuple[GoldenCase, ...]:
    """Reads what golden.json holds.

    Raises:
        ConfigError: another schema version, an unknown or missing key, or an illegal value.
    """
    check_version(value, SCHEMA_VERSION, "golden.json")
    check_keys(value, ("schema_version", "cases"), "golden.json")
    if not isinstance(value["cases"], list):
        raise ConfigError("`cases` of golden.json must be a list")
    return tuple(GoldenCase.from_json(case) for case in value["cases"])


def check_cases(cases: Sequence[GoldenCase], recipe: str) -> None:
    """Refuses cases that could not check a file of `recipe`.

    Raises:
        ConfigError: no case, a name twice, or a case without ids of `recipe`.
    """
    names = [case.name for case in cases]
    if not names or len(set(names)) != len(names):
        raise ConfigError(f"golden cases must be one or more, each with a name of its own; got {names}")
    without = [case.name for case in cases if recipe not in case.expected_ids]
    if without:
        raise ConfigError(f"golden cases must hold expected ids of recipe {recipe!r}; missing in {', '.join(without)}")


def _check_ids(ids: Sequence[Any], what: str) -> None:
    if not all(isinstance(value, int) and not isinstance(value, bool) and value >= 0 for value in ids):
        raise ConfigError(f"{what} must be ids, whole numbers of 0 or more; got {list(ids)!r}")
    if STOP_ID in ids[:-1]:
        raise ConfigError(f"{what} must hold the stop id {STOP_ID} at the end only; got {list(ids)}")
