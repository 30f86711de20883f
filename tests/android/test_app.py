"""The app that Maven built, seen by tfedge: what is in the package, and what its core does on this machine's JVM."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
import zipfile

import pytest

from tests.e2e.commands import run_tfedge
from tests.golden import packed_autokey
from tools.android import build

# Modules whose tests run on Android's own library, or on the class files that go into the app.
TESTED_MODULES = ("core", "host", "app", "arm64", "../tests/android/second_app")
LIMIT_BYTES = 9_000_000  # of a package with two ABIs


@pytest.mark.parametrize("module", TESTED_MODULES)
def test_build_then_tests_of_every_module_ran_and_none_was_skipped(demo, module):
    reports = list((demo / module / "target" / "surefire-reports").glob("TEST-*.xml"))
    suites = [ElementTree.parse(report).getroot() for report in reports]
    assert sum(int(suite.get("tests", 0)) for suite in suites) > 0
    assert [suite.get("name") for suite in suites if suite.get("skipped") != "0"] == []


def test_apk_then_two_abis_the_shipped_model_and_a_small_file(apk, root):
    assert apk.stat().st_size <= LIMIT_BYTES
    with zipfile.ZipFile(apk) as package:
        names = package.namelist()
        assert package.read("assets/g2p.tflite") == (root / "models" / "g2p" / "g2p.tflite").read_bytes()
        assert package.getinfo("assets/g2p.tflite").compress_type == zipfile.ZIP_STORED
    assert {name.split("/")[1] for name in names if name.startswith("lib/")} == {"arm64-v8a", "x86_64"}


def test_check_of_the_apk_then_only_what_the_runtime_cannot_help_fails(apk, root):
    model = root / "models" / "g2p" / "g2p.tflite"
    run = run_tfedge(root, "check", apk, "--model", model, "--json")
    failed = {
        finding["gate"]
        for file in json.loads(run.stdout)["files"]
        for target in file["targets"]
        for finding in target["findings"]
        if finding["verdict"] == "fail"
    }
    # TensorFlow Lite 2.16.1 is linked for pages of 4 KB, and no later one is to be had from Maven's central repository.
    assert (run.returncode, failed) == (1, {"page_size_16kb"})
    assert run_tfedge(root, "check", apk, "--model", model, "--allow", "page_size_16kb").returncode == 0


def test_check_of_the_apk_when_another_model_was_meant_then_it_fails(apk, root, tmp_path):
    other = packed_autokey.write(tmp_path / "other.tflite").path
    run = run_tfedge(root, "check", apk, "--model", other, "--allow", "page_size_16kb")
    assert run.returncode == 1 and "sha256" in run.stdout


def test_deploy_to_android_host_then_every_stage_is_that_of_this_machine(demo, root, tmp_path):
    model = root / "models" / "g2p" / "g2p.tflite"
    run = run_tfedge(root, "deploy", "android", model, "--device", "android-host", "--out", tmp_path, "--json")
    assert run.returncode == 0, run.stderr
    compared = run_tfedge(
        root, "validate", "--compare", tmp_path / "g2p.local.json", tmp_path / "g2p.android-host.json"
    )
    assert compared.returncode == 0
    assert "tokens          16 of 16 the same" in compared.stdout


def test_sources_sha256_when_a_source_changes_then_another(tmp_path):
    (tmp_path / "android_demo" / "core" / "target").mkdir(parents=True)
    source = tmp_path / "android_demo" / "core" / "Pack.kt"
    source.write_text("class Pack")
    before = build.sources_sha256(tmp_path)
    (tmp_path / "android_demo" / "core" / "target" / "Pack.class").write_text("what a build writes")
    assert build.sources_sha256(tmp_path) == before
    source.write_text("class Packed")
    assert build.sources_sha256(tmp_path) != before
