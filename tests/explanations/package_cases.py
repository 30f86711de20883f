"""Findings of rules and gates on Android packages, of apps made to fail them."""

from __future__ import annotations

import functools
import pathlib
from collections.abc import Callable

from tests import apks
from tests.apks import binaries
from tests.apks.app import LIBRARY
from tests.explanations.finding_cases import as_json
from tests.unit.checks.apk_rules.examples import EXAMPLES
from tfedge.checks.apk_rules import PackageCase, package_findings
from tfedge.checks.verdict import Finding
from tfedge.devices import apksigner
from tfedge.modelfile.apk.package import open_package
from tfedge.reports.check_package import PackageOptions, check_package
from tfedge.runtime.targets import RuntimeTarget

_ANDROID = RuntimeTarget.parse("android-tflite==2.14.0@arm64-v8a")
# Their entries explain the words of build tools too, which no test here provokes.
_EXPLAINED_AS_ERRORS = (
    *("page_size_16kb", "duplicate_classes", "interpreter_class_missing", "model_compressed", "old_android"),
)


def _rule(name: str) -> Finding:
    example = next(one for one in EXAMPLES if one.rule == name)
    found = package_findings(PackageCase(open_package(example.app(example.trigger)), example.wanted))
    return next(finding for finding in found if finding.gate == name)


def _gate(name: str) -> Finding:
    libraries = {f"arm64-v8a/{LIBRARY}": binaries.interpreter(version="")} if name == "apk_runtime" else None
    data = b"PK\3\4" if name == "apk_readable" else apks.build(libraries=libraries, schemes=())
    files = check_package(pathlib.Path("app.apk"), data, PackageOptions(targets=() if libraries else (_ANDROID,)))
    found = [finding for file in files for check in file.targets for finding in check.findings if finding.gate == name]
    return max(found, key=lambda finding: finding.verdict != "pass")


def _unverified() -> Finding:
    return apksigner.judged(1, "DOES NOT VERIFY\nERROR: APK Signature Scheme v2 signer #1: digest mismatch", "")


CASES: tuple[tuple[str, Callable[[], str]], ...] = (
    *(
        (one.rule, functools.partial(as_json, functools.partial(_rule, one.rule)))
        for one in EXAMPLES
        if one.rule not in _EXPLAINED_AS_ERRORS
    ),
    *(
        (gate, functools.partial(as_json, functools.partial(_gate, gate)))
        for gate in ("apk_readable", "apk_facts", "apk_runtime", "other_runtime")
    ),
    ("signature_verified", functools.partial(as_json, _unverified)),
)
