from __future__ import annotations

import json

import numpy as np
import pytest

from tfedge.errors import ConfigError
from tfedge.tasks.array_data import ArraySpec, ArraySplit
from tfedge.tasks.meaning import ClassesMeaning
from tfedge.tasks.preprocessing.image import ImagePreprocessing
from tfedge.tasks.preprocessing.windows import WindowPreprocessing

WINDOWS = WindowPreprocessing(("x",), 20, 10, (0.0,), (1.0,))
SPEC = ArraySpec("waves", WINDOWS, ClassesMeaning(("a", "b")))


@pytest.mark.parametrize("preprocessing", [WINDOWS, ImagePreprocessing(8, 6, 1)])
def test_spec_when_written_as_json_then_read_back_equal(preprocessing):
    spec = ArraySpec("task", preprocessing, ClassesMeaning(("a", "b")))
    assert ArraySpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


@pytest.mark.parametrize(
    "change",
    [
        {"schema_version": 2},
        {"kind": "tensors"},
        {"name": ""},
        {"more": 1},
        {"preprocessing": {}},
        {"preprocessing": {"kind": "window"}},
        {"preprocessing": None},
        {"meaning": {"kind": "classes"}},
    ],
)
def test_spec_when_illegal_then_refused_in_one_line(change):
    with pytest.raises(ConfigError) as caught:
        ArraySpec.from_json({**SPEC.to_json(), **change})
    assert "\n" not in str(caught.value)


def test_split_when_cut_then_inputs_labels_and_groups_stay_together():
    split = ArraySplit(np.arange(8).reshape(4, 2), np.array([0, 1, 0, 1]), np.array(["a", "a", "b", "b"]))
    part = split[split.labels == 1]
    assert len(part) == 2
    np.testing.assert_array_equal(part.inputs, [[2, 3], [6, 7]])
    assert part.groups is not None and part.groups.tolist() == ["a", "b"]


@pytest.mark.parametrize("sizes", [(4, 3, None), (4, 4, 3)])
def test_split_when_lengths_differ_then_refused(sizes):
    inputs, labels, groups = sizes
    with pytest.raises(ConfigError, match="as many inputs as labels"):
        ArraySplit(np.zeros((inputs, 2)), np.zeros(labels, int), None if groups is None else np.full(groups, "a"))
