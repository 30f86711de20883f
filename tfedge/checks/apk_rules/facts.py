"""What a package is, in findings that pass: they tell a reader what was looked at."""

from __future__ import annotations

import collections
from collections.abc import Iterator

from tfedge.checks.apk_rules.known_libraries import known_library
from tfedge.checks.apk_rules.package_case import PackageCase
from tfedge.checks.apk_rules.runtimes import version_of
from tfedge.checks.rules.rule import shown
from tfedge.checks.verdict import Finding
from tfedge.modelfile.apk.library import Library
from tfedge.printable import counted

_SHOWN_PERMISSIONS = 5
_PREFIX = "android.permission."


def package_facts(case: PackageCase) -> Iterator[Finding]:
    """Yields `apk_facts`, and `apk_runtime` where the package has an interpreter."""
    package = case.package
    said = [
        *(_manifest(case) or ["no readable manifest"]),
        f"ABIs {', '.join(map(shown, package.abis))}" if package.abis else "no native libraries",
        counted(len(package.models), "model"),
        f"signed by {', '.join(package.signatures.schemes)}" if package.signatures.schemes else "unsigned",
    ]
    yield Finding("apk_facts", "pass", "; ".join(said))
    told: dict[str, list[str]] = collections.defaultdict(list)
    for library in package.runtimes:
        told[_runtime(library)].append(library.abi)
    if told:
        message = "; ".join(f"{words} for {', '.join(map(shown, abis))}" for words, abis in told.items())
        yield Finding("apk_runtime", "pass", message)


def _manifest(case: PackageCase) -> list[str]:
    said = []
    for each in case.manifests:
        version = f"{shown(each.version_name)} ({each.version_code})" if each.version_name else each.version_code
        names = [shown(name.removeprefix(_PREFIX)) for name in each.permissions]
        more = f" and {len(names) - _SHOWN_PERMISSIONS} more" if len(names) > _SHOWN_PERMISSIONS else ""
        said += [
            f"{shown(each.package)} {version}".strip(),
            f"min SDK {each.min_sdk or 'unknown'}, target SDK {each.target_sdk or 'unknown'}",
            f"permissions {', '.join(names[:_SHOWN_PERMISSIONS])}{more}" if names else "no permissions",
        ]
    return said


def _runtime(library: Library) -> str:
    known = known_library(library.sha256, library.elf.build_id if library.elf else "")
    if known is not None:
        return f"{library.name} of {known.artifact} {known.version}"
    version = version_of(library)
    return f"{shown(library.name)}, " + (f"which says {version}" if version else "which says no version")
