"""The tables of an inspection: what they say, how wide they are, and that nothing of a file acts on the terminal."""

from __future__ import annotations

import dataclasses
import io
import pathlib
from typing import Any

import pytest
from rich.console import Console

from tests import models
from tests.golden import autokey, packed_autokey
from tests.models import behaving
from tfedge.modelfile.builder import ModelBuilder
from tfedge.reports.inspect import inspect_file
from tfedge.reports.inspect_notes import size
from tfedge.reports.inspect_table import PIPE_WIDTH, print_inspection
from tfedge.reports.inspection import Inspection, LoadedSubgraph, Trial


def text(inspection: Inspection, width: int = PIPE_WIDTH, **console: Any) -> str:
    written = io.StringIO()
    print_inspection(inspection, Console(file=written, width=width, highlight=False, **console))
    return written.getvalue()


def inspected(folder: pathlib.Path, data: bytes) -> Inspection:
    path = folder / "m.tflite"
    path.write_bytes(data)
    return inspect_file(path, run=False)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Inspection:
    """A packed seq2seq model, read and run."""
    path = tmp_path_factory.mktemp("packed") / "m.tflite"
    packed_autokey.write(path, provenance={"training": {"seed": 7}})
    return inspect_file(path)


@pytest.mark.parametrize("width", [80, PIPE_WIDTH])
def test_table_when_printed_fits_its_width_and_has_no_blanks_at_the_end(shipped: Inspection, width: int) -> None:
    lines = text(dataclasses.replace(shipped, path="m.tflite"), width).splitlines()

    assert max(map(len, lines)) <= width
    assert [line for line in lines if line != line.rstrip()] == []


def test_table_when_a_file_has_much_to_say_has_every_section(shipped: Inspection) -> None:
    said = text(shipped)

    for title in ("Signatures", "Subgraphs", "Ops", "Worth knowing", "Weights, ", "Memory", "Files behind", "Pack"):
        assert f"\n{title}" in said
    for words in (
        "decode_step, subgraph 0",
        "body of WHILE in subgraph 2",
        "control flow  WHILE (1x)",
        "loads, and runs every signature once with zeros",
        "training.seed: 7",
        "evaluation.json",
    ):
        assert words in said


def test_table_when_a_file_is_plain_leaves_sections_out(tmp_path: pathlib.Path) -> None:
    said = text(inspected(tmp_path, models.with_custom_op()))

    assert "MyOp (custom)" in said and "the app must register their code" in said
    for title in ("Weights", "Files behind", "Pack", "Loaded by"):
        assert f"\n{title}" not in said


def _scaled(scale: float) -> bytes:
    builder = ModelBuilder()
    x, y = (builder.tensor(name, (2,), "int8", scales=scale) for name in ("x", "y"))
    builder.op("TANH", [x], [y])
    return builder.build()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (models.with_flex_op(), "need TensorFlow in the app"),
        (models.with_variable(), "state that outlives an invocation"),
        (models.dynamic_shape(), "? x 8"),
        (models.with_metadata("1.5.0"), "not true: FULLY_CONNECTED version 12 (TensorFlow 2.17.0)"),
        (models.with_metadata("2.17.0"), "says the file; its ops need 2.17.0"),
        (models.with_metadata("2.17.0", version=1), "says the file; its ops need 1.5.0"),
        (models.dense(), "the file does not say; its ops need TensorFlow 1.5.0"),
        (models.with_custom_op(), "its ops are in no table"),
        (models.dense("uint8"), "scale 0.03125, zero point 128"),
        (models.dense("int8_dynamic", per_channel=True), "per-channel"),
        (_scaled(float("nan")), "scale that is no number, zero point 0"),
        (_scaled(0.5), "scale 0.5, zero point 0"),
    ],
)
def test_table_when_a_file_has_a_fact_tells_it(tmp_path: pathlib.Path, data: bytes, words: str) -> None:
    assert words in text(inspected(tmp_path, data))


def test_table_when_names_would_act_on_a_terminal_writes_their_codes(tmp_path: pathlib.Path) -> None:
    builder = ModelBuilder("\x1b[2J")
    wild = "\x1b]0;pwned\x07\n\u202e[bold red]x[/]"
    builder.subgraph(wild)
    x = builder.tensor(wild, (1, 4))
    w = builder.tensor(f"{wild}/dense/{wild}", (4, 4), data=[[1.0] * 4] * 4)
    builder.op("CUSTOM", [x, w], [builder.tensor(wild, (1, 4))], custom_code=wild)
    builder.signature(wild, {wild: x}, {wild: 2})
    builder.metadata(wild, b"x")

    said = text(inspected(tmp_path, builder.build()))

    assert all(line.isprintable() for line in said.splitlines())
    assert "\\x1b" in said and "[bold red]" in said  # Rich's own markup is text as well.


def test_table_when_lists_are_long_cuts_them_and_says_how_many_more(tmp_path: pathlib.Path) -> None:
    builder = ModelBuilder()
    for index in range(30):
        builder.subgraph(f"graph {index}")
        x, y = builder.tensor("x", (1,)), builder.tensor("y", (1,))
        builder.op("CUSTOM", [x], [y], custom_code=f"Op{index}")
        builder.signature(f"entry {index}", {f"x{place}": x for place in range(20)}, {"y": y})
    said = text(inspected(tmp_path, builder.build()))

    assert said.count("and 18 more (--json has all)") == 2  # Signatures and subgraphs; of ops 30 are shown.
    assert "entry 11" in said and "entry 12," not in said and "and 8 more" in said and "Op29" in said
    assert "Op0 (1x), Op1 (1x)" in said and "and 25 more" in said


def test_table_when_a_runtime_failed_says_how(tmp_path: pathlib.Path) -> None:
    inspection = inspected(tmp_path, behaving.slices(behaving.FAR))
    died = Trial("tflite-runtime==2.14.0@x86_64", "crashed", "the process died by SIGSEGV", (LoadedSubgraph(0),))
    missing = Trial("ai-edge-litert", "unavailable", "not installed")

    said = text(dataclasses.replace(inspection, runs=(died, missing)))

    assert "the interpreter died" in said and "SIGSEGV" in said and "unavailable" in said
    assert "partitions" not in said


def test_table_when_a_pack_is_damaged_says_so(shipped: Inspection) -> None:
    pack = dataclasses.replace(shipped, pack=type(shipped.pack)(problem="bytes were changed"))  # type: ignore[misc]

    assert "damaged" in text(pack) and "damaged" not in text(shipped)


def test_table_when_on_a_terminal_has_colours(shipped: Inspection) -> None:
    assert "\x1b[1m" in text(shipped, force_terminal=True, color_system="standard")
    assert "\x1b" not in text(shipped)


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (44416, "44.4 kB"),
        (999_499, "999 kB"),
        (999_500, "1.00 MB"),
        (1_712_901, "1.71 MB"),
        (12_345_678_901, "12.3 GB"),
        (1_234_567_890_123, "1,230 GB"),
    ],
)
def test_size_when_given_bytes_has_three_digits(count: int, words: str) -> None:
    assert size(count) == words


def test_table_when_the_shipped_model_is_shown_breaks_no_line_at_pipe_width() -> None:
    inspection = inspect_file(autokey.MODEL, run=False)

    assert not [line for line in text(inspection).splitlines() if line.startswith(" " * 60)]
