from __future__ import annotations

import numpy as np

from tfedge.conversion.products_quantizer import load_samples, save_samples, widest


def test_load_samples_then_as_saved(tmp_path):
    random = np.random.default_rng(1)
    samples = {
        "encode": [{"source_ids": np.array([[index, 2]], np.int32)} for index in range(3)],
        "decode_step": [
            {"token_ids": np.array([[index]], np.int32), "cache/key": random.normal(size=(1, 2, 3)).astype(np.float32)}
            for index in range(5)
        ],
    }
    path = tmp_path / "samples.npz"
    save_samples(samples, str(path))
    loaded = load_samples(str(path))
    assert {name: len(rows) for name, rows in loaded.items()} == {"encode": 3, "decode_step": 5}
    for name, rows in samples.items():
        for ours, other in zip(rows, loaded[name], strict=True):
            assert list(ours) == list(other)
            for key, value in ours.items():
                assert value.dtype == other[key].dtype
                np.testing.assert_array_equal(value, other[key])


def test_widest_then_holds_both_ranges():
    before = {"min": np.array([-1.0]), "max": np.array([2.0])}
    for new in ({"min": np.array([-0.5]), "max": np.array([9.0])}, {"min": np.array([-7.0]), "max": np.array([1.0])}):
        both = widest(before, new)
        assert both["min"] == min(before["min"], new["min"])
        assert both["max"] == max(before["max"], new["max"])
