"""The published .tflite schema as a Python module, without the runtime it is published with."""

from __future__ import annotations

import functools
import importlib.util
import pathlib
from types import ModuleType

from tfedge.errors import RuntimeUnavailableError

_PACKAGE = "ai_edge_litert"
_MODULE = "schema_py_generated"


@functools.cache
def load_schema() -> ModuleType:
    """Returns the schema module that flatbuffers generated, as ai-edge-litert ships it.

    The file is loaded by its place: importing the package would load libLiteRt.so into this process with
    global symbols, and then TensorFlow or tflite-runtime in the same process would crash. The schema itself
    needs flatbuffers and NumPy alone.

    Raises:
        RuntimeUnavailableError: ai-edge-litert or flatbuffers is not installed.
    """
    package = importlib.util.find_spec(_PACKAGE)  # Of a top-level package: looked up, not imported.
    folders = (package.submodule_search_locations if package else None) or []
    for folder in folders:
        path = pathlib.Path(folder, f"{_MODULE}.py")
        spec = importlib.util.spec_from_file_location(f"_tflite_{_MODULE}", path)
        if spec is None or spec.loader is None or not path.is_file():
            continue
        module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except ImportError as error:
            raise _unavailable(str(error)) from error
        return module
    raise _unavailable("it is not installed, or has no schema")


def _unavailable(reason: str) -> RuntimeUnavailableError:
    return RuntimeUnavailableError(
        f"expected the package ai-edge-litert, whose schema reads .tflite files; {reason}; pip install tfedge"
    )
