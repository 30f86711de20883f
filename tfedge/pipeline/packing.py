"""What travels in a file is put together here: conversions of wing A, packs and workers of wing B."""

from __future__ import annotations

import dataclasses
import pathlib
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

from tfedge.conversion.converter import Conversion, Seq2SeqConverter
from tfedge.conversion.golden import KerasAnswer
from tfedge.conversion.recipes import RECIPES, Recipe
from tfedge.conversion.references import References
from tfedge.errors import UnsupportedOpError
from tfedge.modelfile.evaluation import EvaluationExample, EvaluationSet
from tfedge.modelfile.golden import KERAS, GoldenCase
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.pack import Pack, write_pack
from tfedge.modelfile.summary import refused_ops
from tfedge.networks.trained_model import TrainedModel
from tfedge.runtime.targets import installed_versions
from tfedge.tasks.g2p import Example, TaskData
from tfedge.validation.evaluate import decode_texts

# Test examples that travel in a pack: enough for an interval of two points, at 30 KB.
PACKED_EXAMPLES = 2_000
# Who gives a recipe's own golden ids: its reference kernels are bit-exact on x86 and ARM.
ORACLE = "ai-edge-litert"


@dataclasses.dataclass(frozen=True)
class PackingJob:
    """What every file of one model shares.

    Attributes:
        model: the trained model.
        golden: Keras' answers to the golden cases.
        evaluation: examples with Keras' answers.
        float32_size_bytes: of the float file; what sizes are compared with.
    """

    model: TrainedModel
    golden: tuple[KerasAnswer, ...]
    evaluation: EvaluationSet
    float32_size_bytes: int

    def pack(
        self, conversion: Conversion, path: pathlib.Path, gates: Sequence[Mapping[str, Any]] = (), force: bool = False
    ) -> Pack:
        """Writes `conversion` with everything that travels in it; its own golden ids come from running it on LiteRT.

        Raises:
            UnsupportedOpError: a Flex op, custom op or resource variable is in it.
            WorkerError: LiteRT cannot run it.
        """
        refused = refused_ops(read_graph(conversion.model_bytes))
        if refused:
            raise UnsupportedOpError(f"expected builtin ops only by recipe {conversion.recipe.name}; got {refused}")
        own_ids = _oracle_ids(conversion.model_bytes, self.model, [case.text for case in self.golden])
        golden = [
            GoldenCase(
                case.name,
                case.text,
                case.source_ids,
                {KERAS: case.target_ids, conversion.recipe.name: tuple(ids)},
                case.target_text,
            )
            for case, ids in zip(self.golden, own_ids, strict=True)
        ]
        fields = {
            "recipe": conversion.recipe.name,
            "provenance": {**conversion.decoding, **self.provenance(conversion.recipe)},
            "calibration": conversion.calibration,
            "gates": list(gates),
        }
        return write_pack(
            path, conversion.model_bytes, self.model.spec.to_json(), golden, fields, force, evaluation=self.evaluation
        )

    def provenance(self, recipe: Recipe) -> dict[str, Any]:
        """Returns how a file by `recipe` is made, as its manifest records it."""
        return {
            "trained_model_sha256": self.model.sha256,
            "training": self.model.training,
            "engine": recipe.engine,
            "scopes": [scope.to_json() for scope in recipe.scopes],
            "versions": versions(),
            "float32_size_bytes": self.float32_size_bytes,
        }


def packing_job(
    model: TrainedModel,
    data: TaskData,
    references: References,
    examples: Sequence[Example],
    converter: Seq2SeqConverter,
) -> PackingJob:
    """Returns what the files of `model` share; converts the float file to know its size."""
    packed = evaluation_examples(data, examples, references)[:PACKED_EXAMPLES]
    float32 = converter.convert(RECIPES["float32"])
    evaluation = EvaluationSet(packed, data.source)
    return PackingJob(model, references.golden, evaluation, len(float32.model_bytes))


def evaluation_examples(
    data: TaskData, examples: Sequence[Example], references: References
) -> tuple[EvaluationExample, ...]:
    """Returns `examples` as texts with Keras' answers."""
    separator = data.spec.target_tokenizer.separator
    return tuple(
        EvaluationExample(example.text, tuple(separator.join(phones) for phones in example.references), keras_text)
        for example, keras_text in zip(examples, references.test_texts, strict=True)
    )


def versions() -> dict[str, str]:
    """Returns the version of each installed package that had a hand in a conversion."""
    return installed_versions(("tensorflow", "tensorflow-cpu", "keras", "litert-quantizer", "ai-edge-litert"))


def _oracle_ids(model_bytes: bytes, model: TrainedModel, texts: Sequence[str]) -> list[list[int]]:
    with tempfile.TemporaryDirectory(prefix="tfedge-golden-") as folder:
        path = pathlib.Path(folder) / "model.tflite"
        path.write_bytes(model_bytes)
        return decode_texts(ORACLE, path, model.spec, texts)[1]
