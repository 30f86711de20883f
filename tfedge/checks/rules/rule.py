"""What a rule is, what it looks at, and how what it met becomes one finding."""

from __future__ import annotations

import collections
import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Generic, TypeVar

from tfedge.checks.facts import RuntimeFacts, facts_for, known_targets
from tfedge.checks.forms import kernel_form
from tfedge.checks.verdict import Finding, Verdict
from tfedge.errors import ConfigError
from tfedge.modelfile.control_flow import called_from, calls
from tfedge.modelfile.model_file import ModelData
from tfedge.modelfile.stored_values import StoredValues
from tfedge.modelfile.summary import GraphSummary, OpSummary, TensorSummary
from tfedge.runtime.targets import RuntimeTarget

RIGHT = "right"
_SHOWN_PLACES = 3
_SHOWN_TEXT = 200  # Characters of a name from the file: a message stays a line that a person reads.


@dataclasses.dataclass(frozen=True)
class Subject:
    """A file that rules look at: what does not depend on the target is worked out once.

    Attributes:
        graph: what `read_graph` says of it.
        model_bytes: what `read_graph` took.
    """

    graph: GraphSummary
    model_bytes: ModelData = dataclasses.field(repr=False, compare=False)

    @functools.cached_property
    def stored(self) -> StoredValues:
        """Its stored values and scales."""
        return StoredValues(self.model_bytes)

    @functools.cached_property
    def forms(self) -> tuple[tuple[OpSummary, str], ...]:
        """Its builtin ops, each with the form that its kernel sees."""
        return tuple((op, kernel_form(op)) for op in self.graph.ops if op.kind == "builtin")

    @functools.cached_property
    def producers(self) -> Mapping[tuple[int, int], OpSummary]:
        """The op that writes each tensor, by (subgraph, tensor); the last one where there are several."""
        return {(tensor.subgraph, tensor.index): op for op in self.graph.ops for tensor in op.outputs}

    @functools.cached_property
    def readers(self) -> Mapping[tuple[int, int], tuple[OpSummary, ...]]:
        """The ops that read each tensor, by (subgraph, tensor)."""
        found: dict[tuple[int, int], list[OpSummary]] = collections.defaultdict(list)
        for op in self.graph.ops:
            for tensor in op.inputs:
                if tensor is not None and (not found[key(tensor)] or found[key(tensor)][-1] is not op):
                    found[key(tensor)].append(op)
        return {place: tuple(ops) for place, ops in found.items()}

    @functools.cached_property
    def buffer_readers(self) -> Mapping[int, tuple[OpSummary, ...]]:
        """The ops that read each stored buffer, through whichever tensor, in whichever subgraph."""
        found: dict[int, list[OpSummary]] = collections.defaultdict(list)
        for op in self.graph.ops:
            for buffer in {tensor.buffer for tensor in op.inputs if tensor is not None and tensor.is_constant}:
                found[buffer].append(op)
        return {buffer: tuple(ops) for buffer, ops in found.items()}

    @functools.cached_property
    def passed_in(self) -> Mapping[tuple[int, int], TensorSummary]:
        """What a loop, branch or call hands to each input of the subgraphs that it runs, by (subgraph, tensor)."""
        found: dict[tuple[int, int], TensorSummary] = {}
        for call in calls(self.graph):
            given = call.op.inputs[1:] if call.op.name == "IF" else call.op.inputs
            for index in call.subgraphs.values():
                if 0 <= index < len(self.graph.subgraphs):
                    inner = self.graph.subgraphs[index].inputs
                    found |= {key(one): other for one, other in zip(inner, given, strict=False) if other is not None}
        return found

    @functools.cached_property
    def is_float(self) -> bool:
        """Whether nothing in it is quantized: what becomes of it in int8 is still to come."""
        tensors = (tensor for op in self.graph.ops for tensor in (*op.inputs, *op.outputs))
        return not any(tensor is not None and tensor.num_scales for tensor in tensors)

    @functools.cached_property
    def reachable(self) -> frozenset[int]:
        """The subgraphs that some caller can run: the first, those of signatures, and all that these run."""
        starts = {0, *(signature.subgraph for signature in self.graph.signatures.values())}
        return frozenset(index for start in starts for index in called_from(self.graph, start))


@dataclasses.dataclass(frozen=True)
class Case:
    """A file and a target: what every rule is called with.

    Attributes:
        subject: the file.
        target: where it must run.
        facts: what was measured about the target's release; None: nothing was.
    """

    subject: Subject
    target: RuntimeTarget
    facts: RuntimeFacts | None

    @property
    def graph(self) -> GraphSummary:
        """The graph of the file."""
        return self.subject.graph

    def answer(self, probe: str) -> str | None:
        """Returns what the target did with a probe, one of `facts.ANSWERS`; None where it was not asked."""
        return self.facts.behaviour(probe, self.target) if self.facts else None

    @property
    def is_measured(self) -> bool:
        """Whether the target's release was asked on its architecture and core."""
        return self.facts is not None and any(
            self.facts.behaviour(probe, self.target) is not None for probe in self.facts.behaviours
        )

    @functools.cached_property
    def running_forms(self) -> tuple[tuple[OpSummary, str], ...]:
        """The builtin ops whose version the target registers: of the others it is known that they are refused."""
        known = self.facts.op_versions if self.facts else {}
        return tuple((op, form) for op, form in self.subject.forms if not known or op.version <= known.get(op.name, 0))


CaseT = TypeVar("CaseT")


@dataclasses.dataclass(frozen=True)
class Rule(Generic[CaseT]):
    """One rule, on a `Case` of a file and a target, or on what another room judges: an Android package.

    Attributes:
        id: what its findings are called by, such as "per_channel_weights"; `tfedge explain` knows it.
        check: yields findings, and nothing where the rule is not concerned.

    Raises:
        ConfigError: an id that is not the name of its function, or a function that does not say what it looks for.
    """

    id: str
    check: Callable[[CaseT], Iterator[Finding]]

    def __post_init__(self) -> None:
        if self.check.__name__ != self.id or not self.check.__doc__:
            raise ConfigError(f"expected rule {self.id!r} to be a documented function of that name")


@dataclasses.dataclass(frozen=True)
class Words:
    """How a rule speaks.

    Attributes:
        what: what was met, for the message: "int8 weights with one scale a channel".
        cause: why this target minds.
        fix: what to do.
        consequence: what a user meets where the answer alone does not say it.
    """

    what: str
    cause: str
    fix: str
    consequence: str = ""


def key(tensor: TensorSummary) -> tuple[int, int]:
    """Returns what a tensor is found by: its subgraph, and its place in it."""
    return tensor.subgraph, tensor.index


def tensor_place(tensor: TensorSummary) -> str:
    """Returns a tensor in words."""
    return f"tensor {tensor.index} {shown(tensor.name)!r} in subgraph {tensor.subgraph}"


def shown(text: str) -> str:
    """Returns a text from the file, cut where a person would stop reading."""
    return text if len(text) <= _SHOWN_TEXT else text[: _SHOWN_TEXT - 1] + "…"


def listed(places: Iterable[str]) -> str:
    """Returns "4 times: A; B; C; and 1 more"; of one place "A"."""
    every = [shown(place) for place in places]
    if len(every) == 1:
        return every[0]
    more = [f"and {len(every) - _SHOWN_PLACES} more"] if len(every) > _SHOWN_PLACES else []
    return f"{len(every)} times: " + "; ".join(every[:_SHOWN_PLACES] + more)


def found(rule: str, words: Words, places: Iterable[str], verdict: Verdict = "fail") -> Iterator[Finding]:
    """Yields one finding for all `places`; none where there are none."""
    every = list(places)
    if every:
        message = f"{words.what}: {listed(every)}"
        yield Finding(rule, verdict, message, words.cause, words.consequence, words.fix, measured=float(len(every)))


def note(rule: str, words: Words, places: Iterable[str]) -> Iterator[Finding]:
    """Yields a finding that fails nothing and says what whoever ships this risks."""
    if not words.consequence:
        raise ConfigError(f"expected a note of rule {rule!r} to say its consequence")
    return found(rule, words, places, "pass")


def judged(case: Case, rule: str, words: Words, hits: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """Yields a finding for each way in which the target fails what was met.

    Args:
        case: file and target.
        rule: id of the rule.
        words: how it speaks.
        hits: (probe that stands for it, place) of each occurrence. Nothing is said of probes that the target answers
            rightly, nor of those that no measured runtime fails.
    """
    by_answer: dict[str | None, list[str]] = collections.defaultdict(list)
    for probe, place in hits:
        answer = case.answer(probe)
        if answer is None and not is_hazard(probe):
            continue
        by_answer[answer].append(place)
    for answer, places in by_answer.items():
        if answer is None:
            yield _not_measured(case, rule, words, places)
        elif answer != RIGHT:
            message = f"{words.what}: {listed(places)}"
            consequence = _consequence(case, answer, words)
            yield Finding(rule, "fail", message, words.cause, consequence, words.fix, measured=float(len(places)))


def risked(case: Case, rule: str, words: Words, hits: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """Yields a note for what the target fails only where a caller wants it: a batch, another core.

    As `judged` for `hits`; it fails nothing, because the file as it stands may never be used so.
    """
    places = [place for probe, place in hits if case.answer(probe) not in (None, RIGHT)]
    yield from note(rule, words, places)


def _not_measured(case: Case, rule: str, words: Words, places: list[str]) -> Finding:
    return Finding(
        gate=rule,
        verdict="not_measured",
        message=f"{words.what}: {listed(places)}; {case.target} was never asked",
        cause=words.cause,
        consequence="Some runtimes fail here; what this one does is not known.",
        fix=f"run the file on {case.target}, or check it against a release that was measured (tfedge targets)",
    )


def _consequence(case: Case, answer: str, words: Words) -> str:
    kind, _, signal = answer.partition(":")
    said = {
        "wrong": f"{case.target} loads the file, reports no error, and computes wrong numbers",
        "refused": f"{case.target} refuses the file when it is loaded or first run",
        "crashed": f"{case.target} dies{' by ' + signal if signal else ''}, and the app with it",
        "timed_out": f"{case.target} never answers",
        "out_of_memory": f"{case.target} takes all memory",
    }[kind]
    return f"{said}. {words.consequence}".rstrip() if words.consequence else said + "."


@functools.cache
def is_hazard(probe: str) -> bool:
    """Says whether any measured runtime failed a probe."""
    every = ((facts_for(target), target) for target in known_targets())
    answers = (facts.behaviour(probe, target) for facts, target in every if facts)
    return any(answer not in (None, RIGHT) for answer in answers)
