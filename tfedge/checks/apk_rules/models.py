"""Rules on the models inside: whether they are there, lie as an app maps them, and are the ones that were meant."""

from __future__ import annotations

from collections.abc import Iterator

from tfedge.checks.apk_rules.package_case import PackageCase, WantedModel
from tfedge.checks.rules.rule import Rule, Words, found, note, shown
from tfedge.checks.verdict import Finding
from tfedge.modelfile.apk.package import PackedModel

_ALIGNMENT = 4  # Bytes; what zipalign does, and what tables of a flatbuffer need.


def no_model(case: PackageCase) -> Iterator[Finding]:
    """A package without any model.

    A note: it may load them, or be another app than was meant. With --model it is `model_matches` that fails.
    """
    words = Words(
        "no .tflite model inside",
        "The app loads its models later, has none, or is not the one that was meant.",
        "check the models that it loads by themselves: tfedge check FILE.tflite",
        "Nothing of this verdict is about a model.",
    )
    is_met = not case.package.models and case.wanted is None
    yield from note("no_model", words, ["no entry begins as a model does"] if is_met else [])


def model_compressed(case: PackageCase) -> Iterator[Finding]:
    """A model that is deflated inside the package.

    Published: `openFd` refuses it ("probably compressed"), and what is read as a stream is kept in memory as a copy.
    """
    words = Words(
        "models that are compressed in the package",
        "The build deflates assets whose ending is not listed.",
        'androidResources { noCompress += "tflite" }, or for aapt2 alone `-0 .tflite`, the dot included',
        "AssetManager.openFd refuses them; read as a stream, each takes its size in memory.",
    )
    places = (model.name for model in case.package.models if not model.entry.is_stored)
    yield from found("model_compressed", words, places)


def model_alignment(case: PackageCase) -> Iterator[Finding]:
    """A stored model that does not begin at a multiple of 4 bytes.

    Published: tables of a flatbuffer are aligned from its start, so mapped there every number of it is misaligned;
    32-bit ARM dies of that (SIGBUS). `zipalign` aligns all stored entries.
    """
    words = Words(
        f"models that do not begin at a multiple of {_ALIGNMENT} bytes in the package",
        "zipalign was left out, or the package was changed after it.",
        "run `zipalign 4` before signing",
        "Mapped out of the package, its numbers are misaligned: slower, and on some processors a crash (SIGBUS).",
    )
    places = (
        f"{model.name} at byte {model.entry.data_offset}"
        for model in case.package.models
        if model.entry.is_stored and model.entry.data_offset % _ALIGNMENT
    )
    yield from found("model_alignment", words, places)


def model_matches(case: PackageCase) -> Iterator[Finding]:
    """Whether the model that was named is inside, byte by byte.

    Measured on the package: sha256 of whole files, never names or sizes; retrained weights have the same size.
    """
    wanted = case.wanted
    if wanted is None:
        return
    inside = [model for model in case.package.models if model.sha256 == wanted.sha256]
    if inside:
        names = ", ".join(shown(model.name) for model in inside)
        yield Finding("model_matches", "pass", f"{names} is {wanted.name} (sha256 {wanted.sha256[:16]}…)")
        return
    cause, fix = _difference(case, wanted)
    held = "; ".join(f"{shown(model.name)} has sha256 {_start(model)}" for model in case.package.models[:3])
    more = f"; and {len(case.package.models) - 3} more" if len(case.package.models) > 3 else ""
    yield Finding(
        gate="model_matches",
        verdict="fail",
        message=f"expected {wanted.name} inside, sha256 {wanted.sha256[:16]}…; {held + more or 'there is no model'}",
        cause=cause,
        consequence="The app runs another model than the one that was checked and measured.",
        fix=fix,
    )


def _difference(case: PackageCase, wanted: WantedModel) -> tuple[str, str]:
    """Returns why the wanted model is not inside, and what to do."""
    alike = [name for name, sha256 in case.model_parts if sha256 == wanted.model_sha256]
    if alike:
        return (
            f"{shown(alike[0])} is the same model with another pack, or without one.",
            "copy the whole file into the app's assets, and build it again",
        )
    if not case.package.models:
        return "The package holds no model.", "copy the model into the app's assets, and build it again"
    return (
        "The app was built with an older or another model; a build tool may have kept its copy.",
        "copy the model into the app's assets, clean, and build it again",
    )


def _start(model: PackedModel) -> str:
    return f"{model.sha256[:16]}…" if model.sha256 else "unknown"


RULES = tuple(Rule(check.__name__, check) for check in (no_model, model_compressed, model_alignment, model_matches))
