"""The evaluation set of a pack: texts with their references and the float model's answers.

It lets a file be scored where neither the data nor Keras is: on a Raspberry Pi, on a phone, in CI.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from tfedge.errors import ConfigError
from tfedge.modelfile.strict_json import check_keys, check_version

SCHEMA_VERSION = 1


@dataclasses.dataclass(frozen=True)
class EvaluationExample:
    """One text.

    Attributes:
        text: as a user types it.
        references: right answers as texts, one or more.
        keras_text: what the float Keras model answered; None where nobody asked it.
    """

    text: str
    references: tuple[str, ...]
    keras_text: str | None

    def __post_init__(self) -> None:
        texts = (self.text, self.keras_text or "", *self.references)
        if not self.references or not all(isinstance(text, str) for text in texts) or not self.text:
            raise ConfigError(f"an evaluation example must have a text and references; got {self.text!r}")


@dataclasses.dataclass(frozen=True)
class EvaluationSet:
    """Examples that no choice was made by.

    Attributes:
        examples: in the order of the data's own shuffled split, so that the first N are a random sample.
        source: name, version and sha256 of the data.
    """

    examples: tuple[EvaluationExample, ...]
    source: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Returns what evaluation.json holds."""
        return {
            "schema_version": SCHEMA_VERSION,
            "source": dict(self.source),
            # Rows and not objects: thousands of repeated keys would double the entry.
            "columns": ["text", "references", "keras_text"],
            "rows": [[example.text, list(example.references), example.keras_text] for example in self.examples],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> EvaluationSet:
        """Reads what evaluation.json holds.

        Raises:
            ConfigError: another schema version, an unknown or missing key, or an illegal value.
        """
        check_version(value, SCHEMA_VERSION, "evaluation.json")
        check_keys(value, ("schema_version", "source", "columns", "rows"), "evaluation.json")
        rows = value["rows"]
        if not isinstance(rows, list) or not all(isinstance(row, list) and len(row) == 3 for row in rows):
            raise ConfigError("`rows` of evaluation.json must be a list of rows of three")
        if not all(isinstance(row[1], list) for row in rows) or not isinstance(value["source"], dict):
            raise ConfigError("evaluation.json must have lists of references and a source object")
        return cls(tuple(EvaluationExample(row[0], tuple(row[1]), row[2]) for row in rows), value["source"])
