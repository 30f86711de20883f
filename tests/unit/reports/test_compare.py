"""The stage behind `tfedge inspect --compare`, its report and its picture, on one broken file and on a right one."""

from __future__ import annotations

import json
import xml.etree.ElementTree

import pytest

from tests.models.attention import LAYER, attention
from tfedge.errors import ArtifactError, ConfigError
from tfedge.reports.compare import compare
from tfedge.reports.comparison import comparison_findings, comparison_json, comparison_lines
from tfedge.reports.comparison_picture import picture_svg, write_picture

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """Comparisons of a float file with an int8 one: "right", and "broken" in its value layer."""
    folder = tmp_path_factory.mktemp("compared")
    files = {"float": attention(), "right": attention("int8"), "broken": attention("int8", broken="value")}
    for name, data in files.items():
        (folder / f"{name}.tflite").write_bytes(data)
    return {
        name: compare(folder / "float.tflite", folder / f"{name}.tflite", max_cases=3) for name in ("right", "broken")
    }


def test_findings_when_broken_fail_with_cause_and_fix(compared):
    (finding,) = comparison_findings(compared["broken"])
    assert (finding.gate, finding.verdict) == ("layer_error", "fail")
    assert f"goes wrong at {LAYER}/value_dense" in finding.message and finding.cause and finding.fix
    assert finding.measured < finding.limit


def test_findings_when_right_pass_with_the_worst(compared):
    (finding,) = comparison_findings(compared["right"])
    assert finding.verdict == "pass" and finding.measured > finding.limit


def test_lines_when_broken_name_the_layer_first_then_the_worst(compared):
    lines = comparison_lines(compared["broken"])
    assert lines[0].startswith("broken.tflite against float.tflite, on ai-edge-litert==")
    assert lines[2].startswith("fail  serving_default: 8 tensors, 3 runs; goes wrong at encoder/attention/value_dense")
    head = lines.index("worst 8 of 8 tensors") + 1
    ratios = [float(line.split()[0]) for line in lines[head + 1 : head + 9]]
    assert ratios == sorted(ratios)
    assert "value_dense" in lines[lines.index("worst 4 of 5 weights") + 2]  # The mask is added, and no weight.
    assert max(len(line) for line in lines[head : head + 9]) <= 100


def test_json_when_written_holds_every_tensor_in_graph_order(compared):
    value = json.loads(json.dumps(comparison_json(compared["broken"]), allow_nan=False))
    (signature,) = value["signatures"]
    assert [tensor["position"] for tensor in signature["tensors"]] == list(range(8))
    assert signature["wrong"]["layer"] == f"{LAYER}/value_dense"
    assert len(value["first"]["sha256"]) == 64 != value["second"]["sha256"]
    assert {tensor["state"] for tensor in signature["tensors"]} == {"measured"}


@pytest.mark.parametrize(("name", "named"), [("right", False), ("broken", True)])
def test_picture_when_drawn_has_a_point_a_tensor_and_names_what_broke(compared, name, named):
    root = xml.etree.ElementTree.fromstring(picture_svg(compared[name]))
    points = [circle for circle in root.iter(f"{SVG}circle") if circle.find(f"{SVG}title") is not None]
    assert len(points) == 8
    assert any(f"{LAYER}/value_dense" in (text.text or "") for text in root.iter(f"{SVG}text")) is named
    low = [float(point.get("cy")) for point in points if point.get("fill") == "#c9302c"]
    fine = [float(point.get("cy")) for point in points if point.get("fill") != "#c9302c"]
    assert bool(low) is named
    assert not low or min(low) > max(fine)  # A worse tensor stands lower.


def test_write_picture_when_html_holds_picture_and_report(compared, tmp_path):
    path = write_picture(tmp_path / "error.html", compared["broken"])
    page = path.read_text(encoding="utf-8")
    assert page.count("<svg") == 1 and "worst 8 of 8 tensors" in page
    with pytest.raises(ArtifactError):
        write_picture(path, compared["broken"])


def test_write_picture_when_png_says_what_can_be_written(compared, tmp_path):
    with pytest.raises(ConfigError, match="FILE.html or FILE.svg"):
        write_picture(tmp_path / "error.png", compared["broken"])
