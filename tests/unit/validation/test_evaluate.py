"""The gates as `evaluate` wires them: a right file passes all of them, and each wrong one fails its own."""

from __future__ import annotations

import dataclasses

import pytest

from tests.golden import autokey, packed_autokey
from tfedge.errors import ConfigError, InputError, WorkerError
from tfedge.runtime import targets
from tfedge.runtime.client import GREEDY, STEPS
from tfedge.validation import evaluate as evaluate_module
from tfedge.validation.evaluate import decode_texts, evaluate

TARGETS = targets.installed_targets()
DYNAMIC = "dynamic_wi8_afp32"
# More than a thousand words: fewer cannot tell the 0.1 points that float32 may lose.
MANY = 1_100
ALL_GATES = {
    "runs",
    "golden_cases",
    "decoder_listens",
    "answers_not_empty",
    "answers_do_not_loop",
    "answers_stop",
    "accuracy",
}


@pytest.fixture(params=TARGETS, ids=str)
def target(request):
    """Each installed runtime."""
    return request.param


def verdicts(evaluation, verdict="fail"):
    """Returns the gates with this verdict."""
    return {finding.gate for finding in evaluation.findings if finding.verdict == verdict}


def finding(evaluation, gate):
    (found,) = [finding for finding in evaluation.findings if finding.gate == gate]
    return found


def test_evaluate_when_the_file_is_right_then_every_gate_passes(tmp_path, target):
    pack = packed_autokey.write(tmp_path / "m.tflite", evaluated=packed_autokey.examples(MANY))
    evaluation = evaluate(pack, target, pack.evaluation.examples)
    assert verdicts(evaluation, "pass") == ALL_GATES
    assert verdicts(evaluation, "fail") | verdicts(evaluation, "not_measured") == set()
    assert (evaluation.entry, evaluation.target, evaluation.has_run) == (GREEDY, target, True)
    assert (evaluation.accuracy.wer, evaluation.accuracy.identical_share) == (0.0, 1.0)
    assert evaluation.accuracy.num_examples == MANY


def test_evaluate_when_golden_ids_are_of_another_model_then_golden_cases_fail(tmp_path, target):
    golden = packed_autokey.golden_cases("float32", keras=lambda word: packed_autokey.cipher(word[::-1]))
    pack = packed_autokey.write(tmp_path / "m.tflite", golden=golden)
    evaluation = evaluate(pack, target, ())
    assert verdicts(evaluation) == {"golden_cases"}
    assert "first divergence: case 'case_" in finding(evaluation, "golden_cases").message


def test_evaluate_when_the_decoder_ignores_the_source_then_it_does_not_listen_and_accuracy_fails(tmp_path, target):
    # Its own golden ids agree with it, as they would: they come from running the file when it was packed.
    golden = packed_autokey.golden_cases(DYNAMIC, own=lambda word: "B")
    pack = packed_autokey.write(tmp_path / "m.tflite", DYNAMIC, packed_autokey.deaf_model(), golden)
    evaluation = evaluate(pack, target, pack.evaluation.examples)
    assert verdicts(evaluation) == {"decoder_listens", "accuracy"}
    assert finding(evaluation, "decoder_listens").cause == "the decoder is not listening to the encoder"
    assert evaluation.accuracy.wer == 100.0


def test_evaluate_when_the_file_slips_now_and_then_then_accuracy_alone_fails(tmp_path, target):
    model = packed_autokey.slipping_model()
    (tmp_path / "bare.tflite").write_bytes(model)
    asked = [case.text for case in packed_autokey.golden_cases(DYNAMIC)]
    _, own = decode_texts(target.name, tmp_path / "bare.tflite", packed_autokey.SPEC, asked)
    texts = dict(zip(asked, map(packed_autokey.SPEC.target_tokenizer.decode, own), strict=True))
    golden = packed_autokey.golden_cases(DYNAMIC, own=texts.__getitem__)
    pack = packed_autokey.write(tmp_path / "m.tflite", DYNAMIC, model, golden)
    evaluation = evaluate(pack, target, pack.evaluation.examples)
    assert verdicts(evaluation) == {"accuracy"}
    assert 0 < evaluation.accuracy.identical_share < 1
    assert "beyond 0.30 points" in finding(evaluation, "accuracy").message


@pytest.mark.parametrize(
    ("float_size", "verdict"),
    [(10 * len(packed_autokey.MODEL_BYTES), "pass"), (len(packed_autokey.MODEL_BYTES), "fail")]
    + [(value, "not_measured") for value in (None, "large", 0)],
)
def test_evaluate_then_size_is_judged_against_the_float_file(tmp_path, float_size, verdict):
    pack = packed_autokey.write(tmp_path / "m.tflite", DYNAMIC, provenance={"float32_size_bytes": float_size})
    assert finding(evaluate(pack, TARGETS[0], ()), "size").verdict == verdict


def test_evaluate_when_there_are_no_examples_then_only_golden_cases_are_judged(tmp_path):
    evaluation = evaluate(packed_autokey.write(tmp_path / "m.tflite"), TARGETS[-1], ())
    assert evaluation.accuracy is None
    assert {each.gate for each in evaluation.findings} == {"runs", "golden_cases"}


def test_evaluate_when_keras_answered_no_example_then_accuracy_is_scored_and_the_loss_not_measured(tmp_path):
    asked = packed_autokey.examples(30, keras=lambda word: None)
    evaluation = evaluate(packed_autokey.write(tmp_path / "m.tflite"), TARGETS[-1], asked)
    assert (evaluation.accuracy.wer, evaluation.accuracy.identical_share) == (0.0, None)
    assert verdicts(evaluation, "not_measured") == {"accuracy"}


def test_evaluate_when_keras_answered_some_examples_then_the_loss_is_measured_on_those(tmp_path):
    known = packed_autokey.examples(MANY)
    unknown = [dataclasses.replace(each, keras_text=None) for each in packed_autokey.examples(MANY + 500)[MANY:]]
    evaluation = evaluate(packed_autokey.write(tmp_path / "m.tflite"), TARGETS[-1], [*known, *unknown])
    assert evaluation.accuracy.num_examples == MANY + 500
    assert finding(evaluation, "accuracy").verdict == "pass"
    assert f"{MANY} words" in finding(evaluation, "accuracy").message


@pytest.mark.parametrize("tflite_runtime", [each for each in TARGETS if each.name == "tflite-runtime"], ids=str)
def test_evaluate_when_tflite_runtime_refuses_the_file_then_a_finding_with_its_words(tmp_path, tflite_runtime):
    pack = packed_autokey.write(tmp_path / "m.tflite", DYNAMIC, autokey.REFUSED_MODEL.read_bytes())
    evaluation = evaluate(pack, tflite_runtime, pack.evaluation.examples)
    runs = finding(evaluation, "runs")
    assert (runs.verdict, runs.cause) == ("fail", "the runtime refuses the file")
    assert "FULLY_CONNECTED" in runs.message and "12" in runs.message
    assert (evaluation.has_run, evaluation.accuracy) == (False, None)
    assert {each.gate for each in evaluation.findings} == {"runs", "size"}


def test_evaluate_when_the_signatures_do_not_fit_the_task_then_a_finding(tmp_path):
    (litert,) = [each for each in TARGETS if each.name == "ai-edge-litert"]
    pack = packed_autokey.write(tmp_path / "m.tflite", model_bytes=autokey.REFUSED_MODEL.read_bytes())
    runs = finding(evaluate(pack, litert, ()), "runs")
    assert (runs.verdict, runs.cause) == ("fail", "the file's signatures do not fit its task")


@pytest.mark.parametrize(
    ("kind", "cause"), [("crashed", "the interpreter died"), ("timed_out", "the interpreter hung")]
)
def test_evaluate_when_the_worker_is_lost_then_a_finding(tmp_path, monkeypatch, kind, cause):
    def lose(*_):
        raise WorkerError("expected an answer; the process died by SIGSEGV", kind)

    monkeypatch.setattr(evaluate_module, "decode_texts", lose)
    evaluation = evaluate(packed_autokey.write(tmp_path / "m.tflite"), TARGETS[0], ())
    assert [(each.gate, each.verdict, each.cause) for each in evaluation.findings] == [("runs", "fail", cause)]
    assert "SIGSEGV" in evaluation.findings[0].message


def test_evaluate_when_the_task_has_fewer_symbols_than_the_model_then_config_error(tmp_path):
    phones = dataclasses.replace(packed_autokey.SPEC.target_tokenizer, symbols=("A", "B"))
    spec = dataclasses.replace(packed_autokey.SPEC, target_tokenizer=phones)
    pack = packed_autokey.write(tmp_path / "m.tflite", spec=spec)
    with pytest.raises(ConfigError, match="do not belong together"):
        evaluate(pack, TARGETS[0], pack.evaluation.examples)


def test_decode_texts_then_ids_without_padding_and_a_bar(target):
    class Recorder:
        def __init__(self):
            self.bars = []

        def bar(self, label, total):
            from tfedge.progress import SILENT

            self.bars.append((label, total))
            return SILENT.bar(label, total)

    recorder = Recorder()
    entry, rows = decode_texts(target.name, autokey.MODEL, packed_autokey.SPEC, ["Bad", "a"], "float32", recorder)
    assert entry == GREEDY
    assert rows == [list(packed_autokey.ids_of(packed_autokey.cipher(word))) for word in ("bad", "a")]
    assert recorder.bars == [(f"float32 on {target.name}", 1.0)]


def test_decode_texts_when_a_text_is_unknown_then_input_error():
    with pytest.raises(InputError, match="'z' in 'az'"):
        decode_texts(TARGETS[0].name, autokey.MODEL, packed_autokey.SPEC, ["a", "az"])


def test_decode_entry_when_there_is_no_loop_in_the_graph_then_the_hosts():
    class Described:
        def __init__(self, *names):
            self.describe = lambda: dict.fromkeys(names)

    assert evaluate_module.decode_entry(Described("encode", "decode_step")) == STEPS
    assert evaluate_module.decode_entry(Described("encode", "decode_step", "greedy")) == GREEDY
