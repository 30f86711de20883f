from __future__ import annotations

import numpy as np
import pytest

from tfedge.conversion import representative
from tfedge.conversion.tensor_network import TensorShape
from tfedge.errors import CalibrationError, ConfigError, InputError
from tfedge.tasks.tensor_task import TensorForm

IMAGE, STEPS = TensorShape("float32", (4, 4, 3)), TensorShape("int32", (None,))
ONE = {"serving_default": {"image": IMAGE, "steps": STEPS}}
TWO = {
    "a": {"x": TensorShape("float32", (2,))},
    "b": {"x": TensorShape("float32", (2,)), "z": TensorShape("float32", ())},
}
RANDOM = np.random.default_rng(3)


def images(count=40):
    return {"image": RANDOM.normal(size=(count, 4, 4, 3)), "steps": RANDOM.integers(0, 9, (count, 7))}


def test_fit_splits_examples_and_fixes_free_sizes():
    data = representative.fit(images(), ONE, "d.npz")
    assert (len(data.samples["serving_default"]), len(data.held_out["serving_default"])) == (30, 10)
    assert data.forms["serving_default"] == {
        "image": TensorForm("float32", (1, 4, 4, 3)),
        "steps": TensorForm("int32", (1, 7)),
    }
    first = data.samples["serving_default"][0]
    assert (first["image"].shape, first["image"].dtype, first["steps"].dtype) == ((1, 4, 4, 3), np.float32, np.int32)
    facts = data.to_json()
    assert (facts["num_samples"], facts["num_held_out"]) == ({"serving_default": 30}, {"serving_default": 10})


def test_fit_when_seeded_alike_splits_alike_and_hashes_what_it_used():
    arrays = images()
    one, same = (representative.fit(arrays, ONE, "d.npz", seed=5) for _ in range(2))
    other = representative.fit(arrays, ONE, "d.npz", seed=6)
    assert one.sha256 == same.sha256 != other.sha256


def test_fit_when_there_are_many_examples_keeps_what_is_needed():
    data = representative.fit({"x": RANDOM.normal(size=(3000, 2))}, {"s": TWO["a"]}, "d.npz")
    assert (len(data.samples["s"]), len(data.held_out["s"]), data.num_given["s"]) == (500, 500, 3000)


def test_fit_when_a_name_is_of_several_signatures_gives_it_to_all_and_a_path_to_one():
    arrays = {"x": RANDOM.normal(size=(32, 2)), "b/z": RANDOM.normal(size=32)}
    data = representative.fit(arrays, TWO, "d.npz")
    assert {name: sorted(forms) for name, forms in data.forms.items()} == {"a": ["x"], "b": ["x", "z"]}
    assert data.forms["b"]["z"] == TensorForm("float32", (1,))


def test_beyond_range_is_the_share_of_held_out_values_outside_what_calibration_saw():
    x = RANDOM.uniform(-1, 1, (40, 2))
    data = representative.fit({"x": x}, {"s": TWO["a"]}, "d.npz")
    assert data.beyond_range()["s/x"] < 0.2
    order = np.random.default_rng(representative.SEED).permutation(40)
    x[order[:10]] = 5
    assert representative.fit({"x": x}, {"s": TWO["a"]}, "d.npz").beyond_range() == {"s/x": 1.0}


def changed(**changes):
    return {**images(), **changes}


@pytest.mark.parametrize(
    ("arrays", "error", "said"),
    [
        (changed(imag=np.ones(40)), ConfigError, "'imag'; did you mean 'image'"),
        ({"image": images()["image"]}, CalibrationError, "missing: steps"),
        (changed(image=np.ones((40, 4, 4, 1))), ConfigError, r"float32 \(4, 4, 3\); got float64 \(4, 4, 1\)"),
        (changed(image=np.ones((40, 4, 4))), ConfigError, "first axis of an array counts the examples"),
        (changed(steps=np.full((40, 7), 0.5)), ConfigError, r"int32 \(any\); got float64"),
        (changed(steps=np.full((40, 7), 2**40)), ConfigError, "got int64"),
        (changed(steps=np.zeros((40, 0), int)), ConfigError, r"got int64 \(0\)"),
        (changed(steps=np.full((40, 7), 3)), CalibrationError, "steps of serving_default to vary.*always 3"),
        (changed(steps=np.ones((39, 7), int)), InputError, "as many examples of each input"),
        (changed(image=np.full((40, 4, 4, 3), np.inf)), InputError, "infinity"),
        (images(31), CalibrationError, "expected 32 examples or more .* got 31"),
    ],
)
def test_fit_when_data_do_not_fit_says_what_was_expected(arrays, error, said):
    with pytest.raises(error, match=said):
        representative.fit(arrays, ONE, "d.npz")


def test_fit_when_a_number_is_whole_in_every_way_takes_it():
    data = representative.fit(changed(steps=RANDOM.integers(0, 9, (40, 7)).astype(np.uint8)), ONE, "d.npz")
    assert data.samples["serving_default"][0]["steps"].dtype == np.int32


def test_read_when_an_npz_is_whole_fits_it(tmp_path):
    np.savez(tmp_path / "d.npz", **images())
    assert representative.read(tmp_path / "d.npz", ONE).num_given == {"serving_default": 40}
