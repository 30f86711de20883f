"""Building and running an Android or Flutter app."""

from __future__ import annotations

from tfedge.checks.explanations.entry import Explanation
from tfedge.checks.explanations.families.provenance import NEEDS_ANDROID, NEEDS_OTHER_CPU

TITLE = "Android"

ENTRIES = (
    Explanation(
        id="native_library_missing",
        title="The app has no native TensorFlow Lite library for this device",
        matches=(
            "Failed to load native TensorFlow Lite methods",
            "couldn't find \"libtensorflowlite",
            'dlopen failed: library "libtensorflowlite',
            "Failed to load dynamic library 'libtensorflowlite",
            "No implementation found for * org.tensorflow.lite",
            'libLiteRt.so" not found',
            "java.lang.UnsatisfiedLinkError",
        ),
        cause=(
            "The APK lacks the .so for the device's ABI: `abiFilters` or splits left it out, an emulator is x86_64, a "
            "feature module is loaded late, LiteRT 2.0 and early 2.1 have no 32-bit ARM. Or only the API classes were "
            "depended on, or the Java classes and the library are of different versions."
        ),
        consequence="The app crashes when it first touches the interpreter, on some devices only.",
        fix=(
            "List the libraries in the APK and compare with the device's ABI. Depend on the whole library "
            "(tensorflow-lite or litert, not its -api), the same version for all of its artifacts, with arm64-v8a and "
            "x86_64 at least."
        ),
        example="unzip -l app-release.apk | grep '\\.so$'\nadb shell getprop ro.product.cpu.abilist",
        sources=(
            "tensorflow/tensorflow#48857",
            "tensorflow/tensorflow#59929",
            "tensorflow/tensorflow#72434",
            "google-ai-edge/LiteRT#3729",
            "tensorflow/tensorflow#46905",
        ),
        affects=("Android", "Flutter"),
        aliases=("unsatisfied_link_error",),
        not_reproduced=NEEDS_ANDROID,
    ),
    Explanation(
        id="old_android",
        title="The native library needs a newer Android than the device has",
        matches=("dlopen failed: cannot locate symbol", 'cannot locate symbol "*" referenced by'),
        cause="TensorFlow Lite 2.12 to 2.15 were built against a function that Android 7 and older lack (`strtod_l`).",
        consequence="UnsatisfiedLinkError on old devices, though minSdk allowed the installation.",
        fix="Set minSdk to 26, or use 2.16.1, or 2.11 for older devices.",
        example="android { defaultConfig { minSdk = 26 } }",
        sources=(
            "tensorflow/tensorflow#61951",
            "tensorflow/flutter-tflite#73",
            "measured: of tensorflow-lite 2.4.0 to 2.16.1 exactly 2.12.0 to 2.15.0 ask for strtod_l",
        ),
        affects=("Android 7 and older",),
        refines=("native_library_missing",),
        not_reproduced=NEEDS_ANDROID,
    ),
    Explanation(
        id="page_size_16kb",
        title="Native libraries are not aligned to 16 KB pages",
        matches=(
            "is not 16 KB aligned",
            "not compatible with 16 KB devices",
            "LOAD segments not aligned at 16 KB boundaries",
            "do not support 16 KB",
            "native libraries that are not aligned for 16 KB page sizes",
            "must support 16 KB page sizes",
        ),
        cause=(
            "Google Play wants 16 KB alignment of apps for Android 15 and later since 2025-11-01, in every .so of "
            "every 64-bit ABI and in the zip. TensorFlow Lite is built with 4 KB: arm64-v8a from 2.12.0 to 2.16.1, "
            "x86_64 in every release; x86_64 is forgotten most often."
        ),
        consequence="Play refuses the upload; on a device with 16 KB pages the library does not load.",
        fix=(
            "Move to LiteRT 1.4 or later and look at its every library: GPU ones of 2.1.0 and 2.1.1 were still wrong. "
            "`zipalign` alone does not help, the ELF itself must be built so. Clear Gradle's cache of the old one."
        ),
        example="readelf -lW lib/arm64-v8a/libtensorflowlite_jni.so | grep LOAD  # the last column: 0x4000",
        sources=(
            "tensorflow/tensorflow#96602",
            "tensorflow/tensorflow#94048",
            "google-ai-edge/LiteRT#4286",
            "google-ai-edge/LiteRT#6299",
            "margelo/react-native-fast-tflite#153",
            "measured: of tensorflow-lite 2.4.0 to 2.16.1 p_align is 0x1000, of arm64-v8a up to 2.11.0 0x10000",
        ),
        affects=("Android 15 and later", "Google Play"),
        aliases=("alignment_16kb",),
        not_reproduced=NEEDS_ANDROID,
    ),
    Explanation(
        id="interpreter_class_missing",
        title="LiteRT 2.0 for Android has no Interpreter class",
        matches=(
            "org.tensorflow.lite.Interpreter missing",
            "NoClassDefFoundError: Failed resolution of: Lorg/tensorflow/lite/Interpreter",
            "ClassNotFoundException: org.tensorflow.lite.Interpreter",
            "ClassNotFoundException: Didn't find class \"org.tensorflow.lite.Interpreter",
            "class file for org.tensorflow.lite.InterpreterApi not found",
            "Unresolved reference: Interpreter",
        ),
        cause=(
            "LiteRT 2.0.x for Android has CompiledModel only. 1.4.x has the Interpreter, 2.1 and later have it on the "
            "CPU."
        ),
        consequence="The app does not compile, or a library it uses fails at run time.",
        fix=(
            "Use litert 1.4.x, or 2.1 and later; never mix in org.tensorflow:tensorflow-lite, which brings the classes "
            "twice."
        ),
        example='implementation("com.google.ai.edge.litert:litert:1.4.2")',
        sources=("google-ai-edge/LiteRT#4775", "tensorflow/tensorflow#57626"),
        affects=("LiteRT 2.0 on Android",),
        not_reproduced=NEEDS_ANDROID,
    ),
    Explanation(
        id="kotlin_metadata",
        title="The library was built with a newer Kotlin than the app",
        matches=("Module was compiled with an incompatible version of Kotlin",),
        cause="LiteRT 2.1 is built with Kotlin 2.2; a compiler reads metadata of its own version and one above.",
        consequence="The app does not compile.",
        fix="Raise the app's Kotlin plugin to 2.1 or later, better 2.2; or stay on litert 1.4.x.",
        example='plugins { kotlin("android") version "2.2.21" }',
        sources=("google-ai-edge/LiteRT#4887", "square/logcat#36"),
        affects=("LiteRT 2.1 and later on Android",),
        not_reproduced=NEEDS_ANDROID,
    ),
    Explanation(
        id="duplicate_classes",
        title="TensorFlow Lite's classes come from two dependencies",
        matches=(
            "Duplicate class org.tensorflow.lite",
            "Multiple dex files define Lorg/tensorflow/lite",
        ),
        cause=(
            "litert and org.tensorflow:tensorflow-lite have the same classes; some SDKs bring one of them "
            "(play-services-tflite, stripecardscan, plugins)."
        ),
        consequence="The build fails.",
        fix="Keep one of them: find who brings the other, exclude it there, or substitute it.",
        example=(
            "./gradlew app:dependencies | grep -E 'tensorflow-lite|litert'\n"
            'configurations.all { exclude(group = "org.tensorflow", module = "tensorflow-lite") }'
        ),
        sources=("google-ai-edge/LiteRT#4405", "stripe/stripe-android#8166", "ultralytics/yolo-flutter-app#231"),
        affects=("Android", "Flutter"),
        not_reproduced=NEEDS_ANDROID,
    ),
    Explanation(
        id="duplicate_namespace",
        title="Two of the libraries share one namespace",
        matches=(
            "Namespace 'org.tensorflow.lite* is used in multiple modules",
            "Namespace 'com.google.ai.edge.litert* is used in multiple modules",
        ),
        cause=(
            "Android Gradle Plugin 9 turns this into an error: litert-support and litert-support-api 1.4, litert and "
            "litert-api 2.1.6."
        ),
        consequence="The manifest is not merged; with older plugins it is a warning only.",
        fix=(
            "Stay on plugin 8 or on a release without the clash (2.1.5), or leave the support library out and write "
            "what you need of it."
        ),
        example='plugins { id("com.android.application") version "8.13.0" }',
        sources=(
            "tensorflow/tensorflow#109508",
            "google-ai-edge/LiteRT#6965",
            "google-ai-edge/LiteRT#8295",
            "google-ai-edge/LiteRT#8474",
        ),
        affects=("Android Gradle Plugin 9",),
        not_reproduced=NEEDS_ANDROID,
    ),
    Explanation(
        id="model_compressed",
        title="The model is compressed inside the APK",
        matches=("This file can not be opened as a file descriptor; it is probably compressed",),
        cause="Assets are deflated unless their ending is listed; a model must be stored to be mapped.",
        consequence="`openFd` fails. Reading the stream instead works, and keeps a copy of the model in memory.",
        fix="List the ending in the app module's build file; with aapt2 alone: `-0 .tflite`, the dot included.",
        example='android { androidResources { noCompress += "tflite" } }',
        sources=("tensorflow/tensorflow#22333", "kivy/python-for-android#2523", "dotnet/android#3962"),
        affects=("Android",),
        not_reproduced=NEEDS_ANDROID,
    ),
    Explanation(
        id="java_buffer_size",
        title="The buffer's size is not the tensor's size",
        matches=(
            "Cannot copy to a TensorFlowLite tensor (*) with * bytes from a Java Buffer with * bytes",
            "Cannot copy from a TensorFlowLite tensor (*) with * bytes to a Java Buffer with * bytes",
            "Cannot convert between a TensorFlowLite buffer with * bytes and a",
        ),
        cause=(
            "Bytes are elements times their size: float32 has 4, int8 and uint8 have 1. A factor of 4 is the wrong "
            "type, any other the wrong shape."
        ),
        consequence="The call is refused.",
        fix="Take shape and type from `getInputTensor(0)` when the app starts; never write them as constants.",
        example="ByteBuffer.allocateDirect(interpreter.getInputTensor(0).numBytes()).order(ByteOrder.nativeOrder())",
        sources=("tensorflow/tensorflow#43965", "tensorflow/tensorflow#55341", "tensorflow/tflite-support#951"),
        affects=("Android", "Java, Kotlin"),
        not_reproduced=NEEDS_ANDROID,
    ),
    Explanation(
        id="java_tensor_type",
        title="The Java array has another type or shape than the tensor",
        matches=(
            "Cannot convert between a TensorFlowLite tensor with type * and a Java object of type",
            "Cannot copy from a TensorFlowLite tensor (*) with shape * to a Java object with shape",
            "Cannot copy to a TensorFlowLite tensor (*) with shape * from a Java object with shape",
        ),
        cause=(
            "byte[] stands for uint8 and int8, float[] for float32, int[] for int32; the array's nesting is its shape."
        ),
        consequence="The call is refused.",
        fix=(
            "Use the type and shape that the tensor reports; for quantized models quantize before and dequantize after."
        ),
        example="Array(1) { FloatArray(interpreter.getOutputTensor(0).shape()[1]) }",
        sources=("tensorflow/tensorflow#48791",),
        affects=("Android", "Java, Kotlin"),
        not_reproduced=NEEDS_ANDROID,
    ),
    Explanation(
        id="emulator_crash",
        title="The app dies on an x86_64 emulator or Chromebook and runs on phones",
        matches=(
            "#00 pc */lib/x86_64/libtensorflowlite_jni.so",
            "crashes on the emulator~phone",
            "crash on emulator~phone",
        ),
        cause=(
            "XNNPACK of TensorFlow Lite 2.16.1, which Java's Interpreter uses by default, asks for memory on 32 bytes "
            "and chooses kernels for AVX-512 that need 64. Where the emulator shows AVX-512, chance decides."
        ),
        consequence=(
            "SIGSEGV when it first runs. No phone has such kernels. `tfedge check` does not say it: tfedge measured "
            "this library's x86_64 code with memory on 64 bytes."
        ),
        fix="On x86_64 leave XNNPACK out, which is right and slower, or use an arm64-v8a device.",
        example='Interpreter.Options().setUseXNNPACK(Build.SUPPORTED_ABIS[0] != "x86_64")',
        sources=(
            "measured: models/g2p/g2p.tflite on a CPU with AVX-512, memory of the library on 32 bytes: 7 of 7 runs "
            "died, none with 64 bytes or without XNNPACK",
        ),
        affects=("TensorFlow Lite 2.16.1 on x86_64 Android", "CPUs with AVX-512"),
        refines=("crashed",),
        not_reproduced=NEEDS_OTHER_CPU,
    ),
    Explanation(
        id="emulator_differs",
        title="Right on the x86_64 emulator, wrong on the phone",
        matches=(
            "right on the emulator~wrong on the phone",
            "works on the emulator~wrong on",
            "emulator~correct~phone~wrong",
            "emulator~different~phone",
        ),
        cause=(
            "TensorFlow Lite 2.16.1 has other kernels on arm64-v8a: dynamic int8 with one scale a channel, as "
            "litert-quantizer writes it, is right on x86_64. On phones the kernel applies no scale at all, with "
            "XNNPACK and without."
        ),
        consequence="Tests on the emulator pass, and every phone shows nonsense, without an error.",
        fix=(
            "Check the file for arm64-v8a; quantize with one scale a tensor (`--fix` does), or static int8, or float. "
            "Test on an arm64-v8a device."
        ),
        example="tfedge check model.tflite --static --target android-tflite==2.16.1@arm64-v8a",
        sources=(
            "measured: 10 files of litert-quantizer 0.11.0 with the library of the archive, by QEMU and by unidbg: "
            "all wrong; its x86_64 library: all right",
        ),
        affects=("TensorFlow Lite 2.16.1 on Android",),
        refines=("phone_differs",),
        not_reproduced=NEEDS_ANDROID,
    ),
    Explanation(
        id="java_allocation",
        title="The interpreter could not be prepared; the words after the colon say why",
        matches=("Unexpected failure when preparing tensor allocations", "Cannot create interpreter:"),
        kind="symptom",
        cause="Creating or resizing failed inside; the line goes on with the op's own message.",
        consequence="IllegalStateException or IllegalArgumentException.",
        fix="Paste the whole line: shapes, types and op versions have explanations of their own.",
        example="adb logcat -d | tfedge explain -",
        sources=("tensorflow/tensorflow#60844", "tensorflow/tensorflow#32110"),
        affects=("Android",),
        not_reproduced=NEEDS_ANDROID,
    ),
    Explanation(
        id="flutter_interpreter",
        title="tflite_flutter hides the interpreter's own message",
        matches=(
            "Invalid argument(s): Unable to create interpreter",
            "Bad state: failed precondition",
            "ArgumentError (Invalid argument(s): Unable to create interpreter",
        ),
        kind="symptom",
        cause=(
            "`Unable to create interpreter`: the native library refused the file, mostly for an op version newer than "
            "the plugin's library, or a delegate. `failed precondition`: wrong shape, type or buffer of an input."
        ),
        consequence="No word about the reason in Dart; the native log has it.",
        fix="Read `adb logcat` (tag tflite) at that moment and paste it here. Try without delegates first.",
        example="adb logcat -s tflite",
        sources=(
            "tensorflow/flutter-tflite#284",
            "tensorflow/flutter-tflite#146",
            "am15h/tflite_flutter_plugin#228",
        ),
        affects=("Flutter",),
        not_reproduced=NEEDS_ANDROID,
    ),
    Explanation(
        id="stale_model",
        title="The device still has an older model",
        matches=(
            "old model~still on the device",
            "retrained~phone~same answers",
            "new model~no change on the phone",
            "push~skipped",
        ),
        cause=(
            "Tools compare name and size before they push; retrained weights have the same size (measured with "
            "litert-cli 0.2.1). Apps keep a copy in their own folder from an earlier version."
        ),
        consequence="You measure and ship yesterday's weights.",
        fix="Compare sha256 on the device with the file's; log it when the app loads the model.",
        example="adb shell sha256sum /data/local/tmp/model.tflite",
        sources=("measured: litert-cli 0.2.1 with a stub adb keeps the first of two models of one size",),
        affects=("Android",),
        not_reproduced=NEEDS_ANDROID,
    ),
)
