"""Rules on what an op is: its version, its name, and where its code comes from."""

from __future__ import annotations

import collections
from collections.abc import Iterator

from tfedge.checks.published_versions import min_runtime_version as published_minimum
from tfedge.checks.published_versions import release_order
from tfedge.checks.rules.rule import Case, Rule, Words, found, judged, listed, note
from tfedge.checks.verdict import Finding

# The lowest version that is registered, where it is not 1: measured by one unused operator code a version, 2026-11-21,
# tflite-runtime 2.14.0 and ai-edge-litert 2.3.0, all builtin ops.
FIRST_VERSIONS = {"BROADCAST_TO": 2}


def op_version(case: Case) -> Iterator[Finding]:
    """An op version that the release does not register: "Didn't find op for builtin opcode".

    Interpreters resolve every operator code of a file when they load it, those that no op uses too. Measured for each
    release by a file with one more, unused code; the highest that loads is in `op_versions` of the facts.
    """
    known = case.facts.op_versions if case.facts else {}
    used: dict[tuple[str, int], list[str]] = collections.defaultdict(list)
    for op in case.graph.ops:
        if op.kind == "builtin":
            used[op.name, op.version].append(op.place)
    foreign = {op.name for op in case.graph.ops if op.kind != "builtin"}
    for name, version in sorted(set(case.graph.op_codes)):
        if not known or name not in _builtin_names() or (name in foreign and (name, version) not in used):
            continue
        highest, lowest = known.get(name, 0), FIRST_VERSIONS.get(name, 1)
        if lowest <= version <= highest:
            continue
        yield _refused(case, name, version, highest, used.get((name, version), []))


def _refused(case: Case, name: str, version: int, highest: int, places: list[str]) -> Finding:
    lowest = FIRST_VERSIONS.get(name, 1)
    known = f"{name} version {lowest} to {highest}" if highest else f"ops that {case.target} knows"
    where = listed(places) if places else "in an operator code that no op uses"
    return Finding(
        gate="op_version",
        verdict="fail",
        message=f"expected {known}; got {name} version {version}: {where}",
        cause=f"Interpreters resolve every operator code when they load a file; {case.target} has none for this one.",
        consequence=f"{case.target} refuses the file: Didn't find op for builtin opcode '{name}' version '{version}'.",
        fix=_fix(name, bool(places)),
        measured=float(version),
        limit=float(highest),
    )


def _fix(name: str, is_used: bool) -> str:
    if not is_used:
        return "tfedge check --fix lowers the version of codes that no op uses"
    if name == "FULLY_CONNECTED":
        return (
            "quantize its weights per tensor (tfedge check --fix does; the converter's switch is "
            "_experimental_disable_per_channel_quantization_for_dense_layers), or use a newer runtime"
        )
    return "use a newer runtime, or convert with the TensorFlow release of this one"


def unknown_op(case: Case) -> Iterator[Finding]:
    """An operator code that the installed schema has no name for: newer than every runtime that was measured.

    Published: the schema of ai-edge-litert 2.3.0 is the newest; interpreters refuse codes above their own
    ("Op builtin_code out of range"), on every target.
    """
    words = Words(
        "ops that no measured runtime knows",
        "The file was made with a newer schema than any runtime that was measured, or it is damaged.",
        "convert it again with the converter of the runtime that must run it",
        f"{case.target} refuses the file: Op builtin_code out of range.",
    )
    yield from found("unknown_op", words, [op.place for op in case.graph.ops if op.kind == "unknown"])


def custom_op(case: Case) -> Iterator[Finding]:
    """An op with code of its own, which a plain interpreter does not have ("unresolved custom op").

    Measured on both runtimes and architectures (probe "custom"): refused when tensors are allocated. A custom code
    that no op uses does no harm.
    """
    words = Words(
        "custom ops",
        "Custom ops live in code that the app must register; the released packages have none.",
        "express the layer in builtin ops, or ship and register the op's library and test with that",
    )
    hits = [("custom", op.place) for op in case.graph.ops if op.kind == "custom"]
    yield from judged(case, "custom_op", words, hits)


def flex_op(case: Case) -> Iterator[Finding]:
    """An op of TensorFlow itself (Flex), which needs the TensorFlow library linked in.

    Measured on both runtimes and architectures (probe "flex"): refused ("Select TensorFlow op(s) … not supported").
    """
    words = Words(
        "Flex ops",
        "The converter was allowed to keep TensorFlow ops (SELECT_TF_OPS); no lite runtime has them.",
        "convert with TFLITE_BUILTINS only and change the layer that it names; masks: expand_dims, not [:, None]",
    )
    yield from judged(case, "flex_op", words, [("flex", op.place) for op in case.graph.ops if op.kind == "flex"])


def min_runtime_version(case: Case) -> Iterator[Finding]:
    """Metadata that names a lower runtime than the op versions need.

    No runtime reads this entry (measured: files with any value load alike), so it fails nothing; tools and stores that
    trust it pick the wrong devices. The true value is the published table of op versions.
    """
    stated = case.graph.min_runtime_version
    needed = published_minimum((op.name, op.version) for op in case.graph.ops if op.kind == "builtin")
    if stated is None or needed is None or release_order(stated) >= release_order(needed):
        return
    words = Words(
        f"metadata claims runtime {stated}, ops need {needed}",
        "Quantizers that edit a file leave the entry as the converter wrote it.",
        f"tfedge check --fix writes {needed}",
        "Whoever picks devices by min_runtime_version ships this file to runtimes that cannot run it.",
    )
    yield from note("min_runtime_version", words, ["min_runtime_version in the file's metadata"])


def _builtin_names() -> frozenset[str]:
    from tfedge.modelfile.schema import load_schema

    return frozenset(name for name in vars(load_schema().BuiltinOperator) if name.isupper() and name != "CUSTOM")


RULES = tuple(
    Rule(check.__name__, check) for check in (op_version, unknown_op, custom_op, flex_op, min_runtime_version)
)
