from __future__ import annotations

import io

from rich.console import Console

from tests.unit.reports import sample_reports as made
from tests.unit.reports.ladder_samples import ARM, accuracy, config, float_rung, ladder, refused, rung
from tfedge.reports.ladder_table import ladder_lines, ladder_markdown, print_ladder

EXCURSION = dict(
    signature="decode_step", input="cache_key_0", low=-1.0, high=1.0, seen_low=-1.25, seen_high=1.0, num_calls=1500,
    num_outside=30, share_outside=0.02,
)  # fmt: skip


def test_lines_then_a_row_a_recipe_with_every_number_and_its_verdict():
    report = ladder(float_rung(), rung(test_accuracy=accuracy(wer=23.7, wer_low=22.9, wer_high=24.4)), refused())
    lines = ladder_lines(report)
    (row,) = [line for line in lines if line.startswith("  int8")]
    assert row.split() == [
        *("int8", "21.95", "(20.1-23.8)", "99.96", "+0.05", "(-0.05", "+0.15)"),
        *("0.522", "2.00x", "1.90", "21.3", "e4", "g3", "ship"),
    ]
    (forbidden,) = [line for line in lines if line.startswith("  int4")]
    assert forbidden.endswith("forbidden: low_bit_weights") and forbidden.split()[1:5] == ["-"] * 4
    assert "  forbidden  int4: low_bit_weights: int4 weights are read as int8." in lines
    assert lines[-2] == (
        "ship on ai-edge-litert 2.3.0 x86_64: int8, on 2,500 test words WER 23.70 (22.9-24.4) %, of Keras 21.90 %"
    )
    assert lines[-1] == "verdict: pass"


def test_lines_when_all_were_scored_on_test_words_then_these_are_shown():
    scored = accuracy(wer=23.7, wer_low=22.9, wer_high=24.4)
    lines = ladder_lines(ladder(float_rung(test_accuracy=scored), rung(test_accuracy=scored), refused()))
    (row,) = [line for line in lines if line.startswith("  int8")]
    assert row.split()[1:4] == ["23.70", "(22.9-24.4)", "99.96"] and "test WER %" in lines[1]


def test_lines_when_nothing_ships_then_said():
    lines = ladder_lines(ladder(float_rung(), config=config(max_bytes=1)))
    assert lines[-2:] == ["ship on ai-edge-litert 2.3.0 x86_64: nothing that the limits allow", "verdict: fail"]
    assert any("or 0.00 MB" in line for line in lines)


def test_lines_when_emulated_then_no_latency_column_and_said_why():
    text = "\n".join(ladder_lines(ladder(float_rung(target=ARM, milliseconds=None))))
    assert "p50 ms" not in text
    assert "Emulated, so that neither latency nor memory is measured" in text


def test_lines_when_a_time_is_doubtful_then_marked():
    text = "\n".join(ladder_lines(ladder(float_rung(untimed="busy machine"))))
    assert "~1.04" in text and "~ is not to be relied on" in text
    assert "relied on" not in "\n".join(ladder_lines(ladder(float_rung())))


def test_lines_then_the_input_that_leaves_its_range_most_is_named():
    text = "\n".join(ladder_lines(ladder(float_rung(), calibration={"dev_excursions": [EXCURSION]})))
    assert "Of 1500 dev calls of decode_step, 2.0% leave the calibrated range of cache_key_0" in text


def test_markdown_then_a_row_for_each_recipe_and_target_and_every_reason():
    text = ladder_markdown(ladder(float_rung(), rung(), rung("a|b", times=0.5), float_rung(target=made.TFLITE)))
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert [row.split(" | ")[:2] for row in rows] == [
        ["| `float32`", "ai-edge-litert 2.3.0 x86_64"],
        ["| `float32`", "tflite-runtime 2.14.0 x86_64"],
        ["| `int8`", "ai-edge-litert 2.3.0 x86_64"],
        ["| `a\\|b`", "ai-edge-litert 2.3.0 x86_64"],
    ]
    assert rows[2].endswith("| ship |") and rows[3].endswith("| forbidden: speed |")
    assert "- **forbidden**, `a|b` on ai-edge-litert 2.3.0 x86_64: speed: 0.50x" in text
    assert text.endswith(".\n")


def test_print_then_the_same_words_on_a_narrow_terminal():
    console = Console(file=io.StringIO(), width=60, force_terminal=True, color_system=None)
    report = ladder(float_rung(), rung())
    print_ladder(report, console)
    printed = console.file.getvalue()
    assert "ship  int8: the best that the limits allow" in printed
    assert " ".join(printed.split()) == " ".join("\n".join(ladder_lines(report)).split())
