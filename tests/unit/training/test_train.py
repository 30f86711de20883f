from __future__ import annotations

import csv
import pathlib
import signal
import subprocess
import sys

import numpy as np
import pytest

from tests.unit import tiny
from tfedge.errors import ArtifactError
from tfedge.networks.trained_model import TrainedModel
from tfedge.tasks.g2p import Example
from tfedge.training.checkpoint import Checkpoint
from tfedge.training.train import build_network, train, word_error_rate

# Trains as the fixture `trained` does; kill -9 ends it in the tenth step of its third epoch.
TRAIN = """
import contextlib, os, signal, sys
from tests.unit import tiny
from tfedge.progress import SilentReporter
from tfedge.training.train import train
class Killer(SilentReporter):
    bars = steps = 0
    @contextlib.contextmanager
    def bar(self, label, total):
        self.bars, self.steps = self.bars + 1, 0
        yield self
    def advance(self, amount=1, note=""):
        self.steps += amount
        if (self.bars, self.steps) == (3, 10):
            os.kill(os.getpid(), signal.SIGKILL)
train(tiny.make_data(), tiny.make_config(), sys.argv[1], reporter=Killer())
"""


def rows(path: pathlib.Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def names(folder: pathlib.Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def is_png(path: pathlib.Path) -> bool:
    data = path.read_bytes()
    return data.startswith(b"\x89PNG\r\n\x1a\n") and data[-8:-4] == b"IEND"


@pytest.fixture(scope="module")
def killed(root, tmp_path_factory):
    """The folder of a training run that kill -9 ended in its third epoch."""
    out = tmp_path_factory.mktemp("killed") / "tiny.keras"
    run = subprocess.run([sys.executable, "-c", TRAIN, str(out)], cwd=root, capture_output=True)
    assert run.returncode == -signal.SIGKILL, run.stderr[-2000:]
    return out.parent


def test_train_then_model_log_and_curve_and_no_checkpoint(trained):
    _, path = trained
    assert names(path.parent) == ["tiny.csv", "tiny.keras", "tiny.png"]
    assert is_png(path.with_suffix(".png"))
    log = rows(path.with_suffix(".csv"))
    assert [row["epoch"] for row in log] == ["1", "2", "3", "4", "5"]
    assert list(log[0]) == ["epoch", "train_loss", "dev_wer", "learning_rate", "seconds", "steps_per_second"]


def test_train_then_it_has_learnt(trained):
    log = rows(trained[1].with_suffix(".csv"))
    losses = [float(row["train_loss"]) for row in log]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.6 * losses[0]
    assert float(log[-1]["dev_wer"]) < 95


def test_train_then_the_file_says_how(trained, tiny_data):
    loaded = TrainedModel.load(trained[1])
    assert loaded.spec == tiny_data.spec
    training = loaded.training
    assert training["config"] == tiny.make_config().to_json()
    assert (training["seed"], training["epochs_run"], training["data"]) == (1, 5, dict(tiny_data.source))
    assert training["train_pairs"] == len(tiny_data.train)
    assert training["best_dev_wer"] == min(float(row["dev_wer"]) for row in rows(trained[1].with_suffix(".csv")))


def test_train_when_killed_then_only_whole_files_under_final_names(killed):
    found = [name for name in names(killed) if not name.startswith(".")]
    assert found == ["tiny.checkpoint.npz", "tiny.csv", "tiny.png"]
    assert is_png(killed / "tiny.png")
    assert len(Checkpoint.load(killed / "tiny.checkpoint.npz").state["history"]) == 2
    assert len(rows(killed / "tiny.csv")) == 2


def test_train_when_there_is_an_unfinished_run_then_refused(killed, tiny_data):
    before = (killed / "tiny.checkpoint.npz").read_bytes()
    with pytest.raises(ArtifactError, match="expected no unfinished run; .* pass --resume, or --force"):
        train(tiny_data, tiny.make_config(), killed / "tiny.keras")
    assert (killed / "tiny.checkpoint.npz").read_bytes() == before


@pytest.mark.parametrize("changed", [{"seed": 2}, {"learning_rate": 0.02}])
def test_train_when_resumed_with_other_settings_then_refused(killed, tiny_data, changed):
    with pytest.raises(ArtifactError, match="it is of another run"):
        train(tiny_data, tiny.make_config(**changed), killed / "tiny.keras", resume=True)


def test_train_when_resumed_after_a_kill_then_as_if_never_interrupted(killed, trained, tiny_data):
    model = train(tiny_data, tiny.make_config(), killed / "tiny.keras", resume=True)
    assert names(killed) == [*[n for n in names(killed) if n.startswith(".")], "tiny.csv", "tiny.keras", "tiny.png"]
    resumed, whole = rows(killed / "tiny.csv"), rows(trained[1].with_suffix(".csv"))
    # The same batches in the same order at the same rates; equal to the bit where threads sum in the same order.
    for ours, other in zip(resumed, whole, strict=True):
        assert (ours["epoch"], ours["learning_rate"]) == (other["epoch"], other["learning_rate"])
        assert float(ours["train_loss"]) == pytest.approx(float(other["train_loss"]), rel=1e-3)
    for ours, other in zip(model.network.get_weights(), trained[0].network.get_weights(), strict=True):
        np.testing.assert_allclose(ours, other, rtol=0, atol=1e-3)


@pytest.mark.parametrize("name", ["tiny.keras", "tiny.csv", "tiny.png"])
def test_train_when_it_would_overwrite_then_refused_before_any_work(tmp_path, tiny_data, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(ArtifactError, match=f"{name} exists; pass --force"):
        train(tiny_data, tiny.make_config(), tmp_path / "tiny.keras")
    assert (names(tmp_path), (tmp_path / name).read_text()) == ([name], "mine")


def test_train_when_there_is_nothing_to_resume_then_refused(tmp_path, tiny_data):
    with pytest.raises(ArtifactError, match="expected a checkpoint .* to resume; there is none; leave out --resume"):
        train(tiny_data, tiny.make_config(), tmp_path / "tiny.keras", resume=True)
    assert names(tmp_path) == []


def test_train_when_the_checkpoint_is_damaged_then_refused(tmp_path, tiny_data):
    (tmp_path / "tiny.checkpoint.npz").write_bytes(b"PK\x03\x04 cut")
    with pytest.raises(ArtifactError, match="expected a training checkpoint .*; delete it to start anew"):
        train(tiny_data, tiny.make_config(), tmp_path / "tiny.keras", resume=True)


def test_build_network_then_weights_are_of_the_seed(tiny_data):
    one, same, other = (build_network(tiny_data, tiny.make_config(seed=seed)).get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(ours, others) for ours, others in zip(one, same, strict=True))
    assert not all(np.array_equal(ours, others) for ours, others in zip(one, other, strict=True))


def test_word_error_rate_then_any_reference_is_right(tiny_data):
    target = tiny_data.spec.target_tokenizer
    answers = [target.encode(text) for text in ("A B", "C", "D D", "A")]
    examples = [
        Example("abc", (("A",), ("A", "B"))),  # The second of two.
        Example("abc", (("C", "C"),)),
        Example("abc", (("D", "D"),)),
        Example("abc", (("a",), ("A", "A"))),
    ]
    assert word_error_rate(lambda sources: answers, tiny_data, examples) == 50.0
    assert word_error_rate(lambda sources: [[]] * 4, tiny_data, examples) == 100.0
