from __future__ import annotations

import numpy as np
import pytest

from tfedge.runtime.signatures import SignatureSpec, TensorSpec
from tfedge.validation.cases import Call, Case
from tfedge.validation.decoder_health import Steps, check_answers, check_inputs_heard, hurt_by
from tfedge.validation.outputs_health import Outputs

SIGNATURES = {
    "encode": SignatureSpec("encode", {"source_ids": TensorSpec("source_ids", (1, 4), "int32")}, {}),
    "step": SignatureSpec(
        "step",
        {"token": TensorSpec("token", (1, 1), "int32"), "mask": TensorSpec("mask", (1, 4), "float32")},
        {"logits": TensorSpec("logits", (1, 3), "float32")},
    ),
}
STEPS = Steps("step", "token", "logits")
CALLS = (Call("encode", {}), Call("step", {}))
FEEDING = frozenset({"encode"})


def outputs(own, other, changed=("encode", "source_ids"), right=None):
    """Returns a case and its twin: logits of the target, and with `right` those of the reference."""
    cases = [Case("full", CALLS), Case("twin", CALLS, twin="full", changed=changed)]

    def outcomes(rows):
        return [({}, {"logits": np.array([row], np.float32)}) for row in rows]

    return Outputs(SIGNATURES, cases, outcomes([own, other]), None if right is None else outcomes(right))


def judged(made, steps=None):
    (finding,) = check_inputs_heard(made, FEEDING, steps)
    return finding


def test_decoder_when_another_source_changes_the_answer_listens():
    finding = judged(outputs([5, 0, 0], [0, 5, 0], right=([5, 0, 0], [0, 5, 0])), STEPS)
    assert (finding.gate, finding.verdict) == ("decoder_listens", "pass")


def test_decoder_when_another_source_changes_nothing_is_deaf():
    finding = judged(outputs([5, 0, 0], [5, 0, 0], right=([5, 0, 0], [0, 5, 0])), STEPS)
    assert (finding.gate, finding.verdict) == ("decoder_listens", "fail")
    assert "on the reference kernels it changes it by 141" in finding.message and finding.cause and finding.fix


def test_decoder_when_it_hears_a_third_of_what_the_reference_hears_is_deaf():
    assert judged(outputs([5, 0, 0], [4, 1, 0], right=([5, 0, 0], [0, 5, 0]))).verdict == "fail"
    assert judged(outputs([5, 0, 0], [1, 4, 0], right=([5, 0, 0], [0, 5, 0]))).verdict == "pass"


def test_decoder_when_the_reference_is_deaf_too_blames_the_file():
    finding = judged(outputs([5, 0, 0], [5, 0, 0], right=([5, 0, 0], [5, 0, 0])))
    assert finding.verdict == "fail" and "it is the file itself" in finding.message


def test_decoder_when_other_states_do_not_hurt_is_deaf_though_its_numbers_move():
    # A constant added to all logits changes them, and no probability.
    right = ([5, 0, 0], [0, 5, 0])
    finding = judged(outputs([5, 0, 0], [10, 5, 5], right=right), STEPS)
    assert finding.verdict == "fail" and "nats a token" in finding.message
    assert judged(outputs([5, 0, 0], [10, 5, 5], right=right)).verdict == "pass"


def test_hurt_by_when_the_own_token_gets_less_likely_is_its_loss_in_nats():
    made = outputs([np.log(0.5), np.log(0.25), np.log(0.25)], [np.log(0.25), np.log(0.5), np.log(0.25)])
    assert hurt_by(made, STEPS, made.cases[1], *made.actual) == pytest.approx(np.log(2))


@pytest.mark.parametrize(("changed", "verdict"), [(("step", "token"), "fail"), (("step", "mask"), "pass")])
def test_input_when_it_changes_nothing_fails_for_the_last_token_and_is_a_note_for_a_mask(changed, verdict):
    finding = judged(outputs([5, 0, 0], [5, 0, 0], changed, ([5, 0, 0], [5, 0, 0])), STEPS)
    assert (finding.gate, finding.verdict) == ("inputs_heard", verdict)
    assert finding.consequence


def test_input_when_it_is_heard_passes():
    finding = judged(outputs([5, 0, 0], [0, 5, 0], ("step", "token"), ([5, 0, 0], [0, 5, 0])), STEPS)
    assert (finding.gate, finding.verdict, finding.consequence) == ("inputs_heard", "pass", "")


GREEDY = {
    "greedy": SignatureSpec(
        "greedy",
        {"source_ids": TensorSpec("source_ids", (1, 4), "int32")},
        {"target_ids": TensorSpec("target_ids", (1, 4), "int32")},
    )
}


def greedy(actual, expected, is_real=False):
    """Returns five sources with their answers."""
    sources = [np.array([[3, 4, 5 + place, 2]], np.int32) for place in range(5)]
    cases = [Case(f"case_{place}", (Call("greedy", {"source_ids": ids}),)) for place, ids in enumerate(sources)]

    def outcomes(rows):
        return [({"target_ids": np.array([row], np.int32)},) for row in rows]

    return Outputs(GREEDY, cases, outcomes(actual), outcomes(expected), is_real=is_real)


RIGHT = [[3, 4 + place, 2, 0] for place in range(5)]
ENDLESS = [[3, 4 + place, 5, 6] for place in range(5)]
LOOPING = [[3 + place] * 4 for place in range(5)]


def verdicts(made):
    return {finding.gate: finding.verdict for finding in check_answers(made)}


def test_answers_when_sane_pass_every_gate():
    assert set(verdicts(greedy(RIGHT, RIGHT)).values()) == {"pass"}


def test_answers_when_always_the_same_fail_though_the_reference_does_it_too():
    same = [[3, 4, 2, 0]] * 5
    assert verdicts(greedy(same, same))["decoder_listens"] == "fail"


@pytest.mark.parametrize(("wrong", "gate"), [(ENDLESS, "answers_stop"), (LOOPING, "answers_do_not_loop")])
def test_answers_when_a_defect_is_the_target_s_own_fail_and_on_made_up_words_else_not(wrong, gate):
    assert verdicts(greedy(wrong, RIGHT))[gate] == "fail"
    assert verdicts(greedy(wrong, wrong))[gate] == "pass"
    assert verdicts(greedy(wrong, wrong, is_real=True))[gate] == "fail"


def test_answers_when_there_is_no_loop_in_the_graph_say_nothing():
    assert check_answers(outputs([5, 0, 0], [0, 5, 0])) == ()
