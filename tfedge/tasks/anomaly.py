"""Machine monitoring: which rows of a machine's sensors are not as usual. The Shuttle data, or a user's own log."""

from __future__ import annotations

import importlib.metadata
import os
import zipfile

import numpy as np
import numpy.typing as npt

from tfedge.artifacts import read_bytes, sha256_hex
from tfedge.errors import ArtifactError, InputError, IntegrityError, RuntimeUnavailableError
from tfedge.tasks.array_data import ArrayData, ArraySpec, ArraySplit
from tfedge.tasks.machine_log import ANOMALY, MachineLog, parse_log, read_log
from tfedge.tasks.meaning import AnomalyMeaning
from tfedge.tasks.preprocessing.windows import WindowPreprocessing

NAME = "anomaly"
RIVER = "0.26.1"
MEMBER = "river/datasets/shuttle.csv.gz"
SHUTTLE_SHA256 = "1ed4bfa77233d95bff2c8ab2482725d2d800410daedf5919ad80ec6faf60ff59"
# River documents its detectors on the first 10,000 rows: no split of ours has them, so that any of ours may be
# compared there. Of the rest, the test rows are the last ones.
NUM_PEER_ROWS = 10_000
_SHUTTLE_STARTS = (NUM_PEER_ROWS, 30_000, 39_000)
# Of a user's log, by time: what happened last is the test.
_SHARES = (0.6, 0.75)
MIN_ROWS = 200
# Rows of a window, where rows depend on the one before them.
MEMORY_ROWS = 16
# From which mean correlation with the row before on they do: of independent rows it is about 1 / sqrt(rows), 0.09 of
# the fewest that are taken.
_MIN_CORRELATION = 0.2
# Widths of a normal distribution in deviations: from its 25th to its 75th percentile, and so on.
_WIDTHS = ((25, 1.349), (10, 2.563))
_TAIL_WIDTHS = ((1, 4.653), (0.1, 6.180))


def load(data: str | os.PathLike[str] | None = None) -> ArrayData:
    """Loads Statlog (Shuttle) from the package river, or a user's log.

    No example is a training example because it is labelled normal: training looks at no label.

    Args:
        data: a CSV, see `tfedge.tasks.machine_log`; or a wheel of river; none for river as installed.

    Raises:
        ArtifactError: a file that cannot be read, or another version of the data.
        InputError: a log that is broken, too short, or has no anomaly or no normal row in a part that needs both.
        RuntimeUnavailableError: river is not installed.
    """
    if data is None or os.fspath(data).endswith(".whl"):
        return from_log(shuttle(data), _SHUTTLE_STARTS, _shuttle_source())
    log, source = read_log(data)
    if len(log.rows) < MIN_ROWS:
        raise InputError(
            f"expected {MIN_ROWS} rows or more in {source['name']}; got {len(log.rows)}; give a longer log"
        )
    dev, test = (int(len(log.rows) * share) for share in _SHARES)
    return from_log(log, (0, dev, test), source)


def shuttle(wheel: str | os.PathLike[str] | None = None) -> MachineLog:
    """Returns all rows of river's Shuttle data, 49,097 x 9, of which 3,511 are anomalies; river is not imported.

    Raises:
        RuntimeUnavailableError: river is not installed.
        ArtifactError: another version of it.
    """
    content = _installed() if wheel is None else _packed(wheel)
    if sha256_hex(content) != SHUTTLE_SHA256:
        raise IntegrityError(f"expected {MEMBER} of river {RIVER}; its sha256 is another; get that version")
    return parse_log(content, "shuttle.csv.gz")


def from_log(log: MachineLog, starts: tuple[int, int, int], source: dict[str, str]) -> ArrayData:
    """Returns windows of a log, split by time.

    Args:
        starts: first row of the training, dev and test part.
    """
    parts = [slice(start, end) for start, end in zip(starts, (*starts[1:], len(log.rows)), strict=True)]
    center, scale = robust_scale(log.rows[parts[0]])
    length = MEMORY_ROWS if row_correlation((log.rows[parts[0]] - center) / scale) >= _MIN_CORRELATION else 1
    windows = WindowPreprocessing(log.channels, length, 1, tuple(center.tolist()), tuple(scale.tolist()))
    train, dev, test = (_windows(log, part, windows) for part in parts)
    _check(log, train, dev, test, source["name"])
    spec = ArraySpec(NAME, windows, AnomalyMeaning())
    return ArrayData(spec, train, dev, test, source, log.skipped)


def robust_scale(rows: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Returns the median and a deviation above 0 of each column, (C,): of most rows, whatever a few may hold.

    The deviation is the wider of two estimates from percentiles; of a column that is nearly constant it comes from its
    tails, and of a constant one it is 1.
    """
    scale = np.max([_width(rows, *each) for each in _WIDTHS], axis=0)
    for estimate in (*(_width(rows, *each) for each in _TAIL_WIDTHS), rows.std(axis=0), np.ones(rows.shape[1])):
        scale = np.where(scale > 0, scale, estimate)
    return np.median(rows, axis=0), scale


def row_correlation(rows: npt.NDArray[np.float64]) -> float:
    """Returns how strongly a row tells the next one: mean over columns of the correlation's size, 0 to 1.

    Args:
        rows: scaled, (N, C); readings beyond 5 deviations are cut to them, and constant columns say nothing.
    """
    cut = np.clip(rows, -5, 5)
    found = [abs(_correlation(column[:-1], column[1:])) for column in cut.T]
    return float(np.mean(found))


def _windows(log: MachineLog, part: slice, windows: WindowPreprocessing) -> ArraySplit:
    """Returns the windows of a part that no gap divides; a window's label is that of its last row."""
    rows, gap = log.rows[part], ~log.follows[part]
    labels = np.zeros(len(rows), np.int64) if log.labels is None else log.labels[part]
    run = np.cumsum(gap)  # Rows of one run are numbered alike.
    last = np.arange(windows.length - 1, len(rows))
    kept = last[run[last] == run[last - windows.length + 1]] if windows.length > 1 else last
    return ArraySplit(windows.cut(rows)[kept - windows.length + 1], labels[kept])


def _check(log: MachineLog, train: ArraySplit, dev: ArraySplit, test: ArraySplit, name: str) -> None:
    """Refuses parts that nothing can be learned from, chosen by or told of."""
    if not len(train) or not len(dev) or not len(test):
        raise InputError(
            f"expected windows in each part of {name}; got {len(train)}, {len(dev)} and {len(test)} for training, dev "
            "and test; give a longer log, or one with fewer gaps"
        )
    if log.labels is None:
        return
    if not (dev.labels == 0).any():
        raise InputError(f"expected normal rows in the dev part of {name}; each is labelled {ANOMALY}; give more rows")
    if len(np.unique(test.labels)) < 2:
        raise InputError(
            f"expected anomalies and normal rows in the last {len(test)} rows of {name}, the test; all are labelled "
            f"{test.labels[0]}; give a longer log, or leave the column {ANOMALY!r} out to train without a test"
        )


def _installed() -> bytes:
    try:
        package = importlib.metadata.distribution("river")
    except importlib.metadata.PackageNotFoundError:
        raise RuntimeUnavailableError(
            f"expected the data package river; it is not installed; run: pip install --no-deps river=={RIVER}, or "
            "give your own rows with --data FILE.csv"
        ) from None
    return read_bytes(str(package.locate_file(MEMBER)), "Shuttle data file")


def _packed(wheel: str | os.PathLike[str]) -> bytes:
    try:
        with zipfile.ZipFile(wheel) as file:
            return file.read(MEMBER)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise ArtifactError(f"expected a wheel of river {RIVER} in {wheel}; {error}; check the path") from None


def _shuttle_source() -> dict[str, str]:
    return {"name": "shuttle", "version": f"river {RIVER}", "sha256": SHUTTLE_SHA256}


def _width(rows: npt.NDArray[np.float64], percent: float, deviations: float) -> npt.NDArray[np.float64]:
    low, high = np.percentile(rows, (percent, 100 - percent), axis=0)
    width: npt.NDArray[np.float64] = (high - low) / deviations
    return width


def _correlation(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> float:
    first, second = first - first.mean(), second - second.mean()
    size = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / size if size > 0 else 0.0
