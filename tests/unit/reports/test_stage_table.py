from __future__ import annotations

import dataclasses
import json

import numpy as np

from tests.unit.reports import device_samples as made
from tfedge.reports.stage_comparison import compare_reports
from tfedge.reports.stage_findings import gate_of
from tfedge.reports.stage_table import comparison_lines
from tfedge.validation.case_trace import STAGES, Numbers


def numbered(count, **changes):
    return [made.trace(f"case_{place}", **changes) for place in range(count)]


def lines_of(expected, actual):
    return comparison_lines(compare_reports(made.report(*expected), made.report(*actual)))


def test_comparison_lines_when_the_same_then_a_line_a_stage_and_no_more():
    near = dict(made.trace().encoder_output)
    near["memory"] = Numbers(np.array([[[-128, 0], [5, 125]]], np.int8), scale=0.0625, zero_point=-3)
    lines = lines_of(numbered(5), numbered(5, encoder_output=near))
    assert lines[0] == "pass  the same: 5 cases of static_wi8_ai8, model bbbbbbbbbbbb"
    assert [line.split()[0] for line in lines[4:10]] == list(STAGES)
    assert "5 of 5 the same; widest 11" in lines[6] and "(up to 40 % is rounding), 2.0 quantization steps" in lines[6]
    assert not any("first difference" in line for line in lines)


def test_comparison_lines_when_numbers_differ_then_place_steps_cause_and_fix():
    broken = dict(made.trace().encoder_output)
    broken["memory"] = Numbers(np.array([[[-128, 0], [5, 10]]], np.int8), scale=0.0625, zero_point=-3)
    lines = lines_of(numbered(5), [*numbered(4), made.trace("case_4", encoder_output=broken)])
    assert lines[0].startswith("fail  they differ")
    (first,) = [line for line in lines if line.startswith("  first difference, at encoder_output")]
    assert "case 'case_4', memory[0,1,1]: expected 8.125, got 0.8125, 117.0 quantization steps apart" in first
    assert any(line.startswith("    cause: the encoder was fed otherwise") for line in lines)
    assert any(line.startswith("    fix: bind inputs by signature and name") for line in lines)


def test_comparison_lines_when_a_name_tries_to_forge_a_line_then_it_is_written_as_code():
    names = ("a\nfail", "\x1b[31mred")
    traces = [made.trace(name) for name in names]
    broken = [dataclasses.replace(each, tokens=(5, 2)) for each in traces]
    text = "\n".join(lines_of(traces, broken))
    assert "\x1b" not in text and "a\\nfail" in text


def test_comparison_lines_when_many_cases_differ_then_a_dozen_and_how_many_more():
    lines = lines_of(numbered(20), numbered(20, ids=(5, 2)))
    assert lines[-3].endswith("8 more; --json has all") or any("8 more; --json has all" in line for line in lines)
    assert any("every case differs before it" in line for line in lines)


def test_to_json_then_verdict_first_and_findings_by_gate():
    compared = compare_reports(made.report(*numbered(2)), made.report(*numbered(2, text="X")))
    value = json.loads(json.dumps(compared.to_json()))
    assert (value["verdict"], value["first"]["stage"]) == ("fail", "text")
    assert [finding["gate"] for finding in value["findings"]] == [gate_of(stage) for stage in STAGES]
    assert value["findings"][-1]["measured"] == 2.0


def test_compare_when_a_tensor_has_another_shape_or_name_then_named():
    odd = dict(made.trace().encoder_output)
    odd["memory"] = Numbers(np.zeros((1, 2, 3), np.int8), scale=0.0625)
    first = compare_reports(made.report(made.trace()), made.report(made.trace(encoder_output=odd))).first
    assert (first.where, first.expected, first.actual) == ("shape of memory", "[1, 2, 2]", "[1, 2, 3]")
    odd["renamed"] = odd.pop("memory")
    first = compare_reports(made.report(made.trace()), made.report(made.trace(encoder_output=odd))).first
    assert (first.where, first.expected, first.actual) == ("names of the outputs", "memory", None)


def test_compare_when_one_device_gives_int8_and_the_other_its_reals_then_the_same():
    held = made.trace().encoder_output["memory"]
    floats = {**made.trace().encoder_output, "memory": Numbers(held.reals.astype(np.float32))}
    compared = compare_reports(made.report(made.trace()), made.report(made.trace(encoder_output=floats)))
    assert compared.verdict == "pass"
