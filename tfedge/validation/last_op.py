"""Which op does an interpreter die on? Prefixes of the file run in fresh processes until the first bad one is found.

If the first k ops run and the first k + 1 do not, op k is the one. An interpreter that died can say nothing, and its
log names no op, so this is the only way to know without a debugger; it works on an emulated board as well.
"""

from __future__ import annotations

import dataclasses
import pathlib
import re
import tempfile
import time
from collections.abc import Mapping

from tfedge.errors import ConfigError, WorkerError
from tfedge.modelfile.graph import GraphSummary, OpSummary
from tfedge.modelfile.model_file import ModelData
from tfedge.modelfile.prefix import with_first_ops
from tfedge.runtime.signatures import Array
from tfedge.validation.lane import Lane

WITHOUT_DELEGATES = "without_default_delegates"
# 2**14 ops are found in that many tries; the time is for emulated boards, where one try takes seconds.
MAX_TRIES = 16
MAX_SECONDS = 60.0
TRY_SECONDS = 10.0  # A prefix that takes longer hangs, unless the caller allows less anyway.
MAX_BYTES = 256 * 2**20  # Every try writes the file once more.
FATAL = ("crashed", "timed_out", "out_of_memory")


@dataclasses.dataclass(frozen=True)
class Failure:
    """What killed an interpreter.

    Attributes:
        kind: `WorkerError.kind`: "crashed", "timed_out" or "out_of_memory".
        signature: that was called; None where loading alone was enough.
        inputs: of that call.
    """

    kind: str
    signature: str | None = None
    inputs: Mapping[str, Array] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class LastOp:
    """Where it happened.

    Attributes:
        place: words for a message: "op 12 FULLY_CONNECTED in subgraph 0 (encoder/dense)"; empty where it is not known.
        needs_delegates: whether the file survives where no delegate (XNNPACK) takes its ops.
        reason: why the op is not known, or what more is known about it.
    """

    place: str
    needs_delegates: bool = False
    reason: str = ""

    def __str__(self) -> str:
        where = f"at {self.place}" if self.place else f"(at which op is not known: {self.reason})"
        more = f"; {self.reason}" if self.place and self.reason else ""
        return where + more + ("; without delegates (XNNPACK) it runs" if self.needs_delegates else "")


class _Search:
    """Tries of one file."""

    def __init__(self, lane: Lane, data: ModelData, failure: Failure, folder: pathlib.Path) -> None:
        self._lane, self._data, self._failure = lane, data, failure
        self._path = folder / "prefix.tflite"
        self._ends = time.monotonic() + MAX_SECONDS
        self._tries = 0

    def dies(self, subgraph: int, count: int, resolver: str) -> bool:
        """Whether the first `count` ops of a subgraph are enough to kill it.

        Raises:
            TimeoutError: there is no try or no time left.
        """
        self._tries += 1
        if self._tries > MAX_TRIES or time.monotonic() > self._ends:
            raise TimeoutError(f"gave up after {self._tries - 1} tries")
        self._path.write_bytes(with_first_ops(self._data, subgraph, count))
        try:
            worker = self._lane.load(self._path, resolver, min(TRY_SECONDS, self._lane.timeout_s))
            if self._failure.signature is not None:
                worker.run(self._failure.signature, self._failure.inputs)
        except WorkerError as error:  # "refused": outputs that no op has computed cannot be read; it lives.
            return error.kind in FATAL
        return False

    def first_fatal(self, subgraph: int, total: int, resolver: str) -> int:
        """Returns the number of ops that just kill it: 1 to `total`; 0 where it dies without any."""
        if self.dies(subgraph, 0, resolver):
            return 0
        lives, dies = 0, total
        while dies - lives > 1:
            middle = (lives + dies) // 2
            if self.dies(subgraph, middle, resolver):
                dies = middle
            else:
                lives = middle
        return dies


def find_last_op(lane: Lane, data: ModelData, graph: GraphSummary, failure: Failure) -> LastOp:
    """Returns the op on which the interpreter of `lane` dies of `failure`.

    Bounded: `MAX_TRIES` processes, `MAX_SECONDS` seconds.

    Args:
        lane: of the target.
        data: of the model, verified.
        graph: of the model.
        failure: what happened with the whole file.
    """
    if len(data) > MAX_BYTES:
        return LastOp("", reason=f"a file above {MAX_BYTES >> 20} MiB is not tried in parts")
    signature = graph.signatures.get(failure.signature or "")
    subgraph = signature.subgraph if signature else 0
    ops = [op for op in graph.ops if op.subgraph == subgraph]
    resolver, needs_delegates = WITHOUT_DELEGATES, False
    with tempfile.TemporaryDirectory(prefix="tfedge-") as folder:
        search = _Search(lane, data, failure, pathlib.Path(folder))
        try:
            if not search.dies(subgraph, len(ops), resolver):
                resolver, needs_delegates = "default", True
                if not search.dies(subgraph, len(ops), resolver):
                    return LastOp("", reason="it did not happen again: not every run meets it")
            count = search.first_fatal(subgraph, len(ops), resolver)
        except TimeoutError as error:
            return LastOp("", needs_delegates, str(error))
        except ConfigError as error:
            return LastOp("", needs_delegates, str(error))
    if count == 0:
        return LastOp("", needs_delegates, "no op is needed for it: look at the tensors and their buffers")
    return LastOp(ops[count - 1].place, needs_delegates, _inside(ops[count - 1]))


def refused_op(words: str, graph: GraphSummary) -> str:
    """Returns the op that an interpreter's refusal names by its number, in words; empty where that is not sure.

    A delegate renumbers ops, so the name must fit too, and fit in one subgraph alone.
    """
    found = re.search(r"Node number (\d+) \((\w+)\) failed", words)
    if found is None:
        return ""
    places = [op.place for op in graph.ops if op.index == int(found[1]) and op.name == found[2]]
    return places[0] if len(places) == 1 else ""


def _inside(op: OpSummary) -> str:
    """Returns where to look further, of an op that runs other subgraphs."""
    bodies = [str(value) for key, value in op.options.items() if key.endswith("SubgraphIndex")]
    return f"which runs subgraphs {' and '.join(bodies)}" if bodies else ""
