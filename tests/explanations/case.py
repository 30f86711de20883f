"""A pair of calls: one that meets the problem, one that follows the advice."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

TFLITE, LITERT = "tflite-runtime", "ai-edge-litert"
TENSORFLOW = "tensorflow"
# Entries that only say where something showed: found beside the cause of these cases, (runtime, key of the case).
SYMPTOMS: dict[str, tuple[tuple[str, str], ...]] = {
    "node_failed": ((TFLITE, "custom_op"), (LITERT, "custom_op")),
    "delegate_failed": ((TFLITE, "shape_conflict"),),
    "conversion_failed": ((TENSORFLOW, "needs_flex"),),
}
Call = Callable[[Any], object]


@dataclasses.dataclass(frozen=True)
class Case:
    """One way to meet an error.

    Attributes:
        id: of the explanation.
        broken: gets the module with `Interpreter` (for TensorFlow, `tensorflow`); raises, or dies.
        fixed: the same with the advice followed; must not raise. None where the advice is not to do it.
        where: runtimes in whose process it is met.
        name: tells several cases of one id apart.
        said: None where `broken` raises and its words are explained. Else `broken` returns True (it is wrong), or
            raises or dies in words that say less, and this is what a user or tfedge says about it.
    """

    id: str
    broken: Call
    fixed: Call | None = None
    where: tuple[str, ...] = (TFLITE, LITERT)
    name: str = ""
    said: str | None = None

    @property
    def key(self) -> str:
        """Unique among all cases."""
        return f"{self.id}-{self.name}" if self.name else self.id
