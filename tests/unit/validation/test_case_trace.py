from __future__ import annotations

import json

import numpy as np
import pytest

from tfedge.errors import ConfigError
from tfedge.runtime.signatures import TensorSpec
from tfedge.validation.case_trace import MAX_CASES, STAGES, CaseTrace, Numbers, check_traces

INT8 = TensorSpec("x", (1, 2), "int8", (0.5,), (-3,))


def trace(**changes):
    fields = {
        "name": "a",
        "raw_bytes": "né\x00".encode(),
        "ids": (4, 2),
        "encoder_output": {"x": Numbers.of(np.array([[1, -3]], np.int8), INT8)},
        "first_logits": Numbers(np.array([[0.1, np.nan, np.inf]], np.float32)),
        "tokens": (),
        "text": "",
    }
    return CaseTrace(**{**fields, **changes})


def test_trace_when_written_and_read_then_every_bit_is_the_same():
    read = CaseTrace.from_json(json.loads(json.dumps(trace().to_json())))
    assert (read.name, read.raw_bytes, read.ids, read.tokens) == ("a", b"n\xc3\xa9\x00", (4, 2), ())
    assert read.first_logits.array.tobytes() == trace().first_logits.array.tobytes()
    assert read.encoder_output["x"].reals.tolist() == [[2.0, 0.0]]
    assert set(trace().to_json()) == {"name", *STAGES}


def test_numbers_of_when_the_tensor_has_no_scale_then_they_are_the_reals():
    assert Numbers.of(np.array([3], np.int32), TensorSpec("x", (1,), "int32")).reals.tolist() == [3.0]


@pytest.mark.parametrize(
    ("array", "scale", "zero_point"),
    [
        (np.zeros(1, np.int8), 0.0, 0),
        (np.zeros(1, np.int8), float("inf"), 0),
        (np.zeros(1, np.int8), True, 0),
        (np.zeros(1, np.float32), 0.5, 0),
        (np.zeros(1, np.int8), 0.5, 1.5),
    ],
)
def test_numbers_when_the_scale_is_illegal_then_config_error(array, scale, zero_point):
    with pytest.raises(ConfigError, match="of a tensor"):
        Numbers(array, scale, zero_point)


def test_check_traces_when_a_name_is_there_twice_or_there_are_too_many_then_config_error():
    check_traces([trace(), trace(name="b")])
    with pytest.raises(ConfigError, match="'a' twice"):
        check_traces([trace(), trace()])
    with pytest.raises(ConfigError, match="at most"):
        check_traces([trace()] * (MAX_CASES + 1))
