from __future__ import annotations

import pytest

from tests.golden import autokey, packed_autokey
from tfedge.errors import ArtifactError, ConfigError, InputError, IntegrityError, WorkerError
from tfedge.runtime import predict as predict_module
from tfedge.runtime.predict import predict


@pytest.fixture
def path(tmp_path):
    """A right file."""
    return packed_autokey.write(tmp_path / "m.tflite").path


def test_predict_then_one_answer_a_text_in_their_order(path, runtime):
    words = packed_autokey.words(20)
    assert predict(path, words, runtime) == [packed_autokey.cipher(word) for word in words]


def test_predict_when_text_is_in_upper_case_then_as_the_task_reads_it(path):
    assert predict(path, ["ABC", "abc"]) == [packed_autokey.cipher("abc")] * 2


def test_predict_when_no_runtime_is_named_then_litert(path, monkeypatch):
    started = []

    class Spy(predict_module.Worker):
        def __enter__(self):
            started.append(self.runtime)
            return super().__enter__()

    monkeypatch.setattr(predict_module, "Worker", Spy)
    predict(path, ["a"])
    assert started == ["ai-edge-litert"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "got an empty one"),
        ("abz", "got 'z' in 'abz'"),
        ("a" * 10, "expected at most 9 symbols; got 10 in"),
        ("a" * 10_000, "expected at most 9 symbols; got 10000 characters"),
        ("a\nb", "got '\\n' in"),
    ],
)
def test_predict_when_a_text_cannot_be_read_then_nothing_is_run(path, monkeypatch, text, said):
    monkeypatch.setattr(predict_module, "Worker", None)
    with pytest.raises(InputError) as caught:
        predict(path, ["abc", text])
    assert said in str(caught.value) and len(str(caught.value)) < 200


def test_predict_when_the_runtime_is_unknown_then_the_nearest(path):
    with pytest.raises(ConfigError, match="did you mean 'tflite-runtime'"):
        predict(path, ["a"], "tflite_runtime")


def test_predict_when_there_is_no_pack_then_it_says_how_to_make_one():
    with pytest.raises(ArtifactError, match="make one with `tfedge package`"):
        predict(autokey.MODEL, ["a"])


@pytest.mark.parametrize("place", [8, -10, -100, 5_000])
def test_predict_when_a_byte_was_changed_then_integrity_error(path, place):
    data = bytearray(path.read_bytes())
    data[place] ^= 0x20
    path.write_bytes(data)
    with pytest.raises(IntegrityError):
        predict(path, ["a"])


def test_predict_when_the_model_is_of_another_form_then_worker_error(tmp_path):
    packed_autokey.write(tmp_path / "m.tflite", model_bytes=autokey.REFUSED_MODEL.read_bytes())
    with pytest.raises(WorkerError):
        predict(tmp_path / "m.tflite", ["a"])
