"""How project tests read the repository's own source files."""

from __future__ import annotations

import ast
import functools
import pathlib
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def python_files(*folders: str) -> list[pathlib.Path]:
    """Returns the Python files below the given top-level folders."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@functools.cache
def tree(path: pathlib.Path) -> ast.Module:
    """Returns the parsed file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def module_name(path: pathlib.Path) -> str:
    """Returns the dotted name of a file, "tfedge.cli" for tfedge/cli/__init__.py."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: pathlib.Path) -> Iterator[tuple[int, str]]:
    """Yields (line, dotted name) of everything the file imports, inside functions too."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # `from tfedge import pipeline` names a module, so the name is part of it.
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
