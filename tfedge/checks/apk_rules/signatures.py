"""Rules on signatures: whether there is one, and of a scheme that the app's Android releases accept."""

from __future__ import annotations

from collections.abc import Iterator

from tfedge.checks.apk_rules.package_case import PackageCase
from tfedge.checks.rules.rule import Rule, Words, found, note
from tfedge.checks.verdict import Finding

_SIGN = "sign it again: apksigner sign --ks KEYSTORE app.apk, after zipalign"
_FIRST_V2 = 24  # Android 7 reads scheme v2; releases before read v1 alone.
_NEEDS_V2 = 30  # Android 11 refuses v1 alone of apps that target it.


def unsigned(case: PackageCase) -> Iterator[Finding]:
    """A package without any signature.

    Published: Android installs no package without one (INSTALL_PARSE_FAILED_NO_CERTIFICATES).
    """
    words = Words(
        "a package without a signature",
        "It was built and never signed, or changed by a tool that dropped the signature.",
        _SIGN,
        "Android does not install it (INSTALL_PARSE_FAILED_NO_CERTIFICATES).",
    )
    signatures = case.package.signatures
    is_met = not signatures.schemes and not signatures.problem
    yield from found("unsigned", words, ["no scheme v1, v2 or v3"] if is_met else [])


def signing_block(case: PackageCase) -> Iterator[Finding]:
    """A signing block that is damaged.

    Published: Android refuses a package whose block cannot be parsed, and does not fall back to v1 where the v1
    signature says that there was a newer one.
    """
    words = Words(
        "a damaged signing block",
        "The package was changed after it was signed.",
        _SIGN,
        "Android does not install it.",
    )
    problem = case.package.signatures.problem
    yield from found("signing_block", words, [problem] if problem else [])


def signature_schemes(case: PackageCase) -> Iterator[Finding]:
    """A signature that some of the app's Android releases do not accept.

    Published: apps that target API level 30 need v2 or later on Android 11 and later; Android 6 and older know v1 only.
    """
    words = Words(
        "signature schemes that do not fit the app's Android releases",
        "The package was signed by jarsigner, or schemes were turned off.",
        _SIGN + " (it chooses the schemes by minSdkVersion)",
        "Some releases that the manifest allows refuse the installation.",
    )
    yield from found("signature_schemes", words, _wrong_schemes(case))


def _wrong_schemes(case: PackageCase) -> Iterator[str]:
    schemes = case.package.signatures.schemes
    for manifest in case.manifests:
        if schemes == ("v1",) and manifest.target_sdk >= _NEEDS_V2:
            yield f"v1 alone, while target SDK {manifest.target_sdk} asks for v2 or later"
        if schemes and "v1" not in schemes and 0 < manifest.min_sdk < _FIRST_V2:
            yield f"{', '.join(schemes)} without v1, while min SDK {manifest.min_sdk} allows Android 6 and older"


def debug_key(case: PackageCase) -> Iterator[Finding]:
    """Signed with the key of debug builds.

    A note: right for a test on one's own phone. Published: every machine makes its own such key, and Play refuses it.
    """
    words = Words(
        "signed with a debug key",
        "The build has no signing configuration of its own.",
        "sign releases with your own key, and keep it",
        "Google Play refuses it, and a build of another machine does not install over this one.",
    )
    yield from note("debug_key", words, ["CN=Android Debug"] if case.package.signatures.is_debug_key else [])


RULES = tuple(Rule(check.__name__, check) for check in (unsigned, signing_block, signature_schemes, debug_key))
