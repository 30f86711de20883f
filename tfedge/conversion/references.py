"""What the float Keras model answers: the reference that every converted file is compared with."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from tfedge.conversion.golden import KerasAnswer, answer_cases, choose_cases
from tfedge.errors import ConfigError
from tfedge.networks.trained_model import TrainedModel
from tfedge.progress import SILENT, Reporter
from tfedge.tasks.g2p import Example, TaskData
from tfedge.training.decoding import GreedyDecoder


@dataclasses.dataclass(frozen=True)
class References:
    """Keras' answers.

    Attributes:
        golden: to the golden cases, chosen from training and dev examples.
        test_texts: to each of the asked test examples, in their order.
    """

    golden: tuple[KerasAnswer, ...]
    test_texts: tuple[str, ...]


def check_same_task(model: TrainedModel, data: TaskData) -> None:
    """Refuses a model and data that do not belong together.

    Raises:
        ConfigError: the model was trained with another tokenizer or other lengths than the data gives, or on
            another file, whose test words may be words that the model has learnt.
    """
    trained_on = model.training.get("data") or {}
    if model.spec != data.spec or trained_on.get("sha256", data.source["sha256"]) != data.source["sha256"]:
        what = "symbols or lengths" if model.spec != data.spec else "bytes"
        raise ConfigError(
            f"expected the data that the model was trained on ({_named(trained_on)}); got {_named(data.source)}, "
            f"whose {what} differ; pass the same --data"
        )


def _named(source: Mapping[str, str]) -> str:
    return f"{source.get('name')} {source.get('version')}, sha256 {str(source.get('sha256'))[:12]}"


def answer(
    model: TrainedModel, data: TaskData, test_examples: Sequence[Example], reporter: Reporter = SILENT
) -> References:
    """Decodes golden cases and `test_examples` with Keras, greedily, in batches."""
    decoder = GreedyDecoder(model.network, model.spec.max_target_length)
    cases = choose_cases((*data.train, *data.dev), model.spec)
    golden = tuple(answer_cases(cases, model.spec, decoder))
    with reporter.bar("Keras answers", len(test_examples)) as bar:
        outputs = decoder([model.spec.source_ids(example.text) for example in test_examples], bar)
    return References(golden, tuple(model.spec.target_tokenizer.decode(ids) for ids in outputs))
