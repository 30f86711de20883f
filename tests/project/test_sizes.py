"""Files and functions stay small, and nothing hides in a drawer or behind a bare except."""

from __future__ import annotations

import ast
import statistics

import pytest

from tests.project import sources

MAX_FILE_LINES = 400
MAX_MEDIAN_LINES = 150
MAX_FUNCTION_LINES = 50
DRAWERS = {"utils", "util", "common", "helpers", "helper", "misc", "base"}


def line_count(path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def function_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Returns the lines of a function, its docstring not counted."""
    documented = 0
    if ast.get_docstring(function) is not None:
        documented = function.body[0].end_lineno - function.body[0].lineno + 1
    return function.end_lineno - function.lineno + 1 - documented


def long_functions(tree: ast.Module) -> list[str]:
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [f"{f.name} ({function_lines(f)})" for f in functions if function_lines(f) >= MAX_FUNCTION_LINES]


def swallowed(tree: ast.Module) -> list[int]:
    """Returns the lines of handlers without a type, and of those that catch everything and do nothing."""
    handlers = [node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)]
    return [
        handler.lineno
        for handler in handlers
        if handler.type is None
        or (
            ast.unparse(handler.type) in ("Exception", "BaseException")
            and all(isinstance(statement, ast.Pass | ast.Continue) for statement in handler.body)
        )
    ]


@pytest.mark.parametrize("folder", ["tfedge", "tools", "tests"])
def test_file_is_at_most_400_lines(folder):
    long = {path.name: line_count(path) for path in sources.python_files(folder)}
    assert {name: lines for name, lines in long.items() if lines > MAX_FILE_LINES} == {}


def test_files_have_a_small_median():
    assert statistics.median(line_count(path) for path in sources.python_files("tfedge")) < MAX_MEDIAN_LINES


def test_functions_are_under_50_lines():
    found = {str(path.relative_to(sources.ROOT)): long_functions(sources.tree(path)) for path in code()}
    assert {path: names for path, names in found.items() if names} == {}


def test_no_module_is_a_drawer():
    assert [path.name for path in sources.python_files("tfedge", "tools", "tests") if path.stem in DRAWERS] == []


def test_no_handler_swallows():
    found = {str(path.relative_to(sources.ROOT)): swallowed(sources.tree(path)) for path in code()}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_rules_when_broken_then_they_fire():
    body = "\n".join("    x = 1" for _ in range(MAX_FUNCTION_LINES))
    assert long_functions(ast.parse(f"def f():\n{body}")) == ["f (51)"]
    assert long_functions(ast.parse(f"def f():\n    '''Says\n    much.'''\n{body[:-20]}")) == []
    assert swallowed(ast.parse("try:\n    x()\nexcept:\n    y()")) == [3]
    assert swallowed(ast.parse("try:\n    x()\nexcept Exception:\n    pass")) == [3]
    assert swallowed(ast.parse("try:\n    x()\nexcept BrokenPipeError:\n    pass")) == []
    assert swallowed(ast.parse("try:\n    x()\nexcept OSError:\n    y()")) == []


def code():
    return sources.python_files("tfedge", "tools")
