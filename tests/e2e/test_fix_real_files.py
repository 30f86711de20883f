"""`tfedge check --fix` on files of the official converter and quantizer, and on the crash that only ARM shows."""

from __future__ import annotations

import pathlib
import platform

import pytest

from tests.models import dense
from tfedge.reports.fix import fix_file

CORPUS = pathlib.Path(__file__).resolve().parent.parent / "golden" / "gate"
EVERYWHERE = [f"{name}@{platform.machine()}" for name in ("ai-edge-litert==2.3.0", "tflite-runtime==2.14.0")]


@pytest.mark.parametrize(
    "name, lines",
    [
        # The quantizer: a scale a channel under version 5, silently wrong on 2.14.
        ("attention.lq_dynamic", ["4 x int8 weights get one scale in place of one a channel"]),
        # The converter: version 12 for all products of the file, float ones too, refused by 2.14.
        (
            "text.dynamic",
            [
                "int8 weights get one scale in place of one a channel",
                "2 x FULLY_CONNECTED says version 9 and not 12",
                "min_runtime_version says 2.3.0 and not 2.17.0",
            ],
        ),
    ],
)
def test_file_of_the_official_tools_when_fixed_is_right_on_both_runtimes(
    name: str, lines: list[str], tmp_path: pathlib.Path
) -> None:
    report = fix_file(CORPUS / f"{name}.tflite", EVERYWHERE, tmp_path / "out.tflite")

    assert report.before.verdict == "fail"
    assert report.after is not None and report.after.verdict == "pass", report.reason
    assert list(report.lines) == lines
    assert report.cost is not None
    # int8 has 256 steps, and rounding once more costs less than what it cost at first: some 40 dB of signal remain.
    assert all(each.snr_db is None or each.snr_db > 30 for each in report.cost.outputs)


def test_crash_on_arm_when_biases_are_added_is_gone_and_no_bit_changed(arm, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "without_bias.tflite"
    path.write_bytes(dense("int8_static", per_channel=True, bias=False, rows=4))

    report = fix_file(path, [EVERYWHERE[0], "tflite-runtime==2.14.0@aarch64"], tmp_path / "out.tflite")

    before, after = report.before.files[0].targets[1], report.after and report.after.files[0].targets[1]
    assert any("SIGSEGV" in finding.message for finding in before.findings)
    assert after is not None and after.verdict == "pass"
    assert report.lines == ("int8 FULLY_CONNECTED without bias gets one of zeros",)
    assert report.cost is not None and report.cost.is_identical
