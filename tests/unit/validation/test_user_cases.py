from __future__ import annotations

import zipfile

import numpy as np
import pytest

from tests import models
from tests.models import behaving
from tfedge import number_arrays
from tfedge.errors import ArtifactError, ConfigError, InputError
from tfedge.runtime.signatures import SignatureSpec, TensorSpec
from tfedge.validation.behaviour import check_behaviour
from tfedge.validation.user_cases import UserCases, expect_from_user, fit_cases, read_arrays

ROWS = np.random.default_rng(2).normal(size=(4, 1, 16)).astype(np.float32)


@pytest.fixture
def npz(tmp_path):
    """Returns a function: arrays by name -> the path of an .npz."""

    def write(**arrays):
        path = tmp_path / "cases.npz"
        np.savez(path, **arrays)
        return path

    return write


def test_read_arrays_when_whole_gives_them_by_name(npz):
    assert list(read_arrays(npz(x=ROWS, expected_y=ROWS[..., :8]))) == ["x", "expected_y"]


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({}, "it holds no array"),
        ({"x": np.array([{"a": 1}], object)}, "write it with numpy.savez"),
        ({"x": np.array(["a", "b"])}, "not numbers"),
        ({"x": np.float32(3)}, "x is a single number"),
        ({"x": np.full((3, 2), np.nan, np.float32)}, "x has NaN in 3 cases"),
        ({"x": ROWS, "z": ROWS[:2]}, r"must be equal: x \(4, 1, 16\), z \(2, 1, 16\)"),
        ({"x": ROWS[:0]}, "0 cases: give 1 to 1000"),
        ({"x": np.zeros((1001, 1))}, "1001 cases"),
    ],
    ids=["empty", "objects", "text", "scalar", "NaN", "unequal", "no case", "too many"],
)
def test_read_arrays_when_unfit_says_what_is_wrong_in_one_line(npz, arrays, said):
    with pytest.raises(InputError, match=said) as caught:
        read_arrays(npz(**arrays))
    assert "cases.npz" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x03\x04" + bytes(40)], ids=["nothing", "text", "half a zip"])
def test_read_arrays_when_no_npz_refuses(tmp_path, data):
    path = tmp_path / "cases.npz"
    path.write_bytes(data)
    with pytest.raises(InputError, match="expected an .npz of numbers"):
        read_arrays(path)


def test_read_arrays_when_damaged_inside_or_an_array_alone_refuses(tmp_path):
    path = tmp_path / "cases.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (9,")
    with pytest.raises(InputError, match="expected an .npz"):
        read_arrays(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", b"no array")
    with pytest.raises(InputError, match="expected"):
        read_arrays(path)


def test_read_arrays_when_it_would_unpack_to_too_much_refuses_before(npz, monkeypatch):
    path = npz(x=ROWS)
    monkeypatch.setattr(number_arrays, "MAX_BYTES", 100)
    with pytest.raises(InputError, match="expected at most"):
        read_arrays(path)


@pytest.mark.parametrize("which", ["inputs", "reference"])
def test_read_when_a_file_is_missing_says_so(tmp_path, which):
    with pytest.raises(ArtifactError, match="there is none"):
        UserCases.read(**{which: tmp_path / "none"})


def fitted(litert, file, **arrays):
    signatures = litert.load(file.path).describe()
    return fit_cases(UserCases(arrays, "cases.npz"), signatures, "model.tflite")


@pytest.mark.parametrize("name", ["x", "serving_default/x"])
@pytest.mark.parametrize("rows", [ROWS, ROWS[:, 0], ROWS.astype(np.float64)], ids=["batch", "no batch", "float64"])
def test_fit_cases_when_named_and_shaped_alike_are_one_call_each(litert, checked, name, rows):
    cases, expected = fitted(litert, checked(models.dense()), **{name: rows, "expected_y": ROWS[..., :8]})
    assert [case.name for case in cases] == ["case_1", "case_2", "case_3", "case_4"]
    np.testing.assert_array_equal(cases[2].calls[0].inputs["x"], ROWS[2])
    np.testing.assert_array_equal(expected[2][0]["y"], ROWS[2][..., :8])


def test_fit_cases_when_a_tensor_is_quantized_takes_real_numbers_too(litert, checked):
    cases, _ = fitted(litert, checked(models.dense("int8_static")), x=ROWS)
    found = cases[0].calls[0].inputs["x"]
    assert found.dtype == np.int8
    np.testing.assert_allclose(found / 32, np.clip(ROWS[0], -4, 127 / 32), atol=1 / 64)  # Half a step of 1/32.


def test_fit_cases_when_a_signature_feeds_another_calls_both(litert, checked):
    ids = np.array([[1, 2, 3, 0], [4, 5, 0, 0]], np.int32)
    arrays = {"source_ids": ids, "token_ids": ids[:, :1], "cache_update_index": np.zeros((2, 1), np.int32)}
    cases, _ = fitted(litert, checked(behaving.seq2seq()), **arrays)
    assert [call.signature for call in cases[0].calls] == ["encode", "decode_step"]
    assert cases[0].calls[1].fed == {"states": (0, "states")}
    assert not cases[0].calls[1].inputs["cache_tokens"].any()


def test_fit_cases_when_names_hold_slashes_finds_them_all_the_same():
    x, y = TensorSpec("model/x", (1, 2), "float32"), TensorSpec("model/y", (1, 2), "float32")
    signatures = {"a/b": SignatureSpec("a/b", {"model/x": x}, {"model/y": y})}
    rows = np.ones((1, 1, 2), np.float32)
    for given, expected in (("model/x", "expected_model/y"), ("a/b/model/x", "a/b/expected_model/y")):
        cases, outcomes = fit_cases(UserCases({given: rows, expected: rows}, "cases.npz"), signatures, "model.tflite")
        assert list(cases[0].calls[0].inputs) == ["model/x"] and list(outcomes[0][0]) == ["model/y"]


@pytest.mark.parametrize(
    ("model", "arrays", "said"),
    [
        (models.dense(), {"xx": ROWS}, "did you mean 'x'"),
        (models.dense(), {"x": ROWS, "expected_z": ROWS}, "did you mean 'expected_y'"),
        (models.dense(), {"other/x": ROWS}, "serving_default/x"),
        (models.dense(), {"expected_y": ROWS[..., :8]}, "outputs alone"),
        (models.dense(), {"x": ROWS[..., :5]}, r"each case of x as float32 \(1, 16\)"),
        (models.dense(), {"x": (ROWS > 0).astype(np.int32)}, "float32"),
        (models.gather_dense(), {"token_ids": np.full((2, 1, 4), 2**40)}, "int32"),
        (behaving.seq2seq(), {"token_ids": np.ones((2, 1, 1), np.int32)}, "missing: decode_step/cache_update_index"),
    ],
    ids=["name", "output name", "signature", "no input", "shape", "dtype", "too large", "missing"],
)
def test_fit_cases_when_arrays_do_not_fit_says_what_was_expected(litert, checked, model, arrays, said):
    with pytest.raises(ConfigError, match=said):
        fitted(litert, checked(model), **arrays)


def judged(litert, file, user):
    found = check_behaviour(file, litert, expect_from_user(file, litert, user, seed=1))
    return {finding.gate: finding for finding in found}["matches_reference"]


@pytest.mark.parametrize("arrays", [{}, {"x": ROWS}], ids=["made up", "given"])
def test_reference_when_quantized_from_it_is_near_enough_and_another_is_not(litert, checked, arrays):
    reference = checked(models.dense(), "float.tflite").path
    for dtype in ("int8_dynamic", "int8_static", "float16"):
        finding = judged(litert, checked(models.dense(dtype)), UserCases(arrays, "cases.npz", reference))
        assert finding.verdict == "pass" and "float.tflite" in finding.message
    other = checked(models.dense(bias=False), "other.tflite").path
    assert (
        judged(litert, checked(models.dense("int8_dynamic")), UserCases(arrays, "cases.npz", other)).verdict == "fail"
    )


def test_inputs_when_alone_are_compared_with_the_reference_kernels(litert, checked):
    finding = judged(litert, checked(models.dense()), UserCases({"x": ROWS}, "cases.npz"))
    assert finding.verdict == "pass" and "4 cases agree with LiteRT's reference kernels" in finding.message


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (models.two_signatures(), "it has no signature 'serving_default' .only 'classify', 'encode'."),
        (models.dense(rows=2), r"takes 'x' as \(2, 16\), not \(1, 16\)"),
        (models.gather_dense(), "has no input 'x'"),
    ],
    ids=["signature", "shape", "names"],
)
def test_reference_when_it_has_other_signatures_says_which(litert, checked, model, said):
    reference = checked(model, "float.tflite").path
    with pytest.raises(ConfigError, match=said):
        judged(litert, checked(models.dense("int8_dynamic")), UserCases({}, "", reference))


def test_reference_when_litert_refuses_it_is_not_measured(litert, checked):
    reference = checked(models.with_custom_op(), "float.tflite").path
    finding = judged(litert, checked(models.dense()), UserCases({}, "", reference))
    assert finding.verdict == "not_measured" and "LiteRT cannot run float.tflite" in finding.message
