"""The gate on over 200 real and broken files: the verdict of each on each target is the truth, measured without it.

`truth.json` holds what each real file does on each target against Keras' own float answers, written by
tools/measure_gate_corpus.py, which uses no check. So a false alarm fails here as a miss does.
"""

from __future__ import annotations

import json
import pathlib

import pytest

from tests.broken import broken_files
from tfedge.reports.check import check_files
from tfedge.tasks.shipped import shipped_file

CORPUS = pathlib.Path(__file__).resolve().parent.parent / "golden" / "gate"
TRUTH = json.loads((CORPUS / "truth.json").read_text())
X86 = ("tflite-runtime==2.14.0@x86_64", "ai-edge-litert==2.3.0@x86_64")
ARM = (
    "tflite-runtime==2.14.0@aarch64:cortex-a72",
    "ai-edge-litert==2.3.0@aarch64:cortex-a72",
    # The dot-product kernels of 2.14 crash on files that its others run.
    "tflite-runtime==2.14.0@aarch64:cortex-a76",
)
ANDROID = tuple(
    f"android-tflite==2.16.1@{place}" for place in ("x86_64", "arm64-v8a:cortex-a72", "arm64-v8a:cortex-a76")
)
# Files whose right answer is no number: what is expected of them follows from what they are.
SPECIAL = {
    "special_branches.tflite": "pass",
    "special_counter.tflite": "pass",
    "special_custom_op.tflite": "fail",
    "special_open_batch.tflite": "pass",
    "special_random.tflite": "not_measured",
    "special_two_signatures.tflite": "pass",
}


def expected(name: str, target: str) -> str:
    if name in SPECIAL:
        return SPECIAL[name]
    return "pass" if TRUTH[name][target]["outcome"] == "right" else "fail"


def verdicts(report) -> dict[tuple[str, str], str]:
    return {(pathlib.Path(file.path).name, each.target): each.verdict for file in report.files for each in file.targets}


def wrong_verdicts(targets: tuple[str, ...], run: bool = True) -> dict[tuple[str, str], str]:
    files = sorted(CORPUS.glob("*.tflite"))
    assert len(files) == len(TRUTH) + len(SPECIAL) > 125
    found = verdicts(check_files(files, targets, run=run))
    assert len(found) == len(files) * len(targets)
    return {key: verdict for key, verdict in found.items() if verdict != expected(*key)}


def test_real_file_on_each_runtime_of_this_machine_gets_the_verdict_it_deserves():
    assert wrong_verdicts(X86) == {}


def test_real_file_on_emulated_arm_gets_the_verdict_it_deserves(arm):
    assert wrong_verdicts(ARM) == {}


def test_real_file_on_android_gets_the_verdict_it_deserves_without_running_it():
    """The rules alone, against what was measured of Android's library; that an answer is random they cannot see."""
    wrong = wrong_verdicts(ANDROID, run=False)

    assert {name for name, _ in wrong} == {"special_random.tflite"} and set(wrong.values()) == {"pass"}


def test_truth_when_counted_has_files_of_every_kind_on_both_sides():
    outcomes = {(target, row["outcome"]) for rows in TRUTH.values() for target, row in rows.items()}

    for target in (*X86, *ARM, *ANDROID):
        assert {(target, "right"), (target, "wrong"), (target, "refused")} <= outcomes
    assert (ARM[2], "crashed") in outcomes


@pytest.fixture(scope="module")
def broken(tmp_path_factory) -> list[pathlib.Path]:
    folder = tmp_path_factory.mktemp("broken")
    model = (CORPUS / "attention.static.tflite").read_bytes()
    other = (CORPUS / "mlp.float32.tflite").read_bytes()
    files = broken_files(model, shipped_file("g2p/g2p.tflite").read_bytes(), other)
    for name, data in files.items():
        (folder / f"{name}.tflite").write_bytes(data)
    return sorted(folder.iterdir())


def test_broken_file_is_refused_by_reading_and_never_run(broken):
    damaged = [path for path in broken if not path.name.startswith("pack_")]
    report = check_files(damaged, X86)

    assert len(damaged) >= 69
    assert set(verdicts(report).values()) == {"fail"}
    gates = {finding.gate for file in report.files for each in file.targets for finding in each.findings}
    assert gates == {"readable", "apk_readable"}  # One is a zip, which is read as a package.


def test_pack_that_was_changed_fails_whatever_its_model_does(broken):
    report = check_files([path for path in broken if path.name.startswith("pack_")], X86)

    assert len(report.files) >= 6
    for file in report.files:
        for each in file.targets:
            assert [finding.verdict for finding in each.findings if finding.gate == "pack_whole"] == ["fail"]
