from __future__ import annotations

import gzip

import numpy as np
import pytest

from tfedge.errors import ArtifactError, InputError
from tfedge.tasks.machine_log import MISSING, parse_log, read_log

TEXT = "time,oil,anomaly,heat\n0,1,0,2\n1,3,1,4\n2,,0,5\n3,6,0,nan\n4,7,0,8\n5,9,0,10\n"


def test_log_when_values_are_missing_then_rows_are_left_out_and_counted():
    log = parse_log(TEXT.encode(), "log.csv")
    assert log.channels == ("oil", "heat")
    np.testing.assert_array_equal(log.rows, [[1, 2], [3, 4], [7, 8], [9, 10]])
    assert log.labels.tolist() == [0, 1, 0, 0]
    assert log.follows.tolist() == [False, True, False, True]
    assert log.skipped == {MISSING: 2}


def test_log_when_nothing_is_labelled_then_no_labels():
    log = parse_log(b"oil,heat\n1,2\n3,4\n", "log.csv")
    assert log.labels is None and log.skipped == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("oil,anomaly\n1,2\n", "0 or 1 for 'anomaly' in line 2"),
        ("anomaly\n1\n", "one or more columns of sensors"),
        ("time,label\n1,a\n", "one or more channels"),
        ("oil,heat\n1,\n", "each with a missing value"),
        ("oil,heat\n", "expected rows of numbers in log.csv; got none"),
        ("", "it is empty"),
        ("oil,heat\n1,warm\n", "expected a number for 'heat' in line 2"),
        ("oil,heat\n1,2,3\n", "expected 2 values in line 2"),
    ],
)
def test_log_when_broken_then_one_clear_line(text, said):
    with pytest.raises(InputError) as caught:
        parse_log(text.encode(), "log.csv")
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_read_log_when_packed_then_the_same_rows_and_its_own_sha256(tmp_path):
    plain, packed = tmp_path / "log.csv", tmp_path / "log.csv.gz"
    plain.write_bytes(TEXT.encode())
    packed.write_bytes(gzip.compress(TEXT.encode()))
    (first, source), (second, other) = read_log(plain), read_log(packed)
    np.testing.assert_array_equal(first.rows, second.rows)
    assert source["name"] == "log.csv" and source["sha256"] != other["sha256"]


def test_read_log_when_packed_and_cut_then_refused(tmp_path):
    path = tmp_path / "log.csv.gz"
    path.write_bytes(gzip.compress(TEXT.encode())[:-12])
    with pytest.raises(InputError, match="packed by gzip"):
        read_log(path)


def test_read_log_when_there_is_no_file_then_named(tmp_path):
    with pytest.raises(ArtifactError, match="log of a machine"):
        read_log(tmp_path / "none.csv")
