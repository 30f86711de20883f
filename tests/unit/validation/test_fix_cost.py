"""The cost of a rewrite: figures by hand, and gates that fire when a rewrite changes more than it may."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator

import numpy as np
import pytest

from tests.golden import packed_autokey
from tests.models import dense
from tfedge.checks.edits import OneScale, apply_edits
from tfedge.checks.fixes import plans
from tfedge.errors import ConfigError
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.pack import read_pack
from tfedge.runtime.environments import find_environment
from tfedge.runtime.signatures import SignatureSpec, TensorSpec
from tfedge.runtime.targets import installed_targets
from tfedge.validation.cases import Call, Case
from tfedge.validation.expectation import CheckedFile, made_up_cases
from tfedge.validation.fix_cost import FixCost, OutputCost, _output_costs, measure_cost
from tfedge.validation.lane import Lane


def costs(old: np.ndarray, new: np.ndarray, scales: tuple[float, ...] = ()) -> OutputCost:
    """Returns the cost of one output of one case."""
    points = (0,) * len(scales)
    spec = TensorSpec("y", old.shape, old.dtype.name, scales, points, 0)
    cases = [Case("usual", (Call("s", {}),)), Case("extreme", (Call("s", {}),), is_extreme=True)]
    before, after = [({"y": old},), ({"y": old},)], [({"y": new},), ({"y": old + 1},)]
    (cost,) = _output_costs(cases, before, after, {"s": SignatureSpec("s", {}, {"y": spec})})
    return cost


def test_output_cost_when_floats_differ_by_a_tenth_is_20_db() -> None:
    cost = costs(np.array([3.0, 4.0], np.float32), np.array([3.3, 4.4], np.float32))

    assert cost.snr_db == pytest.approx(20, abs=1e-4) and cost.cosine == pytest.approx(1)
    assert cost.equal_share == 0 and cost.max_steps is None


def test_output_cost_when_one_float_turns_around_has_its_cosine() -> None:
    cost = costs(np.array([1.0, 1.0], np.float32), np.array([1.0, -1.0], np.float32))

    assert cost.cosine == 0 and cost.equal_share == 0.5


def test_output_cost_when_quantized_counts_steps() -> None:
    cost = costs(np.array([-128, 10], np.int8), np.array([127, 12], np.int8), (0.5,))

    assert cost.max_steps == 255


def test_output_cost_when_ids_differ_says_their_share_alone() -> None:
    cost = costs(np.array([1, 2, 3, 4], np.int32), np.array([1, 2, 3, 5], np.int32))

    assert (cost.equal_share, cost.snr_db, cost.cosine, cost.max_steps) == (0.75, None, None, None)


def test_output_cost_when_values_are_equal_has_no_difference_nan_included() -> None:
    values = np.array([np.nan, np.inf, 2.0], np.float32)
    cost = costs(values, values.copy())

    assert (cost.equal_share, cost.snr_db, cost.cosine) == (1, None, 1)


def test_fix_cost_when_stored_reads_back_and_says_what_it_holds() -> None:
    identical = FixCost(100, 164, 3, (OutputCost("s", "y", 1.0, None, 1.0),))
    changed = FixCost(100, 90, 3, (OutputCost("s", "y", 1.0), OutputCost("s", "z", 0.5, 30.0, 0.999, 4.0)))

    for cost in (identical, changed, FixCost(1, 1, reason="no cases")):
        assert FixCost.from_json(json.loads(json.dumps(cost.to_json()))) == cost
    assert identical.is_identical and not changed.is_identical
    assert identical.lines() == [
        "size 100 -> 164 bytes (+64)",
        "on LiteRT, 3 cases: its output is equal bit for bit",
    ]
    assert changed.lines()[1] == (
        "on LiteRT, 3 cases: output 'z' changed most: cosine 0.99900, signal 30.0 dB above the difference, "
        "4 quantization steps at most"
    )


@pytest.mark.parametrize("change", [{"size_after_bytes": 0}, {"outputs": [], "reason": ""}, {"more": 1}])
def test_fix_cost_when_illegal_is_refused(change: dict[str, object]) -> None:
    held = FixCost(100, 164, 3, (OutputCost("s", "y", 1.0),)).to_json()

    with pytest.raises(ConfigError):
        FixCost.from_json({**held, **change})


@pytest.fixture(scope="module")
def litert() -> Iterator[Lane]:
    """A lane on LiteRT, which is always installed."""
    target = next(target for target in installed_targets() if target.name == "ai-edge-litert")
    with Lane(find_environment(target)) as lane:
        yield lane


def measured(litert: Lane, folder: pathlib.Path, old: bytes, new: bytes) -> tuple[FixCost, dict[str, str]]:
    before, after = folder / "before.tflite", folder / "after.tflite"
    before.write_bytes(old)
    after.write_bytes(new)
    graph = read_graph(old)
    cases = made_up_cases(graph, litert.load(before).describe(), 1)
    cost, findings = measure_cost(CheckedFile(before, old, graph), after, litert, cases)
    return cost, {finding.gate: finding.verdict for finding in findings}


def test_measure_cost_when_only_versions_changed_is_nothing(litert: Lane, tmp_path: pathlib.Path) -> None:
    old = dense("int8_dynamic", per_channel=True, rows=4)
    cost, verdicts = measured(litert, tmp_path, old, apply_edits(old, plans(old, read_graph(old))[0].edits))

    assert cost.is_identical and verdicts == {"keeps_answers": "pass"}


@pytest.mark.parametrize("factor, verdict", [(1, "pass"), (0.05, "fail")])
def test_measure_cost_when_weights_are_rounded_or_cut_off_tells_the_two_apart(
    litert: Lane, tmp_path: pathlib.Path, factor: float, verdict: str
) -> None:
    old = dense("int8_dynamic", per_channel=True, rows=4)
    (edit,) = plans(old, read_graph(old))[1].edits
    assert isinstance(edit, OneScale)
    # A scale that is too small cuts large weights off.
    wrong = OneScale(edit.tensors, edit.name, edit.channels, edit.scale * factor)

    cost, verdicts = measured(litert, tmp_path, old, apply_edits(old, [wrong]))

    assert not cost.is_identical and verdicts == {"keeps_answers": verdict}


@pytest.mark.parametrize("slips", [False, True])
def test_measure_cost_when_a_pack_has_texts_asks_them(litert: Lane, tmp_path: pathlib.Path, slips: bool) -> None:
    before, after = tmp_path / "before.tflite", tmp_path / "after.tflite"
    packed_autokey.write(before)
    after.write_bytes(packed_autokey.slipping_model() if slips else packed_autokey.MODEL_BYTES)
    pack = read_pack(before)
    subject = CheckedFile(before, before.read_bytes(), read_graph(pack.model_bytes), pack)
    cases = made_up_cases(subject.graph, litert.load(before).describe(), 1)

    cost, findings = measure_cost(subject, after, litert, cases)

    verdicts = {finding.gate: finding.verdict for finding in findings}
    answers = cost.answers
    assert answers is not None and answers.accuracy is not None
    assert (answers.golden_equal == answers.golden_total) == (not slips)
    assert (answers.accuracy.identical_share == 1) == (not slips)
    assert verdicts["golden_cases"] == ("fail" if slips else "pass")
    assert answers.accuracy.reference_wer == 0
    assert "golden cases answered as before; of 40 packed texts" in cost.lines()[2]
