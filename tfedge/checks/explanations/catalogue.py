"""Every explanation, by family and by id."""

from __future__ import annotations

import dataclasses

from tfedge.checks.explanations.entry import Explanation
from tfedge.checks.explanations.families import (
    android,
    apk_gates,
    converting,
    delegates,
    gates,
    installing,
    loading,
    quantizing,
    rules_files,
    rules_kernels,
    rules_layers,
    rules_numbers,
    rules_package,
    rules_package_parts,
    running,
    silent,
    stages,
)
from tfedge.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class Family:
    """Explanations of one stage of a model's way to the phone.

    Attributes:
        title: heads the family in the list of ids.
        entries: in the order of that list.
    """

    title: str
    entries: tuple[Explanation, ...]


FAMILIES: dict[str, Family] = {
    module.__name__.rpartition(".")[2]: Family(module.TITLE, module.ENTRIES)
    for module in (
        *(loading, running, silent, gates, stages, rules_kernels, rules_numbers, rules_layers, rules_files),
        *(rules_package, rules_package_parts, apk_gates),
        *(converting, quantizing, delegates, installing, android),
    )
}
ALL: tuple[Explanation, ...] = tuple(entry for family in FAMILIES.values() for entry in family.entries)


def _by_id() -> dict[str, Explanation]:
    found: dict[str, Explanation] = {}
    for entry in ALL:
        for name in (entry.id, *entry.aliases):
            if name in found:
                raise ConfigError(f"expected every id and alias once; {name!r} is of {found[name].id} and {entry.id}")
            found[name] = entry
    return found


# Aliases are keys too.
BY_ID: dict[str, Explanation] = _by_id()


def get(name: str) -> Explanation | None:
    """Returns the entry of an id or alias, None where there is none."""
    return BY_ID.get(name)


def family_of(entry: Explanation) -> str:
    """Returns the key in `FAMILIES` of the family that holds `entry`."""
    return next(name for name, family in FAMILIES.items() if entry in family.entries)
