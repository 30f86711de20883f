"""The comparison with river's detectors: its statistics, and that what was measured is of the file that ships."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from tfedge.errors import RuntimeUnavailableError
from tfedge.modelfile.pack import read_pack
from tfedge.tasks.shipped import shipped_file
from tfedge.validation.roc import roc_auc
from tools.anomaly_peers.__main__ import CITED, MODEL, main, river_scores
from tools.anomaly_peers.comparison import Bootstrap, compare, covariance_scores

RANDOM = np.random.default_rng(8)
SCORES, LABELS = np.round(RANDOM.normal(size=60), 1), np.repeat([1, 0], [20, 40])  # Rounded: some are equal.


def test_bootstrap_when_compared_with_whole_resamples_then_the_same_areas():
    draws = np.random.default_rng(3)
    places = [draws.integers(0, 60, 60) for _ in range(5)]
    expected = [100 * roc_auc(SCORES[drawn], LABELS[drawn]) for drawn in places]
    np.testing.assert_allclose(Bootstrap(5, seed=3).areas(SCORES, LABELS), expected, rtol=1e-12)


def test_compare_when_a_detector_is_worse_then_its_gap_is_above_zero():
    better = SCORES + 5 * LABELS
    found = compare({"ours": better, "peer": SCORES}, LABELS, {"ours": 4.0}, "ours", Bootstrap(200))["detectors"]
    assert found["peer"]["points_below_ours_interval"][0] > 0
    assert found["ours"]["detection"]["num_detected"] == 1 and "detection" not in found["peer"]


def test_covariance_when_anomalies_are_among_its_rows_then_they_are_still_far():
    rows = RANDOM.normal(size=(400, 3))
    rows[:20] = RANDOM.normal(size=(20, 3)) * 0.1 + 8
    distances = covariance_scores(rows, rows)
    assert distances[:20].min() > distances[20:].max()


def test_river_when_not_installed_then_one_clear_line(capsys, tmp_path):
    with pytest.raises(RuntimeUnavailableError, match="river"):
        river_scores(str(tmp_path / "python"), np.zeros((2, 2)))
    with pytest.raises(RuntimeUnavailableError, match=r"expected .*river.*pip install river=="):
        river_scores(sys.executable, np.zeros((2, 2)))
    assert main(["--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_kept_comparison_when_read_then_of_the_shipped_file_and_of_the_cited_protocol():
    kept = json.loads(shipped_file("anomaly/anomaly.peers.json").read_bytes())
    assert kept["model_sha256"] == read_pack(MODEL).manifest.model_sha256
    first = kept["first_10000"]["detectors"]
    for name, cited in CITED.items():
        assert first[name]["auc"] == pytest.approx(cited, abs=0.005)  # River prints two decimals.
    ours = first["tfedge, ai-edge-litert"]["auc"]
    assert all(ours > first[name]["auc"] for name in CITED)
