"""The pack: task spec, golden cases, evaluation set and manifest as a zip behind the model, in the same file.

Every interpreter loads the file as it is, because a flatbuffer ends where its tables end; `unzip` reads it
as it is, because a zip is read from its end. The layout, from byte 0:

    model            the .tflite, unchanged
    zip              golden.json, manifest.json, task.json, and evaluation.json where there is one;
                     offsets count from byte 0 of the file
    zip comment      "sha256:" and 64 hexadecimal digits, over every byte before the comment

So one sha256 covers the whole file but the digits themselves, and a flipped byte is found wherever it is.
The manifest holds a sha256 of each part besides, which says what was changed and survives repacking.
"""

from __future__ import annotations

import dataclasses
import functools
import io
import os
import pathlib
import re
import struct
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import tfedge
from tfedge.artifacts import sha256_hex, write_bytes
from tfedge.errors import ArtifactError, ConfigError, IntegrityError
from tfedge.modelfile.archive import read_archive
from tfedge.modelfile.array_examples import ArrayExamples
from tfedge.modelfile.evaluation import EvaluationSet
from tfedge.modelfile.flatbuffer import verify_model
from tfedge.modelfile.golden import GoldenCase, cases_from_json, cases_to_json, check_cases
from tfedge.modelfile.manifest import Manifest
from tfedge.modelfile.model_file import ModelData, digest_of, open_model, pieces, sha256_of
from tfedge.modelfile.strict_json import dump_object, load_object
from tfedge.modelfile.tensor_cases import TensorGolden
from tfedge.tasks.tensor_task import TensorTask, is_tensor_task

ENTRIES = ("golden.json", "manifest.json", "task.json")
EVALUATION = "evaluation.json"
OPTIONAL_ENTRIES = ("evaluation.json",)
# A spec with 100,000 symbols, or 12,000 evaluated words, is about 1 MB; what declares more than 8 MiB is neither.
MAX_ENTRY_BYTES = 8 * 2**20

_END = struct.Struct("<4s4H2IH")  # End of central directory: signature, disks, counts, size, offset, comment size.
_COMMENT_PREFIX = b"sha256:"
_COMMENT_SIZE = len(_COMMENT_PREFIX) + 64
_TAIL_SIZE = _END.size + _COMMENT_SIZE
# What is left of a damaged pack: a local or central header with the name of an entry, or the comment.
_HEADER = re.compile(rb"PK(?:\x03\x04.{26}|\x01\x02.{42})(?:evaluation|golden|manifest|task)\.json", re.DOTALL)
_MAX_HEADER_SIZE = 4 + 42 + len("evaluation.json")
_COMMENT = re.compile(rb"sha256:[0-9a-f]{64}")
_MANIFEST_FIELDS = {"recipe", "provenance", "calibration", "gates", "targets"}


@dataclasses.dataclass(frozen=True)
class Pack:
    """A model file and everything that travels in it.

    Attributes:
        path: where it was read.
        sha256: of the whole file.
        file: all of its bytes.
        model_size: how many of them are the .tflite.
        task: the task spec as JSON values (`TaskSpec.from_json` reads it).
        golden: the golden cases of a task of texts; none of a task of tensors.
        manifest: the manifest.
        evaluation: texts with references and Keras' answers; None where the pack carries none.
        tensors: the golden cases of a task of tensors (`TensorTask`); None of a task of texts.
        array_examples: labelled examples of a task of tensors; None where the pack carries none.
    """

    path: pathlib.Path
    sha256: str
    file: ModelData = dataclasses.field(repr=False, compare=False)  # The sha256 compares it.
    model_size: int
    task: Mapping[str, Any] = dataclasses.field(repr=False)
    golden: tuple[GoldenCase, ...] = dataclasses.field(repr=False)
    manifest: Manifest
    evaluation: EvaluationSet | None = dataclasses.field(default=None, repr=False)
    tensors: TensorGolden | None = dataclasses.field(default=None, repr=False, compare=False)  # As `file`.
    array_examples: ArrayExamples | None = dataclasses.field(default=None, repr=False, compare=False)

    @property
    def num_golden_cases(self) -> int:
        """How many golden cases travel in it, of either kind."""
        return len(self.tensors.cases) if self.tensors else len(self.golden)

    @functools.cached_property
    def model_bytes(self) -> bytes:
        """The .tflite alone, a copy that is made once."""
        return bytes(memoryview(self.file)[: self.model_size])


def has_pack(path: str | os.PathLike[str]) -> bool:
    """Returns whether a file carries a pack or the remains of one; `read_pack` says whether it is whole.

    Raises:
        ArtifactError: the file is missing or cannot be read.
    """
    return looks_packed(open_model(path))


def split_model(path: str | os.PathLike[str]) -> bytes:
    """Returns the model part of a file; of a file without pack, all of it.

    Raises:
        IntegrityError: the file carries a pack and was changed after it was packed.
        ArtifactError: the file is missing or cannot be read, or its pack is not one of ours.
    """
    data = open_model(path)
    return parse_pack(data, path).model_bytes if looks_packed(data) else bytes(data)


def read_pack(path: str | os.PathLike[str]) -> Pack:
    """Reads a packed model file and checks every byte of it.

    Raises:
        IntegrityError: bytes differ from those that were packed.
        ArtifactError: no such file, no pack in it, or a pack of another schema version.
    """
    return parse_pack(open_model(path), path)


def parse_pack(data: ModelData, path: str | os.PathLike[str]) -> Pack:
    """Reads the pack in `data`, the bytes of the file at `path`, without a copy of the model; raises as `read_pack`."""
    path = pathlib.Path(path)
    sha256, directory_offset, count = _check_digest(data, path)
    try:
        entries, model_size = _read_entries(data, directory_offset, count)
        manifest = Manifest.from_json(load_object(entries["manifest.json"], "manifest.json"))
        _check_parts(manifest, data, model_size, entries, path)
        task = load_object(entries["task.json"], "task.json")
        golden, tensors = _read_golden(load_object(entries["golden.json"], "golden.json"), task, manifest.recipe)
        evaluation, examples = _read_evaluation(entries.get(EVALUATION), task)
    except ConfigError as error:
        raise ArtifactError(f"expected a readable pack in {path}; {error}") from error
    return Pack(path, sha256, data, model_size, task, golden, manifest, evaluation, tensors, examples)


def _read_evaluation(entry: bytes | None, task: Mapping[str, Any]) -> tuple[EvaluationSet | None, ArrayExamples | None]:
    """Returns the evaluation set of a task of texts, or of tensors; neither where there is none."""
    if entry is None:
        return None, None
    value = load_object(entry, EVALUATION)
    if not is_tensor_task(task):
        return EvaluationSet.from_json(value), None
    examples = ArrayExamples.from_json(value)
    examples.check_fits(TensorTask.from_json(task))
    return None, examples


def _read_golden(
    value: dict[str, Any], task: Mapping[str, Any], recipe: str
) -> tuple[tuple[GoldenCase, ...], TensorGolden | None]:
    """Returns the golden cases of a task of texts, or of tensors, whose task must be whole too."""
    if is_tensor_task(task):
        tensors = TensorGolden.from_json(value)
        tensors.check_fits(TensorTask.from_json(task))
        return (), tensors
    golden = cases_from_json(value)
    check_cases(golden, recipe)
    return golden, None


def write_pack(
    path: str | os.PathLike[str],
    model_bytes: bytes,
    task: Mapping[str, Any],
    golden: Sequence[GoldenCase] | TensorGolden,
    manifest_fields: Mapping[str, Any],
    force: bool = False,
    evaluation: EvaluationSet | ArrayExamples | None = None,
) -> Pack:
    """Writes a packed model file, completely or not at all, and returns what a reader will read.

    The same arguments give the same bytes.

    Args:
        path: file to write.
        model_bytes: a .tflite without pack.
        task: the task spec as JSON values.
        golden: one case or more, each with ids of "keras" and of the recipe; of a task of tensors its own kind.
        manifest_fields: "recipe" and "provenance"; "calibration", "gates" and "targets" where there are any.
        force: whether to replace an existing file.
        evaluation: texts or labelled arrays by which the file can be scored where neither data nor Keras is.

    Raises:
        ConfigError: an unknown or missing field, or cases that could not check this recipe.
        ArtifactError: `model_bytes` is no .tflite or has an archive behind it; `path` cannot be written.
    """
    _check_arguments(model_bytes, golden, manifest_fields)
    cases = golden.to_json() if isinstance(golden, TensorGolden) else cases_to_json(golden)
    entries = {
        "golden.json": dump_object(cases, "golden.json"),
        "task.json": dump_object(dict(task), "task.json"),
    }
    if evaluation is not None:
        entries[EVALUATION] = dump_object(evaluation.to_json(), EVALUATION)
    manifest = Manifest(
        tfedge_version=tfedge.__version__,
        recipe=manifest_fields["recipe"],
        model_sha256=sha256_hex(model_bytes),
        model_size_bytes=len(model_bytes),
        entries={name: sha256_hex(entry) for name, entry in entries.items()},
        provenance=manifest_fields["provenance"],
        calibration=manifest_fields.get("calibration"),
        gates=tuple(manifest_fields.get("gates", ())),
        targets=tuple(manifest_fields.get("targets", ())),
    )
    entries["manifest.json"] = dump_object(manifest.to_json(), "manifest.json")
    data = append_archive(model_bytes, entries)
    pack = parse_pack(data, path)  # Read before it is written: no file that its own reader would refuse.
    write_bytes(path, data, force)
    return pack


def _check_arguments(
    model_bytes: bytes, golden: Sequence[GoldenCase] | TensorGolden, manifest_fields: Mapping[str, Any]
) -> None:
    unknown, missing = set(manifest_fields) - _MANIFEST_FIELDS, {"recipe", "provenance"} - set(manifest_fields)
    if unknown or missing:
        raise ConfigError(
            f"`manifest_fields` must be of {', '.join(sorted(_MANIFEST_FIELDS))}; got unknown {sorted(unknown)}, "
            f"missing {sorted(missing)}"
        )
    verify_model(model_bytes)
    if looks_packed(model_bytes) or zipfile.is_zipfile(io.BytesIO(model_bytes)):
        raise ArtifactError("expected a model alone; got one with an archive behind it; split the model off first")
    if not isinstance(golden, TensorGolden):
        check_cases(golden, manifest_fields["recipe"])


def reseal(
    pack: Pack,
    path: str | os.PathLike[str],
    gates: Sequence[Mapping[str, Any]] | None = None,
    targets: Sequence[str] | None = None,
) -> Pack:
    """Writes `pack` to `path`, replacing what is there; what is given replaces that part of its manifest."""
    manifest = pack.manifest
    fields = {
        "recipe": manifest.recipe,
        "provenance": manifest.provenance,
        "calibration": manifest.calibration,
        "gates": manifest.gates if gates is None else gates,
        "targets": manifest.targets if targets is None else targets,
    }
    golden = pack.tensors or pack.golden
    evaluation = pack.evaluation or pack.array_examples
    return write_pack(path, pack.model_bytes, pack.task, golden, fields, force=True, evaluation=evaluation)


def append_archive(model_bytes: bytes, entries: Mapping[str, bytes]) -> bytes:
    """Returns the model with a zip of `entries` behind it, sealed with the sha256 of all before the comment."""
    buffer = io.BytesIO(model_bytes)
    # Mode "a" on bytes that are no zip counts offsets from byte 0 of the file: what unzip expects.
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED, allowZip64=False, compresslevel=9) as archive:
        for name, content in sorted(entries.items()):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, whatever machine writes, so that the bytes are the same.
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content, compresslevel=9)
        archive.comment = _COMMENT_PREFIX + bytes(64)
    sealed = buffer.getvalue()[:-_COMMENT_SIZE]
    return sealed + _COMMENT_PREFIX + sha256_hex(sealed).encode("ascii")


def looks_packed(data: ModelData) -> bool:
    """Returns whether the bytes of a file carry a pack or the remains of one."""
    tail = bytes(data[-_TAIL_SIZE:])
    if tail[:4] == b"PK\x05\x06" and tail[_END.size :].startswith(_COMMENT_PREFIX):
        return True
    if _COMMENT.fullmatch(tail[-_COMMENT_SIZE:]):
        return True
    return any(_HEADER.search(piece) for piece in pieces(data, overlap=_MAX_HEADER_SIZE))


def _check_digest(data: ModelData, path: pathlib.Path) -> tuple[str, int, int]:
    """Checks the sha256 over the file; returns that of all of it, the central directory's offset and its length."""
    if not looks_packed(data):
        raise ArtifactError(f"expected a pack in {path}; there is no pack; make one with `tfedge package`")
    if len(data) < _TAIL_SIZE:
        raise IntegrityError(f"expected a whole pack in {path}; got its last bytes alone; copy the file again")
    tail = bytes(data[-_TAIL_SIZE:])
    signature, *_, count, size, offset, comment_size = _END.unpack(tail[: _END.size])
    comment = tail[_END.size :]
    sealed = digest_of(data, len(data) - _COMMENT_SIZE)
    expected = _COMMENT_PREFIX + sealed.hexdigest().encode("ascii")
    if signature != b"PK\x05\x06" or comment_size != _COMMENT_SIZE or not comment.startswith(_COMMENT_PREFIX):
        raise IntegrityError(f"expected a whole pack in {path}; its end is cut, changed or added to; copy it again")
    if comment != expected:
        raise IntegrityError(
            f"expected {path} to have {comment[:23].decode('ascii', 'replace')}…; got {expected[:23].decode()}…: "
            "bytes were changed after packing; copy the file again"
        )
    if offset + size + _TAIL_SIZE != len(data):
        raise ArtifactError(f"expected a readable pack in {path}; its central directory is not at its end")
    sealed.update(comment)
    return sealed.hexdigest(), offset, count


def _read_entries(data: ModelData, directory_offset: int, count: int) -> tuple[dict[str, bytes], int]:
    """Returns the entries by name and the size of the model before them.

    The sha256 says that nobody changed the file by accident; it does not say that the writer was honest.

    Raises:
        ConfigError: names, sizes or compression other than `write_pack` writes.
    """

    def read(archive: zipfile.ZipFile) -> tuple[dict[str, bytes], int]:
        infos = archive.infolist()
        _check_infos(infos, count)
        model_size = min(info.header_offset for info in infos)
        if archive.start_dir != directory_offset or not 0 < model_size < directory_offset:
            raise ConfigError("its entries must stand between the model and their directory")
        return {info.filename: archive.read(info) for info in infos}, model_size

    return read_archive(data, read, MAX_ENTRY_BYTES)


def _check_infos(infos: Sequence[zipfile.ZipInfo], count: int) -> None:
    names = [info.filename for info in infos]
    # Exactly these names: no path leads out of the file, and no name means two things to two readers.
    required = sorted(set(names) - set(OPTIONAL_ENTRIES))
    if required != list(ENTRIES) or len(set(names)) != len(names) or count != len(names):
        raise ConfigError(f"it must hold the entries {', '.join(ENTRIES)}; got {', '.join(map(repr, names[:8]))}")
    for info in infos:
        if info.file_size > MAX_ENTRY_BYTES:
            raise ConfigError(f"{info.filename} must be at most {MAX_ENTRY_BYTES} bytes; got {info.file_size}")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
            raise ConfigError(f"{info.filename} must be stored or deflated, and not encrypted")


def _check_parts(
    manifest: Manifest, data: ModelData, model_size: int, entries: Mapping[str, bytes], path: pathlib.Path
) -> None:
    """Compares each part with its sha256 in the manifest: catches a repacked part that was resealed."""
    expected = {"model": manifest.model_sha256, **manifest.entries}
    received = {"model": sha256_of(data, model_size)}
    received |= {name: sha256_hex(entry) for name, entry in entries.items() if name != "manifest.json"}
    if set(expected) != set(received):
        raise ConfigError(f"manifest.json must have the sha256 of {sorted(received)}; got {sorted(expected)}")
    changed = [name for name, digest in received.items() if digest != expected[name]]
    if changed or manifest.model_size_bytes != model_size:
        raise IntegrityError(
            f"expected {path} to hold what its manifest lists; {', '.join(changed) or 'model'} was exchanged; "
            "pack it again from the parts you trust"
        )
