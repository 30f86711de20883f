from __future__ import annotations

import pytest

from tfedge.errors import ConfigError
from tfedge.tasks.registry import load_arrays, load_task, names


def test_load_task_when_unknown_then_the_nearest_is_named():
    with pytest.raises(ConfigError) as caught:
        load_task("g2q")
    assert str(caught.value) == f"task must be one of {', '.join(names())}; got 'g2q'; did you mean 'g2p'?"


def test_load_task_when_given_data_then_the_task_of_that_data(tmp_path):
    path = tmp_path / "lexicon.tsv"
    path.write_text("".join(f"a{'b' * number}\tA {'B ' * number}\n" for number in range(60)))
    data = load_task("g2p", path)
    assert (data.spec.name, data.source["name"]) == ("g2p", "lexicon.tsv")


def test_load_when_the_task_is_of_the_other_kind_says_so():
    with pytest.raises(ConfigError, match="a task of texts, one of g2p; image takes arrays"):
        load_task("image")
    with pytest.raises(ConfigError, match="a task of arrays, one of .*image.*; g2p takes texts"):
        load_arrays("g2p")
