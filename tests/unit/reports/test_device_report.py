from __future__ import annotations

import copy
import json

import pytest

from tests.unit.reports import device_samples as made
from tfedge.errors import ArtifactError, ConfigError
from tfedge.modelfile.strict_json import dump_object
from tfedge.reports.device_report import DeviceReport, read_device_report, write_device_report


def changed(path: str, value: object):
    """Returns the example's JSON with the value at `path`, "latency/run_ms", replaced; `...` takes its key away."""
    held = made.report().to_json()
    held = json.loads(json.dumps(held))
    *folders, key = path.split("/")
    place = held
    for folder in folders:
        place = place[int(folder)] if isinstance(place, list) else place[folder]
    if value is ...:
        del place[key]
    else:
        place[key] = value
    return held


def test_example_when_read_then_it_is_the_report_that_made_it_byte_for_byte():
    expected = dump_object(made.report().to_json(), "a device report")
    assert made.EXAMPLE.read_bytes() == expected, "the schema changed: write the example anew, and tell Kotlin"
    assert dump_object(read_device_report(made.EXAMPLE).to_json(), "a device report") == expected


def test_example_when_read_then_numbers_stand_for_reals_and_statistics_are_derived():
    report = read_device_report(made.EXAMPLE)
    assert report.traces[0].encoder_output["memory"].reals.tolist() == [[[-7.8125, 0.1875], [0.5, 8.125]]]
    assert report.traces[1].raw_bytes == b"\xc3\x89"
    assert report.latency.samples_ms.round(6).tolist() == [1.262, 1.511, 1.021]
    assert round(report.latency.latency_p50_ms, 6) == 1.262
    assert str(report.target) == "android-tflite==2.16.1@arm64-v8a"


def test_write_device_report_when_it_exists_then_only_with_force(tmp_path):
    path = tmp_path / "r.json"
    write_device_report(path, made.report())
    with pytest.raises(ArtifactError, match="--force"):
        write_device_report(path, made.report())
    write_device_report(path, made.report(), force=True)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("extra", 1),
        ("latency", ...),
        ("schema_version", 2),
        ("kind", "report"),
        ("created_utc", "yesterday"),
        ("written_by", ""),
        ("model/sha256", "A" * 64),
        ("model/size_bytes", True),
        ("model/name", "g2p"),
        ("runtime/name", "onnx"),
        ("runtime/version", 2),
        ("device/kind", "tablet"),
        ("device/cores", 0),
        ("device/battery_percent", 101),
        ("device/is_charging", "yes"),
        ("device/serial", "1"),
        ("threads/asked", 0),
        ("entry", "beam"),
        ("golden/num_passed", 3),
        ("golden/first_difference", None),
        ("golden/first_difference/stage", "logits"),
        ("golden/first_difference/index", -1),
        ("golden/first_difference/expected", 5),
        ("golden/first_difference/quant_steps", -1.0),
        ("traces", {}),
        ("traces/1/name", "repeated"),
        ("traces/0/name", ""),
        ("traces/0/raw_bytes", "b!"),
        ("traces/0/ids", [1.5]),
        ("traces/0/tokens", [-1]),
        ("traces/0/text", None),
        ("traces/0/step", 1),
        ("traces/0/encoder_output", []),
        ("traces/0/encoder_output/memory/scale", 0.0),
        ("traces/0/encoder_output/memory/zero_point", 0.5),
        ("traces/0/encoder_output/memory/data", "AAAA"),
        ("traces/0/encoder_output/cross_bias/scale", 1.0),
        ("traces/0/first_logits/shape", [2, 4]),
        ("traces/0/first_logits/dtype", "complex64"),
        ("not_shown", {"logits": "no"}),
        ("latency/run_ms", [1.0]),
        ("latency/read_ms", [1.0, -1.0, 1.0]),
        ("latency/is_warm", 1),
        ("latency/latency_p50_ms", 1.0),
    ],
)
def test_read_device_report_when_a_value_is_wrong_then_one_line_names_the_file(tmp_path, path, value):
    file = tmp_path / "r.json"
    file.write_text(json.dumps(changed(path, value)), encoding="utf-8")
    with pytest.raises(ArtifactError) as caught:
        read_device_report(file)
    assert str(caught.value).startswith(f"expected a device report in {file}; ")
    assert path.split("/")[-1] in str(caught.value) or path.split("/")[0] in str(caught.value)


@pytest.mark.parametrize("value", [None, [], "x", {}, {"schema_version": 1}])
def test_from_json_when_it_is_no_object_of_this_schema_then_config_error(value):
    with pytest.raises(ConfigError, match="a device report must"):
        DeviceReport.from_json(copy.deepcopy(value))
