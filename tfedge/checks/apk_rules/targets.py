"""Where the models of a package will run: the interpreters inside it, and what is known of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from tfedge.checks.apk_rules.package_case import PackageCase
from tfedge.checks.apk_rules.runtimes import version_of
from tfedge.checks.facts import facts_for, known_targets, version_order
from tfedge.checks.rules import static_findings
from tfedge.checks.rules.rule import Case, Subject, shown
from tfedge.checks.rules.versions import op_version
from tfedge.checks.verdict import Finding
from tfedge.modelfile.apk.library import Library
from tfedge.modelfile.apk.package import Package
from tfedge.modelfile.model_file import ModelData
from tfedge.modelfile.summary import GraphSummary
from tfedge.runtime.targets import ANDROID, ANDROID_ARCHS, RuntimeTarget

MAX_TARGETS = 8  # Two interpreters for each of four ABIs.
_FLEX = "flex"  # libtensorflowlite_flex_jni.so is the only library of its kind, whatever its prefix.


def target_of(library: Library) -> RuntimeTarget | None:
    """Returns the interpreter of a library as a target; None where its version or ABI is unknown."""
    version = version_of(library)
    return RuntimeTarget(ANDROID, version, library.abi) if version and library.abi in ANDROID_ARCHS else None


def targets_of(package: Package) -> tuple[RuntimeTarget, ...]:
    """Returns the interpreters of a package, each once, in its order; `MAX_TARGETS` at most."""
    found = (target_of(library) for library in package.runtimes)
    return tuple(dict.fromkeys(target for target in found if target is not None))[:MAX_TARGETS]


def unknown_runtimes(package: Package) -> Iterator[Finding]:
    """Yields `apk_runtime`, not measured, where an interpreter does not say its version."""
    known = targets_of(package)
    places = [shown(library.place) for library in package.runtimes if target_of(library) not in known]
    if places:
        yield Finding(
            gate="apk_runtime",
            verdict="not_measured",
            message=f"expected interpreters that say their version; nothing is known of {', '.join(places[:4])}",
            cause="LiteRT 2 says none in its library, and no release of it was measured on Android.",
            consequence="Whether it runs these models is not known: it may refuse them, or compute something else.",
            fix="run the model on a device; or judge it as another release: --target android-tflite==2.16.1@arm64-v8a",
        )


def other_runtimes(case: PackageCase, targets: Sequence[RuntimeTarget]) -> Iterator[Finding]:
    """Yields `other_runtime` for each named target that the package has another version of."""
    inside = targets_of(case.package)
    for target in targets:
        same_abi = [each.version for each in inside if each.arch == target.arch]
        if same_abi and target.version not in same_abi:
            yield Finding(
                gate="other_runtime",
                verdict="fail",
                message=f"expected {target} inside, as named; got version {', '.join(same_abi)} for {target.arch}",
                cause="A dependency brings another release than the one that was meant.",
                consequence="What is said of the named release does not hold for this package.",
                fix="name what is inside, or change the dependency's version",
            )


def model_findings(package: Package, graph: GraphSummary, data: ModelData, target: RuntimeTarget) -> Iterator[Finding]:
    """Yields what static rules say of a model on an interpreter of its package.

    Args:
        package: that both are in.
        graph: what `read_graph` says of the model.
        data: what `read_graph` took.
        target: the interpreter.
    """
    has_flex = any(library.abi == target.arch and _FLEX in library.name for library in package.libraries)
    for finding in static_findings(graph, target, data):
        yield _with_flex(finding) if has_flex and finding.gate == "flex_op" else finding
    if facts_for(target) is None:
        yield from _refused_later(graph, data, target)


def _with_flex(finding: Finding) -> Finding:
    return dataclasses.replace(
        finding,
        verdict="not_measured",
        consequence="The package has a library for TensorFlow's own ops; whether it has these was never asked.",
        fix="run the model on a device with this package",
    )


def _refused_later(graph: GraphSummary, data: ModelData, target: RuntimeTarget) -> Iterator[Finding]:
    """Yields op versions that the next measured release still refuses: no release registers more than the next one.

    Measured for tflite-runtime and ai-edge-litert: highest op versions only grow from release to release.
    """
    order = version_order(target.version)
    later = [each for each in known_targets() if each.name == target.name and version_order(each.version) > order]
    if not later:
        return
    nearest = min(later, key=lambda each: version_order(each.version))
    case = Case(Subject(graph, data), nearest, facts_for(nearest))
    for finding in op_version(case):
        message = f"{finding.message}, even on {nearest.version}, which is later than {target.version}"
        consequence = finding.consequence.replace(str(nearest), str(target))
        yield dataclasses.replace(finding, message=message, consequence=consequence)
