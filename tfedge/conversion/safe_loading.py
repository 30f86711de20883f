"""What a model file says it is made of, read before it is loaded: nothing in it may bring code along."""

from __future__ import annotations

import json
import pathlib
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import keras

from tfedge.errors import ArtifactError

_CONFIG = "config.json"
_UNREADABLE = (zipfile.BadZipFile, zlib.error, KeyError, ValueError, RecursionError, NotImplementedError, OSError)
# Keras' own ways to carry code in a file; safe mode refuses them too, in more words and without the layer.
_CODE = ("Lambda", "__lambda__", "TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer")
_OWN_MODULES = ("keras", "builtins")
# Ops that read or write files, or call Python, when a graph runs. A saver's own reading and writing of weights
# (RestoreV2, SaveV2, MergeV2Checkpoints) is in every SavedModel, and is called with that folder alone.
_REACHING = (
    *("ReadFile", "WriteFile", "MatchingFiles", "PyFunc", "PyFuncStateless", "EagerPyFunc", "PrintV2", "Save"),
    *("SaveSlices", "Restore", "RestoreSlice", "WholeFileReader", "WholeFileReaderV2", "TextLineReader"),
    *("TextLineReaderV2", "TFRecordReader", "TFRecordReaderV2", "FixedLengthRecordReader", "FixedLengthRecordReaderV2"),
    *("TFRecordDataset", "TFRecordDatasetV2", "TextLineDataset", "TextLineDatasetV2", "FixedLengthRecordDataset"),
    *("FixedLengthRecordDatasetV2", "SummaryWriter", "CreateSummaryFileWriter", "WriteGraphSummary", "DebugIdentity"),
    *("DebugIdentityV2", "InitializeTableFromTextFile", "InitializeTableFromTextFileV2", "SaveDataset", "LoadDataset"),
)


def check_keras_file(path: pathlib.Path, custom_objects: Mapping[str, Any]) -> None:
    """Refuses a `.keras` file that needs code which is not here; reads its config alone and builds nothing.

    Args:
        custom_objects: classes that the user has given, by name.

    Raises:
        ArtifactError: not a `.keras` file, a layer that carries code in the file, or a class that nobody registered.
    """
    try:
        with zipfile.ZipFile(path) as file:
            config = json.loads(file.read(_CONFIG))
    except _UNREADABLE as error:
        first = str(error).strip().split("\n")[0][:200]
        raise ArtifactError(
            f"expected a Keras 3 .keras file in {path}; {first}; write it with model.save('NAME.keras')"
        ) from None
    coded: dict[str, str] = {}
    unknown = []
    for name, described in _objects(config, "the model"):
        kind = str(described["class_name"])
        if kind in _CODE:
            coded.setdefault(name, kind)  # A Lambda layer holds a __lambda__.
        elif not _is_known(described, custom_objects):
            unknown.append(f"{kind} of {name!r}")
    if coded:
        layers = ", ".join(f"{name!r} ({kind})" for name, kind in coded.items())
        raise ArtifactError(
            f"expected layers without code inside {path}; {layers} would run code from the "
            "file; replace it by a layer of Keras or by a registered class of your own"
        )
    if unknown:
        raise ArtifactError(
            f"expected classes of Keras or registered ones in {path}; it needs {', '.join(dict.fromkeys(unknown))}; "
            "pass --import MODULE of the module that registers them (keras.saving.register_keras_serializable), or "
            "custom_objects from Python"
        )


def check_saved_model(path: pathlib.Path) -> None:
    """Refuses a SavedModel folder whose graph reaches out of itself; parses its graph and runs nothing.

    Raises:
        ArtifactError: not a SavedModel, or ops that read or write files or call Python.
    """
    from tensorflow.python.saved_model import loader_impl

    try:
        saved = loader_impl.parse_saved_model(str(path))
    except OSError as error:
        raise ArtifactError(
            f"expected a SavedModel folder in {path}; {' '.join(str(error).split())[:200]}; write one with "
            "model.export(FOLDER)"
        ) from None
    found = []
    for graph in (meta.graph_def for meta in saved.meta_graphs):
        for nodes in (graph.node, *(function.node_def for function in graph.library.function)):
            found += [f"{node.op} ({node.name})" for node in nodes if node.op in _REACHING]
    if found:
        raise ArtifactError(
            f"expected a graph that computes and nothing else in {path}; {', '.join(dict.fromkeys(found[:4]))} would "
            "read or write files, or call Python; export the model without it"
        )


def _objects(value: Any, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields (layer, object) for every described object, with the name of the layer that it is in."""
    pending = [(value, name)]
    while pending:  # No recursion: the file decides how deep it is.
        value, name = pending.pop()
        if isinstance(value, list):
            pending += [(each, name) for each in reversed(value)]
        elif isinstance(value, dict):
            inner = value.get("config")
            if isinstance(value.get("class_name"), str) and "module" in value:
                if isinstance(inner, dict) and isinstance(inner.get("name"), str):
                    name = inner["name"]
                yield name, value
            elif value.get("class_name") == "__lambda__":
                yield name, value
            pending += [(each, name) for each in reversed(list(value.values()))]


def _is_known(described: Mapping[str, Any], custom_objects: Mapping[str, Any]) -> bool:
    kind, registered, module = described["class_name"], described.get("registered_name"), described.get("module")
    if kind in custom_objects or registered in custom_objects:
        return True
    if isinstance(module, str) and module.partition(".")[0] in _OWN_MODULES:
        return True
    names = [name for name in (registered, kind) if isinstance(name, str)]
    return any(keras.saving.get_registered_object(name) is not None for name in names)
