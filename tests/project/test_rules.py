"""A rule without a file that triggers it and a near twin that must not does not exist."""

from __future__ import annotations

import collections

from tests.unit.checks.rules.examples import EXAMPLES
from tfedge.checks.rules import RULES


def test_every_rule_has_one_example_and_every_example_a_rule():
    assert sorted(example.rule for example in EXAMPLES) == sorted(rule.id for rule in RULES)


def test_rule_ids_are_unique_words():
    counts = collections.Counter(rule.id for rule in RULES)
    assert max(counts.values()) == 1
    assert all(rule.id.isidentifier() and rule.id == rule.id.lower() for rule in RULES)


def test_examples_when_trigger_and_twin_are_one_file_prove_nothing():
    assert [example.rule for example in EXAMPLES if example.trigger == example.twin] == []


def test_every_rule_says_why_it_exists():
    silent = [rule.id for rule in RULES if not any(word in (rule.check.__doc__ or "") for word in SOURCES)]
    assert silent == []


# Measured by us, published by others, or a note with its reason.
SOURCES = ("Measured", "measured", "Published", "published", "A note")
