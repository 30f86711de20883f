"""Measures the candidates of a rescue, remembers what was measured, and stops when time is over."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import pathlib
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

from tfedge.artifacts import read_bytes, write_bytes
from tfedge.config import from_keys
from tfedge.conversion.recipes import Recipe
from tfedge.errors import ArtifactError, ConfigError, ConversionError, WorkerError
from tfedge.modelfile.evaluation import EvaluationExample
from tfedge.modelfile.strict_json import dump_object, load_object
from tfedge.pipeline.rescue_places import mixed
from tfedge.pipeline.rescue_search import BudgetSpentError, Measurement, Places
from tfedge.tasks.spec import TaskSpec
from tfedge.validation.evaluate import decode_texts, score_answers

SCHEMA_VERSION = 1


class Memory:
    """Measurements by key, in a file that a later search reads again; written after each, whole or not at all.

    Args:
        path: of the file; begun where there is none. None remembers within this process only.

    Raises:
        ArtifactError: the file is not one of these.
    """

    def __init__(self, path: pathlib.Path | None = None) -> None:
        self._path = path
        self._known: dict[str, Measurement] = {}
        if path is not None and path.exists():
            try:
                values = load_object(read_bytes(path, "state of a rescue"), "the state of a rescue")
                if values.get("schema_version") != SCHEMA_VERSION or not isinstance(values.get("measurements"), dict):
                    raise ConfigError(f"it needs measurements and schema_version {SCHEMA_VERSION}")
                rows = values["measurements"].items()
                self._known = {key: from_keys(Measurement, row, "measurement") for key, row in rows}
            except ConfigError as error:
                raise ArtifactError(f"expected the state of a rescue in {path}; {error}; delete it") from None

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: str) -> Measurement | None:
        """Returns what was measured before, or None."""
        return self._known.get(key)

    def put(self, key: str, measured: Measurement) -> None:
        """Remembers a measurement. Raises ArtifactError where the file cannot be written."""
        self._known[key] = measured
        if self._path is not None:
            rows = {name: value.to_json() for name, value in self._known.items()}
            content = {"schema_version": SCHEMA_VERSION, "measurements": rows}
            write_bytes(self._path, dump_object(content, "the state of a rescue"), force=True)


class Budget:
    """Seconds that a search may take.

    Args:
        seconds: from now.
        clock: seconds, never backwards.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._seconds, self._started = clock, seconds, clock()

    @property
    def seconds(self) -> float:
        """All of it."""
        return self._seconds

    @property
    def spent_seconds(self) -> float:
        """Seconds since the start, at most the budget."""
        return min(self._clock() - self._started, self._seconds)

    def check(self) -> None:
        """Returns while there is time. Raises BudgetSpentError."""
        if self._clock() - self._started >= self._seconds:
            raise BudgetSpentError(f"the budget of {self._seconds / 60:g} minutes is spent")


@dataclasses.dataclass(frozen=True)
class Judge:
    """Measures files on dev words, in a process of their own.

    Attributes:
        runtime: name of an installed runtime.
        spec: the task.
        examples: dev examples with the float network's answers, in the order they are used.
    """

    runtime: str
    spec: TaskSpec
    examples: Sequence[EvaluationExample]

    def __call__(self, model_bytes: bytes, words: range) -> Measurement:
        """Decodes the examples at these places.

        Raises:
            WorkerError: the runtime refused the file, crashed or hung.
        """
        chosen = [self.examples[place] for place in words]
        with tempfile.TemporaryDirectory(prefix="tfedge-rescue-") as folder:
            path = pathlib.Path(folder) / "candidate.tflite"
            path.write_bytes(model_bytes)
            rows = decode_texts(self.runtime, path, self.spec, [example.text for example in chosen])[1]
        report = score_answers(self.spec, rows, chosen)
        lost, low, high, same = (
            report.wer_minus_reference_points,
            report.wer_minus_reference_low,
            report.wer_minus_reference_high,
            report.identical_share,
        )
        if lost is None or low is None or high is None or same is None:
            raise ConfigError("a rescue needs the float network's answer to each dev word")
        return Measurement(len(chosen), lost, low, high, same, len(model_bytes))


@dataclasses.dataclass(frozen=True)
class Words:
    """Which dev words serve what; the half that confirms never ranks or decides.

    Attributes:
        ranking, deciding, confirming: places among the words.
    """

    ranking: range
    deciding: range
    confirming: range

    @classmethod
    def split(cls, num_words: int, rank_words: int) -> Words:
        """Returns halves of `num_words`, 2 or more, of the first the first `rank_words` for ranking."""
        half = num_words // 2
        return cls(range(min(rank_words, half)), range(half), range(half, num_words))


class RecipeMeter:
    """A `rescue_search.Meter` over mixed recipes.

    Args:
        recipe: by scopes, whose places are kept in higher precision.
        precision: of `rescue_places`.
        convert: recipe -> bytes of its file; may raise ConversionError.
        judge: bytes and places of words -> measurement; may raise WorkerError.
        memory: of measurements.
        budget: checked before each measurement that is not remembered.
        subject: what else decides a measurement: model, words, runtime. A part of each key.
        words: places of the words.
        listen: hears of each measurement.
    """

    def __init__(
        self,
        recipe: Recipe,
        precision: str,
        convert: Callable[[Recipe], bytes],
        judge: Callable[[bytes, range], Measurement],
        memory: Memory,
        budget: Budget,
        subject: str,
        words: Words,
        listen: Callable[[Measurement], None] = lambda _: None,
    ) -> None:
        self._recipe, self._precision, self._subject, self._words = recipe, precision, subject, words
        self._convert, self._judge, self._memory, self._budget = convert, judge, memory, budget
        self._listen = listen
        self._last: tuple[tuple[Any, ...], bytes] | None = None

    def decide(self, kept: Places) -> Measurement:
        """Returns what keeping `kept` costs on the words for deciding."""
        return self._measure(kept, self._words.deciding)

    def share(self, kept: Places) -> float:
        """Returns the share of unchanged answers on the words for ranking."""
        return self._measure(kept, self._words.ranking).identical_share

    def confirm(self, kept: Places) -> Measurement:
        """Returns what keeping `kept` costs on the words that decide nothing, also when time is over."""
        return self._measure(kept, self._words.confirming, is_free=True)

    def mix(self, kept: Places, name: str = "candidate") -> Recipe:
        """Returns the mixed recipe; the same for the same places in another order."""
        ordered = sorted(kept, key=lambda place: (place.layers, place.op))
        return mixed(self._recipe, ordered, self._precision, name)

    def _measure(self, kept: Places, words: range, is_free: bool = False) -> Measurement:
        recipe = self.mix(kept)
        key = recipe_key(recipe, words, self._subject)
        known = self._memory.get(key)
        if known is not None:
            return known
        if not is_free:
            self._budget.check()
        try:
            measured = self._judge(self._bytes(recipe), words)
        except (ConversionError, WorkerError) as error:
            measured = refusal(error, len(words))
            lasting = isinstance(error, WorkerError) and error.kind == "refused"
        else:
            lasting = True
        if lasting:  # A crash or a full disk may not be there another day.
            self._memory.put(key, measured)
        self._listen(measured)
        return measured

    def _bytes(self, recipe: Recipe) -> bytes:
        if self._last is None or self._last[0] != recipe.scopes:  # The same set is ranked and then decided on.
            self._last = (recipe.scopes, self._convert(recipe))
        return self._last[1]


def refusal(error: ConversionError | WorkerError, num_words: int) -> Measurement:
    """Returns what a candidate counts as that could not be converted or run: all wrong."""
    return Measurement(num_words, 100.0, 100.0, 100.0, 0.0, 0, refused=str(error))


def recipe_key(recipe: Recipe, words: range, subject: str) -> str:
    """Returns the sha256 of what decides a measurement: how it is quantized, on which words, of which subject."""
    content = [recipe.engine, [scope.to_json() for scope in recipe.scopes], words.start, words.stop, subject]
    if not recipe.scopes:
        content.append(recipe.name)
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
