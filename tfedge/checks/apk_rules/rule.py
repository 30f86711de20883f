"""What a rule on a package is, what it looks at, and how what it met becomes one finding."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator

from tfedge.checks.rules.rule import Words, listed
from tfedge.checks.verdict import Finding, Verdict
from tfedge.errors import ConfigError
from tfedge.modelfile.apk.manifest import AppManifest
from tfedge.modelfile.apk.package import Package


@dataclasses.dataclass(frozen=True)
class WantedModel:
    """The model that must be inside: `--model`.

    Attributes:
        name: of its file.
        sha256: of the whole file, pack included.
        model_sha256: of the model alone, without its pack.
    """

    name: str
    sha256: str
    model_sha256: str


@dataclasses.dataclass(frozen=True)
class PackageCase:
    """What every rule is called with.

    Attributes:
        package: an APK whose directory could be read.
        wanted: the model that must be inside; None where none was named.
        model_parts: name of a model in the package -> sha256 of it without its pack.
    """

    package: Package
    wanted: WantedModel | None = None
    model_parts: tuple[tuple[str, str], ...] = ()

    @property
    def manifests(self) -> tuple[AppManifest, ...]:
        """The manifest; none where it cannot be read, of which another rule speaks."""
        return (self.package.manifest,) if self.package.manifest is not None else ()


Check = Callable[[PackageCase], Iterator[Finding]]


@dataclasses.dataclass(frozen=True)
class PackageRule:
    """One rule.

    Attributes:
        id: what its findings are called by; `tfedge explain` knows it, and `--allow` takes it.
        check: yields findings, and nothing where the rule is not concerned.

    Raises:
        ConfigError: an id that is not the name of its function, or a function that does not say what it looks for.
    """

    id: str
    check: Check

    def __post_init__(self) -> None:
        if self.check.__name__ != self.id or not self.check.__doc__:
            raise ConfigError(f"expected rule {self.id!r} to be a documented function of that name")


def found(rule: str, words: Words, places: Iterable[str], verdict: Verdict = "fail") -> Iterator[Finding]:
    """Yields one finding for all `places`; none where there are none."""
    every = list(places)
    if every:
        message = f"{words.what}: {listed(every)}"
        yield Finding(rule, verdict, message, words.cause, words.consequence, words.fix, measured=float(len(every)))


def note(rule: str, words: Words, places: Iterable[str]) -> Iterator[Finding]:
    """Yields a finding that fails nothing and says what whoever ships this package risks."""
    if not words.consequence:
        raise ConfigError(f"expected a note of rule {rule!r} to say its consequence")
    return found(rule, words, places, "pass")
