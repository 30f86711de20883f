"""A folder of CSV files: cut into recordings, what is left out counted, what does not belong together refused."""

from __future__ import annotations

import pytest

from tfedge.errors import ArtifactError, InputError
from tfedge.tasks.recording_folder import GAP, MISSING, UNLABELLED, read_recordings


def _write(folder, name: str, rows, header: str = "time,x,y,label,subject") -> None:
    (folder / name).write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


def _rows(count: int, label: str = "walk", subject: str = "1", rate: float = 50.0) -> list[str]:
    return [f"{place / rate:.4f},{place},{-place},{label},{subject}" for place in range(count)]


def _lengths(found) -> list[tuple[str, str, int]]:
    return [(each.label, each.subject, len(each.rows)) for each in found.recordings]


def test_read_when_files_are_whole_then_each_is_a_recording(tmp_path):
    _write(tmp_path, "a.csv", _rows(30))
    _write(tmp_path, "b.CSV", _rows(20, "run", "2"))
    (tmp_path / "notes.txt").write_text("not read")
    found = read_recordings(tmp_path)
    assert (found.channels, found.rate_hz, found.skipped) == (("x", "y"), 50.0, {})
    assert _lengths(found) == [("walk", "1", 30), ("run", "2", 20)]
    assert found.source["name"] == tmp_path.name


def test_read_when_label_or_subject_changes_then_a_recording_ends(tmp_path):
    rows = _rows(30)
    rows[10:20] = [row.replace("walk", "run") for row in rows[10:20]]
    rows[25:] = [row[:-1] + "2" for row in rows[25:]]
    _write(tmp_path, "a.csv", rows)
    assert [length for *_, length in _lengths(read_recordings(tmp_path))] == [10, 10, 5, 5]


def test_read_when_values_are_missing_then_rows_are_counted_and_no_recording_spans_them(tmp_path):
    rows = _rows(30)
    rows[7], rows[8] = "0.14,,1,walk,1", "0.16,nan,1,walk,1"
    rows[20] = "0.40,1,1,,1"
    _write(tmp_path, "a.csv", rows)
    found = read_recordings(tmp_path)
    assert found.skipped == {MISSING: 2, UNLABELLED: 1}
    assert [length for *_, length in _lengths(found)] == [7, 11, 9]


def test_read_when_rows_are_left_out_then_the_gap_is_counted(tmp_path):
    rows = _rows(40)
    del rows[12:15]
    _write(tmp_path, "a.csv", rows)
    found = read_recordings(tmp_path)
    assert found.skipped[GAP] == 1
    assert [length for *_, length in _lengths(found)] == [12, 25]


def test_read_when_there_is_no_subject_or_time_then_files_are_subjects_without_a_rate(tmp_path):
    _write(tmp_path, "ann.csv", ["1,walk", "2,walk"], "x,label")
    found = read_recordings(tmp_path)
    assert (found.rate_hz, _lengths(found)) == (None, [("walk", "ann", 2)])


def test_read_when_a_column_tells_the_rate_then_it_is_taken(tmp_path):
    _write(tmp_path, "a.csv", ["1,100,walk"] * 3, "x,rate,label")
    assert read_recordings(tmp_path).rate_hz == 100.0


@pytest.mark.parametrize(
    ("header", "rows", "told"),
    [
        ("time,x,y,subject", ["0,1,2,1"], "column `label` in .*b.csv"),
        ("time,x,label,subject", ["0,1,walk,1"], "missing: y"),
        ("time,x,y,z,label,subject", ["0,1,2,3,walk,1"], "z is in one of them only"),
        ("time,x,y,label,subject", _rows(30, rate=100.0), "50 rows a second in .*b.csv; got 100"),
        ("time,x,y,label,subject", ["0,1,one,walk,1"], "number for 'y' in line 2"),
    ],
)
def test_read_when_a_file_is_unlike_the_first_then_it_is_named(tmp_path, header, rows, told):
    _write(tmp_path, "a.csv", _rows(30))
    _write(tmp_path, "b.csv", rows, header)
    with pytest.raises(InputError, match=told):
        read_recordings(tmp_path)


def test_read_when_there_is_no_folder_or_nothing_in_it_then_it_is_refused(tmp_path):
    with pytest.raises(ArtifactError, match="there is none"):
        read_recordings(tmp_path / "none")
    with pytest.raises(InputError, match="got none"):
        read_recordings(tmp_path)
    _write(tmp_path, "a.csv", ["0,,1,walk,1"])
    with pytest.raises(InputError, match="without missing values"):
        read_recordings(tmp_path)
    (tmp_path / "a.csv").write_bytes(b"x,label\n\xff,a\n")
    with pytest.raises(InputError, match="UTF-8"):
        read_recordings(tmp_path)


def test_read_when_a_file_is_empty_then_it_is_counted(tmp_path):
    _write(tmp_path, "a.csv", _rows(3))
    (tmp_path / "b.csv").write_text("\n")
    assert read_recordings(tmp_path).skipped == {"file without rows": 1}
