from __future__ import annotations

import numpy as np
import pytest

from tests.golden import autokey
from tests.models.attention import attention, attention_inputs
from tests.unit.runtime.conftest import RUNTIMES
from tfedge.errors import ArtifactError, ConfigError, WorkerError
from tfedge.modelfile.graph import read_graph
from tfedge.runtime import client
from tfedge.runtime.client import Worker


@pytest.mark.parametrize("entry", client.ENTRIES)
def test_decode_many_when_run_gives_the_expected_ids(worker, entry):
    np.testing.assert_array_equal(worker.decode_many(autokey.SOURCES, entry), autokey.EXPECTED)


def test_decode_when_given_one_source_gives_one_row(worker):
    np.testing.assert_array_equal(worker.decode(autokey.SOURCES[2]), autokey.EXPECTED[2])


def test_decode_many_when_max_target_length_is_given_cuts_the_host_loop(worker):
    cut = worker.decode_many(autokey.SOURCES, client.STEPS, max_target_length=3)
    np.testing.assert_array_equal(cut, autokey.EXPECTED[:, :3])


@pytest.mark.parametrize("resolver", client.RESOLVERS)
def test_decode_many_when_resolver_differs_gives_the_same_ids(runtime, resolver):
    with Worker(runtime) as worker:
        worker.load(autokey.MODEL, num_threads=2, resolver=resolver)
        np.testing.assert_array_equal(worker.decode_many(autokey.SOURCES), autokey.EXPECTED)


def test_workers_when_both_runtimes_are_open_at_once_answer_in_turns():
    workers = [Worker(runtime) for runtime in RUNTIMES * 2]
    try:
        for worker in workers:
            worker.__enter__().load(autokey.MODEL)
        for row in range(len(autokey.SOURCES)):
            for worker in workers:
                np.testing.assert_array_equal(worker.decode(autokey.SOURCES[row]), autokey.EXPECTED[row])
        assert len({worker.process.pid for worker in workers}) == len(workers)
    finally:
        for worker in workers:
            worker.close()


def test_load_when_done_returns_the_sha256_of_the_file(runtime):
    with Worker(runtime) as worker:
        assert worker.load(autokey.MODEL) == autokey.FACTS["sha256"]


def test_load_when_called_again_replaces_the_model():
    with Worker("ai-edge-litert") as worker:
        worker.load(autokey.MODEL)
        assert "greedy" in worker.describe()
        worker.load(autokey.REFUSED_MODEL)
        assert list(worker.describe()) == ["classify"]


def test_load_when_file_is_missing_says_so_and_the_worker_lives(worker, tmp_path):
    with pytest.raises(ArtifactError, match="there is none"):
        worker.load(tmp_path / "none.tflite")
    assert worker.process.is_alive


def test_load_when_runtime_refuses_quotes_the_interpreter():
    said = {
        "tflite-runtime": "Didn't find op for builtin opcode 'FULLY_CONNECTED' version '12'",
        "ai-edge-litert": "not a valid Flatbuffer",
    }
    for runtime in RUNTIMES:
        with Worker(runtime) as worker, pytest.raises(WorkerError) as caught:
            worker.load(autokey.REFUSED_MODEL if runtime == "tflite-runtime" else __file__)
        assert caught.value.kind == "refused"
        assert said[runtime] in str(caught.value)


def test_load_when_runtime_refuses_leaves_a_worker_that_can_load_another():
    with Worker("ai-edge-litert") as worker:
        with pytest.raises(WorkerError):
            worker.load(__file__)
        with pytest.raises(WorkerError, match="expected a loaded model"):
            worker.describe()
        worker.load(autokey.MODEL)
        np.testing.assert_array_equal(worker.decode(autokey.SOURCES[0]), autokey.EXPECTED[0])


def test_describe_when_loaded_names_shapes_and_dtypes(worker):
    held = worker.describe()
    assert sorted(held) == ["decode_step", "encode", "greedy"]
    step = held["decode_step"]
    assert sorted(step.inputs) == ["cache_tokens", "cache_update_index", "encoded_letters", "encoded_mask", "token_ids"]
    assert sorted(step.outputs) == ["cache_tokens", "logits"]
    assert (step.inputs["cache_tokens"].shape, step.inputs["cache_tokens"].dtype) == ((1, 8, 8), "float32")


def test_run_when_inputs_fit_returns_every_output_by_name(worker):
    outputs = worker.run("encode", {"source_ids": autokey.SOURCES[:1]})
    assert sorted(outputs) == ["encoded_letters", "encoded_mask"]
    np.testing.assert_array_equal(outputs["encoded_mask"], (autokey.SOURCES[:1] != 0).astype(np.float32))
    assert outputs["encoded_letters"].argmax(-1).tolist() == autokey.SOURCES[:1].tolist()


@pytest.mark.parametrize(
    ("name", "is_asked", "is_kept"),
    # tflite-runtime 2.14 lets softmax write over its input, asked or not.
    [("ai-edge-litert", True, True), ("ai-edge-litert", False, False), ("tflite-runtime", True, False)],
)
def test_run_keeping_when_preserved_gives_what_each_op_computed_on_litert_alone(tmp_path, name, is_asked, is_kept):
    path, inputs = tmp_path / "attention.tflite", {"x": attention_inputs()[0]}
    path.write_bytes(attention())
    ops = read_graph(attention()).ops
    with Worker(name) as worker:
        worker.load(path, resolver="without_default_delegates", preserve_all_tensors=is_asked)
        outputs, kept = worker.run_keeping("serving_default", inputs, [op.outputs[0].index for op in ops])
    np.testing.assert_array_equal(kept[ops[-1].outputs[0].index], outputs["y"])
    scores = next(kept[op.outputs[0].index] for op in ops if op.name == "ADD")
    assert (scores.min() < -20) == is_kept  # The mask of -30, or what softmax wrote in its place.


def test_run_keeping_when_there_is_no_such_tensor_is_refused(worker):
    with pytest.raises(WorkerError) as caught:
        worker.run_keeping("encode", {"source_ids": autokey.SOURCES[:1]}, [10**6])
    assert caught.value.kind == "refused"


def test_run_when_batch_is_free_follows_each_batch():
    features = np.random.default_rng(0).normal(size=(3, 48)).astype(np.float32)
    with Worker("ai-edge-litert") as worker:
        worker.load(autokey.REFUSED_MODEL)
        assert worker.describe()["classify"].inputs["features"].shape == (-1, 48)
        together = worker.run("classify", {"features": features})["scores"]
        alone = [worker.run("classify", {"features": features[row : row + 1]})["scores"] for row in range(3)]
        again = worker.run("classify", {"features": features})["scores"]
    assert together.shape == (3, 48)
    np.testing.assert_allclose(together, np.concatenate(alone), rtol=1e-5, atol=1e-5)  # float32 sums of 48 products
    np.testing.assert_array_equal(together, again)


@pytest.mark.parametrize(
    "inputs",
    [
        {"source": autokey.SOURCES[:1]},
        {"source_ids": autokey.SOURCES[:1] * 1.0},
        {"source_ids": autokey.SOURCES[:1, :5]},
    ],
    ids=["name", "dtype", "shape"],
)
def test_run_when_an_input_differs_is_refused_before_the_call(worker, inputs):
    with pytest.raises(WorkerError, match="expected.*received") as caught:
        worker.run("encode", inputs)
    assert caught.value.kind == "bad_request"
    np.testing.assert_array_equal(worker.decode(autokey.SOURCES[0]), autokey.EXPECTED[0])


def test_time_when_run_gives_whole_passes_of_positive_nanoseconds(worker):
    for entry in client.ENTRIES:
        samples = worker.time(autokey.SOURCES, entry, min_runs=12)
        assert samples.dtype == np.int64 and samples.shape == (15,)  # three passes over five sources
        assert np.all(samples > 0) and np.median(samples) < 1e9


def test_time_when_seconds_are_asked_lasts_that_long(worker):
    samples = worker.time(autokey.SOURCES, min_runs=1, min_seconds=0.2)
    assert 0.2e9 <= samples.sum() < 2e9
    assert len(samples) % len(autokey.SOURCES) == 0


def test_time_calls_when_run_gives_whole_passes_over_calls_of_any_signature(worker):
    encoded = worker.run("encode", {"source_ids": autokey.SOURCES[:1]})
    calls = [("encode", {"source_ids": autokey.SOURCES[:1]}), ("greedy", {"source_ids": autokey.SOURCES[1:2]})]
    samples = worker.time_calls(calls, min_runs=5)
    assert samples.dtype == np.int64 and samples.shape == (6,) and np.all(samples > 0)
    again = worker.run("encode", {"source_ids": autokey.SOURCES[:1]})  # Timing has changed nothing.
    np.testing.assert_array_equal(again["encoded_letters"], encoded["encoded_letters"])


def test_time_calls_when_a_call_does_not_fit_then_bad_request_and_nothing_is_run(worker):
    for call in (("none", {}), ("encode", {"source_ids": autokey.SOURCES[:1].astype(np.int64)})):
        with pytest.raises(WorkerError) as caught:
            worker.time_calls([call])
        assert caught.value.kind == "bad_request"


def test_memory_when_model_ran_is_above_the_bare_process(worker):
    worker.decode_many(autokey.SOURCES)
    used = worker.memory()
    assert used.peak_bytes > worker.info.baseline_bytes > 1_000_000
    assert used.peak_bytes >= used.rss_bytes


def test_info_when_started_names_target_and_cpu(worker, runtime):
    assert worker.info.target.name == runtime
    assert worker.info.target.version[0].isdigit()
    assert "cores" in worker.info.cpu


def test_worker_when_runtime_is_misspelt_names_the_nearest():
    with pytest.raises(ConfigError, match="did you mean 'ai-edge-litert'"):
        Worker("ai_edge_litert")


@pytest.mark.parametrize("timeout_s", [0, -1.0, float("nan")])
def test_worker_when_timeout_is_not_positive_refuses(timeout_s):
    with pytest.raises(ConfigError, match="timeout_s"):
        Worker("ai-edge-litert", timeout_s=timeout_s)


def test_load_when_setting_is_illegal_names_it(worker):
    with pytest.raises(ConfigError, match="did you mean 'reference'"):
        worker.load(autokey.MODEL, resolver="refrence")
    with pytest.raises(ConfigError, match="num_threads"):
        worker.load(autokey.MODEL, num_threads=0)


def test_requests_when_outside_with_say_enter_first():
    with pytest.raises(WorkerError, match="enter it first") as caught:
        Worker("ai-edge-litert").memory()
    assert caught.value.kind == "bad_request"
