"""What `import tfedge` offers."""

from __future__ import annotations

import pathlib
import tomllib
import types

import pytest

import tfedge
from tests.project import sources


def public_members(module: types.ModuleType) -> set[str]:
    """Returns the names a user sees that are not sub-modules."""
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType) and name != "annotations"
    }


def test_public_names_are_exactly_those_declared():
    assert public_members(tfedge) == set(getattr(tfedge, "__all__", ()))


def test_version_is_that_of_the_project_file_and_of_the_changelog():
    project = tomllib.loads((sources.ROOT / "pyproject.toml").read_text())
    assert "version" in project["project"]["dynamic"]
    assert sources.ROOT / project["tool"]["hatch"]["version"]["path"] == pathlib.Path(tfedge.__file__)
    changelog = (sources.ROOT / "CHANGELOG.md").read_text()
    assert "## [Unreleased]" in changelog or f"## [{tfedge.__version__}]" in changelog


@pytest.mark.parametrize("path", sources.python_files("tfedge"), ids=sources.module_name)
def test_module_has_a_docstring_or_is_empty(path):
    tree = sources.tree(path)
    assert not tree.body or isinstance(tree.body[0].value.value, str)
