"""The files of one training: a checkpoint while it runs, a log and a curve, and the model in the end."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
import pathlib
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import keras

from tfedge.artifacts import check_writable, sha256_hex, write_bytes
from tfedge.errors import ArtifactError
from tfedge.networks.trained_model import TrainedArrayModel, TrainedModel, check_name
from tfedge.progress import SILENT, Reporter
from tfedge.training.curve import draw_curve
from tfedge.training.trainer import Row, Trainer

ModelT = TypeVar("ModelT", TrainedModel, TrainedArrayModel)


def checkpoint_path(out: pathlib.Path) -> pathlib.Path:
    """Returns where the unfinished run that will write `out` keeps its state."""
    return out.with_suffix(".checkpoint.npz")


@dataclasses.dataclass(frozen=True)
class RunFiles:
    """What a run writes.

    Attributes:
        out: the `.keras` file; log (`.csv`), curve (`.png`) and checkpoint (`.checkpoint.npz`) are beside it.
        resume: whether the run goes on from its checkpoint.
        force: whether files are replaced.
        error_name: of the dev error in the history.
        error_label: the same in words, with the unit behind a comma.
    """

    out: pathlib.Path
    resume: bool
    force: bool
    error_name: str = "dev_wer"
    error_label: str = "dev word error rate, %"

    @classmethod
    def check(cls, out: str | os.PathLike[str], resume: bool, force: bool, **named: str) -> RunFiles:
        """Returns the files of a run that may write them.

        Raises:
            ArtifactError: `out`, its log or its curve exists, `out` is no `.keras` name or cannot be written, or there
                is a checkpoint that was neither resumed nor discarded, or none to resume.
        """
        path = check_writable(check_name(out), force or resume)
        files = cls(path, resume, force, **named)
        checkpoint = files.checkpoint
        if resume and not checkpoint.exists():
            raise ArtifactError(f"expected a checkpoint {checkpoint} to resume; there is none; leave out --resume")
        if checkpoint.exists() and not resume and not force:
            raise ArtifactError(
                f"expected no unfinished run; {checkpoint} exists; pass --resume, or --force to start anew"
            )
        for each in (files.log_path, files.curve_path):  # `words.csv` may be the user's own lexicon.
            check_writable(each, force or resume)
        return files

    @property
    def checkpoint(self) -> pathlib.Path:
        """Where the state of an unfinished run is."""
        return checkpoint_path(self.out)

    @property
    def log_path(self) -> pathlib.Path:
        """Where a row an epoch is written."""
        return self.out.with_suffix(".csv")

    @property
    def curve_path(self) -> pathlib.Path:
        """Where the curve is drawn."""
        return self.out.with_suffix(".png")

    def fit(self, trainer: Trainer) -> tuple[list[Row], float]:
        """Trains, from the checkpoint where that was asked for; returns the history and this session's seconds."""
        if self.resume:
            trainer.restore()
        start = time.monotonic()
        return trainer.fit(), time.monotonic() - start

    def log(self, history: Sequence[Row], reporter: Reporter = SILENT) -> None:
        """Writes log and curve after an epoch, and says its figures."""
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, list(history[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(history)
        write_bytes(self.log_path, buffer.getvalue().encode(), force=True)
        write_bytes(self.curve_path, draw_curve(history, self.error_name, self.error_label), force=True)
        row = history[-1]
        what, _, unit = self.error_label.replace("word error rate", "WER").partition(", ")
        error = f"{row[self.error_name]:.2f} {unit}".rstrip()
        reporter.say(
            f"epoch {row['epoch']}: train loss {row['train_loss']:.3f}, {what} {error}, {row['seconds']:.0f} s"
        )

    def finish(self, model: ModelT) -> ModelT:
        """Writes the model and removes the checkpoint; returns it with its sha256."""
        saved: ModelT = model.save(self.out, force=self.force or self.resume)
        self.checkpoint.unlink(missing_ok=True)
        return saved


def fingerprint(config: dict[str, Any], source: Mapping[str, str], spec: Mapping[str, Any]) -> str:
    """Returns what names data, sizes and seed of a run.

    The number of epochs and the decay are left out: a run may be resumed with a longer or shorter schedule.
    """
    training = {
        key: value for key, value in config["training"].items() if key not in ("epochs", "decay_share", "patience")
    }
    return sha256_hex(json.dumps([{**config, "training": training}, dict(source), spec], sort_keys=True).encode())


def provenance(
    config: dict[str, Any],
    source: Mapping[str, str],
    history: Sequence[Row],
    seconds: float,
    facts: Mapping[str, Any],
    error_name: str = "dev_wer",
) -> dict[str, Any]:
    """Returns how a model was trained, as its file records it.

    Args:
        facts: of this task, such as the number of examples.
        error_name: of the dev error in the history; the best is recorded as "best_" and this name.
    """
    return {
        "command": " ".join(["tfedge", *sys.argv[1:]]),
        "data": dict(source),
        "config": config,
        "seed": config["training"]["seed"],
        **facts,
        "epochs_run": len(history),
        "seconds": round(sum(row["seconds"] for row in history), 1),
        "last_session_seconds": round(seconds, 1),
        f"best_{error_name}": min(row[error_name] for row in history),
        "keras": keras.__version__,
    }
