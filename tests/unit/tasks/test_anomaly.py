from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from tfedge.errors import ArtifactError, InputError, IntegrityError
from tfedge.tasks import anomaly
from tfedge.tasks.machine_log import MachineLog


def written(path, rows, labels=None):
    names = [f"s{place}" for place in range(rows.shape[1])] + ([] if labels is None else ["anomaly"])
    columns = rows if labels is None else np.column_stack([rows, labels])
    lines = [",".join(names), *(",".join(f"{value:g}" for value in row) for row in columns)]
    path.write_text("\n".join(lines) + "\n")
    return path


def independent(num_rows=400, seed=0):
    return np.random.default_rng(seed).normal(3, 2, (num_rows, 3))


def labels_of(num_rows, *places):
    labels = np.zeros(num_rows, int)
    labels[list(places)] = 1
    return labels


def test_load_when_rows_are_independent_then_windows_of_one_row_split_by_time(tmp_path):
    rows = independent()
    data = anomaly.load(written(tmp_path / "log.csv", rows, labels_of(400, 5, 250, 390)))
    assert data.spec.preprocessing.input_shape == (1, 3)
    assert (len(data.train), len(data.dev), len(data.test)) == (240, 60, 100)
    assert (data.train.labels.sum(), data.dev.labels.sum(), data.test.labels.sum()) == (1, 1, 1)
    assert data.spec.meaning.threshold is None and data.source["name"] == "log.csv"
    first = (rows[300] - data.spec.preprocessing.mean) / data.spec.preprocessing.deviation
    np.testing.assert_allclose(data.test.inputs[0, 0], first, atol=1e-4)  # The file holds six digits.


def test_load_when_rows_follow_each_other_then_windows_of_many_rows(tmp_path):
    path = written(tmp_path / "log.csv", np.cumsum(independent(), axis=0))
    data = anomaly.load(path)
    assert data.spec.preprocessing.input_shape == (anomaly.MEMORY_ROWS, 3)
    assert len(data.train) == 240 - anomaly.MEMORY_ROWS + 1


def test_load_when_scaled_then_a_few_wild_rows_of_training_change_little(tmp_path):
    rows = independent()
    rows[:12] = 1e6
    scaling = anomaly.load(written(tmp_path / "log.csv", rows)).spec.preprocessing
    np.testing.assert_allclose(scaling.mean, 3, atol=0.7)  # Five standard errors of a median of 240.
    np.testing.assert_allclose(scaling.deviation, 2, rtol=0.4)


def test_windows_when_a_row_is_missing_then_none_spans_the_gap():
    rows = np.cumsum(independent(), axis=0)
    follows = np.ones(400, bool)
    follows[[0, 100]] = False
    log = MachineLog(("a", "b", "c"), rows, None, follows)
    data = anomaly.from_log(log, (0, 240, 300), {"name": "log"})
    length = anomaly.MEMORY_ROWS
    assert len(data.train) == 240 - 2 * (length - 1)
    scaled = (rows[100 : 100 + length] - data.spec.preprocessing.mean) / data.spec.preprocessing.deviation
    np.testing.assert_allclose(data.train.inputs[100 - length + 1], scaled, rtol=1e-4, atol=1e-4)  # float32


@pytest.mark.parametrize("column", [np.zeros(240), np.r_[np.zeros(239), 7.0]])
def test_scale_when_a_sensor_hardly_moves_then_above_zero(column):
    _, scale = anomaly.robust_scale(column[:, None])
    assert np.isfinite(scale).all() and (scale > 0).all()


@pytest.mark.parametrize(
    ("num_rows", "places", "said"),
    [
        (150, (), "expected 200 rows or more in log.csv; got 150"),
        (400, (5,), "all are labelled 0"),
        (400, range(300, 400), "all are labelled 1"),
        (400, range(240, 300), "expected normal rows in the dev part"),
    ],
)
def test_load_when_a_part_says_nothing_then_one_clear_line(tmp_path, num_rows, places, said):
    path = written(tmp_path / "log.csv", independent(num_rows), labels_of(num_rows, *places))
    with pytest.raises(InputError) as caught:
        anomaly.load(path)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_load_when_given_a_wheel_of_another_version_then_refused(tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr(anomaly.MEMBER, b"f1,anomaly\n1,0\n")
    wheel = tmp_path / "river-0.1-py3-none-any.whl"
    wheel.write_bytes(packed.getvalue())
    with pytest.raises(IntegrityError, match="sha256 is another"):
        anomaly.load(wheel)


def test_load_when_the_wheel_is_none_then_refused(tmp_path):
    wheel = tmp_path / "river.whl"
    wheel.write_bytes(b"no zip")
    with pytest.raises(ArtifactError, match="expected a wheel of river"):
        anomaly.load(wheel)
