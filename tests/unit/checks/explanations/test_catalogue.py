from __future__ import annotations

import pytest

from tfedge.checks.explanations import catalogue
from tfedge.errors import ConfigError


def test_ids_and_aliases_are_each_of_one_entry():
    names = [name for entry in catalogue.ALL for name in (entry.id, *entry.aliases)]
    assert len(names) == len(set(names)) == len(catalogue.BY_ID)


def test_get_when_alias_or_id_then_the_entry_else_none():
    assert catalogue.get("gather") is catalogue.get("index_out_of_range")
    assert catalogue.get("nothing_of_that_name") is None


def test_family_of_finds_the_family_that_lists_an_entry():
    for name, family in catalogue.FAMILIES.items():
        assert {catalogue.family_of(entry) for entry in family.entries} == {name}


def test_by_id_when_a_name_is_used_twice_then_refused(monkeypatch):
    monkeypatch.setattr(catalogue, "ALL", (*catalogue.ALL, catalogue.ALL[0]))
    with pytest.raises(ConfigError, match="every id and alias once"):
        catalogue._by_id()


def test_refined_entries_exist():
    assert {name for entry in catalogue.ALL for name in entry.refines} <= {entry.id for entry in catalogue.ALL}
