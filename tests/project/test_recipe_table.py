"""The README's table of recipes is the stored report's."""

from __future__ import annotations

import pytest

from tests.unit.reports.ladder_samples import float_rung, ladder, rung
from tfedge.errors import ArtifactError
from tfedge.reports.ladder_report import write_ladder
from tools import recipe_table
from tools.update_readme import README


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """A README with the marks, and a model with a stored report beside it."""
    monkeypatch.setattr(recipe_table, "MODEL", tmp_path / "m.keras")
    readme = tmp_path / "README.md"
    readme.write_text("before\n{}\nold\n{}\nafter\n".format(*recipe_table.MARKS), encoding="utf-8")
    return readme


def test_update_readme_then_the_region_alone_changes(stored):
    write_ladder(recipe_table.MODEL.with_suffix(".ladder.json"), ladder(float_rung(), rung()))
    recipe_table.update_readme(stored)
    text = stored.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{recipe_table.MARKS[0]}\n\n| recipe | runtime |")
    assert text.endswith(
        f"Measured 2026-11-21 by `tools/recipe_table.py` on A CPU, 2 cores, avx2.\n\n{recipe_table.MARKS[1]}\nafter\n"
    )
    assert "| `int8` | ai-edge-litert 2.3.0 x86_64 |" in text and "old" not in text


def test_update_readme_when_there_is_no_report_then_refused(stored):
    with pytest.raises(ArtifactError, match="there is none"):
        recipe_table.update_readme(stored)


def test_readme_region_is_that_of_the_stored_report_and_empty_without_one(tmp_path):
    copy = tmp_path / "README.md"
    copy.write_text(README.read_text(encoding="utf-8"), encoding="utf-8")
    if recipe_table.MODEL.with_suffix(".ladder.json").exists():
        recipe_table.update_readme(copy)
        assert copy.read_text(encoding="utf-8") == README.read_text(encoding="utf-8")
    else:
        region = README.read_text(encoding="utf-8").partition(recipe_table.MARKS[0])[2]
        assert region.partition(recipe_table.MARKS[1])[0].strip() == ""
