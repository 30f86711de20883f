"""Another subgraph of a file becomes the first by four bytes."""

from __future__ import annotations

import pytest

from tests import models
from tfedge.errors import ConfigError
from tfedge.modelfile.entry_subgraph import entry_patch
from tfedge.modelfile.graph import read_graph


@pytest.mark.parametrize("subgraph", [0, 1, 2])
def test_entry_patch_when_written_leads_place_0_to_the_subgraph(subgraph: int) -> None:
    data = bytearray(models.loop())
    before = read_graph(bytes(data)).subgraphs

    at, four = entry_patch(data, subgraph)
    data[at : at + 4] = four

    after = read_graph(data).subgraphs
    assert [one.name for one in after] == [before[subgraph].name, *(one.name for one in before[1:])]


@pytest.mark.parametrize("subgraph", [-1, 3])
def test_entry_patch_when_there_is_no_such_subgraph_says_so(subgraph: int) -> None:
    with pytest.raises(ConfigError, match="index of a subgraph"):
        entry_patch(models.loop(), subgraph)
