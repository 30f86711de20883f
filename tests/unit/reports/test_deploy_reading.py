from __future__ import annotations

import dataclasses

import pytest

from tests.golden import packed_autokey
from tests.unit.reports import device_answers as answers
from tests.unit.reports.device_samples import report as sample
from tfedge.artifacts import sha256_hex
from tfedge.errors import DeviceError
from tfedge.modelfile.strict_json import dump_object
from tfedge.reports.deploy_reading import (
    golden_finding,
    invalid_reasons,
    latency_finding,
    read_sent,
    texts_sha256,
    texts_to_time,
)
from tfedge.reports.device_parts import ReportedModel
from tfedge.validation.case_trace import CaseTrace


@pytest.fixture
def pack(tmp_path):
    """A right file."""
    return packed_autokey.write(tmp_path / "m.tflite")


@pytest.fixture
def sent(pack):
    """A report of that file, as a phone writes it: its golden cases, answered as recorded."""
    model = ReportedModel(pack.sha256, len(pack.file), pack.manifest.model_sha256, pack.manifest.recipe)
    traces = [
        CaseTrace(case.name, case.text.encode(), tuple(case.source_ids), {}, None, case.expected_ids["keras"], "")
        for case in pack.golden
    ]
    return sample(*traces, model=model)


def read(data, pack, kind="android", num_threads=2):
    return read_sent(data, pack, kind, num_threads)


def test_read_sent_when_it_is_ours_then_the_report(sent, pack):
    assert read(answers.to_bytes(sent), pack).to_json() == sent.to_json()


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_read_sent_when_it_is_cut_then_one_line(sent, pack, share):
    data = answers.to_bytes(sent)
    with pytest.raises(DeviceError, match="expected a whole report .* must be JSON .*run it again") as caught:
        read(data[: int(len(data) * share)], pack)
    assert "\n" not in str(caught.value)


def test_read_sent_when_the_schema_is_newer_then_it_is_called_that(sent, pack):
    newer = dump_object({**sent.to_json(), "schema_version": 2, "colour": "red"}, "x")
    with pytest.raises(DeviceError, match="must have schema_version 1; got 2; .*the app of this version with --apk"):
        read(newer, pack)


def test_read_sent_when_a_value_is_of_another_type_then_one_line(sent, pack):
    wrong = dump_object({**sent.to_json(), "entry": ["greedy"]}, "x")
    with pytest.raises(DeviceError, match="expected a whole report"):
        read(wrong, pack)


def test_read_sent_when_it_is_of_another_model_then_both_hashes(sent, pack):
    other = dataclasses.replace(sent, model=dataclasses.replace(sent.model, sha256="a" * 64))
    with pytest.raises(DeviceError, match=f"sha256 {pack.sha256}; got one of {'a' * 64}"):
        read(answers.to_bytes(other), pack)


@pytest.mark.parametrize(("kind", "threads"), [("android-host", 2), ("android", 1)])
def test_read_sent_when_it_is_not_what_was_asked_for_then_one_line(sent, pack, kind, threads):
    with pytest.raises(
        DeviceError, match=f"expected a report of {kind} with {threads} threads; got one of android with"
    ):
        read(answers.to_bytes(sent), pack, kind, threads)


def test_golden_finding_when_all_answer_as_recorded_then_pass(sent, pack):
    assert golden_finding(sent, pack).verdict == "pass"


def test_golden_finding_when_a_case_differs_then_fail_whatever_the_device_counted(sent, pack):
    assert golden_finding(answers.with_case(sent, tokens=(2,)), pack).verdict == "fail"


def test_golden_finding_when_a_case_is_missing_then_not_measured(sent, pack):
    assert golden_finding(dataclasses.replace(sent, traces=sent.traces[1:]), pack).verdict == "not_measured"


def test_latency_finding_when_it_is_steady_then_pass():
    found = latency_finding(answers.latency("greedy", "a" * 64))
    assert found.verdict == "pass" and "of 240 answers" in found.message


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"runs": 96, "milliseconds": 20.0}, "too few runs: 96 of 100"),
        ({"milliseconds": 1.0}, "too short: 0.25 s of 1 s"),
        ({"is_warm": False}, "not warm after 24 runs"),
        ({"run_ms": (10.0,) * 180 + (25.0,) * 60}, "busy or hot device: p90 of the noise is 2.50 p50, limit 2"),
    ],
)
def test_latency_finding_when_it_is_not_to_be_relied_on_then_not_measured_and_why(changes, reason):
    timed = answers.latency("greedy", "a" * 64, **changes)
    assert invalid_reasons(timed) == (reason,)
    assert latency_finding(timed).verdict == "not_measured"


def test_latency_finding_when_there_is_none_then_not_measured():
    assert latency_finding(None).verdict == "not_measured"


def test_texts_to_time_then_those_the_file_carries_by_length(pack, tmp_path):
    assert len(texts_to_time(pack)) == 12
    bare = packed_autokey.write(tmp_path / "bare.tflite", evaluated=())
    assert sorted(texts_to_time(bare)) == sorted(case.text for case in bare.golden)


def test_texts_sha256_then_a_line_feed_after_each():
    assert texts_sha256(["é", "b"]) == sha256_hex(b"\xc3\xa9\nb\n")
