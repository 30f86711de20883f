"""`tfedge predict --stream`: a line a window on stdout, what was left out on stderr, one line for what cannot be."""

from __future__ import annotations

import io
import json
import types

import pytest

from tests.golden import packed_classifier
from tfedge.cli import main

LENGTH, CHANNELS = packed_classifier.shape_of("signal")
HEADER = ",".join(["time", *(f"axis <{place}>" for place in range(CHANNELS))])


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """Packed files of a classifier and of a scorer of anomalies."""
    folder = tmp_path_factory.mktemp("stream")
    return {kind: str(packed_classifier.write(folder / f"{kind}.tflite", kind).path) for kind in ("signal", "anomaly")}


def _rows(count: int) -> list[str]:
    return [f"{row / 50},{255 * (row % LENGTH == 0)},0" for row in range(count)]


@pytest.fixture
def csv(tmp_path):
    """Writes rows below a header and returns the path."""

    def write(rows, header: str = HEADER) -> str:
        path = tmp_path / "a.csv"
        path.write_text("\n".join([header, *rows, ""]))
        return str(path)

    return write


def test_stream_then_a_line_a_window(paths, csv, capsys):
    assert main.main(["predict", paths["signal"], "--stream", csv(_rows(2 * LENGTH))]) == 0
    out, err = capsys.readouterr()
    first, second = out.splitlines()
    assert first.split()[:3] == [f"{(LENGTH - 1) / 50:.2f}", "s", "top"] and first.endswith("%")
    assert second.split()[2] == "top" and err == ""


def test_stream_when_json_is_asked_for_then_each_line_is_an_object(paths, csv, capsys):
    assert main.main(["predict", paths["anomaly"], "--stream", csv(_rows(2 * LENGTH)), "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["row"], line["score"], line["is_anomaly"]) for line in lines] == [
        (LENGTH, 255.0, False),
        (2 * LENGTH, 255.0, False),
    ]


def test_stream_when_it_comes_from_stdin_without_time_then_that_is_said(paths, monkeypatch, capsys):
    text = "\n".join([HEADER.removeprefix("time,"), *("2000,0" for _ in range(LENGTH))])
    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=io.BytesIO(text.encode())))
    assert main.main(["predict", paths["anomaly"], "--stream", "-"]) == 0
    out, err = capsys.readouterr()
    assert "ALARM" in out
    assert err == "tfedge: no column `time` or `rate` in stdin: its rows are taken for 50 a second\n"


def test_stream_when_rows_miss_values_then_they_are_counted_on_stderr(paths, csv, capsys):
    rows = _rows(2 * LENGTH + 1)
    rows[LENGTH] = "0.16,,0"
    assert main.main(["predict", paths["signal"], "--stream", csv(rows)]) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 2
    assert "row with a missing value: 1; no window spans one" in err


@pytest.mark.parametrize(
    ("rows", "header", "told"),
    [
        (_rows(LENGTH - 1), HEADER, f"expected {LENGTH} rows or more"),
        (_rows(40), "time,x,y", "missing: axis <0>, axis <1>"),
        ([f"{row},0,0" for row in range(40)], HEADER, "expected 50 rows a second"),
        (["0,a,0"], HEADER, "expected a number for 'axis <0>' in line 2"),
    ],
)
def test_stream_when_the_csv_is_not_the_models_then_one_line_and_exit_2(paths, csv, capsys, rows, header, told):
    assert main.main(["predict", paths["signal"], "--stream", csv(rows, header)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and told in err and len(err.splitlines()) == 1


def test_stream_when_the_file_is_missing_or_texts_are_named_too_then_exit_2(paths, capsys, tmp_path):
    assert main.main(["predict", paths["signal"], "--stream", str(tmp_path / "none.csv")]) == 2
    assert "No such file" in capsys.readouterr().err
    assert main.main(["predict", paths["signal"], "word", "--stream", "-"]) == 2
    assert "--stream alone" in capsys.readouterr().err
    assert main.main(["predict", paths["signal"]]) == 2
    assert "expected texts, image files or --stream" in capsys.readouterr().err
