"""The networks of the table: those of `tools/benchmark`, by each recipe."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

from tfedge.artifacts import write_bytes
from tfedge.conversion import recipes
from tfedge.conversion.converter import Seq2SeqConverter
from tfedge.networks.beam_config import BeamConfig
from tfedge.networks.trained_model import TrainedModel
from tfedge.progress import Reporter
from tfedge.tasks.registry import load_task
from tfedge.text.tokenizer import STOP_ID
from tools.benchmark import shapes
from tools.instructions import table

MODEL = pathlib.Path(__file__).resolve().parents[2] / "models" / "g2p" / "g2p.keras"
RECIPES = (*shapes.RECIPES, "weight_only_wi8_afp32")
WORDS = ("hello", "instruction")  # a decode ends with its word
BEAM_WIDTH = 4


def all_cases(
    folder: pathlib.Path, names: Sequence[str] | None, asked: Sequence[str], reporter: Reporter
) -> list[table.Case]:
    """Returns the cases of the shapes asked for; files that `folder` already holds are not converted again.

    Raises:
        ConfigError: an unknown recipe.
        ConversionError, CalibrationError: a recipe failed.
    """
    wanted = [recipes.get(name) for name in names or RECIPES]
    shipped = TrainedModel.load(MODEL)
    texts = [example.text for example in load_task(shipped.spec.name, None).train]
    found = []
    for name in asked:
        is_wide = name == "wide"
        shape = shapes.wide(shipped, texts) if is_wide else shapes.Shape("shipped G2P model", shipped, texts)
        converter = Seq2SeqConverter(shape.model, list(texts), BeamConfig(BEAM_WIDTH, 1))
        files = {}
        with reporter.bar(f"files of {shape.name}", len(wanted)) as bar:
            for recipe in wanted:
                files[recipe.name] = folder / name / f"{recipe.name}.tflite"
                if not files[recipe.name].exists():
                    # Which scale a weight has changes no count: the minutes of GPTQ would buy nothing here.
                    write_bytes(files[recipe.name], converter.convert(shapes.plain(recipe)).model_bytes)
                bar.advance(note=recipe.name)
        found += table.cases(shape.name, files, _sources(shape, is_wide))
    return found


def _sources(shape: shapes.Shape, is_wide: bool) -> list[list[int]]:
    spec = shape.model.spec
    if not is_wide:
        return [list(spec.source_ids(word)) for word in WORDS]
    symbols = len(spec.source_tokenizer.symbols)
    return [[*(3 + place % symbols for place in range(spec.max_source_length - 1)), STOP_ID]]
