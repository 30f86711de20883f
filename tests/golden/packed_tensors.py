"""A product of 16 inputs as a packed file of a user's model: NumPy is the float model, and gives the answers."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from tests import models
from tfedge.modelfile.pack import Pack, write_pack
from tfedge.modelfile.tensor_cases import TensorCase, TensorGolden, rounded
from tfedge.tasks.tensor_task import Quality, TensorForm, TensorSignature, TensorTask

SIGNATURE = "serving_default"
FORMS = TensorSignature({"x": TensorForm("float32", (1, 16))}, {"y": TensorForm("float32", (1, 8))})
TASK = TensorTask("product", Quality("cosine", 0.99), {SIGNATURE: FORMS})


def cases(count: int = 4, shift: float = 0.0) -> tuple[TensorCase, ...]:
    """Returns seeded cases; `shift` is added to the answers, which are then those of another model."""
    random = np.random.default_rng(11)
    made = []
    for place in range(count):
        x = rounded(random.normal(size=(1, 16)).astype(np.float32))
        y = models.dense_reference(x).astype(np.float32) + np.float32(shift)
        made.append(TensorCase(f"case_{place}", SIGNATURE, {"x": x}, {"y": y}))
    return tuple(made)


def write(
    path: str | os.PathLike[str], model: bytes | None = None, distance: float = 1e-6, shift: float = 0.0, **changes: Any
) -> Pack:
    """Writes the pack of `model`, the float product by default; `changes` are for its manifest."""
    golden = TensorGolden(cases(shift=shift), {f"{SIGNATURE}/y": distance})
    fields = {"recipe": "float32", "provenance": {"made_by": "tests"}, **changes}
    return write_pack(path, model or models.dense("float32"), TASK.to_json(), golden, fields)
