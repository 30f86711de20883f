"""Does every input count? Cases that differ in one input alone must differ in their answer, as much as they should.

A decoder that no longer listens to its encoder is the known failure of int8 encoder-decoders: it answers fluently, and
always the same. Here another source must change the decoder's numbers, about as much as it changes them on the
reference kernels, and the encoder's states of another source must make the next tokens less likely.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from tfedge.checks.verdict import Finding
from tfedge.runtime.signatures import Array
from tfedge.validation.cases import Case, Key, Outcome
from tfedge.validation.golden import check_outputs_health
from tfedge.validation.outputs_health import Outputs, real_change
from tfedge.validation.real_values import is_quantized, number_kind, to_real
from tfedge.validation.tolerance import kind_of

# Another source moves a decoder's logits by tens of percent; what a rounding moves stays below a thousandth.
LEAST_CHANGE = 1e-3
# Less than half of what the input changes on the reference kernels: most of it is lost, and no rounding does that.
LEAST_SHARE = 0.5
# Natural logarithms a token. Below it the other states are as good as the own ones: nothing is read from them.
LEAST_HURT = 1e-3
_DEAF_FIX = "look at the cross-attention's mask value (-30, not -1e9) and at calibration on real decode traces"


@dataclasses.dataclass(frozen=True)
class Steps:
    """How a chain decodes: where its last token goes in, and its logits come out.

    Attributes:
        signature: of the step.
        token: its input for the last token's id.
        logits: its output with one number for each id that may come next.
    """

    signature: str
    token: str
    logits: str


def check_inputs_heard(outputs: Outputs, feeding: frozenset[str], steps: Steps | None) -> tuple[Finding, ...]:
    """Judges the cases that differ from another one in one input alone.

    Args:
        outputs: of all cases.
        feeding: signatures whose outputs feed another one: an encoder's inputs must reach the decoder.
        steps: how the chain decodes; None where it does not.
    """
    heard: list[tuple[Key, float]] = []
    deaf: dict[str, list[Finding]] = {"decoder_listens": [], "inputs_heard": []}
    notes: list[str] = []
    places = {case.name: place for place, case in enumerate(outputs.cases)}
    for place, case in enumerate(outputs.cases):
        if case.changed is None or case.twin not in places:
            continue
        twin = places[case.twin]
        gate = "decoder_listens" if case.changed[0] in feeding else "inputs_heard"
        found = _judge(outputs, twin, place, case, gate, steps)
        if isinstance(found, Finding):
            deaf[gate].append(found)
        elif found is None:
            notes.append(_named(case.changed))
        else:
            heard.append((case.changed, found))
    return tuple(_summed(outputs, feeding, deaf, heard, notes))


def _summed(
    outputs: Outputs,
    feeding: frozenset[str],
    deaf: dict[str, list[Finding]],
    heard: list[tuple[Key, float]],
    notes: list[str],
) -> list[Finding]:
    found = [findings[0] for findings in deaf.values() if findings]
    for gate in deaf:
        mine = [each for each in heard if (each[0][0] in feeding) == (gate == "decoder_listens")]
        if mine and not deaf[gate]:
            name, least = min(mine, key=lambda each: each[1])
            what = "the decoder's answer" if gate == "decoder_listens" else "the answer"
            found.append(
                Finding(
                    gate, "pass", f"another {_named(name)} changes {what} by {least:.0%}", measured=least, limit=0.0
                )
            )
    if notes:
        message = f"another {', '.join(notes[:3])} changes nothing, here and on the reference kernels"
        consequence = "the model ignores it: an app that sets it is mistaken"
        found.append(Finding("inputs_heard", "pass", message, consequence=consequence))
    return found


def _judge(
    outputs: Outputs, twin: int, place: int, case: Case, gate: str, steps: Steps | None
) -> Finding | float | None:
    """Returns the change that another input makes; a finding where it is too small; None for an input that may idle."""
    sink = case.calls[-1].signature
    change, _ = real_change(outputs, outputs.actual[twin], outputs.actual[place], case, sink)
    right = None
    if outputs.expected is not None:
        right, _ = real_change(outputs, outputs.expected[twin], outputs.expected[place], case, sink)
    hurt = right_hurt = None
    if steps is not None and steps.signature == sink and gate == "decoder_listens":
        hurt = hurt_by(outputs, steps, case, outputs.actual[twin], outputs.actual[place])
        if outputs.expected is not None:
            right_hurt = hurt_by(outputs, steps, case, outputs.expected[twin], outputs.expected[place])
    is_own = right is None or right < LEAST_CHANGE
    if is_own and change < LEAST_CHANGE:
        # A mask or a flag may be there for other models of a family; who ignores a text, or its last token, is deaf.
        is_token = steps is not None and case.changed == (steps.signature, steps.token)
        may_idle = gate == "inputs_heard" and right is not None and not is_token
        return None if may_idle and not _is_text(outputs, case) else _deaf(gate, case, change, right, is_file=True)
    if right is not None and change < LEAST_SHARE * right:
        return _deaf(gate, case, change, right, is_file=False)
    if hurt is not None and hurt < LEAST_HURT and (right_hurt is None or right_hurt > 10 * LEAST_HURT):
        return _harmless(case, hurt, right_hurt)
    return change


def _is_text(outputs: Outputs, case: Case) -> bool:
    """Whether the changed input holds a sequence of ids."""
    if case.changed is None:
        return False
    signature, name = case.changed
    spec = outputs.signatures[signature].inputs[name]
    is_whole = number_kind(spec) in ("i", "u") and not is_quantized(spec)
    return is_whole and "mask" not in name.lower() and any(size > 1 for size in spec.shape)


def _named(key: Key | None) -> str:
    return "/".join(part for part in key or () if part)


def _deaf(gate: str, case: Case, change: float, right: float | None, is_file: bool) -> Finding:
    limit = LEAST_CHANGE if is_file or right is None else LEAST_SHARE * right
    told = f"another {_named(case.changed)} changes the answer by {change:.2%}, expected {limit:.2%} or more"
    cause = "the decoder is not listening to the encoder" if gate == "decoder_listens" else "the input reaches nothing"
    if is_file and right is not None:
        told += "; the reference kernels say the same, so it is the file itself"
    elif right is not None:
        told += f": on the reference kernels it changes it by {right:.2%}"
    return Finding(
        gate,
        "fail",
        told,
        cause=cause,
        consequence="the app gets a fluent answer to another question",
        fix=_DEAF_FIX if gate == "decoder_listens" else "look at the layers that read it: a scale may round it away",
        measured=change,
        limit=limit,
    )


def _harmless(case: Case, hurt: float, right: float | None) -> Finding:
    expected = f"; on the reference kernels they cost {right:.3g}" if right is not None else ""
    return Finding(
        "decoder_listens",
        "fail",
        f"states of another {_named(case.changed)} cost {hurt:.3g} nats a token, not {LEAST_HURT:g} or more{expected}",
        cause="the decoder is not listening to the encoder",
        consequence="the app gets a fluent answer to another question",
        fix=_DEAF_FIX,
        measured=hurt,
        limit=LEAST_HURT,
    )


def hurt_by(outputs: Outputs, steps: Steps, case: Case, own: Outcome, other: Outcome) -> float:
    """Returns how much less likely the tokens become that the own states ask for, when others stand in their place.

    Natural logarithms a token, the mean over the steps.
    """
    spec = outputs.signatures[steps.signature].outputs[steps.logits]
    lost = []
    for call, first, second in zip(case.calls, own, other, strict=True):
        if call.signature == steps.signature:
            mine, theirs = (_log_softmax(to_real(each[steps.logits], spec)) for each in (first, second))
            token = int(np.argmax(mine))
            lost.append(mine[token] - theirs[token])
    return float(np.mean(lost)) if lost else 0.0


def _log_softmax(logits: Array) -> Array:
    """Returns log-probabilities of the last position: (..., vocab_size) -> (vocab_size,)."""
    last = logits.reshape(-1, logits.shape[-1])[-1]
    shifted = last - last.max()
    return np.asarray(shifted - np.log(np.exp(shifted).sum()))


def check_answers(outputs: Outputs) -> tuple[Finding, ...]:
    """Judges ids that a loop in the graph answers (signature `greedy`: source_ids -> target_ids) as golden answers are.

    Made-up sources are no words: on them a right model may stop at once or repeat itself. There a defect counts only
    where the reference kernels do not have it too, and one answer to every source always.
    """
    signature = outputs.signatures.get("greedy")
    if signature is None or "source_ids" not in signature.inputs or "target_ids" not in signature.outputs:
        return ()
    if kind_of(signature.outputs["target_ids"]) != "ids":
        return ()
    calls = [case.calls[-1] for case in outputs.cases if case.calls[-1].signature == "greedy"]
    sources = [_row(call.inputs["source_ids"]) for call in calls if "source_ids" in call.inputs]
    if not sources:
        return ()
    found = check_outputs_health(_answers(outputs, outputs.actual), sources)
    if outputs.is_real or outputs.expected is None:
        return found
    right = {finding.gate: finding for finding in check_outputs_health(_answers(outputs, outputs.expected), sources)}
    return tuple(_softened(finding, right[finding.gate]) for finding in found)


def _softened(finding: Finding, right: Finding) -> Finding:
    is_one_answer = finding.gate == "decoder_listens" and finding.measured == 1.0
    if finding.verdict != "fail" or right.verdict != "fail" or is_one_answer:
        return finding
    consequence = "made-up sources are no words; with --inputs or a pack it is judged on real ones"
    return dataclasses.replace(finding, verdict="pass", cause="", fix="", consequence=consequence)


def _answers(outputs: Outputs, outcomes: Sequence[Outcome]) -> list[list[int]]:
    rows = []
    for case, outcome in zip(outputs.cases, outcomes, strict=True):
        if case.calls[-1].signature == "greedy":
            rows.append(_row(outcome[-1]["target_ids"]))
    return rows


def _row(ids: Array) -> list[int]:
    return [int(value) for value in np.ravel(ids)]
