"""A claim says what a check proved, and is taken back by one that does not."""

from __future__ import annotations

import dataclasses
import shutil

import pytest

from tests import models
from tfedge.checks.verdict import Finding
from tfedge.cli.main import main
from tfedge.errors import ArtifactError, ConfigError
from tfedge.modelfile.pack import read_pack, reseal
from tfedge.reports.check import check_files
from tfedge.reports.check_report import TargetCheck
from tfedge.reports.claims import record_claims
from tfedge.tasks.shipped import shipped_file

LITERT, ARM = "ai-edge-litert==2.3.0@x86_64", "ai-edge-litert==2.3.0@aarch64:cortex-a72"


@pytest.fixture
def packed(tmp_path):
    path = tmp_path / "g2p.tflite"
    shutil.copy(shipped_file("g2p/g2p.tflite"), path)
    reseal(read_pack(path), path, targets=[ARM])
    return path


@pytest.fixture
def report(packed):
    return check_files([packed], [LITERT])


def failed(report):
    """The same report, had the file failed."""
    check = TargetCheck(LITERT, (Finding("runs", "fail", "died"),))
    return dataclasses.replace(report, files=(dataclasses.replace(report.files[0], targets=(check,)),))


def test_claim_when_a_target_passed_then_added_and_others_stay(packed, report):
    before = read_pack(packed)
    assert record_claims(report) == list(report.files)

    after = read_pack(packed)
    assert after.manifest.targets == (ARM, LITERT)
    assert (after.model_bytes, after.golden, after.task) == (before.model_bytes, before.golden, before.task)


def test_claim_when_a_target_failed_then_taken_back(packed, report):
    record_claims(report)
    checked = check_files([packed], [LITERT])
    record_claims(failed(checked))

    assert read_pack(packed).manifest.targets == (ARM,)


def test_claim_when_the_file_was_changed_since_then_refused(packed, report):
    reseal(read_pack(packed), packed, targets=[])

    with pytest.raises(ArtifactError, match="changed meanwhile"):
        record_claims(report)


def test_claim_when_nothing_was_run_then_refused(report):
    with pytest.raises(ConfigError, match="static rules alone"):
        record_claims(dataclasses.replace(report, has_run=False))


def test_claim_flag_then_the_pack_says_it(packed, capsys):
    assert main(["check", str(packed), "--target", LITERT, "--claim"]) == 0
    assert read_pack(packed).manifest.targets == (ARM, LITERT)


@pytest.mark.parametrize("flag", ["--static", "--fix=out.tflite"])
def test_claim_flag_when_the_file_is_not_run_as_it_is_then_one_line(packed, capsys, flag):
    assert main(["check", str(packed), "--claim", flag]) == 2
    assert "leave out --static and --fix" in capsys.readouterr().err


def test_claim_flag_when_there_is_no_pack_then_one_line(tmp_path, capsys):
    path = tmp_path / "plain.tflite"
    path.write_bytes(models.dense())

    assert main(["check", str(path), "--claim"]) == 2
    assert "without a pack" in capsys.readouterr().err
