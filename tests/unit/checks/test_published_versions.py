"""The published table agrees with what TensorFlow's converter itself stamps into files."""

from __future__ import annotations

import json
import pathlib

import pytest

from tests.golden import autokey
from tfedge.checks import published_versions
from tfedge.checks.published_versions import FILE, first_release, first_version, min_runtime_version, release_order
from tfedge.errors import ArtifactError
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.schema import load_schema

ROOT = pathlib.Path(__file__).resolve().parents[3]
CONVERTED = [ROOT / "models" / "g2p" / "g2p.tflite", autokey.MODEL, autokey.REFUSED_MODEL]


@pytest.mark.parametrize("path", CONVERTED, ids=lambda path: path.name)
def test_min_runtime_version_when_the_converter_stamped_a_file_says_the_same(path: pathlib.Path) -> None:
    graph = read_graph(path.read_bytes())

    assert graph.min_runtime_version == min_runtime_version((op.name, op.version) for op in graph.ops)


def test_min_runtime_version_when_one_op_is_newer_says_its_release() -> None:
    ops = [("FULLY_CONNECTED", 9), ("GATHER", 2), ("ADD", 1)]

    assert min_runtime_version(ops) == "2.3.0"
    assert min_runtime_version([*ops, ("FULLY_CONNECTED", 12)]) == "2.17.0"
    assert min_runtime_version([*ops, ("GELU", 1)]) == "2.9.0"


def test_min_runtime_version_when_nothing_is_published_passes_it_over() -> None:
    assert min_runtime_version([("MyOp", 1), ("FULLY_CONNECTED", 99), ("BROADCAST_TO", 1)]) is None
    assert min_runtime_version([("MyOp", 1), ("ADD", 1)]) == "1.5.0"
    assert first_release("ADD", 0) is None
    assert (first_version("BROADCAST_TO"), first_version("ADD"), first_version("MyOp")) == (2, 1, 1)


def test_release_order_when_parts_have_two_digits_counts_them() -> None:
    assert sorted(["2.17.0", "2.9.0", "1.15.0", "2.14.4"], key=release_order) == ["1.15.0", "2.9.0", "2.14.4", "2.17.0"]
    assert release_order("2.x") == (2, 0)


def test_table_when_read_names_ops_of_the_schema_and_its_source() -> None:
    held = json.loads(FILE.read_text())

    assert set(held["versions"]) <= set(vars(load_schema().BuiltinOperator))
    assert "runtime_version.cc" in held["source"] and held["commit"] and held["date"]
    for op, releases in held["versions"].items():
        assert releases[-1] and all(len(release_order(release)) == 3 for release in releases if release), op


def test_table_when_damaged_says_so(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published_versions, "FILE", tmp_path / "none.json")
    published_versions._releases.cache_clear()
    try:
        with pytest.raises(ArtifactError, match="install tfedge again"):
            first_release("ADD", 1)
    finally:
        published_versions._releases.cache_clear()
