"""Packages in the check stage: what is inside on what is inside, beside models and by itself."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from tests import apks, models
from tests.apks import binaries
from tests.apks.app import LIBRARY, model, published
from tests.apks.zips import DEFLATED, Entry, zip_bytes
from tests.project import sources
from tfedge.errors import ArtifactError, ConfigError
from tfedge.modelfile.apk import zip_file
from tfedge.reports import junit
from tfedge.reports.check import check_files
from tfedge.reports.check_report import PACKAGE, CheckReport
from tfedge.reports.check_table import check_lines
from tools.fuzz_reader import with_pack

ARM, X86 = (f"android-tflite==2.16.1@{abi}" for abi in ("arm64-v8a", "x86_64"))
# One scale a channel, as TF 2.21's converter writes it: FULLY_CONNECTED version 12.
REFUSED = models.dense("int8_dynamic", per_channel=True, version=12)


@pytest.fixture
def check(tmp_path, monkeypatch):
    """Returns a function: (package, options of check_files) -> report; apksigner is not installed."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def run(data: bytes, name: str = "app.apk", **options) -> CheckReport:
        path = tmp_path / name
        path.write_bytes(data)
        return check_files([path], **options)

    return run


def gates(report: CheckReport, verdict: str = "fail") -> set[str]:
    return {one.gate for _, check in report.checks() for one in check.findings if one.verdict == verdict}


def finding(report: CheckReport, gate: str):
    return next(one for _, check in report.checks() for one in check.findings if one.gate == gate)


def test_check_when_an_app_is_sound_judges_package_and_model(check):
    report = check(apks.build())
    package, inside = report.files
    assert [each.target for each in package.targets] == [PACKAGE]
    assert inside.path == package.path + "!/assets/g2p.tflite" and inside.size_bytes == len(model())
    assert [each.target for each in inside.targets] == [ARM, X86]
    assert (report.verdict, report.exit_code, report.has_run) == ("pass", 0, False)
    assert (
        "signature_verified" in gates(report, "pass")
        and "not verified" in finding(report, "signature_verified").message
    )
    assert CheckReport.from_json(json.loads(json.dumps(report.to_json()))) == report


def test_check_when_the_model_is_newer_than_the_interpreter_inside_fails_on_it(check):
    report = check(apks.build(assets={"m.tflite": REFUSED}))
    assert gates(report) == {"op_version"} and report.files[0].verdict == "pass"
    assert "FULLY_CONNECTED version 12" in finding(report, "op_version").message


def test_check_when_the_interpreter_was_not_measured_says_so_and_what_later_ones_refuse(check):
    old = {f"arm64-v8a/{LIBRARY}": binaries.interpreter(version="2.14.0")}
    sound = check(apks.build(libraries=old))
    assert gates(sound, "not_measured") == {"unmeasured_target"} and sound.exit_code == 3
    assert sound.files[1].targets[0].target == "android-tflite==2.14.0@arm64-v8a"
    refused = check(apks.build(libraries=old, assets={"m.tflite": REFUSED}))
    said = finding(refused, "op_version")
    assert refused.exit_code == 1 and "even on 2.16.1, which is later than 2.14.0" in said.message
    assert "android-tflite==2.14.0@arm64-v8a refuses the file" in said.consequence


def test_check_when_the_interpreter_is_later_than_all_that_was_measured_claims_nothing(check):
    later = {f"arm64-v8a/{LIBRARY}": binaries.interpreter(version="2.99.0")}
    report = check(apks.build(libraries=later, assets={"m.tflite": REFUSED}))
    assert gates(report) == set() and gates(report, "not_measured") >= {"unmeasured_target"}


@pytest.mark.parametrize(
    ("libraries", "said"),
    [
        ({"arm64-v8a/libLiteRt.so": binaries.interpreter(version="")}, "arm64-v8a/libLiteRt.so"),
        ({"riscv64/libLiteRt.so": binaries.interpreter("arm64-v8a")}, "riscv64/libLiteRt.so"),
    ],
)
def test_check_when_an_interpreter_says_no_version_is_not_measured(check, libraries, said):
    report = check(apks.build(libraries={f"arm64-v8a/{LIBRARY}": published("arm64-v8a"), **libraries}))
    found = [one for _, each in report.checks() for one in each.findings if one.verdict == "not_measured"]
    assert [one.gate for one in found] == ["apk_runtime"] and said in found[0].message
    assert [each.target for each in report.files[1].targets] == [ARM, PACKAGE]


def test_check_when_there_is_no_interpreter_says_that_none_was_asked(check):
    report = check(apks.build(libraries={}))
    assert gates(report) == {"runtime_missing"} and gates(report, "not_measured") == {"apk_runtime"}


def test_check_when_a_target_is_named_judges_for_that_one(check):
    report = check(apks.build(libraries={}), targets=[ARM])
    assert [each.target for each in report.files[1].targets] == [ARM] and report.files[1].verdict == "pass"


def test_check_when_the_named_target_is_not_the_one_inside_fails(check):
    old = {f"arm64-v8a/{LIBRARY}": binaries.interpreter(version="2.14.0")}
    assert "other_runtime" in gates(check(apks.build(libraries=old), targets=[ARM]))
    assert gates(check(apks.build(), targets=[ARM, X86])) == set()


def test_check_when_a_library_for_flex_ops_is_inside_does_not_call_them_refused(check):
    flex = {f"arm64-v8a/{LIBRARY}": published("arm64-v8a")}
    assets = {"m.tflite": models.with_flex_op()}
    assert "flex_op" in gates(check(apks.build(libraries=flex, assets=assets)))
    flex["arm64-v8a/libtensorflowlite_flex_jni.so"] = binaries.elf()
    report = check(apks.build(libraries=flex, assets=assets))
    assert "flex_op" not in gates(report) and "flex_op" in gates(report, "not_measured")


@pytest.mark.parametrize("method", [0, DEFLATED])
def test_check_when_a_model_is_packed_or_damaged_says_so(check, method):
    packed = with_pack(model())
    damaged = packed[:-200] + bytes([packed[-200] ^ 1]) + packed[-199:]
    assets = {"a.tflite": packed, "b.tflite": damaged, "c.tflite": model()[:99]}
    report = check(apks.build(assets=assets, model_method=method))
    failed = {
        file.path.rpartition("/")[2]: {
            one.gate for each in file.targets for one in each.findings if one.verdict == "fail"
        }
        for file in report.files[1:]
    }
    assert failed == {"a.tflite": set(), "b.tflite": {"pack_whole"}, "c.tflite": {"readable"}}


def test_check_when_the_wanted_model_is_inside_passes_and_else_says_in_what_it_differs(check, tmp_path):
    packed, bare = tmp_path / "packed.tflite", tmp_path / "bare.tflite"
    packed.write_bytes(with_pack(model()))
    bare.write_bytes(model())
    app = apks.build(assets={"x.tflite": packed.read_bytes()})
    assert gates(check(app, model=packed)) == set()
    assert "same model with another pack" in finding(check(app, model=bare), "model_matches").cause
    bare.write_bytes(REFUSED)
    assert "an older or another model" in finding(check(app, model=bare), "model_matches").cause


def test_check_when_a_failure_is_allowed_is_a_note_and_nothing_else_is(check):
    four = {f"arm64-v8a/{LIBRARY}": published("arm64-v8a", 4096)}
    app = apks.build(libraries=four, schemes=())
    report = check(app, allowed=["page_size_16kb", "target_sdk"])
    assert gates(report) == {"unsigned"} and "accepted by --allow" in finding(report, "page_size_16kb").message
    assert check(app, allowed=["page_size_16kb", "unsigned"]).exit_code == 0


BUNDLE = zip_bytes([Entry("BundleConfig.pb"), Entry("base/manifest/AndroidManifest.xml")])


@pytest.mark.parametrize(
    ("data", "name", "said", "fix"),
    [
        (BUNDLE, "a.aab", "App Bundle (AAB)", "bundletool build-apks --mode=universal"),
        (zip_bytes([Entry("base.apk")]), "a.apks", "a set of APKs", "unzip it"),
        (zip_bytes([Entry("a.txt")]), "a.apk", "without AndroidManifest.xml", "name an .apk"),
        (zip_bytes([Entry("AndroidManifest.xml"), Entry("classes.jar")]), "a.aar", "library (AAR)", "that uses it"),
        (b"", "a.apk", "its end is missing", "copy or build it again"),
        (b"<html>", "a.aab", "its end is missing", "copy or build it again"),
    ],
)
def test_check_when_it_is_another_file_says_what_it_is(check, data, name, said, fix):
    report = check(data, name)
    ((one,),) = [each.findings for _, each in report.checks()]
    assert (one.gate, one.verdict) == ("apk_readable", "fail") and said in one.message and fix in one.fix


def test_check_when_a_compressed_model_is_larger_than_what_is_unpacked_fails_in_words(check, monkeypatch):
    monkeypatch.setattr(zip_file.ZipFile.read, "__defaults__", (1000,))
    report = check(apks.build(model_method=DEFLATED))
    assert "1000 bytes at most" in finding(report, "readable").message


def test_check_when_models_and_packages_are_mixed_judges_each_in_its_way(tmp_path, check):
    (tmp_path / "m.tflite").write_bytes(model())
    (tmp_path / "b.apk").write_bytes(apks.build())
    report = check_files([tmp_path / "m.tflite", tmp_path / "b.apk"], ["ai-edge-litert", X86])
    assert [pathlib.Path(file.path).name for file in report.files] == ["m.tflite", "b.apk", "g2p.tflite"]
    assert [len(file.targets) for file in report.files] == [2, 1, 1] and report.has_run
    assert "runs" in gates(report, "pass") and report.files[2].targets[0].target == X86


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"targets": ["ai-edge-litert"]}, "expected a target of Android for a package"),
        ({"targets": ["android-tflite==2.16.1@mips"]}, "architecture of android-tflite"),
        ({"inputs": "x.npz"}, "whose models are not run"),
        ({"allowed": ["page_size"]}, "did you mean 'page_size_16kb'"),
        ({"allowed": ["apk_readable"]}, "a rule to allow must be one of"),
    ],
)
def test_check_when_asked_wrongly_of_a_package_says_what_is_accepted(check, options, said):
    with pytest.raises(ConfigError, match=said):
        check(apks.build(), **options)


def test_check_when_the_wanted_model_is_none_is_refused(check, tmp_path):
    (tmp_path / "no.tflite").write_bytes(b"no model")
    for name, said in (("no.tflite", "expected a .tflite model"), ("none.tflite", "there is none")):
        with pytest.raises(ArtifactError, match=said):
            check(apks.build(), model=tmp_path / name)


def test_check_when_there_is_no_package_refuses_what_is_for_packages(check):
    for options in ({"model": "m.tflite"}, {"allowed": ["debuggable"]}):
        with pytest.raises(ConfigError, match="expected an Android package"):
            check(model(), "m.tflite", **options)


def test_junit_when_a_package_fails_has_a_case_for_it(check):
    report = check(apks.build(schemes=(), assets={"m.tflite": REFUSED}))
    suites = ET.fromstring(junit.junit_xml(report))
    assert [suite.attrib["name"] for suite in suites] == [PACKAGE, ARM, X86]
    failed = {case.attrib["name"] for case in suites.iter("testcase") if case.find("failure") is not None}
    assert failed == {"unsigned", "op_version"}


def test_lines_when_a_package_is_drawn_begin_with_what_it_is(check):
    lines = check_lines(check(apks.build(schemes=())))
    assert lines[1:3] == [
        "  fail  Android package",
        "    apk_facts: dev.example 1.2 (7); min SDK 26, target SDK 36; no permissions; ABIs arm64-v8a, x86_64; "
        "1 model; unsigned",
    ]
    assert lines[-3] == "2 files on 2 targets: 1 pass, 1 fail (static rules only: nothing was run)"


def test_names_when_a_stranger_wrote_them_are_printable(check):
    data = apks.build(more=(Entry("assets/\x1b[2Jm.tflite", model()),), libraries={"arm64-v8a/\u202e.so": b"x"})
    lines = check_lines(check(data))
    assert all(line.isprintable() for line in lines) and any("\\x1b[2Jm.tflite" in line for line in lines)


def test_check_of_a_model_loads_nothing_of_packages(tmp_path):
    (tmp_path / "m.tflite").write_bytes(model())
    code = (
        "import sys; from tfedge.reports.check import check_files; check_files(['m.tflite'], run=False); "
        "print(*(name for name in sys.modules if 'apk' in name))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(sources.ROOT)},
        check=True,
    )
    assert run.stdout.split() == ["tfedge.modelfile.apk", "tfedge.modelfile.apk.kind"]
