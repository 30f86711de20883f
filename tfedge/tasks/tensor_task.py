"""The spec of a model that takes and gives tensors: a user's own, of which tfedge knows no texts and no tokens."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from typing import Any

from tfedge.errors import ConfigError, one_of
from tfedge.tasks.meaning import ClassesMeaning, Meaning, meaning_from_json
from tfedge.tasks.preprocessing.kinds import Preprocessing, preprocessing_from_json

SCHEMA_VERSION = 1
KIND = "tensors"
AGREEMENT, COSINE, SNR = "agreement", "cosine", "snr_db"
METRICS = (AGREEMENT, COSINE, SNR)
DTYPES = (
    *("float16", "float32", "float64", "int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64", "bool"),
)
_FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_KEYS = ("schema_version", "name", "kind", "metric", "limit", "is_error", "signatures")
_OPTIONAL_KEYS = ("preprocessing", "meaning")
# Largest rank of a TFLite tensor that its kernels take is 8 (broadcasting stops at 6).
_MAX_RANK = 8


@dataclasses.dataclass(frozen=True)
class TensorForm:
    """One tensor of a signature, batch 1 included.

    Attributes:
        dtype: NumPy's name of it, such as "float32".
        shape: sizes, each 1 or more.
    """

    dtype: str
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise one_of("`dtype` of a tensor", self.dtype, DTYPES)
        sizes = [isinstance(size, int) and not isinstance(size, bool) and size >= 1 for size in self.shape]
        if not all(sizes) or len(sizes) > _MAX_RANK:
            raise ConfigError(f"`shape` of a tensor must be up to {_MAX_RANK} sizes of 1 or more; got {self.shape!r}")

    def to_json(self) -> dict[str, Any]:
        """Returns the form as JSON values."""
        return {"dtype": self.dtype, "shape": list(self.shape)}

    @classmethod
    def from_json(cls, value: Any) -> TensorForm:
        """Reads what `to_json` wrote; ConfigError on an unknown or missing key or an illegal value."""
        check_keys(value, ("dtype", "shape"), "a tensor")
        if not isinstance(value["shape"], list):
            raise ConfigError(f"`shape` of a tensor must be a list of sizes; got {value['shape']!r}")
        return cls(value["dtype"], tuple(value["shape"]))


@dataclasses.dataclass(frozen=True)
class TensorSignature:
    """Inputs and outputs of one entry point by name; both are one or more."""

    inputs: Mapping[str, TensorForm]
    outputs: Mapping[str, TensorForm]

    def __post_init__(self) -> None:
        for side in (self.inputs, self.outputs):
            if not side or not all(isinstance(name, str) and name for name in side):
                raise ConfigError(f"a signature must have inputs and outputs with names; got {sorted(map(str, side))}")

    def to_json(self) -> dict[str, Any]:
        """Returns the signature as JSON values."""
        sides = {"inputs": self.inputs, "outputs": self.outputs}
        return {side: {name: form.to_json() for name, form in forms.items()} for side, forms in sides.items()}

    @classmethod
    def from_json(cls, value: Any) -> TensorSignature:
        """Reads what `to_json` wrote; ConfigError on an unknown or missing key or an illegal value."""
        check_keys(value, ("inputs", "outputs"), "a signature")
        sides = []
        for side in ("inputs", "outputs"):
            if not isinstance(value[side], dict):
                raise ConfigError(f"`{side}` of a signature must be an object of tensors; got {value[side]!r}")
            sides.append({name: TensorForm.from_json(form) for name, form in value[side].items()})
        return cls(*sides)


@dataclasses.dataclass(frozen=True)
class Quality:
    """What a converted file is held to.

    Attributes:
        metric: "agreement" (share of equal argmax), "cosine", "snr_db", or a user's own function as "module:function".
        limit: the least value that passes, or of an error the greatest; None: reported and not judged.
        is_error: whether less is better.
    """

    metric: str
    limit: float | None
    is_error: bool = False

    def __post_init__(self) -> None:
        if self.metric not in METRICS and not (isinstance(self.metric, str) and _FUNCTION.fullmatch(self.metric)):
            raise one_of("`metric`", self.metric, (*METRICS, "MODULE:FUNCTION"))
        if not isinstance(self.is_error, bool) or (self.is_error and self.metric in METRICS):
            raise ConfigError(f"`is_error` of {self.metric} must be false: more is better; got {self.is_error!r}")
        limit = self.limit
        if limit is not None and (
            isinstance(limit, bool) or not isinstance(limit, int | float) or not math.isfinite(limit)
        ):
            raise ConfigError(f"`limit` of {self.metric} must be a finite number; got {limit!r}")
        if limit is not None and self.metric in (AGREEMENT, COSINE) and not -1 <= limit <= 1:
            raise ConfigError(f"`limit` of {self.metric} must be a share of at most 1, such as 0.99; got {limit!r}")

    @property
    def is_own(self) -> bool:
        """Whether the metric is a user's function, which only the user's own process may run."""
        return self.metric not in METRICS

    def passes(self, value: float) -> bool:
        """Whether `value` is within the limit; NaN never is."""
        if self.limit is None:
            return True
        return value <= self.limit if self.is_error else value >= self.limit


@dataclasses.dataclass(frozen=True)
class TensorTask:
    """What travels as task.json of such a model.

    Attributes:
        name: the model's name.
        quality: what its files are held to.
        signatures: its entry points by name, one or more.
        preprocessing: how something raw becomes an input; None where only its author knows.
        meaning: what an output says; None where only its author knows.
    """

    name: str
    quality: Quality
    signatures: Mapping[str, TensorSignature]
    preprocessing: Preprocessing | None = None
    meaning: Meaning | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ConfigError(f"`name` must be the name of a model; got {self.name!r}")
        if not self.signatures or not all(isinstance(name, str) and name for name in self.signatures):
            raise ConfigError(f"`signatures` must be one or more with names; got {sorted(map(str, self.signatures))}")
        if self.meaning is not None:
            self._check_meaning(self.meaning)

    def _check_meaning(self, meaning: Meaning) -> None:
        signature = self.signatures.get(meaning.signature)
        if signature is None or meaning.output not in signature.outputs:
            known = [f"{name}/{key}" for name, each in self.signatures.items() for key in each.outputs]
            raise one_of("the output of `meaning`", f"{meaning.signature}/{meaning.output}", dict.fromkeys(known))
        shape = signature.outputs[meaning.output].shape
        if isinstance(meaning, ClassesMeaning) and shape != (1, len(meaning.classes)):
            raise ConfigError(
                f"`classes` must be as many as {meaning.output} of shape {shape} has; got {meaning.classes}"
            )

    def to_json(self) -> dict[str, Any]:
        """Returns the task as JSON values; `from_json` of it is equal to this task."""
        known = {"preprocessing": self.preprocessing, "meaning": self.meaning}
        return {
            "schema_version": SCHEMA_VERSION,
            "name": self.name,
            "kind": KIND,
            **dataclasses.asdict(self.quality),
            "signatures": {name: signature.to_json() for name, signature in self.signatures.items()},
            **{key: part.to_json() for key, part in known.items() if part is not None},
        }

    @classmethod
    def from_json(cls, value: Any) -> TensorTask:
        """Reads a task.

        Raises:
            ConfigError: an unknown or missing key, another schema version or kind, or an illegal value.
        """
        given = tuple(key for key in _OPTIONAL_KEYS if isinstance(value, dict) and key in value)
        check_keys(value, (*_KEYS, *given), "a task of tensors")
        if value["schema_version"] != SCHEMA_VERSION or value["kind"] != KIND:
            raise ConfigError(
                f"a task of tensors must have schema_version {SCHEMA_VERSION} and kind {KIND!r}; got "
                f"{value['schema_version']!r} and {value['kind']!r}"
            )
        if not isinstance(value["signatures"], dict):
            raise ConfigError(f"`signatures` must be an object; got {type(value['signatures']).__name__}")
        signatures = {name: TensorSignature.from_json(each) for name, each in value["signatures"].items()}
        quality = Quality(value["metric"], value["limit"], value["is_error"])
        preprocessing = preprocessing_from_json(value["preprocessing"]) if "preprocessing" in given else None
        meaning = meaning_from_json(value["meaning"]) if "meaning" in given else None
        return cls(value["name"], quality, signatures, preprocessing, meaning)


def is_tensor_task(task: Mapping[str, Any]) -> bool:
    """Whether task.json says that it is of this kind."""
    return task.get("kind") == KIND


def check_keys(value: Any, keys: tuple[str, ...], what: str) -> None:
    """Refuses anything but an object of exactly these keys; ConfigError names `what`."""
    if not isinstance(value, dict) or set(value) != set(keys):
        got = sorted(map(str, value)) if isinstance(value, dict) else type(value).__name__
        raise ConfigError(f"{what} must have the keys {', '.join(keys)}; got {got}")
