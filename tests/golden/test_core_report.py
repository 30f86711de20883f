"""The device report that Kotlin's core wrote, byte by byte as its own test compares it: Python must read it."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

from tests.golden import packed_autokey
from tfedge.errors import ArtifactError
from tfedge.modelfile.pack import read_pack
from tfedge.reports.device_report import DeviceReport, read_device_report

FOLDER = pathlib.Path(__file__).resolve().parent
WRITTEN = FOLDER / "device_report" / "android_host.json"


@pytest.fixture(scope="module")
def report() -> DeviceReport:
    """What Python reads of it."""
    return read_device_report(WRITTEN)


def test_report_when_kotlin_wrote_it_then_it_is_of_the_packed_file(report: DeviceReport) -> None:
    pack = read_pack(FOLDER / "vectors" / "autokey_wrong.tflite")
    assert (report.model.sha256, report.model.tflite_sha256) == (pack.sha256, pack.manifest.model_sha256)
    assert (report.golden.num_cases, report.golden.num_passed) == (len(pack.golden), len(pack.golden) - 3)
    assert [trace.name for trace in report.traces] == [case.name for case in pack.golden] + ["text 1"]


def test_report_when_kotlin_wrote_it_then_every_stage_is_what_the_model_gives(report: DeviceReport) -> None:
    for trace in report.traces:
        text = trace.raw_bytes.decode("utf-8")
        assert trace.ids == tuple(packed_autokey.SPEC.source_ids(text))
        assert trace.text == packed_autokey.cipher(text)
        assert trace.tokens == packed_autokey.ids_of(trace.text)
        letters = trace.encoder_output["encoded_letters"].reals
        np.testing.assert_array_equal(letters[0].argmax(axis=-1)[: len(trace.ids)], trace.ids)
        assert trace.first_logits is not None
        assert trace.first_logits.reals.argmax() == trace.tokens[0]


def test_report_when_kotlin_wrote_it_then_times_are_derived(report: DeviceReport) -> None:
    assert report.latency is not None
    assert report.latency.samples_ms.tolist() == pytest.approx([0.0425, 0.0442, 1.000001, 0.0425])
    assert report.threads.asked == 2
    assert report.device.battery_percent == 81


def test_report_when_a_key_is_changed_then_python_refuses_it(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(WRITTEN.read_bytes().replace(b'"first_logits"', b'"last_logits"', 1))
    with pytest.raises(ArtifactError, match="last_logits"):
        read_device_report(path)
