"""One interpreter in a process of its own, which answers requests over its pipes.

    python worker.py tflite-runtime | ai-edge-litert

This file is copied alone to other machines: it needs Python 3.9, NumPy and the interpreter, and must not import tfedge.
A process holds one runtime and one model, because two TFLite runtimes crash when they share a process, and because a
bad model may crash its interpreter. Names, shapes and dtypes are checked by the client, before a request is sent.
`isolation.py` beside it answers the same requests with a process for each file.

A message, both ways: 8 bytes (two big-endian uint32: header length, body length), the header (JSON, UTF-8), the body
(the raw bytes, C order, of each array in header["arrays"], which gives name, dtype and shape).
A request names its `verb`. The reply has `kind` `result` or `error`; `progress` messages may come before it. Errors:
`unavailable` (the runtime cannot be imported) and `refused` (any Python error, with its first line).

Signatures of a seq2seq model, batch 1: `encode` (source_ids -> named states), `decode_step` (token_ids,
cache_update_index, the states, cache_* -> logits, cache_*), `greedy` (source_ids -> target_ids). The signature "" is
that of a file without any: inputs and outputs of subgraph 0 by tensor name, or by position where names repeat.
"""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    if sys.path and sys.path[0] == os.path.dirname(os.path.abspath(__file__)):
        del sys.path[0]  # a file beside this one must never stand in for a module of the same name
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy multiplies nothing here: save its threads and memory

import contextlib
import gc
import hashlib
import importlib
import json
import platform
import resource
import signal
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import numpy as np

RUNTIME_MODULES = {"tflite-runtime": "tflite_runtime", "ai-edge-litert": "ai_edge_litert"}
ENTRIES = GREEDY, STEPS = "greedy", "encode+decode_step"
WITHOUT_DELEGATES = "BUILTIN_WITHOUT_DEFAULT_DELEGATES"
RESOLVERS = {"default": "AUTO", "reference": "BUILTIN_REF", "without_default_delegates": WITHOUT_DELEGATES}
START_ID, STOP_ID = 1, 2
MEMORY_LINES = {"peak_bytes": "VmHWM", "rss_bytes": "VmRSS", "private_bytes": "RssAnon"}
CPU_KEYS = ("model", "cpu part", "flags", "features")
LENGTHS = struct.Struct(">II")
PROGRESS_SECONDS = 0.5

Arrays = dict[str, Any]  # name -> numpy array
Header = dict[str, Any]


def pack_message(header: Header, arrays: Arrays) -> bytes:
    """Returns the bytes of one message."""
    facts = [{"name": name, "dtype": array.dtype.str, "shape": list(array.shape)} for name, array in arrays.items()]
    text = json.dumps({**header, "arrays": facts}).encode()
    body = b"".join(np.ascontiguousarray(array).tobytes() for array in arrays.values())
    return LENGTHS.pack(len(text), len(body)) + text + body


def unpack_message(text: bytes, body: bytes) -> tuple[Header, Arrays]:
    """Returns header and arrays from the two parts that follow the lengths."""
    header = json.loads(text)
    arrays, start = {}, 0
    for fact in header.pop("arrays"):
        dtype = np.dtype(fact["dtype"])
        count = int(np.prod(fact["shape"], dtype=np.int64))
        arrays[fact["name"]] = np.frombuffer(body, dtype, count, start).reshape(fact["shape"])
        start += count * dtype.itemsize
    return header, arrays


def tensor_facts(name: str, details: dict[str, Any]) -> dict[str, Any]:
    """Returns the JSON form of one tensor of a signature; a free dimension is -1."""
    quantization = details["quantization_parameters"]
    signature_shape = details["shape_signature"]
    return {
        "name": name,
        "shape": [int(size) for size in (signature_shape if len(signature_shape) else details["shape"])],
        "dtype": np.dtype(details["dtype"]).name,
        "scales": [float(scale) for scale in quantization["scales"]],
        "zero_points": [int(point) for point in quantization["zero_points"]],
        "quantized_dimension": int(quantization["quantized_dimension"]),
    }


def by_name(details: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Returns tensors by name; by position, "0", "1", …, where a name is empty or repeats."""
    names = [entry["name"] for entry in details]
    unique = len({*names, ""}) == len(names) + 1
    return {entry["name"] if unique else str(place): entry for place, entry in enumerate(details)}


class Signature:
    """One entry point of a model, called with named arrays.

    It calls the wrapper below the public SignatureRunner, which resizes and plans anew on every call: measured at 2
    microseconds for each input, a tenth of a small decode step, and no C++ or Java caller pays it.
    """

    def __init__(self, interpreter: Any, name: str) -> None:
        self._wrapper = interpreter._interpreter
        if name:
            runner = interpreter.get_signature_runner(name)
            inputs, outputs = runner.get_input_details(), runner.get_output_details()
            self._subgraph = runner._subgraph_index
            self._input_indices, self._output_indices = dict(runner._inputs), dict(runner._outputs)
        else:
            inputs, outputs = by_name(interpreter.get_input_details()), by_name(interpreter.get_output_details())
            self._subgraph = 0
            self._input_indices = {key: details["index"] for key, details in inputs.items()}
            self._output_indices = {key: details["index"] for key, details in outputs.items()}
        self.inputs = {key: tensor_facts(key, details) for key, details in inputs.items()}
        self.outputs = {key: tensor_facts(key, details) for key, details in outputs.items()}
        self._shapes: dict[str, Any] = {}

    def plan(self, inputs: Arrays) -> None:
        """Allocates the tensors for the shapes of `inputs`, unless they have been the last ones too."""
        shapes = {name: array.shape for name, array in inputs.items()}
        if shapes and shapes == self._shapes:
            return
        for name, shape in shapes.items():
            index, size = self._input_indices[name], np.array(shape, dtype=np.int32)
            self._wrapper.ResizeInputTensor(index, size, False, self._subgraph)
        self._wrapper.AllocateTensors(self._subgraph)
        self._shapes = shapes

    def __call__(self, inputs: Arrays) -> Arrays:
        """Runs with inputs of the planned shapes; returns every output by name."""
        wrapper, subgraph = self._wrapper, self._subgraph
        for name, array in inputs.items():
            wrapper.SetTensor(self._input_indices[name], array, subgraph)
        wrapper.Invoke(subgraph)
        return {name: wrapper.GetTensor(index, subgraph) for name, index in self._output_indices.items()}


class Stepper:
    """A decoder that is called once a token: step(token_id, index) -> logits (vocab_size,)."""

    def __init__(self, encode: Signature, decode_step: Signature) -> None:
        self._encode, self._decode_step = encode, decode_step
        self._token, self._index = np.zeros((1, 1), np.int32), np.zeros((1,), np.int32)
        self._inputs: Arrays = {}
        for name, tensor in decode_step.inputs.items():  # 0.0 is the zero point of a quantized cache
            self._inputs[name] = np.full(tensor["shape"], (tensor["zero_points"] or [0])[0], np.dtype(tensor["dtype"]))
        self._inputs.update(token_ids=self._token, cache_update_index=self._index)
        caches = [name for name in self._inputs if name.startswith("cache_") and name != "cache_update_index"]
        self._zeros = {name: self._inputs[name] for name in caches}
        self._states = [name for name in self._inputs if name not in (*caches, "token_ids", "cache_update_index")]
        encode.plan({"source_ids": np.zeros(encode.inputs["source_ids"]["shape"], np.int32)})
        decode_step.plan(self._inputs)

    def start(self, source_ids: Any) -> Stepper:
        """Encodes source_ids, int32 (1, max_source_length), and empties the caches; returns itself."""
        encoded = self._encode({"source_ids": source_ids})
        self._inputs.update({name: encoded[name] for name in self._states})
        self._inputs.update(self._zeros)
        return self

    def __call__(self, token_id: int, index: int) -> Any:
        self._token[0, 0] = token_id
        self._index[0] = index
        outputs = self._decode_step(self._inputs)
        for name in self._zeros:
            self._inputs[name] = outputs[name]
        return outputs["logits"].reshape(-1)


def greedy_steps(step: Callable[[int, int], Any], max_target_length: int) -> Any:
    """Decodes greedily on the host, from `START_ID` to `STOP_ID`.

    Args:
        step: (last token id, index of the token to write) -> logits (vocab_size,).
    Returns: int32 (max_target_length,): the ids after the start token, up to and including the stop token, then 0.
    """
    target = np.zeros((max_target_length,), np.int32)
    token = START_ID
    for index in range(max_target_length):
        token = int(np.argmax(step(token, index)))
        target[index] = token
        if token == STOP_ID:
            break
    return target


class Model:
    """A loaded .tflite. A signature is allocated when it is first used, so that memory is what the caller uses."""

    def __init__(self, interpreter: Any) -> None:
        self.interpreter = interpreter
        self.signature_names = sorted(interpreter.get_signature_list())
        self._signatures: dict[str, Signature] = {}

    def signature(self, name: str) -> Signature:
        if name not in self._signatures:
            self._signatures[name] = Signature(self.interpreter, name)
        return self._signatures[name]

    def decoder(self, entry: str, max_target_length: int) -> Callable[[Any], Any]:
        """Returns a function: int32 (1, max_source_length) -> int32 (max_target_length,)."""
        if entry == GREEDY:
            greedy = self.signature("greedy")
            greedy.plan({"source_ids": np.zeros(greedy.inputs["source_ids"]["shape"], np.int32)})
            return lambda source: greedy({"source_ids": source})["target_ids"].reshape(-1)
        stepper = Stepper(self.signature("encode"), self.signature("decode_step"))
        return lambda source: greedy_steps(stepper.start(source), max_target_length)


def cpu_lines() -> list[str]:
    """Returns the different lines of /proc/cpuinfo that say what CPU this is; none where there is no such file."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return sorted({line.strip() for line in file if line.lower().startswith(CPU_KEYS)})
    except OSError:
        return []


def memory_bytes() -> dict[str, int]:
    """Returns peak and current resident set size of this process, and the part of it that belongs to no file."""
    try:
        with open("/proc/self/status", encoding="utf-8") as file:
            kib = {line.split(":")[0]: int(line.split()[1]) for line in file if line.startswith(("Vm", "Rss"))}
        return {key: kib[name] * 1024 for key, name in MEMORY_LINES.items()}
    except (OSError, KeyError):
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        return dict.fromkeys(MEMORY_LINES, used)


def file_sha256(path: str) -> str:
    """Returns the sha256 of a file, read in pieces so that the peak memory stays what the model needs."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(65536):
            digest.update(piece)
    return digest.hexdigest()


class Session:
    """Answers requests; one method a verb, each (params, arrays) -> (result, arrays)."""

    def __init__(self, runtime: str) -> None:
        self.send: Callable[[Header, Arrays], None] = lambda header, arrays: None  # of progress; `serve` sets it
        self._runtime = runtime
        self._module: Any = None
        self.interpreter: Any = None  # also of a file whose tensors could not be allocated
        self._model: Any = None
        self._progress_at = 0.0
        verbs = (self.hello, self.load, self.describe, self.profile, self.run, self.decode_many, self.time, self.memory)
        self.verbs = {verb.__name__: verb for verb in verbs}

    def hello(self, _: Header, __: Arrays) -> tuple[Header, Arrays]:
        package = importlib.import_module(RUNTIME_MODULES[self._runtime])
        self._module = importlib.import_module(RUNTIME_MODULES[self._runtime] + ".interpreter")
        facts = {"runtime": self._runtime, "version": package.__version__, "python": platform.python_version()}
        here = {"arch": platform.machine(), "num_cores": os.cpu_count(), "cpu_lines": cpu_lines()}
        return {**facts, **here, **memory_bytes()}, {}

    def load(self, params: Header, _: Arrays) -> tuple[Header, Arrays]:
        self._model = self.interpreter = None
        digest = file_sha256(params["path"])
        options = {"experimental_op_resolver_type": getattr(self._module.OpResolverType, RESOLVERS[params["resolver"]])}
        options["experimental_preserve_all_tensors"] = params.get("preserve_all_tensors", False)
        threads = params["num_threads"] if params["num_threads"] > 1 else None  # LiteRT 1.1.0 raises when given any
        self.interpreter = self._module.Interpreter(params["path"], num_threads=threads, **options)
        # Signature runners alone never get XNNPACK on tflite-runtime 2.14: a float encoder took 1.23 ms, not 0.39.
        self.interpreter.allocate_tensors()
        self._model = Model(self.interpreter)
        return {"sha256": digest}, {}

    def describe(self, _: Header, __: Arrays) -> tuple[Header, Arrays]:
        signatures = {}
        for name in self._model.signature_names or [""]:
            signature = self._model.signature(name)
            signatures[name] = {"inputs": list(signature.inputs.values()), "outputs": list(signature.outputs.values())}
        return {"signatures": signatures}, {}

    def profile(self, _: Header, __: Arrays) -> tuple[Header, Arrays]:
        """Returns the nodes of subgraph 0 after delegation; of others the interpreter's Python tells nothing."""
        nodes = self.interpreter._get_ops_details()
        return {"nodes": [[n["op_name"], [*map(int, n["inputs"])], [*map(int, n["outputs"])]] for n in nodes]}, {}

    def run(self, params: Header, arrays: Arrays) -> tuple[Header, Arrays]:
        signature = self._model.signature(params["signature"])
        signature.plan(arrays)
        outputs = signature(arrays)
        texts = [name for name, array in outputs.items() if array.dtype.kind not in "biufc"]
        if texts:
            raise ValueError(f"output {texts[0]!r} holds texts, which this worker does not send")
        kept = {f"#{i}": signature._wrapper.GetTensor(i, signature._subgraph) for i in params.get("tensors", ())}
        return {}, {**outputs, **kept}

    def decode_many(self, params: Header, arrays: Arrays) -> tuple[Header, Arrays]:
        """Decodes int32 (N, max_source_length) -> int32 (N, max_target_length)."""
        decode, rows = self._work(params, arrays)
        targets = []
        for row in rows:
            targets.append(decode(row))
            self._progress(len(targets), len(rows))
        return {}, {"target_ids": np.stack(targets)}

    def time(self, params: Header, arrays: Arrays) -> tuple[Header, Arrays]:
        """Times whole passes over sources or calls: nanoseconds of each, from setting inputs to reading outputs."""
        work, rows = self._work(params, arrays)
        samples: list[int] = []
        clock, total = time.perf_counter_ns, 0
        gc.disable()  # a collection would land in some decode's time
        try:
            while len(samples) < params["min_runs"] or total < params["min_seconds"] * 1e9:
                for row in rows:
                    start = clock()
                    work(row)
                    samples.append(clock() - start)
                    total += samples[-1]
                    self._progress(len(samples), params["min_runs"])
        finally:
            gc.enable()
        return {}, {"samples_ns": np.array(samples, np.int64)}

    def memory(self, _: Header, __: Arrays) -> tuple[Header, Arrays]:
        return dict(memory_bytes()), {}

    def _work(self, params: Header, arrays: Arrays) -> tuple[Callable[[Any], Any], list[Any]]:
        """Returns a function and what it takes in turn: sources to decode, or calls, whose arrays are "PLACE/INPUT"."""
        self._progress_at = time.monotonic() + PROGRESS_SECONDS
        if "calls" not in params:
            sources = arrays["source_ids"]
            decode = self._model.decoder(params["entry"], params["max_target_length"])
            return decode, [sources[row : row + 1] for row in range(len(sources))]
        calls: list[tuple[Signature, Arrays]] = [(self._model.signature(name), {}) for name in params["calls"]]
        for key, array in arrays.items():
            place, _, name = key.partition("/")
            calls[int(place)][1][name] = array
        for signature, inputs in calls:
            signature.plan(inputs)
        return lambda call: call[0](call[1]), calls

    def _progress(self, done: int, total: int) -> None:
        if time.monotonic() >= self._progress_at:
            self._progress_at = time.monotonic() + PROGRESS_SECONDS
            self.send({"kind": "progress", "done": done, "total": total}, {})

    def answer(self, header: Header, arrays: Arrays) -> tuple[Header, Arrays]:
        """Returns the reply to one request; whatever Python raises becomes an `error` reply."""
        verb = header.pop("verb")
        try:
            result, outputs = self.verbs[verb](header, arrays)
        except Exception as error:  # the boundary of the process: nothing is swallowed, the client raises it
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            message = lines[0] if lines else type(error).__name__
            kind = "unavailable" if verb == "hello" else "refused"
            return {"kind": "error", "error": kind, "type": type(error).__name__, "message": message}, {}
        return {"kind": "result", **result}, outputs


def messages(stream: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Yields header and body of each message until the end; `stream` is buffered, so a read is short only there."""
    while True:
        lengths = stream.read(LENGTHS.size)
        if len(lengths) < LENGTHS.size:
            return
        header_length, body_length = LENGTHS.unpack(lengths)
        yield stream.read(header_length), stream.read(body_length)


def serve(session: Session, requests: BinaryIO, replies: BinaryIO) -> None:
    """Answers requests until their stream ends."""

    def send(header: Header, arrays: Arrays) -> None:
        replies.write(pack_message(header, arrays))
        replies.flush()

    session.send = send
    for text, body in messages(requests):
        send(*session.answer(*unpack_message(text, body)))


def take_over_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Returns stdin and stdout as they were, and makes them harmless to whoever prints or reads."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C belongs to the client, which then ends this process
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what the interpreter prints must not land between messages
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    return requests, replies


def main() -> None:
    with contextlib.suppress(BrokenPipeError):  # the client is gone
        serve(Session(sys.argv[1]), *take_over_pipes())
    sys.stderr.flush()
    os._exit(0)  # no teardown: an interpreter's destructors have nothing left to tell


if __name__ == "__main__":
    main()
