"""The road of the end-to-end tests, walked once a session: a user's lexicon to packed files.

On the way `convert` and `package` are killed once and then run again by the same command line: test_kill.py looks at
what the killed ones left, test_pipeline.py at what came out.
"""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Iterator

import pytest

from tests.e2e import lexicons
from tests.e2e.commands import Ended, Forks, names, run_tfedge
from tfedge.modelfile.pack import split_model


@dataclasses.dataclass(frozen=True)
class Step:
    """A command line of the road.

    Attributes:
        run: how it ended.
        killed: how the same command line ended that was killed before; None where none was.
        left: everything that the killed one left in the folder it was to write.
    """

    run: Ended
    killed: Ended | None = None
    left: tuple[str, ...] = ()


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """Runs command lines of wing A without importing TensorFlow each time."""
    with Forks() as started:
        yield started


@pytest.fixture(scope="session")
def road(tmp_path_factory) -> pathlib.Path:
    """Where the road is walked: lexicon.tsv, tiny.json, and what the steps write."""
    made = tmp_path_factory.mktemp("road")
    lexicons.write_lexicon(made / "lexicon.tsv")
    lexicons.write_config(made / "tiny.json", lexicons.CONFIG)
    return made


@pytest.fixture(scope="session")
def trained(road, forks) -> Step:
    """`tfedge train` by a process of its own: m.keras."""
    command = ("train", "g2p", "--data", "lexicon.tsv", "--config", "tiny.json", "--out", "m.keras", "--seed", 3)
    step = Step(run_tfedge(road, *command))
    assert step.run.returncode == 0, step.run.stderr
    return step


@pytest.fixture(scope="session")
def trained_file(road, trained) -> pathlib.Path:
    """The trained model; its lexicon.tsv lies beside it."""
    return road / "m.keras"


@pytest.fixture(scope="session")
def converted(road, forks, trained) -> Step:
    """`tfedge convert`, killed within the first recipe and run again: out/m.RECIPE.tflite."""
    command = ("convert", "m.keras", "--data", "lexicon.tsv")
    killed = forks.run(road, *command, kill_at="recipe float32")
    left = tuple(names(road / "out")) if (road / "out").exists() else ()
    step = Step(forks.run(road, *command), killed, left)
    assert step.run.returncode == 0, step.run.stderr
    return step


@pytest.fixture(scope="session")
def packaged(road, forks, converted) -> Step:
    """`tfedge package` of a file without pack, killed and run again: packed/mine.tflite."""
    (road / "bare.tflite").write_bytes(split_model(road / "out" / "m.float32.tflite"))
    model = ("--from", "m.keras", "--recipe", "float32", "--data", "lexicon.tsv")
    command = ("package", "bare.tflite", *model, "--out", "packed/mine.tflite")
    killed = forks.run(road, *command, kill_at="answers of Keras")
    left = tuple(names(road / "packed")) if (road / "packed").exists() else ()
    step = Step(forks.run(road, *command), killed, left)
    assert step.run.returncode == 0, step.run.stderr
    return step
