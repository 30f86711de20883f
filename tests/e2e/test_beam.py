"""Beam search end to end: converted by the command line, run by both runtimes, compared with a plain search."""

from __future__ import annotations

import json

import pytest

from tests.e2e.commands import run_tfedge
from tfedge.modelfile.pack import read_pack
from tools.beam_reference import compare, main

RECIPES = ("float32", "dynamic_wi8_afp32", "static_wi8_ai8_fc", "static_wi8_ai8")


@pytest.fixture(scope="session")
def beams(road, forks, trained):
    """Folder of the tiny model's files with beams of four, three answers and a length penalty."""
    flags = [part for recipe in RECIPES for part in ("--recipe", recipe)]
    beam = ("--beam-width", 4, "--num-best", 3, "--length-penalty", 0.5)
    run = forks.run(road, "convert", "m.keras", "--data", "lexicon.tsv", "--out", "beams", *flags, *beam)
    assert run.returncode == 0, run.stderr
    return road / "beams"


@pytest.mark.parametrize("recipe", RECIPES[:3])
@pytest.mark.parametrize("runtime", ["tflite-runtime", "ai-edge-litert"])
def test_beam_then_equals_a_plain_search_by_the_same_file(beams, recipe, runtime):
    found = compare(beams / f"m.{recipe}.tflite", None, 40, runtime)
    assert found["compared"] == 120 and found["different"] == 0
    assert found["same"] >= (120 if recipe == "float32" else 110)


def test_compare_when_a_plain_search_is_another_then_different(beams, capsys):
    """The twin: the plain search is told another length penalty than the file was converted with."""
    path = beams / "m.float32.tflite"
    assert main([str(path), "--words", "10"]) == 0
    provenance = read_pack(path).manifest.provenance
    assert provenance["beam"] == {"width": 4, "num_best": 3, "length_penalty": 0.5}
    found = compare(path, None, 10, None, beam={**provenance["beam"], "length_penalty": 0.0})
    assert found["different"] > 0


def test_convert_when_a_recipe_can_hold_no_loop_then_no_beam_and_no_word_of_it(beams):
    assert "beam" not in read_pack(beams / "m.static_wi8_ai8.tflite").manifest.provenance


def test_predict_nbest_then_a_line_an_answer_best_first(beams):
    run = run_tfedge(beams, "predict", "m.float32.tflite", "ба", "--nbest", 2)
    assert run.returncode == 0, run.stderr
    lines = [line.split() for line in run.stdout.splitlines()]
    assert len(lines) == 2 and float(lines[0][1]) >= float(lines[1][1])
    plain = run_tfedge(beams, "predict", "m.float32.tflite", "ба", "--nbest", 2, "--json")
    (row,) = json.loads(plain.stdout)
    assert [answer["prediction"].split() for answer in row["nbest"]] == [line[2:] for line in lines]


def test_convert_when_one_signature_shall_be_kept_then_the_file_goes_the_whole_road(road, forks, trained):
    options = ("--recipe", "dynamic_wi8_afp32", "--signatures", "greedy", "--length-buckets")
    run = forks.run(road, "convert", "m.keras", "--data", "lexicon.tsv", "--out", "alone", *options)
    assert run.returncode == 0, run.stderr
    path = "alone/m.dynamic_wi8_afp32.tflite"
    assert "length_buckets" not in read_pack(road / path).manifest.provenance
    for command in (("check", path), ("inspect", path), ("predict", path, "ба")):
        run = run_tfedge(road, *command)
        assert run.returncode == 0, (command, run.stdout, run.stderr)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("predict beams/m.float32.tflite ба --nbest 4", "it has one of 3 answers; convert it with --beam-width 4, or"),
        ("predict beams/m.static_wi8_ai8.tflite ба --nbest 2", "it has only decode_step, encode; convert it with"),
        ("predict beams/m.float32.tflite ба --nbest 0", "expected a whole number of 1 or more; got '0'"),
        ("convert m.keras --num-best 2", "expected --beam-width beside --num-best; give it"),
        ("convert m.keras --beam-width 2 --num-best 3", "from 1 to the width 2; got 3"),
        ("convert m.keras --beam-width 65", "from 1 to 64; got 65"),
        ("convert m.keras --beam-width 2 --length-penalty nan", "from 0 to 2; got nan"),
        ("convert m.keras --recipe auto --beam-width 2", "leave it out here"),
        ("convert m.keras --recipe auto --length-buckets 4", "expected --length-buckets for a named recipe"),
        ("convert m.keras --recipe auto --signatures greedy", "expected --signatures for a named recipe"),
        ("convert m.keras --data lexicon.tsv --length-buckets 4 400", "expected length buckets from 1 to "),
        ("convert m.keras --length-buckets 0", "expected a whole number of 1 or more; got '0'"),
        (
            "convert m.keras --signatures greedy answer",
            "must be one of encode, decode_step, greedy, beam; got 'answer'",
        ),
        ("convert m.keras --data lexicon.tsv --recipe float32 --signatures beam", "encode, greedy; got beam; name"),
    ],
)
def test_beam_when_asked_wrongly_then_one_line_and_exit_2(road, beams, command, said):
    run = run_tfedge(road, *command.split())
    assert run.returncode == 2
    assert said in run.stderr and "Traceback" not in run.stderr
