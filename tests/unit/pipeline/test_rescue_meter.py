from __future__ import annotations

import json

import pytest

from tests.golden import packed_autokey
from tests.unit.pipeline.test_rescue_search import measured
from tfedge.conversion.recipes import QUANTIZER, RECIPES, Recipe
from tfedge.conversion.scopes import STATIC, Scope
from tfedge.errors import ArtifactError, ConversionError, WorkerError
from tfedge.pipeline.rescue_meter import Budget, Judge, Memory, RecipeMeter, Words, recipe_key
from tfedge.pipeline.rescue_places import FLOAT_PLACES, Place
from tfedge.pipeline.rescue_search import BudgetSpentError, Search

BASE = Recipe("base", "everything", QUANTIZER, (Scope(STATIC, op="*"),))
PLACES = tuple(Place("*", op, BASE.scopes[0], 1, 0) for op in ("ADD", "MUL", "SOFTMAX"))
ADD, MUL, SOFTMAX = PLACES


class Clock:
    """Seconds that pass only when somebody measures."""

    now = 0.0

    def __call__(self):
        return self.now


class Bench:
    """Converts a recipe to its scopes and judges them: SOFTMAX in float wins all."""

    def __init__(self, path=None, minutes=100.0, subject="model", judge=None):
        self.clock, self.converted, self.judged = Clock(), [], []
        self.memory = Memory(path)
        budget = Budget(60 * minutes, self.clock)
        words = Words(range(10), range(100), range(100, 200))
        self.meter = RecipeMeter(
            BASE, FLOAT_PLACES, self.convert, judge or self.judge, self.memory, budget, subject, words
        )

    def convert(self, recipe):
        self.converted.append(recipe)
        return json.dumps([scope.to_json() for scope in recipe.scopes]).encode()

    def judge(self, data, words):
        self.judged.append((words.start, words.stop))
        self.clock.now += 60
        good = any(scope["op"] == "SOFTMAX" and scope["mode"] == "float" for scope in json.loads(data))
        return measured(0.0 if good else 9.0, share=1.0 if good else 0.4)


def test_meter_when_asked_again_then_nothing_is_measured_twice():
    bench = Bench()
    first = bench.meter.decide((ADD, SOFTMAX))
    assert bench.meter.decide((SOFTMAX, ADD)) == first  # In another order: the same set.
    assert (len(bench.converted), bench.judged) == (1, [(0, 100)])
    # Other words are another measurement, of the same file.
    assert bench.meter.share((ADD, SOFTMAX)) == 1.0
    assert (len(bench.converted), bench.judged) == (1, [(0, 100), (0, 10)])
    assert bench.meter.decide((ADD,)).points_lost == 9.0


def test_meter_when_time_is_over_then_other_words_can_still_confirm():
    bench = Bench(minutes=0.001)
    bench.clock.now = 60.0
    with pytest.raises(BudgetSpentError):
        bench.meter.decide((SOFTMAX,))
    assert bench.meter.confirm((SOFTMAX,)).points_lost == 0.0
    assert bench.judged == [(100, 200)]


@pytest.mark.parametrize(
    ("num_words", "rank_words", "sizes"), [(2, 400, (1, 1, 1)), (2_500, 400, (400, 1_250, 1_250)), (7, 2, (2, 3, 4))]
)
def test_words_then_the_half_that_confirms_decides_nothing(num_words, rank_words, sizes):
    words = Words.split(num_words, rank_words)
    assert (len(words.ranking), len(words.deciding), len(words.confirming)) == sizes
    assert set(words.ranking) <= set(words.deciding)
    assert not set(words.deciding) & set(words.confirming)


def test_search_when_killed_and_begun_again_then_only_the_rest_is_measured(tmp_path):
    path = tmp_path / "state" / "measured.json"
    whole = Bench(tmp_path / "whole.json")
    expected = Search(whole.meter, 0.5).run(PLACES)
    assert [place.op for place in expected.kept] == ["SOFTMAX"]
    first = Bench(path, minutes=4.0)
    stopped = Search(first.meter, 0.5).run(PLACES)
    # The fifth confirms what was found so far.
    assert len(first.judged) == 5 and stopped.stopped == "the budget of 4 minutes is spent"
    second = Bench(path)
    assert Search(second.meter, 0.5).run(PLACES) == expected
    assert len(second.judged) == len(whole.judged) - 4
    third = Bench(path, minutes=0.001)  # All is remembered: no time is needed.
    third.clock.now = 60.0
    assert Search(third.meter, 0.5).run(PLACES) == expected and third.judged == []


def test_meter_when_the_subject_differs_then_it_is_measured_anew(tmp_path):
    path = tmp_path / "measured.json"
    Bench(path).meter.decide((ADD,))
    other = Bench(path, subject="another model")
    other.meter.decide((ADD,))
    assert len(other.judged) == 1 and len(Memory(path)) == 2


@pytest.mark.parametrize(
    ("error", "remembered"),
    [
        (ConversionError("no"), 0),
        (WorkerError("no", kind="crashed"), 0),
        (WorkerError("no", kind="refused"), 1),  # The same file and runtime would refuse again.
    ],
)
def test_meter_when_a_candidate_cannot_be_run_then_it_counts_as_all_wrong(error, remembered):
    def refuse(*_):
        raise error

    bench = Bench(judge=refuse)
    refused = bench.meter.decide((ADD,))
    assert (refused.points_lost, refused.identical_share, refused.refused) == (100.0, 0.0, "no")
    assert len(bench.memory) == remembered


def test_budget_when_spent_then_refused_and_before_not():
    clock = Clock()
    budget = Budget(30.0, clock)
    clock.now = 29.9
    budget.check()
    clock.now = 40.0
    with pytest.raises(BudgetSpentError, match=r"0\.5 minutes"):
        budget.check()
    assert budget.spent_seconds == 30.0


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"schema_version": 9, "measurements": {}}',
        '{"schema_version": 1, "measurements": []}',
        '{"schema_version": 1, "measurements": {"k": {"num_words": 1}}}',
        '{"schema_version": 1, "measurements": {"k": 1}}',
    ],
)
def test_memory_when_the_file_is_damaged_then_it_is_named(tmp_path, content):
    path = tmp_path / "measured.json"
    path.write_text(content)
    with pytest.raises(ArtifactError, match="delete it"):
        Memory(path)


def test_recipe_key_when_anything_that_counts_differs_then_another():
    names = (RECIPES["static_wi8_ai8"], RECIPES["dynamic_wi8_afp32"], BASE)
    keys = [recipe_key(recipe, range(10), "m") for recipe in names]
    keys += [recipe_key(BASE, range(11), "m"), recipe_key(BASE, range(10), "n"), recipe_key(BASE, range(1, 10), "m")]
    assert len(set(keys)) == len(keys)
    renamed = Recipe("renamed", "in other words", QUANTIZER, BASE.scopes)
    assert recipe_key(renamed, range(10), "m") == keys[2]


def test_judge_then_answers_are_compared_with_those_of_the_float_network():
    examples = packed_autokey.examples(40)
    right = Judge("ai-edge-litert", packed_autokey.SPEC, examples)(packed_autokey.MODEL_BYTES, range(10, 40))
    assert (right.num_words, right.points_lost, right.identical_share) == (30, 0.0, 1.0)
    assert right.size_bytes == len(packed_autokey.MODEL_BYTES)
