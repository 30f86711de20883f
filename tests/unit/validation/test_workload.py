from __future__ import annotations

import numpy as np
import pytest

from tests import models
from tests.golden import autokey, packed_autokey, packed_tensors
from tfedge.errors import ConfigError, WorkerError
from tfedge.modelfile.tensor_cases import TensorCase
from tfedge.runtime.client import GREEDY, Worker
from tfedge.validation.performance import decodes_of
from tfedge.validation.workload import MAX_CALLS, SIGNATURES, Calls, Decodes


def case(name, signature, value=1.0):
    return TensorCase(name, signature, {"x": np.full((1, 2), value, np.float32)}, {"y": np.zeros((1, 1), np.float32)})


def test_decodes_when_lengths_differ_or_there_is_none_then_config_error():
    with pytest.raises(ConfigError, match=r"lengths \[5, 10\]"):
        Decodes([autokey.SOURCES[0], autokey.SOURCES[0][:5]])
    with pytest.raises(ConfigError, match="one source or more"):
        Decodes([])


def test_decodes_of_then_padded_ids_and_the_longest_text_is_the_heaviest():
    decodes = decodes_of(packed_autokey.SPEC, ["abcde", "ab"])
    assert decodes.num_sources == 2 and decodes.calls == ()
    longest = Decodes([packed_autokey.SPEC.source_array("abcde")[0]], packed_autokey.SPEC.max_target_length)
    assert decodes.heaviest().sha256 == longest.sha256 != decodes.sha256


def test_calls_then_every_signature_as_often_as_the_one_with_fewest_cases():
    calls = Calls([case("a", "one"), case("b", "one"), case("c", "one"), case("d", "two"), case("e", "two")])
    assert calls.calls == ("one", "two", "one", "two") and calls.num_sources == 4
    assert calls.heaviest().calls == ("one", "two")
    assert Calls([case(str(place), "one") for place in range(20)]).num_sources == MAX_CALLS


def test_calls_when_there_is_no_case_then_config_error():
    with pytest.raises(ConfigError, match="one golden case or more"):
        Calls([])


def test_calls_hash_then_signature_and_values_count():
    assert Calls([case("a", "one")]).sha256 == Calls([case("b", "one")]).sha256
    hashes = {Calls([each]).sha256 for each in (case("a", "one"), case("a", "two"), case("a", "one", 2.0))}
    assert len(hashes) == 3


@pytest.mark.parametrize("recipe", ["float32", "int8_static"])
def test_calls_then_a_file_is_called_in_whatever_form_it_takes_its_inputs(tmp_path, recipe):
    path = tmp_path / "m.tflite"
    path.write_bytes(models.dense(recipe))
    calls = Calls(packed_tensors.cases())
    with Worker("ai-edge-litert") as worker:
        worker.load(path)
        samples = calls.time(worker, SIGNATURES, 10, 0.0)
        calls.run_once(worker, SIGNATURES)
    assert samples.dtype == np.int64 and len(samples) == 12  # Whole passes over four calls.
    assert samples.min() > 0


def test_calls_when_asked_by_a_decode_or_of_another_file_then_refused():
    calls = Calls(packed_tensors.cases())
    with Worker("ai-edge-litert") as worker:
        worker.load(autokey.MODEL)
        with pytest.raises(ConfigError, match="must be one of signatures; got 'greedy'"):
            calls.time(worker, GREEDY, 1, 0.0)
        with pytest.raises(WorkerError, match="expected signature 'serving_default'"):
            calls.run_once(worker, SIGNATURES)
