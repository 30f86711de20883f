"""What one case became at each stage between a text and its answer, as any device writes it and any other compares it.

raw_bytes       the text as received, in UTF-8, before anything was made of it
ids             of the source, with the stop token, without padding
encoder_output  every output of the signature `encode` by name
first_logits    of the first call of `decode_step`, with the start token
tokens          of the answer, up to and including the stop token, without padding
text            of the answer
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfedge.errors import ConfigError
from tfedge.modelfile.strict_json import check_keys
from tfedge.modelfile.tensor_cases import array_from_json, array_to_json
from tfedge.runtime.signatures import Array, TensorSpec
from tfedge.validation.real_values import Reals

RAW_BYTES, IDS, ENCODER_OUTPUT, FIRST_LOGITS, TOKENS, TEXT = STAGES = (
    "raw_bytes",
    "ids",
    "encoder_output",
    "first_logits",
    "tokens",
    "text",
)
MAX_CASES = 20_000  # A lexicon's test words; more is no trace that anybody compares.


@dataclasses.dataclass(frozen=True, eq=False)
class Numbers:
    """A tensor as an interpreter gave it: `real = (stored - zero_point) * scale` where it has a scale.

    Attributes:
        array: the numbers as they left the interpreter, batch axis included.
        scale: of a quantized tensor, above 0; None of any other.
        zero_point: the stored number that stands for 0; 0 of a tensor without scale.
    """

    array: Array
    scale: float | None = None
    zero_point: int = 0

    def __post_init__(self) -> None:
        scale = self.scale
        if scale is not None and (not _is_number(scale) or not 0 < scale < math.inf):
            raise ConfigError(f"`scale` of a tensor must be a number above 0 or null; got {scale!r}")
        if scale is not None and self.array.dtype.kind not in "iu":
            raise ConfigError(f"`scale` of a tensor of {self.array.dtype.name} must be null; got {scale!r}")
        if isinstance(self.zero_point, bool) or not isinstance(self.zero_point, int):
            raise ConfigError(f"`zero_point` of a tensor must be a whole number; got {self.zero_point!r}")

    @classmethod
    def of(cls, array: Array, spec: TensorSpec) -> Numbers:
        """Returns what the tensor `spec` of a signature held."""
        if not spec.scales or np.dtype(spec.dtype).kind not in "iu":
            return cls(array)
        return cls(array, float(spec.scales[0]), int(spec.zero_points[0]) if spec.zero_points else 0)

    @property
    def reals(self) -> Reals:
        """The real numbers it stands for: float64, same shape."""
        values: Reals = self.array.astype(np.float64)
        return values if self.scale is None else (values - self.zero_point) * self.scale

    def to_json(self) -> dict[str, Any]:
        """Returns dtype, shape, stored dtype, base64 of the little-endian bytes, scale and zero point."""
        return {**array_to_json(self.array), "scale": self.scale, "zero_point": self.zero_point}

    @classmethod
    def from_json(cls, value: Any) -> Numbers:
        """Reads what `to_json` wrote; ConfigError on an unknown or missing key or an illegal value."""
        check_keys(value, ("dtype", "shape", "stored", "data", "scale", "zero_point"), "a tensor")
        fields = dict(value)
        scale, zero_point = fields.pop("scale"), fields.pop("zero_point")
        return cls(array_from_json(fields), scale, zero_point)


@dataclasses.dataclass(frozen=True, eq=False)
class CaseTrace:
    """The six stages of one case; a stage that could not be seen is empty or None.

    Attributes:
        name: of the golden case, or `text N`, from 1, of another text.
        raw_bytes: the text as received, in UTF-8.
        ids: source ids with the stop token, without padding.
        encoder_output: outputs of `encode` by name; none where the file has no such signature.
        first_logits: of the first `decode_step`, (1, vocab_size) as the interpreter gave them; or None.
        tokens: ids of the answer, up to and including the stop token, without padding.
        text: of the answer.
    """

    name: str
    raw_bytes: bytes
    ids: tuple[int, ...]
    encoder_output: Mapping[str, Numbers]
    first_logits: Numbers | None
    tokens: tuple[int, ...]
    text: str

    def __post_init__(self) -> None:
        for key in ("name", "text"):
            if not isinstance(getattr(self, key), str):
                raise ConfigError(f"`{key}` of a trace must be a text; got {getattr(self, key)!r}")
        if not self.name:
            raise ConfigError("`name` of a trace must not be empty; got ''")
        for key in (IDS, TOKENS):
            check_ids(f"`{key}` of trace {self.name!r}", getattr(self, key))

    def to_json(self) -> dict[str, Any]:
        """Returns the trace as JSON values; `from_json` of it holds the same."""
        return {
            "name": self.name,
            RAW_BYTES: base64.b64encode(self.raw_bytes).decode("ascii"),
            IDS: list(self.ids),
            ENCODER_OUTPUT: {name: held.to_json() for name, held in self.encoder_output.items()},
            FIRST_LOGITS: None if self.first_logits is None else self.first_logits.to_json(),
            TOKENS: list(self.tokens),
            TEXT: self.text,
        }

    @classmethod
    def from_json(cls, value: Any) -> CaseTrace:
        """Reads what `to_json` wrote; ConfigError on an unknown or missing key or an illegal value."""
        check_keys(value, ("name", *STAGES), "a trace")
        for key, kind in ((IDS, list), (TOKENS, list), (ENCODER_OUTPUT, dict), (RAW_BYTES, str)):
            if not isinstance(value[key], kind):
                raise ConfigError(f"`{key}` of a trace must be a {kind.__name__}; got {value[key]!r:.40}")
        try:
            raw = base64.b64decode(value[RAW_BYTES], validate=True)
        except (ValueError, binascii.Error) as error:
            raise ConfigError(f"`{RAW_BYTES}` of a trace must be base64; {error}") from error
        return cls(
            name=value["name"],
            raw_bytes=raw,
            ids=tuple(value[IDS]),
            encoder_output={name: Numbers.from_json(held) for name, held in value[ENCODER_OUTPUT].items()},
            first_logits=None if value[FIRST_LOGITS] is None else Numbers.from_json(value[FIRST_LOGITS]),
            tokens=tuple(value[TOKENS]),
            text=value[TEXT],
        )


def check_traces(traces: Sequence[CaseTrace]) -> None:
    """Refuses traces that share a name, and more of them than anybody compares; ConfigError."""
    names = [trace.name for trace in traces]
    if len(names) > MAX_CASES:
        raise ConfigError(f"`traces` must be at most {MAX_CASES}; got {len(names)}")
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise ConfigError(f"`traces` must have names of their own; got {twice[0]!r} twice")


def check_ids(what: str, ids: Sequence[Any]) -> None:
    """Refuses anything but whole numbers of 0 or more; ConfigError."""
    if not all(isinstance(value, int) and not isinstance(value, bool) and value >= 0 for value in ids):
        raise ConfigError(f"{what} must be ids, whole numbers of 0 or more; got {list(ids)!r:.60}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
