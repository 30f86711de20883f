"""The check stage: files in, verdicts out, on runtimes that are really run."""

from __future__ import annotations

import contextlib
import json

import numpy as np
import pytest

from tests import models
from tests.golden import packed_autokey
from tests.models import behaving
from tfedge.errors import ArtifactError, ConfigError, RuntimeUnavailableError
from tfedge.progress import SilentReporter
from tfedge.reports.check import check_files, choose
from tfedge.reports.check_report import CheckReport
from tfedge.runtime.targets import installed_targets

LITERT, TFLITE = (
    next(str(target) for target in installed_targets() if target.name == name)
    for name in ("ai-edge-litert", "tflite-runtime")
)
BOTH = [TFLITE, LITERT]


@pytest.fixture
def write(tmp_path):
    """Returns a function: (name, bytes) -> path of the file."""

    def write(name, data):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


def gates(check, verdict="fail"):
    return {finding.gate for finding in check.findings if finding.verdict == verdict}


def test_check_files_when_mixed_judges_each_on_each_target(write):
    good = write("good.tflite", models.dense())
    wrong = write("wrong.tflite", models.dense("int8_dynamic", per_channel=True))
    report = check_files([good, wrong], BOTH)
    assert [file.path for file in report.files] == [str(good), str(wrong)]
    assert [[check.verdict for check in file.targets] for file in report.files] == [["pass", "pass"], ["fail", "pass"]]
    assert "matches_reference" in gates(report.files[1].targets[0])
    assert (report.verdict, report.exit_code, report.targets) == ("fail", 1, tuple(BOTH))
    assert all(check.seconds > 0 for _, check in report.checks())
    assert CheckReport.from_json(json.loads(json.dumps(report.to_json()))) == report


def damaged_files():
    whole = models.dense()
    changed = bytearray(whole)
    changed[0:4] = (2**31).to_bytes(4, "little")
    return {
        "empty": b"",
        "text": b"no model at all",
        "random": np.random.default_rng(1).bytes(2000),
        "cut": whole[: len(whole) // 2],
        "wrong offset": bytes(changed),
    }


@pytest.mark.parametrize("data", damaged_files().values(), ids=damaged_files())
def test_check_files_when_damaged_fails_readable_and_is_given_to_no_interpreter(write, data):
    (file,) = check_files([write("damaged.tflite", data)], BOTH).files
    for check in file.targets:
        (finding,) = check.findings
        assert (finding.gate, finding.verdict, check.seconds) == ("readable", "fail", 0)
        assert finding.cause and finding.consequence and finding.fix
    assert file.size_bytes == len(data)


def test_check_files_when_a_pack_was_changed_says_so_and_runs_the_model_all_the_same(tmp_path):
    path = tmp_path / "packed.tflite"
    packed_autokey.write(path)
    assert check_files([path], [LITERT]).verdict == "pass"
    data = bytearray(path.read_bytes())
    data[-200] ^= 1  # In the zip behind the model.
    path.write_bytes(data)
    (check,) = check_files([path], [LITERT]).files[0].targets
    assert gates(check) == {"pack_whole"} and "runs" in gates(check, "pass")


def test_check_files_when_static_reads_only(write):
    path = write("wrong.tflite", models.dense("int8_dynamic", per_channel=True, rows=8))
    report = check_files(
        [path], [TFLITE, "tflite-runtime==2.14.0@aarch64", "android-tflite==2.16.1@arm64-v8a"], run=False
    )
    assert not report.has_run and report.files[0].targets[0].verdict == "fail"
    assert all("loads" not in gates(check, "pass") and check.seconds == 0 for check in report.files[0].targets)


def test_check_files_when_a_target_needs_a_phone_is_not_measured_there(write):
    report = check_files([write("good.tflite", models.dense())], [LITERT, "android-tflite==2.16.1@arm64-v8a"])
    here, phone = report.files[0].targets
    assert here.verdict == "pass" and gates(phone, "not_measured") >= {"runs"} and report.exit_code == 3


def test_check_files_when_a_target_is_not_installed_says_how_to_add_it(write, monkeypatch, tmp_path):
    monkeypatch.setenv("TFEDGE_CACHE", str(tmp_path / "cache"))
    target = "tflite-runtime==2.13.0@x86_64"
    with pytest.raises(RuntimeUnavailableError, match=f"run: tfedge targets add {target}"):
        check_files([write("good.tflite", models.dense())], [target])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"targets": ["tflite-rumtime"]}, "did you mean 'tflite-runtime'"),
        ({"targets": ["tflite-runtime==2.14.0"]}, "name==version@arch"),
        ({"run": False, "reference": "x.tflite"}, "leave out --static"),
    ],
)
def test_check_files_when_asked_wrongly_says_what_is_accepted(write, options, said):
    with pytest.raises(ConfigError, match=said):
        check_files([write("good.tflite", models.dense())], **options)


def test_check_files_when_a_name_is_not_utf_8_says_so_and_shows_it_harmless(tmp_path):
    path = tmp_path / "\udcff\x1b[31m.tflite"
    path.write_bytes(models.dense())
    with pytest.raises(ConfigError, match="UTF-8") as caught:
        check_files([path])
    assert str(caught.value).isprintable()


def test_check_files_when_there_is_no_file_refuses(tmp_path):
    with pytest.raises(ConfigError, match="one file or more"):
        check_files([])
    with pytest.raises(ArtifactError, match="there is none"):
        check_files([tmp_path / "none.tflite"])


def test_choose_when_nothing_is_named_takes_what_is_beside_this_python(monkeypatch, tmp_path):
    monkeypatch.setenv("TFEDGE_CACHE", str(tmp_path))
    assert {str(target) for target in choose(None)} == {str(target) for target in installed_targets()}
    assert [str(target) for target in choose(["ai-edge-litert", LITERT])] == [LITERT]


class Listening(SilentReporter):
    """Adds up what its bars were told."""

    def __init__(self):
        self.totals, self.done, self.notes = [], 0.0, set()

    @contextlib.contextmanager
    def bar(self, label, total):
        self.totals.append((label, total))
        yield self

    def advance(self, amount=1, note=""):
        self.done += amount
        self.notes.add(note)


@pytest.mark.parametrize("run", [True, False])
def test_check_files_when_listened_to_tells_of_every_file_on_every_target(write, run):
    paths = [write("good.tflite", models.dense()), write("cut.tflite", models.dense()[:99])]
    heard = Listening()
    check_files(paths, [*BOTH, "android-tflite==2.16.1@arm64-v8a"], run=run, reporter=heard)
    assert (heard.totals, heard.done) == ([("check", 6)], 6) and heard.notes == {"good.tflite", "cut.tflite"}


def test_check_files_when_a_user_s_cases_are_given_judges_by_them(write, tmp_path):
    rows = np.random.default_rng(2).normal(size=(4, 1, 16)).astype(np.float32)
    np.savez(tmp_path / "cases.npz", x=rows, expected_y=models.dense_reference(rows))
    reference = write("float.tflite", models.dense())
    for model, verdict in ((models.dense("int8_dynamic"), "pass"), (models.dense("int8_dynamic", bias=False), "fail")):
        path = write("model.tflite", model)
        assert check_files([path], [LITERT], inputs=tmp_path / "cases.npz").verdict == verdict
        assert check_files([path], [LITERT], reference=reference).verdict == verdict


def test_check_files_when_the_board_is_arm_finds_what_x86_does_not_show(write, arm):
    good = write("good.tflite", models.dense())
    wrong = write("wrong.tflite", models.gather_dense("int8_dynamic", per_channel=True))
    far = write("far.tflite", behaving.slices(behaving.FAR))
    report = check_files([good, wrong, far], list(arm))
    assert [[check.verdict for check in file.targets] for file in report.files] == [
        ["pass", "pass"],
        ["fail", "pass"],
        ["fail", "not_measured"],
    ]
    (runs,) = [finding for finding in report.files[2].targets[0].findings if finding.gate == "runs"]
    assert "died by SIGSEGV" in runs.message and "op 1 SLICE" in runs.cause
