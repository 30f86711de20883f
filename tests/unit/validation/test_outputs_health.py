from __future__ import annotations

import numpy as np
import pytest

from tfedge.runtime.signatures import SignatureSpec, TensorSpec
from tfedge.validation.cases import Call, Case
from tfedge.validation.outputs_health import Outputs, check_values

VARIED = [[1.0, 2.0], [2.0, 1.0], [0.5, 0.0], [0.0, 3.0]]
FLOAT, INT8 = TensorSpec("y", (1, 2), "float32"), TensorSpec("y", (1, 2), "int8", (0.5,), (3,))


def outputs(actual, expected=None, spec=FLOAT, **fields):
    signatures = {"run": SignatureSpec("run", {}, {"y": spec})}
    dtype = np.dtype(spec.dtype)
    names = [f"case_{place}" for place in range(len(actual) - 1)] + ["padded"]
    kept = {key: fields.pop(key) for key in ("is_extreme", "is_empty") if key in fields}
    cases = [Case(name, (Call("run", {}),), **(kept if name == "padded" else {})) for name in names]

    def outcomes(rows):
        return [({"y": np.array([row]).astype(dtype)},) for row in rows]

    return Outputs(signatures, cases, outcomes(actual), None if expected is None else outcomes(expected), **fields)


def by_gate(made):
    return {finding.gate: finding for finding in check_values(made)}


def test_values_when_healthy_pass_three_gates():
    found = by_gate(outputs(VARIED, VARIED))
    assert {gate: finding.verdict for gate, finding in found.items()} == {
        "outputs_finite": "pass",
        "outputs_not_zero": "pass",
        "outputs_vary": "pass",
    }
    assert not any(finding.consequence for finding in found.values())


@pytest.mark.parametrize(("broken", "word"), [(np.nan, "NaN"), (np.inf, "infinity")])
def test_values_when_not_finite_fail_and_name_output_and_case(broken, word):
    rows = [*VARIED[:3], [broken, 1.0]]
    finding = by_gate(outputs(rows, VARIED))["outputs_finite"]
    assert finding.verdict == "fail" and finding.message.startswith(f"{word} in 'y' of 'run' (case padded); in 1 of 4")
    assert "padding" in finding.cause and "reference" not in finding.message


def test_values_when_the_reference_is_not_finite_either_blame_the_file():
    rows = [*VARIED[:3], [np.nan, 1.0]]
    finding = by_gate(outputs(rows, rows, is_empty=True))["outputs_finite"]
    assert finding.verdict == "fail" and "it is the file itself" in finding.message


@pytest.mark.parametrize("fields", [{"is_extreme": True, "broken": np.nan}, {"broken": -np.inf}])
def test_values_when_only_large_inputs_overflow_or_a_logarithm_is_minus_infinity_are_a_note(fields):
    fields = dict(fields)
    rows = [*VARIED[:3], [fields.pop("broken"), 1.0]]
    finding = by_gate(outputs(rows, rows, **fields))["outputs_finite"]
    assert finding.verdict == "pass" and finding.consequence


@pytest.mark.parametrize(("value", "gate"), [(0.0, "outputs_not_zero"), (4.0, "outputs_vary")])
def test_values_when_the_same_in_every_case_fail_one_gate(value, gate):
    found = by_gate(outputs([[value, value]] * 4, VARIED))
    assert [name for name, finding in found.items() if finding.verdict == "fail"] == [gate]
    assert "runtime" in found[gate].cause


def test_values_when_the_reference_is_as_dead_blame_the_file():
    finding = by_gate(outputs([[4.0, 4.0]] * 4, [[4.0, 4.0]] * 4))["outputs_vary"]
    assert finding.verdict == "fail" and "it is the file itself" in finding.message and "layer" in finding.cause


def test_values_when_zero_stands_for_another_number_are_not_zero():
    zero_point = outputs([[3, 3]] * 4, [[3, 4], [5, 3], [3, 3], [9, 9]], INT8)
    assert by_gate(zero_point)["outputs_not_zero"].verdict == "fail"
    assert by_gate(outputs([[0, 0]] * 4, [[3, 4], [5, 3], [3, 3], [9, 9]], INT8))["outputs_vary"].verdict == "fail"


@pytest.mark.parametrize("is_real", [False, True])
def test_values_when_a_quantized_output_saturates_are_a_note_and_with_real_inputs_a_failure(is_real):
    made = outputs([[127, -128]] * 4, [[127, -128]] * 4, INT8, is_real=is_real)
    finding = by_gate(made)["outputs_vary"]
    assert finding.verdict == ("fail" if is_real else "pass")
    assert finding.consequence


def test_values_when_no_input_reaches_an_output_are_a_note():
    made = outputs([[4.0, 4.0]] * 4, [[4.0, 4.0]] * 4, unread=frozenset({("run", "y")}))
    finding = by_gate(made)["outputs_vary"]
    assert finding.verdict == "pass" and "constant on purpose" in finding.consequence


def test_values_when_there_are_two_cases_say_nothing_about_variation():
    assert list(by_gate(outputs([[4.0, 4.0]] * 2, [[4.0, 4.0]] * 2))) == ["outputs_finite"]
