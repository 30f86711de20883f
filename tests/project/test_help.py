"""`--help`: quick, complete, and its example is a command line that the parser accepts."""

from __future__ import annotations

import resource
import shlex
import subprocess
import sys

import pytest

from tests.project import sources
from tfedge.cli import main
from tfedge.cli.parser import build_parser

# Seconds. Processor time and not wall time, which on a busy machine measures the others; nothing here waits.
MAX_HELP_SECONDS = 0.3
HEAVY = ("numpy", "rich", "tensorflow", "keras", "ai_edge_litert", "tflite_runtime")


def processor_seconds(*arguments: str) -> float:
    """Returns the processor time of one `python -m tfedge ...` that succeeds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "tfedge", *arguments], capture_output=True, cwd=sources.ROOT, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize("line", ["--help", *(f"{verb} --help" for verb in main.VERBS)])
def test_help_is_quick(line):
    assert any(processor_seconds(*line.split()) < MAX_HELP_SECONDS for _ in range(3))


def test_help_imports_nothing_heavy():
    code = "import sys; from tfedge.cli import main; main.main(['--help']); print('loaded', *sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=sources.ROOT, check=True)
    loaded = {name.partition(".")[0] for name in run.stdout.splitlines()[-1].split()}
    assert loaded & set(HEAVY) == set()


@pytest.mark.parametrize("verb", main.VERBS)
def test_help_of_a_verb_ends_with_its_example(verb, capsys):
    assert main.main([verb, "--help"]) == 0
    lines = capsys.readouterr().out.rstrip().splitlines()
    assert lines[-2:] == ["example:", f"  {main.VERBS[verb].EXAMPLE}"]


@pytest.mark.parametrize("verb", main.VERBS)
def test_example_is_a_command_line_of_its_verb(verb):
    program, *arguments = shlex.split(main.VERBS[verb].EXAMPLE)
    assert program == "tfedge"
    assert build_parser(main.VERBS).parse_args(arguments).verb == verb


@pytest.mark.parametrize("verb", main.VERBS)
def test_every_argument_of_a_verb_is_explained(verb, capsys):
    main.main([verb, "--help"])
    text = capsys.readouterr().out
    described = text[text.index("positional arguments:") : text.index("example:")]
    entries = [line for line in described.splitlines() if line.startswith("  ") and not line.startswith("   ")]
    alone = [entry for entry, after in zip(entries, _after(described, entries), strict=True) if not after]
    assert alone == []


def _after(text: str, entries: list[str]) -> list[str]:
    """Returns the explanation of each entry: beside it, or on the line below."""
    lines = text.splitlines()
    beside = [entry.strip().partition("  ")[2].strip() for entry in entries]
    below = [lines[lines.index(entry) + 1] if lines.index(entry) + 1 < len(lines) else "" for entry in entries]
    return [one or (two.strip() if two.startswith("   ") else "") for one, two in zip(beside, below, strict=True)]
