"""Rules on the file around the graph: signatures, types, state, shapes, and where values are stored."""

from __future__ import annotations

import collections
from collections.abc import Iterator

from tfedge.checks.rules.rule import Case, Rule, Words, found, judged, key, note, tensor_place
from tfedge.checks.verdict import Finding
from tfedge.modelfile.summary import OpSummary
from tfedge.runtime.targets import ANDROID

_RANDOM_OPS = ("RANDOM_UNIFORM", "RANDOM_STANDARD_NORMAL", "MULTINOMIAL", "STABLEHLO_RNG_BIT_GENERATOR")
_TABLES = ("HASHTABLE", "HASHTABLE_FIND", "HASHTABLE_IMPORT", "HASHTABLE_SIZE")
_TWO_GB = 2**31


def tensor_types(case: Case) -> Iterator[Finding]:
    """A tensor of a type that the release has never heard of; one that no op uses is enough.

    Measured 2026-11-21, a probe a type ("tensor_type …"): tflite-runtime 2.14 refuses bfloat16, int2, uint4 and float8
    ("Unsupported data type 19 in tensor"); LiteRT 2.3 knows all of the schema.
    """
    words = Words(
        "tensors of a type that this target does not know",
        "The type is newer than the release.",
        "convert without it (int8 or float16 weights), or use a newer runtime",
    )
    types = case.subject.stored.tensor_types()
    hits = [(f"tensor_type {dtype}", f"{dtype}, first as {place}") for dtype, place in types]
    yield from judged(case, "tensor_types", words, hits)


def external_buffers(case: Case) -> Iterator[Finding]:
    """Weights in another file.

    Measured 2026-11-21 (probe "buffer_external"): both Python interpreters and Java's on Android load the file, do not
    look for the other one, and compute with memory that holds anything.
    """
    words = Words(
        "weights stored in another file",
        "External buffers are a way of LiteRT's CompiledModel; the Interpreter does not read them.",
        "convert with the weights inside the file",
    )
    hits = [("buffer_external", "the file's list of external buffers")] * case.subject.stored.has_external_buffers()
    yield from judged(case, "external_buffers", words, hits)


def buffers_behind(case: Case) -> Iterator[Finding]:
    """Weights behind the flatbuffer, as writers of files over 2 GB store them.

    A note for Android. Measured 2026-11-21 (probe "buffer_behind"): both Python runtimes and Java's Interpreter read
    them; the C interface of TFLite 2.16.1 does not ("Input tensor 2 lacks data"), given the file or its bytes.
    """
    words = Words(
        "weights stored behind the flatbuffer",
        "The file was written in the form for more than 2 GB.",
        "write the file in the plain form: quantize below 2 GB, or turn the writer's option for large files off",
        "Java's Interpreter reads it; through the C interface (the NDK, Flutter) the first run is refused.",
    )
    is_concerned = case.target.name == ANDROID and case.subject.stored.has_buffers_behind()
    yield from note("buffers_behind", words, ["the file's buffers"] if is_concerned else [])


def file_size(case: Case) -> Iterator[Finding]:
    """A file of 2 GB or more.

    A note, published and not measured: 32-bit processes cannot map it, and Android's ByteBuffer holds less.
    """
    words = Words(
        "a file of 2 GB or more",
        "Offsets inside a flatbuffer have 31 bits; what is behind 2 GB needs a runtime that knows of it.",
        "quantize the weights (int8 is a quarter), or split the model",
        "32-bit apps and Java's MappedByteBuffer cannot open it.",
    )
    size = len(case.subject.model_bytes)
    yield from note("file_size", words, [f"{size} bytes"] if size >= _TWO_GB else [])


def signatures(case: Case) -> Iterator[Finding]:
    """No signature, or one without a name: inputs and outputs can only be called by their position.

    A note: every runtime runs such a file. Measured: int8 conversion may rename and reorder inputs; the Python
    interpreters do not take an empty key.
    """
    words = Words(
        "no signature that a caller could name",
        "The file was converted without signatures, or a tool dropped them.",
        "convert with named signatures (a concrete function or model.export)",
        "Callers must count on positions, which change with the converter and with quantization.",
    )
    named = [signature for signature in case.graph.signatures if signature]
    yield from note("signatures", words, [] if named else ["the file"])


def signature_names(case: Case) -> Iterator[Finding]:
    """Two inputs or outputs of a signature under one name: one of them can never be given.

    Measured 2026-11-21: both runtimes load the file and the last of the two is set; the other holds anything.
    """
    words = Words(
        "two tensors of a signature under one name",
        "A tool joined signatures without renaming.",
        "rename one of them and write the signature again",
        "One of the inputs is never set, and the answer depends on what was in memory.",
    )
    places = [
        f"{', '.join(sorted(repr(name) for name, count in collections.Counter(names).items() if count > 1))} "
        f"in the {side} of signature {signature!r}"
        for signature, side, names in case.subject.stored.signature_names()
        if len(set(names)) < len(names)
    ]
    yield from found("signature_names", words, places)


def signature_tensors(case: Case) -> Iterator[Finding]:
    """A signature that names a tensor inside the graph, and not an input or output of its subgraph.

    Measured 2026-11-21 (probes "signature_input_inside", "signature_output_inside"): refused by both when it is called
    ("Tensor is unallocated", "Tensor data is null"), and by Java's Interpreter on Android ("input x not found").
    """
    words = Words(
        "a signature over a tensor that is no input or output of its subgraph",
        "The signature was written for another version of the graph.",
        "write the signature again over the subgraph's own inputs and outputs",
    )
    hits = []
    for signature in case.graph.signatures.values():
        graph = case.graph.subgraphs[signature.subgraph]
        for side, named, own in (
            ("input", signature.inputs, graph.inputs),
            ("output", signature.outputs, graph.outputs),
        ):
            inside = [name for name, tensor in named.items() if key(tensor) not in {key(one) for one in own}]
            hits += [(f"signature_{side}_inside", f"{side} {name!r} of signature {signature.key!r}") for name in inside]
    yield from judged(case, "signature_tensors", words, hits)


def dynamic_shapes(case: Case) -> Iterator[Finding]:
    """Inputs with a size that the caller decides.

    A note: both runtimes resize and run. Delegates plan for fixed shapes: XNNPACK leaves out ops on tensors whose shape
    is only known while running, GPU and NPU delegates refuse the graph.
    """
    words = Words(
        "inputs with a free size",
        "The model was converted with a batch or length of None.",
        "fix the shapes before conversion: the batch at 1, the length at the longest that is needed",
        "Every call with another shape plans memory anew, and delegates may stay out.",
    )
    places = [
        f"input {name!r} of signature {signature.key!r}"
        for signature in case.graph.signatures.values()
        for name, tensor in signature.inputs.items()
        if tensor.has_dynamic_shape
    ]
    if not case.graph.signatures:
        places = [tensor_place(tensor) for tensor in case.graph.subgraphs[0].inputs if tensor.has_dynamic_shape]
    yield from note("dynamic_shapes", words, places)


def string_tensors(case: Case) -> Iterator[Finding]:
    """Strings as inputs or outputs.

    A note: runtimes run them, delegates and most app code do not.
    """
    words = Words(
        "strings as inputs or outputs",
        "The model looks words up itself.",
        "take the look-up out of the model and feed ids",
        "Mobile APIs have no direct way to fill a string tensor, and no delegate takes it.",
    )
    places = [
        tensor_place(tensor)
        for graph in case.graph.subgraphs
        if graph.index in case.subject.reachable
        for tensor in (*graph.inputs, *graph.outputs)
        if tensor.dtype == "string"
    ]
    yield from note("string_tensors", words, places)


def random_ops(case: Case) -> Iterator[Finding]:
    """Ops that draw random numbers: the same input gives another answer.

    A note: no two runs can be compared, so neither can two runtimes.
    """
    words = Words(
        "ops that draw random numbers",
        "Dropout or sampling was left in the graph.",
        "convert with training=False, and sample outside the model",
        "Answers differ from run to run; a comparison with the float model says nothing.",
    )
    yield from note("random_ops", words, [op.place for op in case.graph.ops if op.name in _RANDOM_OPS])


def _variable(op: OpSummary, case: Case) -> tuple[str, str] | None:
    """Returns container and name of the variable that an op reads or assigns; None where its handle is passed in."""
    handle = op.inputs[0] if op.inputs else None
    made = case.subject.producers.get(key(handle)) if handle is not None else None
    if made is None or made.name != "VAR_HANDLE":
        return None
    return str(made.options.get("container", "")), str(made.options.get("sharedName", ""))


def unfrozen_variables(case: Case) -> Iterator[Finding]:
    """Variables that are read and that nothing in the file assigns: the weights stayed behind.

    Measured 2026-11-21 (probe "variable_unassigned"): tflite-runtime 2.14 refuses at the first run ("variable !=
    nullptr was not true"), LiteRT 2.3 computes with memory that holds anything. Assigned by CALL_ONCE or before: right
    on both.
    """
    words = Words(
        "variables that nothing in the file assigns",
        "A concrete function of a Keras 3 model was converted without freezing its variables.",
        "freeze before converting: convert_variables_to_constants_v2, or model.export and from_saved_model",
    )
    assigned = {_variable(op, case) for op in case.graph.ops if op.name == "ASSIGN_VARIABLE"}
    hits = [
        ("variable_unassigned", op.place)
        for op in case.graph.ops
        if op.name == "READ_VARIABLE" and None not in assigned and _variable(op, case) not in {*assigned, None}
    ]
    yield from judged(case, "unfrozen_variables", words, hits)


def state(case: Case) -> Iterator[Finding]:
    """Values that outlive a call: variables, tensors marked as variable, hash tables.

    A note: right on both runtimes (probes "variable_assigned", "variable_once", "variable_tensor"), but an answer
    depends on the calls before, each interpreter has its own state, and calibration refuses such models.
    """
    words = Words(
        "values that outlive a call",
        "The model keeps its state inside (streaming, caches, look-up tables).",
        "pass state in and out as inputs and outputs of the signature",
        "The same input gives another answer after another call; reset_all_variables between independent inputs.",
    )
    kept = [op.place for op in case.graph.ops if op.name in ("ASSIGN_VARIABLE", *_TABLES)]
    kept += [f"variable {name!r}" for name in _variable_tensors(case)]
    yield from note("state", words, kept)


def _variable_tensors(case: Case) -> list[str]:
    named = {
        tensor.name: tensor
        for op in case.graph.ops
        for tensor in op.inputs
        if tensor is not None and tensor.is_variable
    }
    return sorted(named)


RULES = tuple(
    Rule(check.__name__, check)
    for check in (
        *(
            tensor_types,
            external_buffers,
            buffers_behind,
            file_size,
            signatures,
            signature_names,
            signature_tensors,
            dynamic_shapes,
        ),
        *(string_tensors, random_ops, unfrozen_variables, state),
    )
)
