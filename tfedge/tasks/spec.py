"""The task spec: what must travel with a model so that a stranger's code can feed it text."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from tfedge.errors import ConfigError, InputError
from tfedge.tasks.tensor_task import is_tensor_task
from tfedge.text.tokenizer import SymbolTokenizer

SCHEMA_VERSION = 1
# Attention costs the square of it; a word, a sentence or a command is far below.
MAX_LENGTH = 512
_KEYS = (
    "schema_version",
    "name",
    "kind",
    "metric",
    "source_tokenizer",
    "target_tokenizer",
    "max_source_length",
    "max_target_length",
)


@dataclasses.dataclass(frozen=True)
class TaskSpec:
    """What a seq2seq model reads and writes.

    Attributes:
        name: the task, for example "g2p".
        source_tokenizer: text to source ids.
        target_tokenizer: target ids to text.
        max_source_length: tokens of a source at most, the stop token included.
        max_target_length: tokens of a target at most, the stop token included.
        kind: "seq2seq".
        metric: "word_error_rate": an output is right when it equals one of its references.
    """

    name: str
    source_tokenizer: SymbolTokenizer
    target_tokenizer: SymbolTokenizer
    max_source_length: int
    max_target_length: int
    kind: str = "seq2seq"
    metric: str = "word_error_rate"

    def __post_init__(self) -> None:
        if self.kind != "seq2seq" or self.metric != "word_error_rate":
            raise ConfigError(f"a task must be seq2seq with word_error_rate; got {self.kind!r} with {self.metric!r}")
        if not isinstance(self.name, str) or not self.name:
            raise ConfigError(f"`name` must be the name of a task; got {self.name!r}")
        for key in ("max_source_length", "max_target_length"):
            value = getattr(self, key)
            if not isinstance(value, int) or isinstance(value, bool) or not 2 <= value <= MAX_LENGTH:
                raise ConfigError(f"`{key}` must be a whole number of 2 to {MAX_LENGTH} tokens; got {value!r}")

    def source_ids(self, text: str) -> list[int]:
        """Returns the ids of `text` with the stop id, unpadded.

        Raises:
            InputError: empty, unknown symbols, or longer than `max_source_length` tokens.
        """
        limit = self.max_source_length - 1
        if len(text) > 64 * limit:  # Refused by its raw length: no reason to cut a novel into symbols first.
            raise InputError(f"expected at most {limit} symbols; got {len(text)} characters; shorten it")
        ids = self.source_tokenizer.encode(text)
        if len(ids) > self.max_source_length:
            shown = text if len(text) <= 40 else text[:40] + "…"
            raise InputError(f"expected at most {limit} symbols; got {len(ids) - 1} in {shown!r}; shorten it")
        return ids

    def source_array(self, text: str) -> npt.NDArray[np.int32]:
        """Returns int32 (1, max_source_length): the ids of `text`, padded with 0."""
        ids = self.source_ids(text)
        array = np.zeros((1, self.max_source_length), np.int32)
        array[0, : len(ids)] = ids
        return array

    def to_json(self) -> dict[str, Any]:
        """Returns the spec as JSON values."""
        return {
            "schema_version": SCHEMA_VERSION,
            "name": self.name,
            "kind": self.kind,
            "metric": self.metric,
            "source_tokenizer": self.source_tokenizer.to_json(),
            "target_tokenizer": self.target_tokenizer.to_json(),
            "max_source_length": self.max_source_length,
            "max_target_length": self.max_target_length,
        }

    @classmethod
    def from_json(cls, spec: dict[str, Any]) -> TaskSpec:
        """Reads a spec.

        Raises:
            ConfigError: an unknown or missing key, another schema version, or an illegal value; or no task of texts.
        """
        if isinstance(spec, dict) and is_tensor_task(spec):
            raise ConfigError(
                "expected a file that takes texts; this one takes and gives tensors; use tfedge validate and tfedge "
                "check, and call its signatures from your own program"
            )
        if not isinstance(spec, dict) or set(spec) != set(_KEYS):
            got = sorted(spec) if isinstance(spec, dict) else type(spec).__name__
            raise ConfigError(f"a task spec must have the keys {sorted(_KEYS)}; got {got}")
        if spec["schema_version"] != SCHEMA_VERSION:
            raise ConfigError(f"a task spec must have schema_version {SCHEMA_VERSION}; got {spec['schema_version']!r}")
        fields = {key: spec[key] for key in _KEYS if key != "schema_version"}
        fields["source_tokenizer"] = SymbolTokenizer.from_json(spec["source_tokenizer"])
        fields["target_tokenizer"] = SymbolTokenizer.from_json(spec["target_tokenizer"])
        return cls(**fields)
