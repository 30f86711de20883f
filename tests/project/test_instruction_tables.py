"""What is made of counted instructions: stored counts, tables, names of functions; nothing is emulated here."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest

from tfedge.errors import ArtifactError, ConfigError, MeasurementError
from tools.instructions import table
from tools.instructions.__main__ import readme_region
from tools.instructions.counting import Count, Job, read_counts
from tools.instructions.functions import Library
from tools.instructions.stored import StoredCounts, differences


def job(tmp_path, sources=((3, 2), (4, 2))):
    return Job(tmp_path / "m.tflite", "greedy", sources)


def test_read_counts_when_marks_are_whole_takes_differences(tmp_path):
    marks = [f"mark {place} {total}" for place, total in enumerate((10, 110, 200, 250, 300, 401, 500, 552))]
    (found,) = read_counts(marks, [[[1], [2]]], [job(tmp_path)], 2)
    np.testing.assert_array_equal(found.instructions, [[100, 50], [101, 52]])
    assert found.mean == (100.5 + 51.0) / 2
    assert found.spread == pytest.approx(0.04)


@pytest.mark.parametrize(
    "marks", [["mark 0 1"], ["mark 0 1", "mark 2 5"], ["full", "mark 1 5"], ["mark 0 1", "mark 1 2", "mark 2 3"]]
)
def test_read_counts_when_marks_are_missing_raises(marks, tmp_path):
    with pytest.raises(MeasurementError, match="expected 2 marks of the plugin, from 0 on"):
        read_counts(marks, [[[1]]], [job(tmp_path, ((3, 2),))], 1)


@pytest.mark.parametrize("sources", [(), ((),)])
def test_job_when_there_is_no_source_raises(sources, tmp_path):
    with pytest.raises(ConfigError, match="at least one source"):
        job(tmp_path, sources)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (102.1, "find what made it grow"),
        (101.9, None),
        (98.1, None),
        (97.9, "well done; store the count"),
    ],
)
def test_differences_when_counts_move_tell_growth_beyond_two_hundredths(now, said):
    lines = differences({"x": now}, StoredCounts({"x": 100.0}, {}))
    assert len(lines) == (said is not None)
    assert said is None or said in lines[0]


@pytest.mark.parametrize(("measured", "kept"), [({"a": 1.0}, {}), ({}, {"a": 1.0})])
def test_differences_when_a_decode_is_on_one_side_only_say_so(measured, kept):
    assert "only" in differences(measured, StoredCounts(kept, {}))[0]


def test_stored_counts_when_written_are_read_again(tmp_path):
    counts = StoredCounts({"a": 5.0}, {"numpy": "1"})
    counts.write(tmp_path / "c.json")
    assert StoredCounts.read(tmp_path / "c.json") == counts


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"schema_version": 2, "counts": {}, "versions": {}}',
        '{"schema_version": 1, "counts": {}}',
        '{"schema_version": 1, "counts": {"a": -1}, "versions": {}}',
        '{"schema_version": 1, "counts": {"a": true}, "versions": {}}',
        '{"schema_version": 1, "counts": {"a": NaN}, "versions": {}}',
        '{"schema_version": 1, "counts": {}, "versions": {"a": 1}}',
    ],
)
def test_stored_counts_when_the_file_is_another_are_refused(text, tmp_path):
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(ArtifactError):
        StoredCounts.read(tmp_path / "c.json")


def row(recipe, instructions, release="ai-edge-litert==2.3.0"):
    facts = {"shape": "wide", "recipe": recipe, "signature": "greedy", "release": release, "core": "cortex-a76"}
    return {**facts, "sha256": "0", "instructions": instructions}


def test_markdown_when_a_runtime_refuses_a_file_says_so_beside_ratios():
    rows = [row("float32", [4e6, 6e6]), row("int8", [2e6, 2e6]), row("int4", None), row("int8", [9e6], "tflite==2")]
    report = {"rows": {str(place): each for place, each in enumerate(rows)}, "versions": {"qemu-user": "7"}}
    assert table.markdown(report).splitlines() == [
        "| wide, greedy | ai-edge-litert 2.3.0, cortex-a76 | tflite 2, cortex-a76 |",
        "| --- | ---: | ---: |",
        "| float32 | 5.00 | - |",
        "| int8 | 2.00 (0.40x) | 9.00 |",
        "| int4 | does not run | - |",
    ]
    assert "(qemu-user 7)" in readme_region(report)


def test_measure_when_a_report_holds_the_case_counts_nothing_again(tmp_path, monkeypatch):
    (tmp_path / "m.tflite").write_bytes(b"model")
    (only,) = table.cases(
        "wide", {"float32": tmp_path / "m.tflite"}, [[3, 2]], ["ai-edge-litert==2.3.0"], ["a76"], ["g"]
    )
    held = {**row("float32", [1e6]), "sha256": only.sha256}
    out = tmp_path / "r.json"
    out.write_text(json.dumps({"schema_version": 1, "versions": {}, "rows": {only.key: held}}))

    class Installed:
        versions = {"qemu-user:amd64": "7"}

    assert table.measure(out, [only], Installed())["rows"] == {only.key: held}


@pytest.mark.parametrize("text", ["", "{}", '{"schema_version": 9, "rows": {}}', '{"schema_version": 1, "rows": []}'])
def test_read_when_the_report_is_another_is_refused(text, tmp_path):
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(ArtifactError, match="expected a report of instructions"):
        table.read(tmp_path / "r.json")


def elf(names=b"\0gemm\0", symbols=((1, 2, 0x2000, 0x10),)):
    """Returns a library with one loaded part, offset 0 at address 0x1000, and a table of symbols."""
    table_bytes = b"".join(struct.pack("<IBBHQQ", name, info, 0, 0, at, size) for name, info, at, size in symbols)
    start = 64 + 56
    sections = start + len(names) + len(table_bytes)
    header = b"\x7fELF\x02\x01".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 3, 183, 1, 0, 64, sections, *[0] * 3, 1, 64, 2, 0
    )
    header = header[:52] + struct.pack("<HHHHHH", 64, 56, 1, 64, 2, 0)
    part = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x1000, 0, 0x5000, 0x5000, 0)
    strings = struct.pack("<IIQQQQIIQQ", 0, 3, 0, 0, start, len(names), 0, 0, 0, 0)
    listed = struct.pack("<IIQQQQIIQQ", 0, 2, 0, 0, start + len(names), len(table_bytes), 0, 0, 0, 24)
    return header + part + names + table_bytes + strings + listed


def test_library_when_a_symbol_covers_an_offset_names_it(tmp_path):
    (tmp_path / "lib.so").write_bytes(elf())
    library = Library(str(tmp_path / "lib.so"))
    assert [library.function_at(offset) for offset in (0xFFF, 0x1000, 0x100F, 0x1010)] == [
        "lib.so",
        "gemm",
        "gemm",
        "lib.so",
    ]


@pytest.mark.parametrize("data", [b"", b"#!/bin/sh", elf()[:-1], elf()[:70]])
def test_library_when_the_file_is_damaged_is_refused(data, tmp_path):
    (tmp_path / "lib.so").write_bytes(data)
    with pytest.raises(ArtifactError):
        Library(str(tmp_path / "lib.so"))


def test_count_when_repeats_differ_takes_the_middle_one(tmp_path):
    found = Count(job(tmp_path, ((3, 2),)), np.array([[100], [103], [101]]), ((1.0,),))
    assert found.mean == 101
