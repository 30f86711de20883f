"""A task that is a user's own file, and what is said of a file that is none."""

from __future__ import annotations

import pathlib
import shutil

import pytest

from tfedge.errors import ArtifactError, ConfigError
from tfedge.tasks import own_task, registry
from tfedge.tasks.array_config import ArrayTaskConfig

EXAMPLE = pathlib.Path(__file__).parents[2] / "e2e" / "own_task" / "blink.py"


def test_load_arrays_when_given_a_file_loads_what_it_says():
    data = registry.load_arrays(str(EXAMPLE))

    assert data.spec.name == own_task.stem(str(EXAMPLE)) == "blink"
    assert (len(data.train), len(data.dev), len(data.test)) == (1000, 200, 1200)
    assert ArrayTaskConfig.read(registry.config_file(str(EXAMPLE))).shipping.recipe == "static_wi8_ai8"


def test_example_is_about_ten_lines_beside_its_imports():
    lines = EXAMPLE.read_text().splitlines()

    assert sum(line.startswith("    ") for line in lines) <= 10


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("load = 3", "a function `load"),
        ("def load(data=None): return 3", "return ArrayData; got int"),
        ("def load(data=None): raise ValueError('no\\ncamera')", "ValueError: no camera"),
        ("def load(", "SyntaxError"),
    ],
)
def test_load_when_the_file_is_no_task_says_what_is_wrong(tmp_path, text, said):
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said):
        own_task.load(str(path))


def test_load_when_the_file_and_its_task_have_two_names_refuses(tmp_path):
    path = shutil.copy(EXAMPLE, tmp_path / "wink.py")
    with pytest.raises(ConfigError, match="called 'wink'; got 'blink'"):
        own_task.load(str(path))


def test_files_when_they_are_not_there_are_named(tmp_path):
    with pytest.raises(ArtifactError, match="mine.py; there is none"):
        registry.is_array_task(str(tmp_path / "mine.py"))
    path = shutil.copy(EXAMPLE, tmp_path)
    with pytest.raises(ArtifactError, match="blink.json; there is no such file"):
        registry.config_file(str(path))
