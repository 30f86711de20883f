"""Rules on what the manifest says of the app, and on what Android asks of the package as a whole."""

from __future__ import annotations

from collections.abc import Iterator

from tfedge.checks.apk_rules.package_case import PackageCase
from tfedge.checks.rules.rule import Rule, Words, found, note
from tfedge.checks.verdict import Finding

# Looked up 2026-11-21 at https://developer.android.com/google/play/requirements/target-sdk and pages that quote it.
PLAY_TARGET_SDK, PLAY_SINCE = 36, "2026-08-31"
_INTERNET = "android.permission.INTERNET"
_RESOURCES = "resources.arsc"
# Android 11 wants the resource table stored and aligned of apps that target it.
_STORED_RESOURCES_SDK = 30


def target_sdk(case: PackageCase) -> Iterator[Finding]:
    """A target level below the one that Google Play asks of new apps and updates.

    A note: it concerns the store alone, and the level rises every year. Published: 36 since 2026-08-31, see above.
    """
    words = Words(
        f"a target level below {PLAY_TARGET_SDK}, which Google Play asks for since {PLAY_SINCE}",
        "targetSdkVersion was not raised with the year.",
        f"set targetSdkVersion to {PLAY_TARGET_SDK} and test on that release; "
        "see developer.android.com/google/play/requirements/target-sdk",
        "Google Play refuses the upload; other ways of installing are not concerned.",
    )
    levels = (each.target_sdk for each in case.manifests)
    yield from note("target_sdk", words, (f"API level {level}" for level in levels if 0 < level < PLAY_TARGET_SDK))


def debuggable(case: PackageCase) -> Iterator[Finding]:
    """An app that may be debugged.

    Published: Play refuses it, anyone with a cable reads its data, and ART runs it with fewer optimizations, so its
    latencies are not those of users.
    """
    words = Words(
        "an app that may be debugged",
        "It is a debug build, or the manifest says android:debuggable.",
        "ship the release build; where this is meant to be a debug build, pass --allow debuggable",
        "Google Play refuses it, whoever has the phone can read its files, and latencies of debug builds are not real.",
    )
    yield from found("debuggable", words, ("android:debuggable" for each in case.manifests if each.debuggable))


def only_for_tests(case: PackageCase) -> Iterator[Finding]:
    """An app that is marked for tests.

    Published: installers refuse it (INSTALL_FAILED_TEST_ONLY) unless told `adb install -t`; Android Studio's Run button
    builds such packages.
    """
    words = Words(
        "an app that is marked for tests only",
        "Android Studio's Run button built it.",
        "build the package by Gradle (assembleRelease) or Build > Build APK",
        "It installs by `adb install -t` alone; stores and users cannot install it.",
    )
    yield from found("only_for_tests", words, ("android:testOnly" for each in case.manifests if each.test_only))


def internet_permission(case: PackageCase) -> Iterator[Finding]:
    """The permission to use the network.

    A note: many apps need it. A demo of a model on the device says more when it cannot send anything.
    """
    words = Words(
        "the permission to use the network",
        "The manifest, or that of a library merged into it, asks for it.",
        'where the app needs no network, remove it: tools:node="remove" takes a library\'s away',
        "Users cannot tell that what they type stays on the device.",
    )
    yield from note(
        "internet_permission", words, (_INTERNET for each in case.manifests if _INTERNET in each.permissions)
    )


def cleartext_traffic(case: PackageCase) -> Iterator[Finding]:
    """Unencrypted traffic is allowed.

    A note: published, Android forbids it by default since API level 28.
    """
    words = Words(
        "unencrypted traffic is allowed",
        "android:usesCleartextTraffic is set.",
        "take it out, and allow single hosts in a network security configuration",
        "A model or data loaded over plain HTTP can be exchanged on its way.",
    )
    yield from note("cleartext_traffic", words, ("usesCleartextTraffic" for each in case.manifests if each.cleartext))


def split_package(case: PackageCase) -> Iterator[Finding]:
    """One of several packages that are installed together.

    A note: what is missing here may be in another split: libraries, classes, models.
    """
    words = Words(
        "one split of an app",
        "It comes out of an App Bundle, which a store takes apart by ABI, screen and language.",
        "check a universal package: bundletool build-apks --mode=universal",
        "Libraries, classes and models that lie in other splits were not checked.",
    )
    yield from note("split_package", words, (f"split {each.split!r}" for each in case.manifests if each.split))


def stored_resources(case: PackageCase) -> Iterator[Finding]:
    """A resource table that is compressed or not aligned, in an app that targets Android 11 or later.

    Published: installation fails with -124, "Targeting R+ (version 30 and above) requires the resources.arsc of
    installed APKs to be stored uncompressed and aligned on a 4-byte boundary".
    """
    words = Words(
        "a resource table that is compressed or not aligned to 4 bytes",
        "The package was packed again by a zip tool, or not passed through zipalign.",
        "store resources.arsc and run `zipalign 4` before signing",
        "Android 11 and later refuse the installation (error -124).",
    )
    is_asked = any(each.target_sdk >= _STORED_RESOURCES_SDK for each in case.manifests)
    tables = [entry for entry in case.package.archive.entries if entry.name == _RESOURCES and is_asked]
    places = (_RESOURCES for entry in tables if not entry.is_stored or entry.data_offset % 4)
    yield from found("stored_resources", words, places)


RULES = tuple(
    Rule(check.__name__, check)
    for check in (
        *(target_sdk, debuggable, only_for_tests, internet_permission, cleartext_traffic, split_package),
        *(stored_resources,),
    )
)
