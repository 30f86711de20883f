from __future__ import annotations

import dataclasses

import pytest

from tests.golden import packed_autokey
from tests.listener import Listener
from tfedge.artifacts import sha256_hex
from tfedge.errors import ConfigError, InputError, RuntimeUnavailableError
from tfedge.reports.validate import validate_file
from tfedge.runtime import targets
from tfedge.tasks import registry

TARGETS = targets.installed_targets()
LITERT = [TARGETS[-1].name]


@pytest.fixture
def path(tmp_path):
    """A right file with 40 test words."""
    return packed_autokey.write(tmp_path / "m.tflite").path


@pytest.fixture
def lexicon(tmp_path):
    """A lexicon of 200 words, so 20 test words, none of them packed."""
    lines = [f"{word}\t{packed_autokey.cipher(word)}\n" for word in packed_autokey.words(240)[40:]]
    (tmp_path / "own.tsv").write_text("".join(lines), encoding="utf-8")
    return tmp_path / "own.tsv"


def accuracy_finding(row):
    (found,) = [finding for finding in row.findings if finding.gate == "accuracy"]
    return found


def test_validate_file_then_every_installed_runtime_has_its_row(path):
    report = validate_file(path)
    assert [row.target for row in report.rows] == [str(target) for target in TARGETS]
    assert all(row.accuracy.wer == 0 and row.accuracy.num_examples == 40 for row in report.rows)
    assert (report.kind, report.model_path) == ("validate", str(path))
    assert report.model_sha256 == sha256_hex(path.read_bytes())


def test_validate_file_when_there_are_words_enough_then_pass_and_exit_0(tmp_path):
    packed_autokey.write(tmp_path / "m.tflite", evaluated=packed_autokey.examples(1_100))
    report = validate_file(tmp_path / "m.tflite")
    assert (report.verdict, report.exit_code) == ("pass", 0)


def test_validate_file_when_the_decoder_ignores_the_source_then_fail_and_exit_1(tmp_path):
    golden = packed_autokey.golden_cases("static_wi8_ai8", own=lambda word: "B")
    packed_autokey.write(tmp_path / "m.tflite", "static_wi8_ai8", packed_autokey.deaf_model(), golden)
    report = validate_file(tmp_path / "m.tflite", LITERT)
    assert (report.verdict, report.exit_code) == ("fail", 1)


@pytest.mark.parametrize(("num_words", "scored", "all_of_them"), [(10, 10, False), (40, 40, False), (2_000, 40, True)])
def test_validate_file_then_so_many_words_and_says_where_the_file_has_no_more(path, num_words, scored, all_of_them):
    listener = Listener()
    report = validate_file(path, LITERT, num_words, reporter=listener)
    assert report.rows[0].accuracy.num_examples == scored
    assert (f"{scored} test words, all that the file carries" in listener.said) == all_of_them


def test_validate_file_when_the_file_carries_no_words_then_accuracy_is_not_measured_and_exit_3(tmp_path):
    packed_autokey.write(tmp_path / "m.tflite", evaluated=())
    report = validate_file(tmp_path / "m.tflite", LITERT)
    assert (report.rows[0].accuracy, report.verdict, report.exit_code) == (None, "not_measured", 3)
    assert accuracy_finding(report.rows[0]).fix == "pass your own with --data"


def test_validate_file_when_own_data_then_its_test_words_are_scored_and_the_loss_is_not_known(path, lexicon):
    (row,) = validate_file(path, LITERT, data=lexicon).rows
    assert (row.accuracy.num_examples, row.accuracy.wer, row.accuracy.identical_share) == (20, 0.0, None)
    assert accuracy_finding(row).verdict == "not_measured"
    (row,) = validate_file(path, LITERT, num_words=5, data=lexicon).rows
    assert row.accuracy.num_examples == 5
    (row,) = validate_file(path, LITERT, num_words=5, full=True, data=lexicon).rows
    assert row.accuracy.num_examples == 20


def test_validate_file_when_own_data_has_unknown_letters_then_the_word_is_named(path, tmp_path, lexicon):
    text = lexicon.read_text(encoding="utf-8")
    lexicon.write_text(text.replace("a", "ä"), encoding="utf-8")
    with pytest.raises(InputError, match="got 'ä' in "):
        validate_file(path, LITERT, data=lexicon)


def test_validate_file_when_full_and_the_file_is_of_other_data_then_config_error(path, lexicon, monkeypatch):
    # What the task has by itself stands in for CMUdict, which is 126,000 words.
    loader = registry.LOADERS["g2p"]
    monkeypatch.setitem(registry.LOADERS, "g2p", lambda data: loader(data or lexicon))
    with pytest.raises(ConfigError, match="made with, words.tsv user; got own.tsv user; pass that file as --data"):
        validate_file(path, LITERT, full=True)


def test_validate_file_when_full_then_the_loss_is_measured_on_the_words_that_keras_answered(
    tmp_path, lexicon, monkeypatch
):
    loader = registry.LOADERS["g2p"]
    monkeypatch.setitem(registry.LOADERS, "g2p", lambda data: loader(data or lexicon))
    test = [example.text for example in loader(lexicon).test]
    known = [each for each in packed_autokey.examples(240) if each.text in test[:12]]
    pack = packed_autokey.write(tmp_path / "m.tflite", evaluated=known)
    source = dataclasses.replace(pack.evaluation, source={"sha256": sha256_hex(lexicon.read_bytes())})
    monkeypatch.setattr("tfedge.reports.validate.read_pack", lambda _: dataclasses.replace(pack, evaluation=source))
    (row,) = validate_file(pack.path, LITERT, full=True).rows
    assert (row.accuracy.num_examples, row.accuracy.identical_share) == (20, None)
    assert "12 words" in accuracy_finding(row).message


def test_validate_file_when_the_runtime_is_not_installed_then_it_is_named(path, monkeypatch):
    monkeypatch.setattr(targets, "installed_targets", lambda: TARGETS[:1])
    with pytest.raises(RuntimeUnavailableError, match=f"pip install {LITERT[0]}"):
        validate_file(path, LITERT)
