"""Rules of `tfedge check` on what an Android package holds: libraries, interpreters, models."""

from __future__ import annotations

from tfedge.checks.explanations.entry import Explanation
from tfedge.checks.explanations.families.provenance import OWN_RULES

TITLE = "Rules: inside an Android package"

ENTRIES = (
    Explanation(
        id="arm64_missing",
        title="The app has native libraries, but none for arm64-v8a",
        cause="abiFilters, a build for an emulator, or a dependency of 32 bits left it out.",
        consequence="Phones of 64 bits alone cannot install it, and Play refuses 32-bit libraries without it.",
        fix="List arm64-v8a in abiFilters.",
        example='android { defaultConfig { ndk { abiFilters += listOf("arm64-v8a", "x86_64") } } }',
        affects=("Android",),
        reproduced=OWN_RULES,
    ),
    Explanation(
        id="libraries_by_abi",
        title="A library is missing for one of the app's ABIs",
        cause="Dependencies have different ABIs, and Android installs the libraries of one folder only.",
        consequence="On those devices loading the library fails (UnsatisfiedLinkError).",
        fix="Limit abiFilters to ABIs that every library has.",
        example="unzip -l app.apk | grep '\\.so$'",
        affects=("Android",),
        reproduced=OWN_RULES,
    ),
    Explanation(
        id="library_machine",
        title="A library is built for another processor than its folder says",
        cause="A file was copied into the wrong folder of jniLibs.",
        consequence="dlopen refuses it on every device of that ABI.",
        fix="Copy each ABI's library into its own folder.",
        example="readelf -h lib/arm64-v8a/libfoo.so | grep Machine",
        affects=("Android",),
        reproduced=OWN_RULES,
    ),
    Explanation(
        id="zip_alignment_16kb",
        title="A stored library does not begin at a multiple of 16 KB in the package",
        cause="The package was aligned for pages of 4 KB.",
        consequence="Devices with pages of 16 KB cannot map it out of the package.",
        fix="Align for 16 KB before signing.",
        example="zipalign -P 16 -f 4 in.apk out.apk",
        sources=("https://developer.android.com/guide/practices/page-sizes",),
        affects=("Android 15 and later",),
        reproduced=OWN_RULES,
    ),
    Explanation(
        id="libraries_compressed",
        title="Native libraries are compressed in the package",
        cause="A zip tool packed it, or old build settings.",
        consequence=(
            'With extractNativeLibs="false" Android refuses it; else each library takes its place on the phone twice.'
        ),
        fix="Store and align libraries.",
        example="android { packaging { jniLibs { useLegacyPackaging = false } } }",
        affects=("Android",),
        reproduced=OWN_RULES,
    ),
    Explanation(
        id="runtime_missing",
        title="The package has models and no interpreter",
        cause=(
            "Only the API classes were depended on, or the ABI's library was left out; with Play services "
            "it is on the phone."
        ),
        consequence=(
            "UnsatisfiedLinkError when the interpreter is created; with Play services its version is not known here."
        ),
        fix="Depend on tensorflow-lite or litert, not on its -api; name the release that you test with.",
        example="tfedge check app.apk --target android-tflite==2.16.1@arm64-v8a",
        affects=("Android",),
        reproduced=OWN_RULES,
    ),
    Explanation(
        id="runtime_versions",
        title="One interpreter library has different versions for different ABIs",
        cause="Libraries were copied by hand, or a build folder was not cleaned.",
        consequence="A model runs on one phone and is refused on another.",
        fix="Take all ABIs from one release.",
        example="unzip -l app.apk | grep tensorflowlite",
        affects=("Android",),
        reproduced=OWN_RULES,
    ),
    Explanation(
        id="runtime_modified",
        title="The interpreter's library is not the published one",
        cause="It was built from source, stripped of its build id, or is of a release that was not measured.",
        consequence="Builds with selected ops refuse models that the release runs.",
        fix="Run the model on a device with this very package, or take the published library.",
        example="sha256sum lib/arm64-v8a/libtensorflowlite_jni.so",
        affects=("Android",),
        reproduced=OWN_RULES,
    ),
    Explanation(
        id="several_interpreters",
        title="The package has several interpreters for one ABI",
        cause="Two dependencies bring one each: plugins, MediaPipe, LiteRT beside TensorFlow Lite.",
        consequence="A larger package, and which one runs a model depends on the code.",
        fix="Find who brings each and keep one.",
        example="./gradlew app:dependencies | grep -E 'tensorflow-lite|litert|mediapipe'",
        affects=("Android",),
        reproduced=OWN_RULES,
    ),
    Explanation(
        id="no_model",
        title="The package holds no .tflite model",
        cause="It loads its models later, or is another app than was meant.",
        consequence="Nothing in the verdict is about a model.",
        fix="Check the models that it loads by themselves.",
        example="tfedge check model.tflite --target android-tflite==2.16.1@arm64-v8a --static",
        affects=("Android",),
        reproduced=OWN_RULES,
    ),
    Explanation(
        id="model_alignment",
        title="A model does not begin at a multiple of 4 bytes in the package",
        cause="zipalign was left out, or the package was changed after it.",
        consequence="Mapped in place its numbers are misaligned: slower, and SIGBUS on some processors.",
        fix="Align before signing.",
        example="zipalign -c -v 4 app.apk",
        affects=("Android",),
        reproduced=OWN_RULES,
    ),
    Explanation(
        id="model_matches",
        title="The package holds another model than the one that was meant",
        cause="The app was built with an older file, or its pack was replaced; names and sizes may be the same.",
        consequence="The app runs another model than the one that was checked and measured.",
        fix="Copy the file into the app's assets, clean, build again, and compare by sha256.",
        example="tfedge check app.apk --model models/g2p/g2p.tflite",
        affects=("Android",),
        reproduced=OWN_RULES,
    ),
)
