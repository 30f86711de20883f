"""Findings that the gates of `check` and `validate` really give, of files and answers made to fail them."""

from __future__ import annotations

import functools
import json
import pathlib
import tempfile
from collections.abc import Callable

import numpy as np

from tests import models
from tests.explanations import stage_cases
from tests.explanations.case import LITERT, TFLITE
from tests.explanations.interpreter_cases import SIZE, unary
from tests.golden import packed_autokey
from tests.models import layers, scores
from tests.models.attention import attention
from tests.unit.reports import device_answers
from tfedge.checks.rules import static_findings
from tfedge.checks.verdict import Finding
from tfedge.errors import ConversionError
from tfedge.modelfile.builder import ModelBuilder
from tfedge.modelfile.golden import GoldenCase
from tfedge.modelfile.graph import read_graph
from tfedge.reports.check import check_files
from tfedge.reports.compare import compare
from tfedge.reports.comparison import comparison_findings
from tfedge.reports.deploy_reading import latency_finding
from tfedge.reports.ladder_choice import Choice, not_converted
from tfedge.runtime.targets import RuntimeTarget
from tfedge.tasks.tensor_task import Quality
from tfedge.validation.accuracy import score
from tfedge.validation.gates import accuracy_gate, size_gate
from tfedge.validation.golden import check_golden, check_outputs_health
from tfedge.validation.ladder_limits import Speedup, speed_gate
from tfedge.validation.tensor_quality import compare_output, quality_finding

WORDS = 200
# Provoked on the emulated board, by `test_reproduced`: rule -> core, probe that it fails there, probe that runs right.
ON_ARM = {
    "per_channel_no_bias": ("cortex-a72", "", ""),
    "hybrid_dot_product": (
        *("cortex-a76", "dot_product FULLY_CONNECTED"),
        "kernel FULLY_CONNECTED float32,qint8->float32",
    ),
    "shared_batch_weights": (
        *("cortex-a72", "one_for_batch BATCH_MATMUL"),
        "kernel BATCH_MATMUL float32,qint8->float32",
    ),
}


def arithmetic(*steps: tuple[str, float]) -> bytes:
    """x (1, 8) -> each op with its constant in turn -> y."""
    builder = ModelBuilder("arithmetic")
    x = value = builder.tensor("x", (1, SIZE))
    for place, (name, constant) in enumerate(steps):
        other = builder.tensor(f"c{place}", (1, SIZE), data=np.full((1, SIZE), constant))
        result = builder.tensor(f"y{place}", (1, SIZE))
        builder.op(name, [value, other], [result])
        value = result
    builder.signature("serving_default", {"x": x}, {"y": value})
    return builder.build()


def deaf() -> bytes:
    """A sum of two texts' ids in which the second is lost: it is divided by 10,000,000."""
    builder = ModelBuilder("deaf")
    read = {}
    for name in ("token_ids", "source_ids"):
        read[name] = builder.tensor(name, (1, SIZE), "int32")
        builder.op("CAST", [read[name]], [builder.tensor(f"{name}/float", (1, SIZE))])
    first, second = read["token_ids"] + 1, read["source_ids"] + 1
    little = builder.tensor("little", (1, SIZE), data=np.full((1, SIZE), 1e-7))
    lost, y = builder.tensor("lost", (1, SIZE)), builder.tensor("y", (1, SIZE))
    builder.op("MUL", [second, little], [lost])
    builder.op("ADD", [first, lost], [y])
    builder.signature("serving_default", read, {"y": y})
    return builder.build()


def changed_pack() -> bytes:
    """A packed model with one bit of its weights changed."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "packed.tflite"
        packed_autokey.write(path)
        data = bytearray(path.read_bytes())
    data[data.index(packed_autokey.rotations().tobytes())] ^= 1
    return bytes(data)


# gate -> runtime and a file that fails it there.
FILES: dict[str, tuple[str, bytes]] = {
    "loads": (LITERT, unary(version=99)),
    "runs": (TFLITE, models.with_variable(initialized=False)),
    "matches_reference": (TFLITE, models.dense("int8_dynamic", per_channel=True, version=5)),
    "outputs_finite": (LITERT, arithmetic(("SUB", 0.0), ("DIV", 0.0))),
    "outputs_not_zero": (LITERT, arithmetic(("MUL", 0.0))),
    "outputs_vary": (LITERT, arithmetic(("MUL", 0.0), ("ADD", 3.0))),
    "inputs_heard": (LITERT, deaf()),
    "readable": (TFLITE, unary()[:200]),
    "pack_whole": (TFLITE, changed_pack()),
}


@functools.cache
def checked() -> dict[str, tuple[Finding, ...]]:
    """Returns what `tfedge check` finds in every file of `FILES` on its runtime: gate -> findings."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        paths = {gate: pathlib.Path(folder) / f"{gate}.tflite" for gate in FILES}
        for gate, path in paths.items():
            path.write_bytes(FILES[gate][1])
        for runtime in (TFLITE, LITERT):
            chosen = [gate for gate in FILES if FILES[gate][0] == runtime]
            report = check_files([paths[gate] for gate in chosen], [runtime])
            for gate, file in zip(chosen, report.files, strict=True):
                (check,) = file.targets
                found[gate] = check.findings
    return found


def strings() -> bytes:
    """A table look-up of words: strings come out."""
    builder = ModelBuilder("strings")
    ids, words = builder.tensor("ids", (1,), "int32"), builder.tensor("words", (1,), "string")
    builder.op("GATHER", [builder.tensor("table", (2,), "string", ["a", "b"]), ids], [words])
    builder.signature("serving_default", {"ids": ids}, {"words": words})
    return builder.build()


def one_name_twice() -> bytes:
    builder = ModelBuilder("one name twice")
    x, z, y = (builder.tensor(name, (1, SIZE)) for name in "xzy")
    builder.op("ADD", [x, z], [y])
    builder.signature_pairs("serving_default", [("x", x), ("x", z)], [("y", y)])
    return builder.build()


def out_of_order() -> bytes:
    """An op reads what the next one writes: what it meets there is chance, so reading alone proves the rule."""
    builder = ModelBuilder("out of order")
    x, later, y = (builder.tensor(name, (1, SIZE), "int32") for name in ("x", "later", "y"))
    builder.op("MAXIMUM", [x, later], [y])
    builder.op("MAXIMUM", [x, x], [later])
    builder.interface([x], [y])
    builder.signature("serving_default", {"x": x}, {"y": y})
    return builder.build()


# rule -> a file that it has something to say of, for tflite-runtime 2.14 on x86.
NOTED: dict[str, bytes] = {
    "signature_names": one_name_twice(),
    "string_tensors": strings(),
    "state": models.with_variable(initialized=True),
    "min_runtime_version": models.with_metadata("1.5.0", version=9),
    "static_rules": unary(),
    "op_order": out_of_order(),
    "mask_magnitude": scores.added(-1e9),
    "mask_doubled": scores.added(-30.0, -30.0),
    "mask_multiplied": scores.multiplied(),
    "norm_epsilon": layers.normalization(1e-12, "float16"),
    "gelu_exact": layers.gelu(),
    "dense_open_shape": layers.dense_open(),
    "none_indexing": layers.sliced(),
}


def noted(rule: str) -> Finding:
    """Returns what reading alone finds in the rule's file, and not in a plain one."""
    target = RuntimeTarget.parse("tflite-runtime==2.14.0@x86_64")
    plain = static_findings(read_graph(unary()), target, unary())
    if rule in {finding.gate for finding in plain} and rule != "static_rules":
        raise RuntimeError(f"expected {rule} to be silent about a plain file")
    found = static_findings(read_graph(NOTED[rule]), target, NOTED[rule])
    return next(finding for finding in found if finding.gate == rule)


def failed(gate: str, findings: tuple[Finding, ...]) -> Finding:
    return next(finding for finding in findings if finding.gate == gate and finding.verdict != "pass")


def health(gate: str) -> Finding:
    """Answers of one decoder that always says the same, never ends, or says nothing."""
    answers = {
        "decoder_listens": [[5, 6, 2]] * WORDS,
        "answers_not_empty": [[2]] * WORDS,
        "answers_do_not_loop": [[3 + word % 5, 7, 7, 7, 7, 7, 7, 7] for word in range(WORDS)],
        "answers_stop": [[3 + word % 7, 4 + word % 5, 5, 6, 7, 8] for word in range(WORDS)],
    }[gate]
    sources = [[3 + word // 20, 3 + word % 20, 2] for word in range(WORDS)]
    return failed(gate, check_outputs_health(answers, sources))


def unmeasured() -> Finding:
    """Of a release that nobody asked anything."""
    target = RuntimeTarget.parse("ai-edge-litert==9.9.9@x86_64")
    return failed("unmeasured_target", static_findings(read_graph(unary()), target, unary()))


def golden() -> Finding:
    cases = [GoldenCase(f"case {n}", "a", (3, 2), {"keras": (4, 5, 2)}, "A") for n in range(9)]
    return failed("golden_cases", check_golden(cases, [[5, 4, 2]] * 9, "keras"))


def accuracy() -> Finding:
    reference = [["A"]] * 2000
    return accuracy_gate(score([["B"]] * 500 + [["A"]] * 1500, [[["A"]]] * 2000, reference), 1.0)


def layer_error() -> Finding:
    """One layer's weights of an int8 file are read eight times too large."""
    with tempfile.TemporaryDirectory() as folder:
        first, second = pathlib.Path(folder, "float.tflite"), pathlib.Path(folder, "int8.tflite")
        first.write_bytes(attention())
        second.write_bytes(attention("int8", broken="value"))
        return failed("layer_error", comparison_findings(compare(first, second, max_cases=2)))


def quality(gate: str) -> Finding:
    """A file that answers the opposite: other classes, and numbers of the other sign."""
    scores = np.random.default_rng(3).dirichlet(np.ones(4), WORDS)
    pairs = {"x/classes": (scores, scores[:, ::-1]), "x/number": (3 * scores, -3 * scores)}
    outputs = {key: compare_output(want, got) for key, (want, got) in pairs.items()}
    return failed(gate, quality_finding(Quality("agreement", 0.95), outputs))


def not_measured() -> Finding:
    return Finding("any", "not_measured", "no gate judged float32 on tflite-runtime")


MAKERS: dict[str, Callable[[], Finding]] = {
    **{gate: functools.partial(lambda gate: failed(gate, checked()[gate]), gate) for gate in FILES},
    **{
        gate: functools.partial(health, gate)
        for gate in ("decoder_listens", "answers_not_empty", "answers_do_not_loop", "answers_stop")
    },
    **{rule: functools.partial(noted, rule) for rule in NOTED},
    "golden_cases": golden,
    "accuracy": accuracy,
    "size": lambda: size_gate(6_000_000, 6_800_000, 0.3, None),
    "layer_error": layer_error,
    "quality": functools.partial(quality, "quality"),
    "other_outputs": functools.partial(quality, "other_outputs"),
    "not_measured": not_measured,
    "speed": lambda: speed_gate(Speedup(0.23, 0.22, 0.24, "greedy"), 0.95),
    "device_latency": lambda: latency_finding(device_answers.latency("greedy", "a" * 64, is_warm=False)),
    "converts": lambda: not_converted(ConversionError("expected a model of builtin ops; error: 'tf.Foo' op")),
    "ladder": lambda: Choice("static_wi8_ai8", "ai-edge-litert==2.3.0@x86_64", "forbidden", "speed: 0.5x").finding,
    "unmeasured_target": unmeasured,
    **stage_cases.MAKERS,
}


def as_json(make: Callable[[], Finding]) -> str:
    """Returns the finding as it stands in a report; a note is said to be one, as the table says it."""
    finding = make()
    if finding.verdict == "pass":
        return f"    note  {finding.gate}: {finding.message}"
    return json.dumps(finding.to_json(), indent=2)


CASES: tuple[tuple[str, Callable[[], str]], ...] = tuple(
    (gate, functools.partial(as_json, make)) for gate, make in MAKERS.items()
)
