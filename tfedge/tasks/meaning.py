"""What the outputs of a model of arrays mean: a class each, or how unusual something is."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, ClassVar

from tfedge.config import from_keys
from tfedge.errors import ConfigError, one_of


@dataclasses.dataclass(frozen=True)
class ClassesMeaning:
    """An output of probabilities, float (1, number of classes).

    Attributes:
        classes: their names, in the order of the output; two or more.
        signature: that gives them.
        output: their tensor.
    """

    kind: ClassVar[str] = "classes"
    classes: tuple[str, ...]
    signature: str = "classify"
    output: str = "probabilities"

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", tuple(self.classes))
        if len(self.classes) < 2 or len(set(self.classes)) < len(self.classes):
            raise ConfigError(f"`classes` must be two or more, each once; got {list(self.classes)!r:.200}")
        _check_names(*self.classes, self.signature, self.output)

    def to_json(self) -> dict[str, Any]:
        """Returns the meaning as JSON values."""
        return {"kind": self.kind, **dataclasses.asdict(self), "classes": list(self.classes)}


@dataclasses.dataclass(frozen=True)
class AnomalyMeaning:
    """An output that is larger the less usual something is, float (1,).

    Attributes:
        threshold: from which on it is an anomaly; None before it was chosen.
        signature: that gives it.
        output: its tensor.
    """

    kind: ClassVar[str] = "anomaly"
    threshold: float | None = None
    signature: str = "score"
    output: str = "score"

    def __post_init__(self) -> None:
        value = self.threshold
        if value is not None and (
            isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value)
        ):
            raise ConfigError(f"`threshold` must be a finite number; got {value!r}")
        _check_names(self.signature, self.output)

    def to_json(self) -> dict[str, Any]:
        """Returns the meaning as JSON values."""
        return {"kind": self.kind, **dataclasses.asdict(self)}


Meaning = ClassesMeaning | AnomalyMeaning
_KINDS: dict[str, type[ClassesMeaning] | type[AnomalyMeaning]] = {
    kind.kind: kind for kind in (ClassesMeaning, AnomalyMeaning)
}


def meaning_from_json(value: Any) -> Meaning:
    """Reads what `to_json` wrote.

    Raises:
        ConfigError: no object, an unknown kind or key, or an illegal value.
    """
    if not isinstance(value, dict) or "kind" not in value:
        raise ConfigError(f"`meaning` must be an object with a `kind`; got {value!r:.80}")
    if value["kind"] not in _KINDS:
        raise one_of("`kind` of `meaning`", value["kind"], _KINDS)
    fields = {key: each for key, each in value.items() if key != "kind"}
    if not isinstance(fields.get("classes", []), list):
        raise ConfigError(f"`classes` must be a list of names; got {fields['classes']!r:.80}")
    return from_keys(_KINDS[value["kind"]], fields, "meaning")


def _check_names(*names: object) -> None:
    wrong = [name for name in names if not isinstance(name, str) or not name]
    if wrong:
        raise ConfigError(f"classes, signatures and outputs must have names; got {wrong[0]!r}")
