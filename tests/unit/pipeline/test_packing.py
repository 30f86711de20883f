from __future__ import annotations

import pytest

from tests.golden import autokey, packed_autokey
from tests.unit.pipeline.custom_op import with_custom_op
from tfedge.conversion.converter import Conversion
from tfedge.conversion.golden import KerasAnswer
from tfedge.conversion.recipes import RECIPES
from tfedge.conversion.references import References
from tfedge.errors import ArtifactError, UnsupportedOpError, WorkerError
from tfedge.modelfile.evaluation import EvaluationSet
from tfedge.modelfile.golden import KERAS
from tfedge.modelfile.pack import read_pack
from tfedge.networks.trained_model import TrainedModel
from tfedge.pipeline.packing import PackingJob, evaluation_examples
from tfedge.tasks.g2p import Example, TaskData

FLOAT32, DYNAMIC = RECIPES["float32"], RECIPES["dynamic_wi8_afp32"]
WORDS = packed_autokey.words(12)


@pytest.fixture
def job():
    """What files of the autokey model share; packing looks at no network."""
    model = TrainedModel(None, packed_autokey.SPEC, {"seed": 4}, "e" * 64)
    answers = tuple(
        KerasAnswer(
            f"case_{index}",
            word,
            tuple(packed_autokey.SPEC.source_ids(word)),
            packed_autokey.ids_of(packed_autokey.cipher(word)),
            packed_autokey.cipher(word),
        )
        for index, word in enumerate(WORDS)
    )
    evaluation = EvaluationSet(packed_autokey.examples(20), packed_autokey.SOURCE)
    return PackingJob(model, answers, evaluation, 1_000_000)


def test_pack_then_everything_travels_and_is_read_again(job, tmp_path):
    calibration = {"num_texts": 160}
    gates = [{"gate": "runs", "verdict": "pass", "message": "ran"}]
    written = job.pack(Conversion(DYNAMIC, packed_autokey.MODEL_BYTES, calibration), tmp_path / "m.tflite", gates)
    pack = read_pack(tmp_path / "m.tflite")
    assert pack == written
    assert (pack.manifest.recipe, pack.manifest.calibration) == ("dynamic_wi8_afp32", calibration)
    assert list(pack.manifest.gates) == gates
    provenance = pack.manifest.provenance
    assert (provenance["trained_model_sha256"], provenance["training"]) == ("e" * 64, {"seed": 4})
    assert (provenance["engine"], provenance["float32_size_bytes"]) == (DYNAMIC.engine, 1_000_000)
    assert {"keras", "ai-edge-litert"} <= set(provenance["versions"])
    assert (pack.task, pack.evaluation) == (packed_autokey.SPEC.to_json(), job.evaluation)
    assert [case.text for case in pack.golden] == WORDS


def test_pack_then_the_recipes_own_golden_ids_are_what_the_file_answers_and_not_what_keras_does(job, tmp_path):
    pack = job.pack(Conversion(DYNAMIC, packed_autokey.deaf_model(), None), tmp_path / "m.tflite")
    for case, word in zip(pack.golden, WORDS, strict=True):
        assert case.expected_ids["dynamic_wi8_afp32"] == packed_autokey.ids_of("B")
        assert case.expected_ids[KERAS] == packed_autokey.ids_of(packed_autokey.cipher(word))


@pytest.mark.parametrize(
    ("model_bytes", "kind"),
    [
        (with_custom_op(packed_autokey.MODEL_BYTES, "FlexErf"), UnsupportedOpError),
        (with_custom_op(packed_autokey.MODEL_BYTES, "MyOp"), UnsupportedOpError),
        (packed_autokey.MODEL_BYTES[:4_000], ArtifactError),
        (autokey.REFUSED_MODEL.read_bytes(), WorkerError),
    ],
    ids=["flex", "custom", "cut", "no signatures"],
)
def test_pack_when_the_model_cannot_be_shipped_then_no_file(job, tmp_path, model_bytes, kind):
    with pytest.raises(kind):
        job.pack(Conversion(FLOAT32, model_bytes, None), tmp_path / "m.tflite")
    assert list(tmp_path.iterdir()) == []


def test_pack_when_the_file_exists_then_only_with_force(job, tmp_path):
    path = tmp_path / "m.tflite"
    path.write_text("mine")
    conversion = Conversion(FLOAT32, packed_autokey.MODEL_BYTES, None)
    with pytest.raises(ArtifactError, match="--force"):
        job.pack(conversion, path)
    assert path.read_text() == "mine"
    assert job.pack(conversion, path, force=True) == read_pack(path)


def test_evaluation_examples_then_texts_with_all_references_and_kerass_answer():
    asked = [Example("ab", (("A", "B"), ("B",))), Example("c", (("C",),))]
    data = TaskData(packed_autokey.SPEC, (), (), (), packed_autokey.SOURCE)
    first, second = evaluation_examples(data, asked, References((), ("A B", "D")))
    assert (first.text, first.references, first.keras_text) == ("ab", ("A B", "B"), "A B")
    assert (second.text, second.references, second.keras_text) == ("c", ("C",), "D")
