"""The stage on a tiny network with a layer that 4 bits destroy, by the real engines and the real runtime."""

from __future__ import annotations

import dataclasses
import json

import pytest

from tfedge.conversion.recipes import QUANTIZER, Recipe
from tfedge.conversion.scopes import DYNAMIC, TENSOR, Scope
from tfedge.errors import ArtifactError, ConfigError
from tfedge.modelfile.pack import read_pack
from tfedge.networks.trained_model import TrainedModel
from tfedge.pipeline.rescue import RescueFiles, network_sha256, rescue_file, rescue_model
from tfedge.pipeline.rescue_report import RescueConfig, RescueReport

LAYERS = "encoder_block_0/feed_forward"
RECIPE = Recipe(
    "four_bits", "feed-forward of 4 bits", QUANTIZER, (Scope(DYNAMIC, LAYERS, weight_bits=4, granularity=TENSOR),)
)
CONFIG = RescueConfig(max_points_lost=2.0, rank_words=40, num_words=40)


def stretch(network, factor=1_000.0):
    """Makes one inner feature `factor` times as large and what reads it as small: the same answers in float, and one
    scale for the whole matrix rounds everything else away."""
    inner = network.encoder_blocks[0].feed_forward
    kernels = [inner.intermediate_dense.kernel, inner.output_dense.kernel]
    first, second = (kernel.numpy() for kernel in kernels)
    first[:, 0] *= factor
    second[0] /= factor
    inner.intermediate_dense.bias.assign(inner.intermediate_dense.bias.numpy() * ([factor] + [1] * (len(second) - 1)))
    for kernel, values in zip(kernels, (first, second), strict=True):
        kernel.assign(values)


def test_rescue_model_when_a_layer_breaks_then_it_is_found_and_kept_in_eight_bits_or_float(data, model_file, tmp_path):
    model = TrainedModel.load(model_file)
    healthy = network_sha256(model)
    stretch(model.network)
    assert network_sha256(model) != healthy
    files = RescueFiles.of(tmp_path, "tiny", RECIPE)

    lax = dataclasses.replace(CONFIG, max_points_lost=99.9)
    met = rescue_model(model, data, tmp_path, "tiny", RECIPE, lax)
    assert met.needed_none and met.verdict == "pass" and met.steps == ()
    assert RescueReport.from_json(json.loads((files.state / "report.json").read_text())) == met
    assert list(tmp_path.iterdir()) == [files.state]

    report = rescue_model(model, data, tmp_path, "tiny", RECIPE, CONFIG)
    assert report.before == met.before and report.before.points_lost > 10
    assert report.verdict == "pass" and report.after.points_lost <= 2.0
    assert [step.place for step in report.steps[1:]] == [f"FULLY_CONNECTED in {LAYERS}/intermediate_dense"]
    mixed = Recipe.read(files.recipe)
    assert mixed.scopes == (*RECIPE.scopes, Scope.from_json(report.steps[1].scope))
    pack = read_pack(files.model)
    assert pack.manifest.recipe == "four_bits_rescued"
    assert len(pack.model_bytes) == report.after.size_bytes
    assert RescueReport.from_json(json.loads(files.report.read_text())) == report
    with pytest.raises(ArtifactError, match="--force"):
        rescue_model(model, data, tmp_path, "tiny", RECIPE, CONFIG)


def test_rescue_file_when_nothing_can_be_rescued_then_nothing_is_loaded(tmp_path):
    with pytest.raises(ConfigError, match="got float32"):
        rescue_file(tmp_path / "none.keras", tmp_path, "float32")


def test_rescue_file_when_an_output_exists_then_nothing_is_loaded(tmp_path):
    (tmp_path / "none.static_wi8_ai8_rescued.tflite").write_text("mine")
    with pytest.raises(ArtifactError, match="--force"):
        rescue_file(tmp_path / "none.keras", tmp_path, "static_wi8_ai8")
