"""A trained model to packed files: one a recipe, or one that was converted elsewhere."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Sequence

from tfedge.artifacts import check_writable
from tfedge.conversion import recipes as recipes_module
from tfedge.conversion.converter import DECODING, Conversion, Seq2SeqConverter
from tfedge.conversion.recipes import RECIPES, Recipe, recipe_file
from tfedge.conversion.references import answer, check_same_task
from tfedge.errors import ConfigError
from tfedge.modelfile.manifest import Manifest
from tfedge.modelfile.pack import Pack, has_pack, read_pack, split_model
from tfedge.networks import trained_model
from tfedge.networks.beam_config import BeamConfig
from tfedge.networks.trained_model import TrainedArrayModel, TrainedModel
from tfedge.pipeline.array_job import ArrayJob, array_job
from tfedge.pipeline.kept_signatures import keep
from tfedge.pipeline.packing import PACKED_EXAMPLES, packing_job
from tfedge.progress import SILENT, Reporter
from tfedge.tasks.registry import load_task


def convert_model(
    trained: str | os.PathLike[str],
    out_dir: str | os.PathLike[str],
    recipes: Sequence[str] | None = None,
    data_path: str | os.PathLike[str] | None = None,
    force: bool = False,
    beam_config: BeamConfig | None = None,
    reporter: Reporter = SILENT,
    task: str | None = None,
    length_buckets: Sequence[int] | None = None,
    signatures: Sequence[str] | None = None,
) -> list[Pack]:
    """Converts a trained model to one packed file a recipe, named after model and recipe.

    Args:
        trained: a `.keras` file of `tfedge train`.
        out_dir: folder to write.
        recipes: names, or JSON files of mixed recipes; those of `tfedge run` by default.
        data_path: what the model was trained on; none for the task's own data.
        beam_config: adds the signature `beam` to each file that can hold a loop.
        task: the Python file of a user's own task of arrays; None for a task that tfedge knows.
        length_buckets: source lengths that files with a loop hold the encoder for, beside the longest; None takes a
            quarter and a half of it, where the recipe allows it.
        signatures: those that the files shall have; None for all that their recipes can hold.

    Raises:
        ConfigError: an unknown recipe, an illegal recipe file or length bucket, a signature that a file does not have,
            or other data than the model was trained on.
        ArtifactError, ConversionError, CalibrationError: of the stage that failed.
    """
    chosen = [recipes_module.get(name) for name in (recipes or RECIPES)]
    out, stem = pathlib.Path(out_dir), pathlib.Path(trained).stem
    for recipe in chosen:
        check_writable(recipe_file(out, stem, recipe.name), force)
    reporter.stage(f"weights {trained}")
    model = trained_model.load(trained)
    if isinstance(model, TrainedArrayModel):
        if any(each is not None for each in (beam_config, length_buckets, signatures)):
            raise ConfigError(
                f"expected nothing about decoding for {trained}, which takes arrays; leave out --beam-width, "
                "--length-buckets and --signatures"
            )
        arrays = array_job(model, data_path, task, reporter)
        return [_packed(arrays, recipe, recipe_file(out, stem, recipe.name), force, reporter) for recipe in chosen]
    data = load_task(model.spec.name, data_path)
    check_same_task(model, data)
    examples = data.test[:PACKED_EXAMPLES]
    reporter.stage(f"answers of Keras to {len(examples)} test words")
    references = answer(model, data, examples, reporter)
    texts = [example.text for example in data.train]
    converter = Seq2SeqConverter(model, texts, beam_config, length_buckets)
    job = packing_job(model, data, references, examples, converter)
    packs = []
    for recipe in chosen:
        reporter.stage(f"recipe {recipe.name}: {recipe.summary}")
        conversion = keep(converter.convert(recipe), signatures)
        packs.append(job.pack(conversion, recipe_file(out, stem, recipe.name), force=force))
    return packs


def _packed(job: ArrayJob, recipe: Recipe, path: pathlib.Path, force: bool, reporter: Reporter) -> Pack:
    reporter.stage(f"recipe {recipe.name}: {job.summary(recipe)}")
    return job.pack(recipe, path, force)


def package_model(
    tflite: str | os.PathLike[str],
    trained: str | os.PathLike[str],
    out: str | os.PathLike[str],
    recipe: str | None = None,
    data_path: str | os.PathLike[str] | None = None,
    force: bool = False,
    reporter: Reporter = SILENT,
) -> Pack:
    """Puts task spec, golden cases, evaluation set and manifest of `trained` behind the model part of `tflite`.

    Args:
        tflite: a converted model, with a pack (which is replaced) or without.
        trained: the `.keras` file it was converted from.
        out: the packed file to write.
        recipe: how `tflite` was quantized; may be left out where its old pack says so.

    Raises:
        ConfigError: no recipe given and none known, an unknown one, or the old pack names another trained model.
        ArtifactError, UnsupportedOpError, WorkerError: the file cannot be read, packed or run.
    """
    check_writable(out, force)
    known = read_pack(tflite).manifest if has_pack(tflite) else None
    if recipe is None and known is None:
        raise recipes_module.unnamed(tflite)
    used = recipes_module.get(recipe or (known.recipe if known else ""))
    model_bytes = split_model(tflite)
    model = TrainedModel.load(trained)
    _check_origin(tflite, known, model)
    data = load_task(model.spec.name, data_path)
    check_same_task(model, data)
    examples = data.test[:PACKED_EXAMPLES]
    reporter.stage(f"answers of Keras to {len(examples)} test words")
    references = answer(model, data, examples, reporter)
    converter = Seq2SeqConverter(model)
    job = packing_job(model, data, references, examples, converter)
    # What the file's own pack says, and not what a conversion by defaults would have made.
    made = {key: known.provenance[key] for key in DECODING if key in known.provenance} if known else {}
    calibration = dict(known.calibration) if known and known.calibration else None
    return job.pack(Conversion(used, model_bytes, calibration, made), pathlib.Path(out), force=force)


def _check_origin(tflite: str | os.PathLike[str], known: Manifest | None, model: TrainedModel) -> None:
    """Refuses to call one model's answers the reference of another's file."""
    origin = known.provenance.get("trained_model_sha256") if known else None
    if origin not in (None, model.sha256):
        raise ConfigError(
            f"expected the trained model that {tflite} was converted from, sha256 {str(origin)[:12]}; got one with "
            f"{model.sha256[:12]}; pass that one, or convert this one"
        )
