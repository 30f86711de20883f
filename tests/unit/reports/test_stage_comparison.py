"""Each stage is broken alone, as it happens to people, and is the one that is named; right devices are the same."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.golden import packed_autokey as autokey
from tests.unit.reports import device_samples as made
from tfedge.errors import IntegrityError, MeasurementError
from tfedge.modelfile.pack import read_pack, write_pack
from tfedge.modelfile.schema import load_schema
from tfedge.reports.device_report import read_device_report, write_device_report
from tfedge.reports.stage_comparison import compare_reports
from tfedge.reports.stage_trace import stage_trace
from tfedge.runtime.client import Worker
from tfedge.tasks.spec import TaskSpec
from tfedge.text.tokenizer import STOP_ID, SymbolTokenizer
from tfedge.validation.case_trace import Numbers
from tfedge.validation.stage_tracing import asked_of, first_logits, step_inputs, trace_texts

LITERT, TFLITE = "ai-edge-litert", "tflite-runtime"


@pytest.fixture(scope="module")
def shipped(root):
    """The shipped int8 file."""
    return root / "models/g2p/g2p.tflite"


@pytest.fixture(scope="module")
def workstation(shipped):
    """Its run on LiteRT, with a text beside the golden cases."""
    return stage_trace(shipped, texts=["hello"])


@pytest.fixture(scope="module")
def spelt(tmp_path_factory):
    """A float file, its pack, and its run on LiteRT."""
    path = tmp_path_factory.mktemp("spelt") / "m.tflite"
    autokey.write(path)
    return path, stage_trace(path)


def with_trace(report, place, **changes):
    traces = list(report.traces)
    traces[place] = dataclasses.replace(traces[place], **changes)
    return dataclasses.replace(report, traces=tuple(traces))


def with_all(report, change):
    return dataclasses.replace(
        report, traces=tuple(dataclasses.replace(each, **change(each)) for each in report.traces)
    )


def row(compared, stage):
    return next(each for each in compared.rows if each.stage == stage)


def test_compare_when_the_runtimes_differ_then_the_same_within_rounding(shipped, workstation):
    compared = compare_reports(workstation, stage_trace(shipped, runtime=TFLITE, texts=["hello"]), shipped)
    assert (compared.verdict, compared.exit_code, compared.first, compared.differences) == ("pass", 0, None, ())
    assert 0.001 < row(compared, "encoder_output").relative < 0.05  # Two ways of rounding: not equal, and no more.
    assert [each.num_compared for each in compared.rows] == [17] * 6


def test_compare_when_the_processor_is_an_emulated_arm_then_the_same_within_rounding(shipped, tmp_path, arm):
    device = f"{LITERT}==2.3.0@aarch64"
    assert device in arm
    pack = read_pack(shipped)
    held = {"recipe": pack.manifest.recipe, "provenance": {}}  # Four cases: an emulated core takes its time.
    few = write_pack(tmp_path / "few.tflite", pack.model_bytes, pack.task, pack.golden[3:7], held).path
    compared = compare_reports(stage_trace(few), stage_trace(few, device), few)
    assert compared.verdict == "pass" and "emulated cortex-a72 (emulated_arm)" in compared.actual
    assert row(compared, "first_logits").relative > 0


def test_compare_when_reports_went_through_files_then_the_same_comparison(workstation, tmp_path):
    path = write_device_report(tmp_path / "a.json", workstation)
    assert compare_reports(workstation, read_device_report(path)).verdict == "pass"


# Raw bytes.


def accented(tmp_path, text):
    letters = SymbolTokenizer(("a", "b", "c", "d", "é"), "", True)
    spec = dataclasses.replace(autokey.SPEC, source_tokenizer=letters)
    path = tmp_path / "m.tflite"
    if not path.exists():
        golden = [case for case in autokey.golden_cases("float32") if "e" not in case.text]
        autokey.write(path, golden=golden, spec=spec, evaluated=[])
    return stage_trace(path, texts=[text])


def test_raw_bytes_when_a_text_was_normalised_on_its_way_then_named_though_all_else_is_the_same(tmp_path):
    sent, came = accented(tmp_path, "caé"), accented(tmp_path, "cae\u0301")
    assert sent.traces[-1].ids == came.traces[-1].ids
    compared = compare_reports(sent, came)
    assert (compared.verdict, compared.first.stage, compared.first.case) == ("fail", "raw_bytes", "text 1")
    assert (compared.first.where, compared.first.expected, compared.first.actual) == ("byte 2", "0xc3", "0x65")
    assert row(compared, "raw_bytes").num_differ == 1
    assert compare_reports(sent, accented(tmp_path, "caé")).verdict == "pass"


def test_raw_bytes_when_a_text_was_decoded_by_another_encoding_then_named(spelt):
    _, report = spelt
    broken = with_trace(report, 3, raw_bytes=report.traces[3].raw_bytes + b"\xc2\xa0")
    compared = compare_reports(report, broken)
    assert (compared.first.stage, compared.first.case) == ("raw_bytes", report.traces[3].name)
    assert compared.first.expected is None and compared.first.actual == "0xc2"


# Ids.


def test_ids_when_the_pack_has_another_tokenizer_table_then_named(spelt, tmp_path):
    path, report = spelt
    table = SymbolTokenizer(("b", "a", "c", "d", "e"), "", True)
    spec = dataclasses.replace(autokey.SPEC, source_tokenizer=table)
    other = autokey.write(tmp_path / "m.tflite", spec=spec, evaluated=[])
    compared = compare_reports(report, stage_trace(other.path), path)
    assert (compared.verdict, compared.first.stage) == ("fail", "ids")
    assert {compared.first.expected, compared.first.actual} == {"3", "4"}
    assert any("other packs" in note for note in compared.notes)
    assert row(compared, "encoder_output").num_compared < 12  # What follows from other ids is not counted again.


# Encoder output.


def fed(path, report, change):
    """Returns the report as a device would write it that feeds `encode` with other ids than its tokenizer gave."""
    spec = TaskSpec.from_json(dict(read_pack(path).task))
    with Worker(LITERT) as worker:
        worker.load(path)
        outputs = worker.describe()["encode"].outputs

        def encoded(trace):
            source = np.zeros((1, spec.max_source_length), np.int32)
            ids = change(list(trace.ids))
            source[0, : len(ids)] = ids
            found = worker.run("encode", {"source_ids": source})
            return {"encoder_output": {name: Numbers.of(array, outputs[name]) for name, array in found.items()}}

        return with_all(report, encoded)


@pytest.mark.parametrize(
    "change",
    [lambda ids: ids[-2::-1] + [STOP_ID], lambda ids: ids[:-1], lambda ids: [0, *ids][:25]],
    ids=["reversed", "without_stop", "padded_in_front"],
)
def test_encoder_output_when_it_was_fed_otherwise_then_named_with_tensor_and_place(shipped, workstation, change):
    compared = compare_reports(workstation, fed(shipped, workstation, change), shipped)
    assert (compared.verdict, compared.first.stage) == ("fail", "encoder_output")
    assert "[" in compared.first.where and compared.first.relative > 0.1
    assert row(compared, "encoder_output").num_differ >= 16  # A word of one letter is the same in reverse.
    assert row(compared, "encoder_output").num_compared == 17 and row(compared, "first_logits").num_compared <= 1


def test_encoder_output_when_it_was_fed_the_same_then_the_same(shipped, workstation):
    assert compare_reports(workstation, fed(shipped, workstation, list), shipped).verdict == "pass"


def swapped_states(trace):
    """Returns the outputs of `encode` bound by place and not by name: two of one shape change places."""
    held = dict(trace.encoder_output)
    held["cross_key_0"], held["cross_value_0"] = held["cross_value_0"], held["cross_key_0"]
    return {"encoder_output": held}


def test_encoder_output_when_two_outputs_change_places_then_named(workstation):
    compared = compare_reports(workstation, with_all(workstation, swapped_states))
    assert compared.first.stage == "encoder_output" and row(compared, "encoder_output").num_differ == 17


def stale(path, folder):
    """Returns the file with weights of its encoder from another day: a tenth of one matrix turned round."""
    pack = read_pack(path)
    model = load_schema().Model.GetRootAs(pack.model_bytes, 0)
    keys = {model.SignatureDefs(k).SignatureKey(): model.SignatureDefs(k).SubgraphIndex() for k in range(3)}
    graph = model.Subgraphs(keys[b"encode"])
    tensors = [graph.Tensors(k) for k in range(graph.TensorsLength())]
    weights = max((model.Buffers(t.Buffer()).DataAsNumpy() for t in tensors if t.Type() == 9), key=np.size)
    data, old = pack.model_bytes, weights.tobytes()
    new = np.array(weights).view(np.int8)
    new[: len(new) // 10] = new[: len(new) // 10][::-1]
    assert data.count(old) == 1
    held = {"recipe": pack.manifest.recipe, "provenance": {}}
    return write_pack(folder / "stale.tflite", data.replace(old, new.tobytes()), pack.task, pack.golden, held).path


def test_encoder_output_when_the_weights_are_stale_then_refused_by_hash_and_found_behind_a_false_one(
    shipped, workstation, tmp_path
):
    report = stage_trace(stale(shipped, tmp_path), texts=["hello"])
    with pytest.raises(MeasurementError, match="`model.tflite_sha256` is .* and "):
        compare_reports(workstation, report)
    compared = compare_reports(workstation, dataclasses.replace(report, model=workstation.model), shipped)
    assert (compared.verdict, compared.first.stage) == ("fail", "encoder_output")
    assert row(compared, "encoder_output").num_differ > 8


# First logits.


def test_first_logits_when_the_decoder_starts_with_another_token_then_named(shipped, workstation):
    spec = TaskSpec.from_json(dict(read_pack(shipped).task))
    with Worker(LITERT) as worker:
        worker.load(shipped)
        signatures = worker.describe()

        def logits(trace):
            source = np.zeros((1, spec.max_source_length), np.int32)
            source[0, : len(trace.ids)] = trace.ids
            encoded = worker.run("encode", {"source_ids": source})
            outputs = worker.run("decode_step", step_inputs(signatures, encoded, {}, STOP_ID, 0))
            right = first_logits(worker, encoded)
            assert np.array_equal(right.array, trace.first_logits.array)
            return {"first_logits": Numbers(outputs["logits"])}

        broken = with_all(workstation, logits)
    compared = compare_reports(workstation, broken, shipped)
    assert (compared.verdict, compared.first.stage) == ("fail", "first_logits")
    assert compared.first.where.startswith("logits[0,") and compared.first.quant_steps is None


def test_first_logits_when_one_weight_of_the_decoder_is_stale_then_named_behind_a_false_hash(spelt, tmp_path):
    path, report = spelt
    table = autokey.rotations()
    table[0, 3] = table[0, 4]  # An answer that begins with the first letter begins with the second.
    other = autokey.write(tmp_path / "m.tflite", model_bytes=autokey.with_weights(table))
    found = dataclasses.replace(stage_trace(other.path), model=report.model)
    compared = compare_reports(report, found, path)
    assert (compared.verdict, compared.first.stage) == ("fail", "first_logits")
    assert 0 < row(compared, "first_logits").num_differ < 12


# Tokens.


def test_tokens_when_one_is_wrong_then_named_and_no_near_tie(shipped, workstation):
    tokens = list(workstation.traces[1].tokens)
    tokens[4] = 3 if tokens[4] != 3 else 4
    broken = with_trace(workstation, 1, tokens=tuple(tokens))
    compared = compare_reports(workstation, broken, shipped)
    first = compared.first
    assert (compared.verdict, first.stage, first.case, first.index) == ("fail", "tokens", "longest_word", 4)
    assert (first.expected, first.actual, first.is_near_tie) == (str(workstation.traces[1].tokens[4]), "3", False)
    assert "apart in logits" in first.near_tie


def test_tokens_when_the_model_is_not_named_then_a_later_one_is_not_judged(workstation):
    tokens = (*workstation.traces[1].tokens[:4], 3, STOP_ID)
    compared = compare_reports(workstation, with_trace(workstation, 1, tokens=tokens))
    assert (compared.verdict, compared.exit_code, compared.first.is_near_tie) == ("not_measured", 3, None)
    assert "name the model" in compared.findings[4].fix


def test_tokens_when_an_answer_ends_early_then_wrong_without_asking(workstation):
    compared = compare_reports(workstation, with_trace(workstation, 1, tokens=workstation.traces[1].tokens[:4]))
    assert (compared.verdict, compared.first.actual, compared.first.is_near_tie) == ("fail", None, False)


def tied(gap, recipe="dynamic_wi8_afp32"):
    """Returns two reports whose first tokens differ, where the two logits are `gap` apart."""
    model = dataclasses.replace(made.report().model, recipe=recipe)
    logits = Numbers(np.array([[-4.0, -1.0, 0.0, 2.0, 2.0 - gap]], np.float32))
    sides = [made.trace(first_logits=logits, tokens=(token, 2), text=str(token)) for token in (3, 4)]
    return [made.report(side, model=model) for side in sides]


def test_tokens_when_two_logits_nearly_tie_then_said_and_passed_and_wrong_where_they_do_not():
    compared = compare_reports(*tied(0.01))
    assert (compared.verdict, compared.first) == ("pass", None)
    assert row(compared, "tokens").num_near_ties == 1 and compared.differences[0].is_near_tie
    assert compare_reports(*tied(1.0)).verdict == "fail"
    assert compare_reports(*tied(0.01, "float32")).verdict == "fail"  # Float sums in another order move far less.


# Text.


def test_text_when_the_detokenizer_has_another_table_then_named(spelt, tmp_path):
    path, report = spelt
    spec = dataclasses.replace(autokey.SPEC, target_tokenizer=SymbolTokenizer(tuple("BACDE"), " ", False))
    other = stage_trace(autokey.write(tmp_path / "m.tflite", spec=spec, evaluated=[]).path)
    compared = compare_reports(report, other, path)
    assert (compared.verdict, compared.first.stage) == ("fail", "text")
    assert {compared.first.expected, compared.first.actual} == {"'A'", "'B'"}
    assert row(compared, "tokens").num_differ == 0


# Unlike runs.


def test_compare_when_the_runs_are_unlike_then_every_field_is_named(spelt, workstation):
    _, report = spelt
    with pytest.raises(MeasurementError) as caught:
        compare_reports(report, workstation)
    said = str(caught.value)
    assert all(word in said for word in ("`model.tflite_sha256`", "`model.recipe`", "`traces` are 12 and 17 cases"))


def test_compare_when_cases_are_in_another_order_or_there_are_none_then_refused(spelt):
    _, report = spelt
    with pytest.raises(MeasurementError, match="their order differs"):
        compare_reports(report, dataclasses.replace(report, traces=report.traces[::-1]))
    empty = dataclasses.replace(report, traces=())
    with pytest.raises(MeasurementError, match="`traces` are empty"):
        compare_reports(empty, empty)


def test_compare_when_other_texts_were_given_then_refused(shipped, workstation):
    with pytest.raises(MeasurementError, match="`traces.raw_bytes` of 'text 1' is quite another text"):
        compare_reports(workstation, stage_trace(shipped, texts=["quibbling"]))


def test_compare_when_the_named_model_is_another_or_changed_then_refused(spelt, shipped, tmp_path):
    path, report = spelt
    with pytest.raises(MeasurementError, match="of .*g2p.tflite it is"):
        compare_reports(report, report, shipped)
    data = bytearray(path.read_bytes())
    data[data.index(autokey.rotations().tobytes())] ^= 1
    (tmp_path / "m.tflite").write_bytes(data)
    with pytest.raises(IntegrityError):
        compare_reports(report, report, tmp_path / "m.tflite")


def test_compare_when_a_side_cannot_show_a_stage_then_said_and_the_others_are_compared(workstation):
    short = dataclasses.replace(
        with_all(workstation, lambda _: {"encoder_output": {}, "first_logits": None}),
        not_shown={"encoder_output": "no encode", "first_logits": "no encode"},
    )
    compared = compare_reports(workstation, short)
    assert compared.verdict == "pass" and len(compared.findings) == 4
    assert row(compared, "encoder_output").not_shown.endswith("does not show it: no encode")


def test_trace_texts_when_asked_twice_then_equal(spelt):
    path, report = spelt
    pack = read_pack(path)
    with Worker(LITERT) as worker:
        worker.load(path)
        traced = trace_texts(worker, TaskSpec.from_json(dict(pack.task)), asked_of(pack.golden, ()))
    again = dataclasses.replace(report, traces=traced.traces)
    compared = compare_reports(report, again)
    assert row(compared, "first_logits").relative == 0 and compared.verdict == "pass"
