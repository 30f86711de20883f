"""A case: calls of signatures in order, with given inputs and with what earlier calls gave; and how one is run."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping

from tfedge.errors import ConfigError, WorkerError
from tfedge.runtime.client import Worker
from tfedge.runtime.signatures import Array, Signatures
from tfedge.validation.real_values import hand_over

Key = tuple[str, str]  # Signature, and the name of one of its tensors.


@dataclasses.dataclass(frozen=True)
class Call:
    """One invocation of one signature.

    Attributes:
        signature: its name.
        inputs: arrays by input name.
        fed: of the other inputs, where each comes from: (place of an earlier call, name of its output).
    """

    signature: str
    inputs: Mapping[str, Array]
    fed: Mapping[str, tuple[int, str]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Case:
    """One question to a file.

    Attributes:
        name: what is special about it, for example "padded_1"; one of a kind.
        calls: in order.
        is_extreme: whether no user would send it (all zeros, numbers a hundred times as large as usual): compared,
            and judged by nothing else.
        is_empty: whether there is nothing in it but padding: it must not give NaN, and has no right answer else.
        twin: name of the case that this one differs from in one input alone; empty where there is none.
        changed: that input, by signature and name; None where there is none.
    """

    name: str
    calls: tuple[Call, ...]
    is_extreme: bool = False
    is_empty: bool = False
    twin: str = ""
    changed: Key | None = None

    def __post_init__(self) -> None:
        if not self.name or not self.calls:
            raise ConfigError(f"a case must have a name and calls; got {self.name!r} with {len(self.calls)} calls")
        if bool(self.twin) != bool(self.changed):
            raise ConfigError(f"case {self.name!r} must name both its twin and what was changed, or neither")


def words_of(error: WorkerError) -> str:
    """Returns what happened in the interpreter's own words, without whom it was asked and the advice around it."""
    message = str(error).rpartition("; ")[0] or str(error)  # The advice comes last; a finding has its own.
    said = message.partition("; it refused: ")[2]
    if said:
        # Interpreters write the reason and the op one after the other, without so much as a space.
        said = re.sub(r"(?<=[a-z.])(?=Node number \d)|(?<=\.)(?=Failed to apply|Select TensorFlow)", " ", said)
        half = len(said) // 2
        if said[:half].strip() == said[half:].strip():  # Once from the interpreter, and once from its caller.
            said = said[:half].strip()
        return f"refused: {said}"
    late = re.search(r"within ([\d.e+-]+) s; there was none", message)
    if late:
        return f"no answer within {late[1]} s, and the process was killed"
    message = re.sub(r" after printing .qemu: uncaught target signal.*", "", message)  # That it died is said already.
    return message.partition("`; ")[2] or message.partition(": ")[2] or message


Outcome = tuple[Mapping[str, Array], ...]  # Of one case: outputs by name, one a call.


class CallFailedError(Exception):
    """A call of a case failed; tells which, with the arrays it was given, and the worker's error.

    Attributes:
        case: name of the case.
        signature: that was called.
        inputs: all its inputs.
        error: what the worker reported.
    """

    def __init__(self, case: str, signature: str, inputs: Mapping[str, Array], error: WorkerError) -> None:
        super().__init__(str(error))
        self.case, self.signature, self.inputs, self.error = case, signature, inputs, error


def run_case(worker: Worker, case: Case) -> Outcome:
    """Runs a case on the loaded model; returns the outputs of each call.

    Raises:
        CallFailedError: the worker refused, crashed, ran out of memory or hung.
    """
    done: list[dict[str, Array]] = []
    for call in case.calls:
        inputs: Mapping[str, Array] = call.inputs
        try:
            inputs = {**call.inputs, **_fed(worker.describe(), case, call, done)}
            done.append(worker.run(call.signature, inputs))
        except WorkerError as error:
            raise CallFailedError(case.name, call.signature, inputs, error) from error
        except KeyError as missing:
            wrong = WorkerError(f"the runtime knows no {missing} of {call.signature!r}", kind="bad_request")
            raise CallFailedError(case.name, call.signature, inputs, wrong) from missing
    return tuple(done)


def _fed(signatures: Signatures, case: Case, call: Call, done: list[dict[str, Array]]) -> dict[str, Array]:
    taken = {}
    for name, (place, output) in call.fed.items():
        source = signatures[case.calls[place].signature].outputs[output]
        taken[name] = hand_over(done[place][output], source, signatures[call.signature].inputs[name])
    return taken
