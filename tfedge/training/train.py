"""The training stage: a task and its settings in, a trained model out."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
import pathlib
import sys
import time
from collections.abc import Sequence

import keras

from tfedge.artifacts import check_writable, sha256_hex, write_bytes
from tfedge.config import TaskConfig
from tfedge.errors import ArtifactError
from tfedge.networks.seq2seq import Seq2SeqTransformer
from tfedge.networks.trained_model import TrainedModel, check_name
from tfedge.progress import SILENT, Reporter
from tfedge.tasks.g2p import Example, TaskData
from tfedge.training.batches import BucketedBatches
from tfedge.training.curve import draw_curve
from tfedge.training.decoding import GreedyDecoder
from tfedge.training.trainer import Row, Trainer


def checkpoint_path(out: pathlib.Path) -> pathlib.Path:
    """Returns where the unfinished run that will write `out` keeps its state."""
    return out.with_suffix(".checkpoint.npz")


def log_path(out: pathlib.Path) -> pathlib.Path:
    """Returns where the run that writes `out` logs a row an epoch."""
    return out.with_suffix(".csv")


def curve_path(out: pathlib.Path) -> pathlib.Path:
    """Returns where the run that writes `out` draws its curve."""
    return out.with_suffix(".png")


def build_network(data: TaskData, config: TaskConfig) -> Seq2SeqTransformer:
    """Returns an untrained network of the configured sizes, with weights from the configured seed."""
    keras.utils.set_random_seed(config.training.seed)
    network = Seq2SeqTransformer(
        source_vocab_size=data.spec.source_tokenizer.vocab_size,
        target_vocab_size=data.spec.target_tokenizer.vocab_size,
        max_source_length=data.spec.max_source_length,
        max_target_length=data.spec.max_target_length,
        **dataclasses.asdict(config.network),
    )
    network.build()
    return network


def word_error_rate(decoder: GreedyDecoder, data: TaskData, examples: Sequence[Example]) -> float:
    """Returns the share of `examples`, in percent, whose decoded phones equal none of their references."""
    outputs = decoder([data.spec.source_ids(example.text) for example in examples])
    phones = [tuple(data.spec.target_tokenizer.pieces(ids)) for ids in outputs]
    wrong = sum(output not in example.references for output, example in zip(phones, examples, strict=True))
    return 100.0 * wrong / len(examples)


def train(
    data: TaskData,
    config: TaskConfig,
    out: str | os.PathLike[str],
    resume: bool = False,
    force: bool = False,
    reporter: Reporter = SILENT,
) -> TrainedModel:
    """Trains and writes `out` with its log (`.csv`), curve (`.png`) and checkpoint (`.checkpoint.npz`) beside it.

    The checkpoint is written after every epoch and removed when training ends. Costs about two minutes an epoch
    on two CPU cores for CMUdict with the shipped sizes.

    Args:
        data: the task; its test examples are not looked at.
        config: sizes and schedule.
        out: a `.keras` file.
        resume: go on from the checkpoint beside `out`.
        force: replace an existing `out`, and discard an existing checkpoint.
        reporter: hears progress and a line an epoch.

    Raises:
        ArtifactError: `out`, its log or its curve exists, `out` is no `.keras` name or cannot be written, or there
            is a checkpoint that was neither resumed nor discarded, or none to resume.
    """
    out = check_writable(check_name(out), force or resume)
    checkpoint = checkpoint_path(out)
    if resume and not checkpoint.exists():
        raise ArtifactError(f"expected a checkpoint {checkpoint} to resume; there is none; leave out --resume")
    if checkpoint.exists() and not resume and not force:
        raise ArtifactError(f"expected no unfinished run; {checkpoint} exists; pass --resume, or --force to start anew")
    for path in (log_path(out), curve_path(out)):  # `words.csv` may be the user's own lexicon.
        check_writable(path, force or resume)
    network = build_network(data, config)
    decoder = GreedyDecoder(network, data.spec.max_target_length)
    trainer = Trainer(
        network,
        config.training,
        BucketedBatches(data.pairs(), config.training.batch_tokens, config.training.seed),
        dev_error=lambda: word_error_rate(decoder, data, data.dev),
        checkpoint_path=checkpoint,
        fingerprint=_fingerprint(data, config),
        on_epoch=lambda history: _write_log(history, out, reporter),
        reporter=reporter,
    )
    if resume:
        trainer.restore()
    start = time.monotonic()
    history = trainer.fit()
    model = TrainedModel(network, data.spec, _provenance(data, config, history, time.monotonic() - start))
    model = model.save(out, force=force or resume)
    checkpoint.unlink(missing_ok=True)
    return model


def _fingerprint(data: TaskData, config: TaskConfig) -> str:
    # The number of epochs and the decay are left out: a run may be resumed with a longer or shorter schedule.
    settings = config.to_json()
    for key in ("epochs", "decay_share", "patience"):
        del settings["training"][key]
    return sha256_hex(json.dumps([settings, dict(data.source), data.spec.to_json()], sort_keys=True).encode())


def _provenance(data: TaskData, config: TaskConfig, history: Sequence[Row], seconds: float) -> dict[str, object]:
    return {
        "command": " ".join(["tfedge", *sys.argv[1:]]),
        "data": dict(data.source),
        "config": config.to_json(),
        "seed": config.training.seed,
        "train_pairs": sum(len(example.references) for example in data.train),
        "epochs_run": len(history),
        "seconds": round(sum(row["seconds"] for row in history), 1),
        "last_session_seconds": round(seconds, 1),
        "best_dev_wer": min(row["dev_wer"] for row in history),
        "keras": keras.__version__,
    }


def _write_log(history: Sequence[Row], out: pathlib.Path, reporter: Reporter) -> None:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(history[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    write_bytes(log_path(out), buffer.getvalue().encode(), force=True)
    write_bytes(curve_path(out), draw_curve(history), force=True)
    row = history[-1]
    reporter.say(
        f"epoch {row['epoch']}: train loss {row['train_loss']:.3f}, dev WER {row['dev_wer']:.2f} %, "
        f"{row['seconds']:.0f} s"
    )
