"""`tfedge convert` of a model that was not written for tfedge: a line a file, a line an error, no TensorFlow noise."""

from __future__ import annotations

import json
import signal

import pytest

from tests.e2e.commands import error_of, names
from tests.e2e.test_bad_input import State
from tfedge.conversion.recipes import ALL_RECIPES
from tfedge.reports.ladder_report import LadderReport

# Runs in a fork, where Keras is; the tests' own process stays without it.
MAKE = """
import keras, numpy as np

x = keras.Input((4,), name="x")
hidden = keras.layers.Dense(8, activation="relu", name="hidden")(x)
keras.Model(x, keras.layers.Dense(3, activation="softmax", name="label")(hidden)).save("mine.keras")
keras.Model(x, keras.layers.Lambda(lambda t: t * 2, name="twice")(x)).save("coded.keras")
keras.Model(x, keras.layers.Dense(2, name="flat")(keras.ops.svd(keras.ops.reshape(x, (-1, 2, 2)), compute_uv=False)))\\
    .save("refused.keras")
keras.Model(x, keras.layers.Dense(2)(x)).export("exported", verbose=False)
random = np.random.default_rng(1)
good = random.normal(size=(64, 4)).astype(np.float32)
np.savez("data.npz", x=good)
np.savez("few.npz", x=good[:8])
np.savez("nan.npz", x=good * np.nan)
np.savez("shape.npz", x=good[:, :3])
np.savez("name.npz", y=good)
np.savez("constant.npz", x=np.ones((64, 4), np.float32))
np.savez("objects.npz", x=np.array([{}] * 64, object))
np.savez("empty.npz")
"""
METRIC = """
def largest(expected, actual):
    return abs(expected - actual).max()


def wrong(expected, actual):
    raise ValueError("my own mistake")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory, forks):
    """A user's folder: models, data, and a module."""
    made = tmp_path_factory.mktemp("user")
    (made / "make.py").write_text(MAKE)
    (made / "my_metric.py").write_text(METRIC)
    # The module is imported on request before the model is read; that it makes the files is this test's trick.
    run = forks.run(made, "convert", "make.py", "--representative-dataset", "make.py", "--import", "make")
    assert run.returncode == 2, run.stderr
    assert {"mine.keras", "data.npz", "exported"} <= {path.name for path in made.iterdir()}
    return made


def test_convert_then_validate_and_check_pass_and_stderr_is_ours(folder, forks):
    command = ("convert", "mine.keras", "--representative-dataset", "data.npz", "--recipe", "dynamic_wi8_afp32")
    run = forks.run(folder, *command, "--metric", "my_metric:largest", "--at-most", 0.1, "--out", "out")
    assert (run.returncode, run.stdout) == (0, "out/mine.dynamic_wi8_afp32.tflite\n"), run.stderr
    for line in run.stderr.splitlines():
        assert line.startswith("  "), line  # A stage's clock, or what was said below it.
    assert "largest" in run.stderr and "48 examples to calibrate, 16 held out" in run.stderr
    for verb in ("validate", "check"):
        assert forks.run(folder, verb, "out/mine.dynamic_wi8_afp32.tflite").returncode == 0


def test_convert_when_the_limit_is_missed_writes_the_file_and_returns_1(folder, forks):
    command = ("convert", "exported", "--representative-dataset", "data.npz", "--recipe", "float32", "--out", "out")
    run = forks.run(folder, *command, "--metric", "snr_db", "--at-least", 1000)
    assert (run.returncode, run.stdout) == (1, "out/exported.float32.tflite\n"), run.stderr
    assert "fail: snr_db" in run.stderr


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("mine.keras --representative-dataset few.npz", 2, "expected 32 examples or more"),
        ("mine.keras --representative-dataset nan.npz", 2, "has NaN in 64 cases"),
        ("mine.keras --representative-dataset shape.npz", 2, "got float32 (3)"),
        ("mine.keras --representative-dataset name.npz", 2, "must be one of x; got 'y'"),
        ("mine.keras --representative-dataset constant.npz", 2, "always 1.0"),
        ("mine.keras --representative-dataset objects.npz", 2, "Object arrays cannot be loaded"),
        ("mine.keras --representative-dataset empty.npz", 2, "holds no array"),
        ("mine.keras --representative-dataset make.py", 2, "expected an .npz of numbers"),
        ("mine.keras --representative-dataset none.npz", 2, "there is none"),
        ("coded.keras --representative-dataset data.npz", 2, "'twice' (Lambda) would run code from the file"),
        ("refused.keras --representative-dataset data.npz --recipe float32", 3, "Svd of layer"),
        ("mine.keras --representative-dataset data.npz --metric my_metric:none", 2, "there is none; check the name"),
        ("mine.keras --representative-dataset data.npz --import no_module", 2, "'no_module'"),
        ("mine.keras --representative-dataset data.npz --metric accuracy", 2, "must be one of agreement"),
        ("mine.keras --representative-dataset data.npz --at-least 0.9", 2, "expected --metric with a limit"),
        ("mine.keras --representative-dataset data.npz --metric cosine --at-most 1", 2, "more is better"),
        ("mine.keras --representative-dataset data.npz --recipe auto --words 9", 2, "with --words, which counts words"),
        (
            "mine.keras --representative-dataset data.npz --recipe auto --max-points-lost 1",
            2,
            "--at-least or --at-most",
        ),
        ("mine.keras --representative-dataset data.npz --recipe auto --metric snr_db", 2, "got no limit"),
        ("mine.keras --representative-dataset data.npz --recipe auto --metric accurcy", 2, "must be one of agreement"),
        ("mine.keras --representative-dataset data.npz --recipe auto --min-speedup -1", 2, "`min_speedup` must be 0"),
        (
            "mine.keras --representative-dataset data.npz --recipe auto --target ai-edge-litart",
            2,
            "did you mean 'ai-edge-litert'",
        ),
        (
            "mine.keras --representative-dataset data.npz --recipe auto --target tflite-runtime==2.5.0@x86_64",
            3,
            "tfedge targets add",
        ),
        (
            "mine.keras --representative-dataset data.npz --recipe auto --recipe none",
            2,
            "recipe must be one of float32",
        ),
        ("mine.keras --representative-dataset nan.npz --recipe auto", 2, "has NaN in 64 cases"),
        ("mine.keras --representative-dataset name.npz --recipe auto", 2, "must be one of x; got 'y'"),
        ("mine.keras --representative-dataset shape.npz --recipe auto", 2, "got float32 (3)"),
        ("coded.keras --representative-dataset data.npz --recipe auto", 2, "'twice' (Lambda) would run code"),
        ("refused.keras --representative-dataset data.npz --recipe auto", 3, "Svd of layer"),
        (
            "mine.keras --representative-dataset data.npz --recipe auto --metric my_metric:wrong --at-most 1",
            2,
            "my_metric:wrong to return a number for (expected, actual); it raised ValueError: my own mistake",
        ),
        ("mine.keras --representative-dataset data.npz --min-speedup 1", 2, "--recipe auto with --min-speedup"),
        ("mine.keras --representative-dataset data.npz --data words.tsv", 2, "--data LEXICON.tsv"),
        ("mine.keras", 2, "expected --representative-dataset DATA.npz for mine.keras"),
        ("exported", 2, "expected --representative-dataset DATA.npz for exported"),
    ],
)
def test_bad_input_is_one_line_and_changes_nothing(folder, forks, line, code, said):
    before = State.of(folder)
    run = forks.run(folder, "convert", *line.split(), "--out", "new")
    assert run.returncode == code and said in error_of(run)
    assert State.of(folder) == before
    assert "new" not in names(folder)


AUTO = ("convert", "mine.keras", "--representative-dataset", "data.npz", "--recipe", "auto", "--out", "auto")
# A hundred weights are smaller than the tables around them, and a twentieth of a second is no time.
TINY = ("--target", "ai-edge-litert", "--max-size-ratio", 4, "--min-speedup", 0, "--seconds", 0.05, "--json")


def test_convert_auto_when_killed_then_it_is_resumed_and_every_recipe_is_judged(folder, forks):
    killed = forks.run(folder, *AUTO, *TINY, kill_at="dynamic_wi4_afp32: int4")
    assert killed.returncode == -signal.SIGKILL
    assert [name for name in names(folder / "auto") if "/" not in name and not name.startswith(".")] == ["mine.ladder"]

    again = forks.run(folder, *AUTO, *TINY)
    assert again.returncode == 2 and "--resume" in error_of(again) and "--force" in error_of(again)

    resumed = forks.run(folder, *AUTO, *TINY, "--resume")
    assert "float32: no quantization" not in resumed.stderr  # Not converted a second time.
    report = LadderReport.from_json(json.loads(resumed.stdout))
    assert report.recipes == tuple(ALL_RECIPES) and report.targets == ("ai-edge-litert==2.3.0@x86_64",)
    # Too short a time to choose by, and the exit code says so.
    assert (resumed.returncode, report.verdict) == (3, "not_measured")
    shipped = report.shipped(report.targets[0]).recipe
    files = {"mine.ladder.json", "mine.ladder.md", "mine.ladder.png", f"mine.{shipped}.tflite"}
    assert {path.name for path in (folder / "auto").iterdir() if path.is_file()} == files
    shown = forks.run(folder, "report", "auto/mine.ladder.json")
    assert shown.returncode == 0 and f"ship on ai-edge-litert 2.3.0 x86_64: {shipped}" in shown.stdout
    timed = forks.run(folder, "bench", f"auto/mine.{shipped}.tflite", "--target", "ai-edge-litert", "--seconds", 0.05)
    assert timed.returncode == 0 and "one call of serving_default, batch 1" in timed.stdout
