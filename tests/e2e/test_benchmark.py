"""The benchmark's contenders, on the tiny model: equal weights must give equal answers, else times mean nothing."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import numpy as np
import pytest

from tfedge.errors import MeasurementError, RuntimeUnavailableError
from tfedge.tasks.spec import TaskSpec
from tfedge.text.tokenizer import SymbolTokenizer
from tools.benchmark import __main__ as benchmark
from tools.benchmark import phonetisaurus_model
from tools.benchmark import report as reports
from tools.benchmark.measure import Contender, Timing, answers_of, measure, speed_ratio

WRITE = """
import os, pathlib, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
from tfedge.networks.trained_model import TrainedModel
from tools.benchmark import shapes
model = TrainedModel.load(sys.argv[1])
shapes.write_files(shapes.Shape("tiny", model, []), pathlib.Path(sys.argv[2]), ("float32", "dynamic_wi8_afp32"))
"""


@pytest.fixture(scope="session")
def made(road, trained, tmp_path_factory) -> pathlib.Path:
    """Files of the tiny trained model for every contender, written by a process of its own."""
    folder = tmp_path_factory.mktemp("contenders")
    subprocess.run([sys.executable, "-c", WRITE, str(road / "m.keras"), str(folder)], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def sources():
    """Ids of twenty words, without stop token."""
    random = np.random.default_rng(3)
    return [[int(value) for value in random.integers(3, 11, random.integers(1, 6))] for _ in range(20)]


def contender(made, name, **config):
    return Contender(name, "greedy", config, 1)


def test_contenders_then_all_give_the_same_answers(made, sources):
    greedy = answers_of(
        contender(made, "a", kind="tflite", path=str(made / "float32.tflite"), signature="greedy"), sources
    )
    peer = {
        "kind": "ctranslate2",
        "path": str(made / "ctranslate2"),
        "compute_type": "float32",
        "max_target_length": 20,
    }
    assert len(set(greedy)) > 10
    assert answers_of(contender(made, "b", **peer, beam=1), sources) == greedy
    naive = contender(made, "c", kind="naive", path=str(made / "naive_float32.tflite"))
    assert answers_of(naive, sources) == greedy
    graph = contender(made, "onnx", kind="onnxruntime", path=str(made / "onnxruntime_float32.onnx"))
    assert answers_of(graph, sources) == greedy
    beam = answers_of(contender(made, "d", kind="tflite", path=str(made / "float32.tflite"), signature="beam"), sources)
    assert answers_of(contender(made, "e", **peer, beam=4), sources) == beam


def test_measure_then_rounds_of_every_contender(made, sources):
    both = [
        contender(made, name, kind="tflite", path=str(made / f"{name}.tflite"), signature="greedy")
        for name in ("float32", "dynamic_wi8_afp32")
    ]
    timings = measure(both, sources[:2], rounds=3)
    assert [timing.samples_ms.shape for timing in timings] == [(3, 2)] * 2
    assert all(timing.typical_ms > 0 and timing.peak_bytes > 1e6 and len(timing.answers) == 2 for timing in timings)


def test_measure_when_a_contender_dies_then_its_name_and_no_hang(made, tmp_path, sources, capfd):
    with pytest.raises(MeasurementError, match="expected gone to decode; its process ended with exit code 1"):
        measure(
            [contender(made, "gone", kind="tflite", path=str(tmp_path / "gone.tflite"), signature="greedy")], sources, 1
        )


def test_contenders_when_in_int8_by_onnx_runtime_then_smaller_and_answers(made, sources):
    small, large = (made / f"onnxruntime_{kind}.onnx" for kind in ("int8", "float32"))
    assert small.stat().st_size < large.stat().st_size
    assert len(set(answers_of(contender(made, "int8", kind="onnxruntime", path=str(small)), sources))) > 10


SPELLED = {"bad": "B AE D", "cab": "K AE B", "dab": "D AE B", "fad": "F AE D", "bed": "B EH D", "fed": "F EH D"}


@pytest.fixture(scope="module")
def joint(tmp_path_factory):
    """Config of phonetisaurus, trained on six words."""
    path = tmp_path_factory.mktemp("joint") / "joint.fst"
    phonetisaurus_model.write_model([(word, phones.split()) for word, phones in SPELLED.items()], path, order=3)
    letters = SymbolTokenizer.from_texts(SPELLED, "", True)
    phones = SymbolTokenizer.from_texts(SPELLED.values(), " ", False)
    spec = TaskSpec("g2p", letters, phones, max_source_length=8, max_target_length=8)
    return spec, {"kind": "phonetisaurus", "path": str(path), "spec": spec.to_json()}


def test_phonetisaurus_then_it_says_the_words_it_was_trained_on_and_is_timed(made, joint):
    spec, config = joint
    words = [list(spec.source_ids(word))[:-1] for word in SPELLED]
    (timed,) = measure([contender(made, "joint", **config)], words, rounds=2)
    assert [spec.target_tokenizer.decode(answer) for answer in timed.answers] == list(SPELLED.values())
    assert timed.samples_ms.shape == (2, 6) and (timed.samples_ms > 0).all() and timed.peak_bytes > 1e6


def test_phonetisaurus_when_a_letter_was_never_met_then_no_phones_and_the_next_word_is_right(joint):
    spec, config = joint
    letters = SymbolTokenizer(tuple("abcdefz"), "", True)
    decoder = phonetisaurus_model.Decoder(config["path"], {**config["spec"], "source_tokenizer": letters.to_json()})
    _, answers = decoder.timed([letters.encode("zzz")[:-1], letters.encode("bad")[:-1]], 1)
    assert answers == [[], spec.target_tokenizer.encode("B AE D")[:-1]]


def test_phonetisaurus_when_the_file_is_no_transducer_then_an_error_and_no_times(joint, tmp_path):
    spec, config = joint
    (tmp_path / "broken.fst").write_bytes(b"nothing")
    decoder = phonetisaurus_model.Decoder(str(tmp_path / "broken.fst"), config["spec"])
    with pytest.raises(MeasurementError, match="expected a line of phonetisaurus for each of 2 words; got 0"):
        decoder.timed([list(spec.source_ids("bad"))[:-1]], 1)


def test_check_peers_when_a_package_is_missing_then_one_line_that_names_the_extra(monkeypatch, capsys):
    benchmark.check_peers(list(benchmark.PEERS))
    monkeypatch.setitem(benchmark.PEERS, "phonetisaurus", ("no_such_package",))
    with pytest.raises(RuntimeUnavailableError, match="no_such_package is missing; run: pip install .*benchmark"):
        benchmark.check_peers(list(benchmark.PEERS))
    benchmark.check_peers(["ctranslate2"])
    assert benchmark.main([]) == 3
    assert capsys.readouterr().err.count("\n") == 1


def timing(name, milliseconds, search="greedy", is_peer=False, **more):
    """A contender whose every decode takes about that long."""
    noise = 1 + 0.01 * np.random.default_rng(1).standard_normal((20, 3))
    who = Contender(name, search, {}, 2_000_000, is_peer, **more)
    return Timing(who, milliseconds * noise, ((3,), (4,), (5,)), 50_000_000)


def test_speed_ratio_then_over_one_for_the_faster_and_its_interval_around_it():
    ratio, low, high = speed_ratio(timing("fast", 1.0), timing("slow", 2.0))
    assert low <= ratio <= high and ratio == pytest.approx(2.0, rel=0.01)
    assert speed_ratio(timing("slow", 2.0), timing("fast", 1.0))[0] == pytest.approx(0.5, rel=0.01)


def test_report_then_a_row_each_over_the_int8_peer_of_the_same_search(tmp_path):
    all_timings = [timing("float32, LiteRT", 4.0), timing("CTranslate2 int8", 3.0, is_peer=True)]
    all_timings += [timing("CTranslate2 int8", 30.0, "beam 4", is_peer=True)]
    all_timings += [timing("other network", 6.0, is_peer=True, has_our_weights=False)]
    rows = [reports.row(each, all_timings, all_timings[0], 12.5) for each in all_timings]
    assert rows[0]["speed_over_peer"][0] == pytest.approx(0.75, rel=0.01)
    assert rows[0]["identical_share"] == 1.0
    assert rows[3]["identical_share"] is None and rows[3]["speed_over_peer"][0] == pytest.approx(0.5, rel=0.01)
    report = {"shapes": [{"name": "tiny", "num_sources": 3, "rounds": 20, "rows": rows}]}
    table = reports.markdown_table(report)
    assert "| greedy | float32, LiteRT | 4 | 250 | 0.75 (0." in table and "| 12.50 | 2.00 | 50 |" in table
    reports.draw(report, tmp_path / "bars.png")
    assert (tmp_path / "bars.png").read_bytes()[:4] == b"\x89PNG"
