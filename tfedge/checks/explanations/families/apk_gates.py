"""What `tfedge check` says of an Android package beside its rules."""

from __future__ import annotations

from tfedge.checks.explanations.entry import Explanation
from tfedge.checks.explanations.families.provenance import OWN_RULES

TITLE = "Android packages"

ENTRIES = (
    Explanation(
        id="apk_readable",
        title="The file cannot be read as an APK",
        cause="It is cut or damaged, or an App Bundle (AAB), a set of APKs, a library (AAR) or a plain zip.",
        consequence="No device installs it as it is; nothing of it was checked.",
        fix="Check the APK that devices install; of a bundle build a universal one.",
        example="bundletool build-apks --mode=universal --bundle=app.aab --output=app.apks",
        sources=("https://developer.android.com/tools/bundletool",),
        affects=("Android",),
        reproduced=OWN_RULES,
    ),
    Explanation(
        id="apk_facts",
        title="What the package is",
        cause="Package name, version, API levels, permissions, ABIs, number of models, signature schemes.",
        consequence="None: it says what was looked at.",
        fix="Compare it with what you meant to build.",
        example="tfedge check app.apk",
        sources=("measured: agrees with aapt2 and pyaxmlparser on packages of several build tools",),
        affects=("Android",),
        reproduced=OWN_RULES,
    ),
    Explanation(
        id="apk_runtime",
        title="Which interpreter the package has, where that is known",
        cause="LiteRT 2 says no version in its library; a package may have no interpreter at all.",
        consequence="Without a version nothing is known of the ops that it registers.",
        fix="Run the model on a device, or judge it as a release that was measured.",
        example="tfedge check app.apk --target android-tflite==2.16.1@arm64-v8a",
        sources=("measured: 52 libraries of tensorflow-lite 2.4.0 to 2.16.1 say exactly their version",),
        affects=("LiteRT on Android",),
        reproduced=OWN_RULES,
    ),
    Explanation(
        id="other_runtime",
        title="The package has another interpreter than the one that was named",
        cause="A dependency brings another release.",
        consequence="What is said of the named release does not hold for this package.",
        fix="Name what is inside, or change the dependency's version.",
        example="tfedge check app.apk",
        sources=("measured: the version that a library says of itself",),
        affects=("Android",),
        reproduced=OWN_RULES,
    ),
    Explanation(
        id="signature_verified",
        title="apksigner does not verify the signature",
        cause="The package was changed after it was signed, or lacks a scheme that its releases need.",
        consequence="Android does not install it.",
        fix="Align, then sign, as the last two steps; change nothing after that.",
        example="apksigner verify --verbose app.apk",
        sources=("https://developer.android.com/tools/apksigner",),
        affects=("Android",),
        reproduced=OWN_RULES,
    ),
)
