"""The training stage: a task and its settings in, a trained model out."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence

import keras

from tfedge.config import TaskConfig
from tfedge.networks.seq2seq import Seq2SeqTransformer
from tfedge.networks.trained_model import TrainedModel
from tfedge.progress import SILENT, Reporter
from tfedge.tasks.g2p import Example, TaskData
from tfedge.training.batches import BucketedBatches
from tfedge.training.decoding import GreedyDecoder
from tfedge.training.run_files import RunFiles, fingerprint, provenance
from tfedge.training.trainer import Trainer


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
    files = RunFiles.check(out, resume, force)
    network = build_network(data, config)
    decoder = GreedyDecoder(network, data.spec.max_target_length)
    trainer = Trainer(
        network,
        config.training,
        BucketedBatches(data.pairs(), config.training.batch_tokens, config.training.seed),
        dev_error=lambda: word_error_rate(decoder, data, data.dev),
        checkpoint_path=files.checkpoint,
        fingerprint=fingerprint(config.to_json(), data.source, data.spec.to_json()),
        on_epoch=lambda history: files.log(history, reporter),
        reporter=reporter,
    )
    history, seconds = files.fit(trainer)
    facts = {"train_pairs": sum(len(example.references) for example in data.train)}
    training = provenance(config.to_json(), data.source, history, seconds, facts)
    return files.finish(TrainedModel(network, data.spec, training))
