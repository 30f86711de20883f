from __future__ import annotations

import dataclasses

import pytest

from tests.golden.packed_tensors import FORMS, TASK
from tfedge.errors import ConfigError
from tfedge.tasks.spec import TaskSpec
from tfedge.tasks.tensor_task import Quality, TensorForm, TensorSignature, TensorTask, is_tensor_task


def test_task_when_written_and_read_is_equal():
    assert TensorTask.from_json(TASK.to_json()) == TASK
    assert is_tensor_task(TASK.to_json()) and not is_tensor_task({"kind": "seq2seq"})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "seq2seq"}, "kind 'tensors'"),
        ({"schema_version": 2}, "schema_version 1"),
        ({"extra": 1}, "must have the keys"),
        ({"name": ""}, "`name` must be the name"),
        ({"metric": "accuracy"}, "must be one of agreement, cosine, snr_db"),
        ({"metric": "module:"}, "must be one of"),
        ({"limit": float("nan")}, "finite number"),
        ({"limit": True}, "finite number"),
        ({"limit": 2}, "at most 1"),
        ({"is_error": True}, "more is better"),
        ({"is_error": 1}, "`is_error`"),
        ({"signatures": {}}, "one or more"),
        ({"signatures": []}, "must be an object"),
        ({"signatures": {"a": {"inputs": {}, "outputs": {}}}}, "inputs and outputs with names"),
        ({"signatures": {"a": {"inputs": []}}}, "must have the keys"),
        ({"signatures": {"a": {"inputs": [], "outputs": {}}}}, "object of tensors"),
        ({"signatures": {"a": {"inputs": {"x": {"dtype": "float32", "shape": 1}}, "outputs": {}}}}, "list of sizes"),
    ],
)
def test_task_when_a_value_is_illegal_then_config_error(change, said):
    with pytest.raises(ConfigError, match=said):
        TensorTask.from_json({**TASK.to_json(), **change})


@pytest.mark.parametrize(
    ("dtype", "shape"),
    [
        ("float31", (1,)),
        (None, (1,)),
        ([], (1,)),
        ("object", (1,)),
        ("float32", (0,)),
        ("float32", (True,)),
        ("bool", (1,) * 9),
    ],
)
def test_form_when_illegal_then_config_error(dtype, shape):
    with pytest.raises(ConfigError):
        TensorForm(dtype, shape)


def test_quality_when_less_is_better_passes_below_its_limit():
    own = Quality("mine:rmse", 0.1, is_error=True)
    assert (own.passes(0.1), own.passes(0.2), own.passes(float("nan")), own.is_own) == (True, False, False, True)
    assert Quality("cosine", 0.9).passes(0.9) and not Quality("cosine", 0.9).passes(0.8)
    assert Quality("snr_db", None).passes(-100)


def test_task_spec_when_the_task_is_of_tensors_says_which_verbs_it_has():
    with pytest.raises(ConfigError, match="takes and gives tensors; use tfedge validate and tfedge check"):
        TaskSpec.from_json(TASK.to_json())


def test_signature_when_an_input_has_no_name_then_config_error():
    with pytest.raises(ConfigError, match="with names"):
        TensorSignature({"": FORMS.inputs["x"]}, FORMS.outputs)
    assert dataclasses.replace(FORMS) == FORMS
