"""The fix stage: what is written is right on every target, and otherwise nothing is written."""

from __future__ import annotations

import io
import json
import pathlib
import platform
import zipfile

import numpy as np
import pytest

from tests.models import dense, gather_dense, with_custom_op
from tests.models.dense import dense_reference
from tfedge.checks import fixes
from tfedge.errors import ArtifactError, ConfigError
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.layout import Place
from tfedge.modelfile.pack import Pack, read_pack, write_pack
from tfedge.modelfile.rewrite import ModelEditor
from tfedge.reports.fix import fix_file
from tfedge.reports.fix_report import FixReport
from tfedge.runtime.client import Worker
from tfedge.runtime.targets import installed_targets

LITERT = next(str(target) for target in installed_targets() if target.name == "ai-edge-litert")
# Where tflite-runtime is not installed (Python 3.12 and later) LiteRT alone is asked.
OLD = next((str(target) for target in installed_targets() if target.name == "tflite-runtime"), None)
EVERYWHERE = [target for target in (LITERT, OLD) if target]
SHIPPED = pathlib.Path(__file__).resolve().parents[3] / "models" / "g2p" / "g2p.tflite"


def fixed(folder: pathlib.Path, model_bytes: bytes, targets: list[str], **options: bool) -> FixReport:
    path = folder / "model.tflite"
    path.write_bytes(model_bytes)
    report = fix_file(path, targets, folder / "out.tflite", **options)
    assert path.read_bytes() == model_bytes
    assert FixReport.from_json(json.loads(json.dumps(report.to_json()))) == report
    assert bool(report.out) == (folder / "out.tflite").exists()
    return report


def test_fix_file_when_an_old_runtime_reads_one_scale_of_many_gives_it_one(tmp_path: pathlib.Path) -> None:
    report = fixed(tmp_path, dense("int8_dynamic", per_channel=True, rows=8), EVERYWHERE)

    assert report.before.verdict == ("fail" if OLD else "pass")
    assert report.after is not None and report.after.verdict == "pass" and report.exit_code == 0
    assert report.after.files[0].path == report.out
    if OLD:
        assert [each.plan for each in report.rejected] == ["what the file says of itself is made true"]
        assert report.lines == ("int8 weights get one scale in place of one a channel",)
    x = np.random.default_rng(1).normal(size=(8, 16)).astype(np.float32)
    for target in EVERYWHERE:
        with Worker(target.partition("==")[0]) as worker:
            worker.load(report.out)
            got = worker.run("serving_default", {"x": x})["y"]
        # As in the test of the edit itself: rounding of weights and activations, four times over.
        assert np.abs(got - dense_reference(x)).max() < 0.076


def test_fix_file_when_no_target_minds_makes_the_version_true_and_keeps_every_bit_and_file(
    tmp_path: pathlib.Path,
) -> None:
    buffer = io.BytesIO(gather_dense("int8_dynamic", per_channel=True))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("labels.txt", "one\ntwo\n")
        archive.writestr("vocab.txt", "a\nb\n" * 99, zipfile.ZIP_DEFLATED)
    (tmp_path / "out.tflite").write_bytes(b"an older one")

    report = fixed(tmp_path, buffer.getvalue(), [LITERT], force=True)

    assert report.before.verdict == "pass" and report.exit_code == 0
    assert report.lines == ("FULLY_CONNECTED says version 12 and not 5",)
    assert report.cost is not None and report.cost.is_identical
    assert [op.version for op in read_graph(pathlib.Path(report.out).read_bytes()).ops] == [1, 12]
    with zipfile.ZipFile(report.out) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["labels.txt", "vocab.txt"]
        assert archive.read("labels.txt") == b"one\ntwo\n"


def test_fix_file_when_nothing_is_wrong_writes_nothing(tmp_path: pathlib.Path) -> None:
    report = fixed(tmp_path, dense("int8_dynamic"), EVERYWHERE)

    assert report.reason.startswith("nothing to fix") and report.exit_code == 0


def test_fix_file_when_there_is_no_safe_rewrite_writes_nothing(tmp_path: pathlib.Path) -> None:
    report = fixed(tmp_path, with_custom_op(), [LITERT])

    assert "no safe rewrite" in report.reason and report.exit_code == 1


def test_fix_file_when_a_rewrite_would_lose_the_answers_writes_nothing(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def far_too_small(editor: ModelEditor, tensor: Place) -> float:
        return 1e-4  # Cuts nearly every weight off at 127 of these.

    monkeypatch.setattr(fixes, "one_scale_of", far_too_small)
    # Version 12 is true and old runtimes refuse it: only one scale is left to try.
    report = fixed(tmp_path, dense("int8_dynamic", per_channel=True, version=12, rows=8), EVERYWHERE)

    if OLD:
        assert report.exit_code == 1 and "keeps_answers" in report.reason
    assert not report.out


def test_fix_file_when_the_output_exists_refuses_before_any_work(tmp_path: pathlib.Path) -> None:
    (tmp_path / "out.tflite").write_bytes(b"mine")

    with pytest.raises(ArtifactError, match="--force"):
        fixed(tmp_path, dense("int8_dynamic", per_channel=True), [LITERT])
    assert (tmp_path / "out.tflite").read_bytes() == b"mine"


def test_fix_file_when_it_cannot_start_says_so(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ArtifactError):
        fixed(tmp_path, b"no model", [LITERT])
    with pytest.raises(ConfigError):
        fixed(tmp_path, dense(), ["ai-edge-litert==2.3.0"])


def test_fix_file_when_a_target_needs_a_device_is_judged_by_rules_there(tmp_path: pathlib.Path) -> None:
    report = fixed(tmp_path, dense("int8_dynamic", per_channel=True), [LITERT, "android-tflite==2.16.1@arm64-v8a"])

    assert report.out and report.after is not None
    android = report.after.files[0].targets[1]
    assert android.verdict == "not_measured" and report.exit_code == 3


def liar(path: pathlib.Path) -> Pack:
    """Writes the shipped model as a quantizer would that goes per channel and leaves the op version alone.

    Each channel gets the scale that its tensor had: the numbers are the shipped ones, whoever reads all scales.
    """
    shipped = read_pack(SHIPPED)
    editor, graph = ModelEditor(shipped.model_bytes), read_graph(shipped.model_bytes)
    products = [op for op in graph.ops if op.name == "FULLY_CONNECTED"]
    for op in products:
        weights = op.inputs[1]
        assert weights is not None and weights.scale is not None
        editor.set_quantization([(weights.subgraph, weights.index)], [weights.scale] * weights.shape[0])
    editor.set_op_versions({(op.subgraph, op.index): 5 for op in products})
    fields = {"recipe": shipped.manifest.recipe, "provenance": shipped.manifest.provenance, "gates": [{"gate": "old"}]}
    return write_pack(path, editor.to_bytes(), shipped.task, shipped.golden, fields)


def test_fix_file_when_the_file_is_packed_packs_it_again(tmp_path: pathlib.Path) -> None:
    original = liar(tmp_path / "liar.tflite")

    report = fix_file(original.path, EVERYWHERE, tmp_path / "out.tflite")

    assert report.exit_code == 0, report.reason
    pack = read_pack(report.out)
    assert pack.golden == original.golden  # Measured again where numbers changed, and the same: scales were equal.
    assert pack.manifest.targets == tuple(EVERYWHERE)
    assert pack.manifest.provenance["fixes"][0]["original_sha256"] == original.sha256
    assert pack.manifest.gates == (() if OLD else original.manifest.gates)
    assert report.cost is not None and report.cost.answers is not None
    assert report.cost.answers.golden_equal == len(original.golden)
    graph = read_graph(pack.model_bytes)
    assert set(graph.signatures) == set(read_graph(original.model_bytes).signatures)
    assert graph.per_channel_weights == (0 if OLD else 45)
    if OLD:
        failed = {
            finding.gate
            for _, check in report.before.checks()
            for finding in check.findings
            if finding.verdict == "fail"
        }
        assert "golden_cases" in failed


def test_targets_of_this_file_are_of_this_machine() -> None:
    assert LITERT.endswith(platform.machine())
