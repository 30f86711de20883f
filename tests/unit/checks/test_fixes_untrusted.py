"""Files that were changed at random are planned for, rewritten or refused: nothing else happens."""

from __future__ import annotations

import random

import pytest

from tests.models import dense, gather_dense, two_signatures, with_metadata
from tfedge.checks.edits import apply_edits
from tfedge.checks.fixes import plans
from tfedge.errors import ArtifactError
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.tail import split_file

SOURCES = {
    "dynamic": dense("int8_dynamic", per_channel=True),
    "static": dense("int8_static", per_channel=True),
    "no_bias": dense("int8_static", per_channel=True, bias=False),
    "gather": gather_dense("int8_dynamic", per_channel=True),
    "two": two_signatures("int8_dynamic", per_channel=True),
    "metadata": with_metadata(),
}
_NUMBERS = (0, 1, 7, 2**31 - 1, 2**32 - 1)


def mutated(source: bytes, rng: random.Random) -> bytes:
    data = bytearray(source)
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(data) - 4)
        if rng.random() < 0.7:
            data[place] ^= 1 << rng.randrange(8)
        else:
            data[place : place + 4] = rng.choice((*_NUMBERS, len(data))).to_bytes(4, "little")
    return bytes(data)


@pytest.mark.parametrize("name", SOURCES)
def test_plans_when_a_file_was_changed_at_random_are_made_or_it_is_refused(name: str) -> None:
    rng, rewritten, refused = random.Random(name), 0, 0
    for _ in range(80):
        data = mutated(SOURCES[name], rng)
        try:
            graph = read_graph(data)
            model_bytes, tail = split_file(data)
            for plan in plans(model_bytes, graph, ({"FULLY_CONNECTED": 11},)):
                read_graph(tail.behind(apply_edits(model_bytes, plan.edits)))
                rewritten += 1
        except ArtifactError:
            refused += 1
    assert refused > 10 and (rewritten > 10 or name == "metadata")
