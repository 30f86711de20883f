"""Every rule, gate and entry is explained, and every explanation is proved or says why not."""

from __future__ import annotations

import ast
import functools
import pathlib
import shlex
from collections.abc import Iterator

import pytest

from tests.explanations import command_cases, finding_cases, package_cases, provoke
from tests.explanations.case import LITERT, SYMPTOMS, TENSORFLOW, TFLITE
from tests.explanations.recorded import RECORDED
from tests.project import sources
from tfedge.checks.apk_rules import RULES as PACKAGE_RULES
from tfedge.checks.explanations import catalogue
from tfedge.checks.rules import RULES as MODEL_RULES
from tfedge.cli import main
from tfedge.cli.parser import build_parser

RULES = (*MODEL_RULES, *PACKAGE_RULES)
PROVOKED = {case.id for where in (TFLITE, LITERT, TENSORFLOW) for case in provoke.cases_of(where)}
PROVOKED |= {name for name, _ in (*command_cases.CASES, *finding_cases.CASES, *package_cases.CASES)}
PROVOKED |= {*finding_cases.ON_ARM, *SYMPTOMS}
WORDS = {TFLITE: "tflite-runtime 2.14.0", LITERT: "ai-edge-litert 2.3.0", TENSORFLOW: "TensorFlow 2.21.0"}


def gates_of(tree: ast.Module) -> Iterator[str]:
    """Yields the gate of every `Finding(...)`, through constants and through parameters that carry it."""
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    carriers: dict[str, int] = {"Finding": 0}
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for _ in functions:  # A carrier may be called by another one.
        for function in functions:
            names = [argument.arg for argument in function.args.args]
            for call in calls(function, carriers):
                first = argument(call, carriers[call.func.id], "gate")
                if isinstance(first, ast.Name) and first.id in names:
                    carriers.setdefault(function.name, names.index(first.id))
    for call in calls(tree, carriers):
        first = argument(call, carriers[call.func.id], "gate")
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value
        elif isinstance(first, ast.Name) and isinstance(constants.get(first.id), str):
            yield constants[first.id]


def calls(tree: ast.AST, carriers: dict[str, int]) -> list[ast.Call]:
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    return [call for call in found if call.func.id in carriers]


def argument(call: ast.Call, place: int, name: str) -> ast.expr | None:
    named = [keyword.value for keyword in call.keywords if keyword.arg == name]
    return named[0] if named else call.args[place] if len(call.args) > place else None


@functools.cache
def all_gates() -> dict[str, pathlib.Path]:
    files = [path for path in sources.python_files("tfedge") if "Finding(" in path.read_text(encoding="utf-8")]
    return {gate: path for path in files for gate in gates_of(sources.tree(path))}


def test_gates_of_finds_constants_and_what_a_function_carries():
    source = """
GATE = "b"
def _failed(gate, error): return Finding(gate, "fail", error)
def check(): return Finding("a", "pass", "x"), Finding(GATE, "fail", "y"), _failed("c", "z"), Finding(gate="d")
"""
    assert sorted(gates_of(ast.parse(source))) == ["a", "b", "c", "d"]


def test_every_rule_has_an_explanation():
    assert [rule.id for rule in RULES if catalogue.get(rule.id) is None] == []


def test_every_gate_has_an_explanation():
    assert {gate: path for gate, path in all_gates().items() if catalogue.get(gate) is None} == {}


def test_every_gate_that_is_explained_exists():
    emitted = {catalogue.get(gate).id for gate in all_gates()}
    assert {entry.id for entry in catalogue.FAMILIES["gates"].entries} <= emitted


def test_every_rule_that_is_explained_exists():
    known = {catalogue.get(rule.id).id for rule in RULES}
    families = [family for name, family in catalogue.FAMILIES.items() if name.startswith("rules")]
    assert {entry.id for family in families for entry in family.entries} <= known


@pytest.mark.parametrize("entry", catalogue.ALL, ids=lambda entry: entry.id)
def test_explanation_is_provoked_by_a_test_or_its_words_are_recorded(entry):
    if entry.reproduced:
        assert entry.id in PROVOKED and entry.id not in RECORDED
    else:
        assert entry.id in RECORDED and entry.id not in PROVOKED


@pytest.mark.parametrize("where", WORDS)
def test_explanation_names_the_runtimes_that_its_tests_use(where):
    used = {case.id for case in provoke.cases_of(where)}
    used |= {name for name, places in SYMPTOMS.items() if where in [place for place, _ in places]}
    said = {entry.id for entry in catalogue.ALL if WORDS[where] in entry.reproduced}
    assert said == used


@pytest.mark.parametrize("entry", catalogue.ALL, ids=lambda entry: entry.id)
def test_explanation_has_a_source_or_is_about_tfedge_itself(entry):
    own = catalogue.family_of(entry) == "gates" or catalogue.family_of(entry).startswith("rules")
    assert entry.sources or own


def commands() -> list[tuple[str, str]]:
    lines = [(entry.id, line.strip()) for entry in catalogue.ALL for line in entry.example.splitlines()]
    return [(name, line) for name, line in lines if line.startswith("tfedge ")]


@pytest.mark.parametrize(("name", "line"), commands())
def test_example_that_is_a_command_of_tfedge_is_one(name, line):
    words = shlex.split(line.partition(" < ")[0])
    assert build_parser(main.VERBS).parse_args(words[1:]).verb in main.VERBS


def test_example_that_explains_names_an_entry():
    texts = [line.removeprefix("tfedge explain ") for _, line in commands() if line.startswith("tfedge explain ")]
    names = [text for text in texts if text.isidentifier()]
    assert names and [name for name in names if catalogue.get(name) is None] == []


def test_example_in_python_is_python():
    broken = {}
    for entry in catalogue.ALL:
        if (
            any(mark in entry.example for mark in ("tf.", "keras.", "interpreter", "np."))
            and "Kotlin" not in entry.affects
        ):
            try:
                ast.parse(entry.example)
            except SyntaxError:
                broken[entry.id] = entry.example
    assert {name: text for name, text in broken.items() if catalogue.family_of(catalogue.get(name)) != "android"} == {}
