"""Delegates: the part of a graph that another engine runs."""

from __future__ import annotations

from tfedge.checks.explanations.entry import Explanation
from tfedge.checks.explanations.families.provenance import (
    BOTH,
    IS_A_MEASUREMENT,
    NEEDS_ANDROID,
    NEEDS_GPU,
    NEEDS_OTHER_VERSIONS,
    TFLITE,
)

TITLE = "Delegates, GPU, NPU, threads"

ENTRIES = (
    Explanation(
        id="static_sized_delegate",
        title="A delegate wants fixed shapes, the graph has free ones",
        matches=(
            "Attempting to use a delegate that only supports static-sized tensors with a graph that has dynamic-sized",
        ),
        cause=(
            "Some tensor's shape is known only while running: a free batch or length, a RESHAPE to computed sizes, a "
            "WHILE loop. GPU, NNAPI and NPU delegates compile the graph for shapes once."
        ),
        consequence="The delegate is not applied: everything runs on the CPU, or creating the interpreter fails.",
        fix=(
            "Convert with every dimension fixed (`batch_size=1`, one length or a few buckets), resize before applying "
            "the delegate, and keep loops out of the delegated signature. `tfedge inspect` names the free tensors."
        ),
        example="keras.Input((64,), batch_size=1, dtype='int32')",
        sources=(
            "tensorflow/tensorflow#38036",
            "tensorflow/tensorflow#48199",
            "tensorflow/tensorflow#46388",
            "tensorflow/tensorflow#63142",
        ),
        affects=("GPU and NNAPI delegates", "XNNPACK of older releases", "Edge TPU"),
        not_reproduced=NEEDS_GPU,
    ),
    Explanation(
        id="dynamic_shape",
        title="Free shapes in the graph: delegates may stay out, memory is planned at run time",
        matches=("is a dynamic-sized tensor",),
        kind="notice",
        cause="A batch or length was left None, or a shape is computed inside the graph.",
        consequence=(
            "tflite-runtime 2.14 runs ops on tensors of computed shape without XNNPACK, several times slower, and says "
            "nothing; GPU and NPU delegates refuse them. LiteRT 2.3 delegates them."
        ),
        fix="Fix every dimension when converting. Where lengths vary, ship a few lengths and pad to the next.",
        example="keras.Input((64,), batch_size=1, dtype='int32')",
        sources=("tensorflow/tensorflow#63142", "tensorflow/tensorflow#43569", "google-ai-edge/litert-torch#870"),
        affects=("tflite-runtime", "GPU and NPU delegates"),
        aliases=("dynamic_shapes",),
        reproduced=(TFLITE,),
    ),
    Explanation(
        id="gpu_unsupported_ops",
        title="The GPU delegate does not take some ops",
        matches=(
            "Following operations are not supported by GPU delegate",
            "Next operations are not supported by GPU delegate",
            "operations will run on the GPU, and the remaining",
        ),
        cause=(
            "The listed ops have no GPU kernel for this op version, type or shape; int8 and control flow are usual "
            "ones."
        ),
        consequence=(
            "The graph is split: those ops run on the CPU, and each change of side copies tensors. With many parts it "
            "is slower than the CPU alone. As a failure to apply it also ends the interpreter's creation."
        ),
        fix=(
            "Count the parts in the line `Replacing N out of M node(s)`. Replace the listed ops, move them to the ends "
            "of the model, use a float file for the GPU, or stay on the CPU and measure both."
        ),
        example="tfedge bench model.tflite",
        sources=("google/automl#585", "tensorflow/tensorflow#49160", "tensorflow/tensorflow#27622"),
        affects=("GPU delegate on Android and iOS",),
        not_reproduced=NEEDS_GPU,
    ),
    Explanation(
        id="delegate_failed",
        title="A delegate could not be applied; the line before says why",
        matches=(
            "Failed to apply delegate",
            "Application of delegate failed",
            "Failed to apply the default TensorFlow Lite delegate",
            "Restored original execution plan after delegate application failure",
            "Restored previous execution plan after delegate application failure",
            "ModifyGraphWithDelegate is disallowed when graph is immutable",
            "Failed to modify graph with delegate",
            "failed to delegate * node #",
        ),
        kind="symptom",
        cause=(
            "The delegate refused the graph: free shapes, ops or types it lacks, a missing driver, or shapes that do "
            "not fit (then the CPU fails too). With `immutable`: a second delegate after one that needs fixed shapes."
        ),
        consequence="The CPU is used without a word, or the interpreter is not created, as the API decides.",
        fix=(
            "Read the sentence before it. Check that the model runs with no delegate first; then apply one delegate "
            "only."
        ),
        example=("Interpreter(path, experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)"),
        sources=("tensorflow/tensorflow#46388", "tensorflow/tensorflow#60720", "tensorflow/tensorflow#35378"),
        affects=("every delegate",),
        reproduced=(TFLITE,),
    ),
    Explanation(
        id="opencl_missing",
        title="The GPU delegate found no OpenCL library",
        matches=("Can not open OpenCL library on this device", "OpenCL library not loaded"),
        cause=(
            "Since Android 12 an app must name vendor libraries in its manifest; some devices have no OpenCL. The "
            "delegate falls back to OpenGL, which knows fewer ops and must run in the thread that made it."
        ),
        consequence="Slower, or a failure such as `No shader implementation`, on some phones only.",
        fix="Declare the libraries as not required in the manifest, and keep the CPU path for devices without them.",
        example='<uses-native-library android:name="libOpenCL.so" android:required="false"/>',
        sources=("tensorflow/tensorflow#60720", "tensorflow/tensorflow#62462", "tensorflow/tensorflow#41839"),
        affects=("GPU delegate on Android",),
        not_reproduced=NEEDS_GPU,
    ),
    Explanation(
        id="nnapi_error",
        title="The NNAPI delegate failed in the vendor's driver",
        matches=("NN API returned error ANEURALNETWORKS_",),
        cause=(
            "The driver of this device refuses an op's form (weights quantized dynamically, scalars, free shapes) or "
            "is broken; NNAPI is deprecated since Android 15."
        ),
        consequence="The delegate is not applied, or the app ends, on some phones only.",
        fix="Use the CPU, the GPU delegate or the vendor's own; keep NNAPI off unless each device was tried.",
        example="adb shell setprop debug.nn.vlog 1",
        sources=(
            "tensorflow/tensorflow#36645",
            "tensorflow/tensorflow#61126",
            "tensorflow/tensorflow#59232",
            "MediaTek-NeuroPilot/tflite-neuron-delegate#12",
        ),
        affects=("NNAPI delegate",),
        not_reproduced=NEEDS_ANDROID,
    ),
    Explanation(
        id="edgetpu_library",
        title="A delegate's library cannot be loaded",
        matches=(
            "Failed to load delegate from",
            "libedgetpu.so.1: cannot open shared object file",
            "libedgetpu.so.1.0: cannot open shared object file",
        ),
        cause=(
            "The library is not installed, is for another architecture, wants other system libraries, or (Edge TPU) no "
            "device is attached or the user may not open it."
        ),
        consequence="The interpreter is not created. A file compiled for the Edge TPU does not run without it.",
        fix="Install the library for this system, check it with ldd, and the device with lsusb and the user's groups.",
        example="ldconfig -p | grep edgetpu\nldd /usr/lib/aarch64-linux-gnu/libedgetpu.so.1",
        sources=("tensorflow/tensorflow#32743", "google-coral/tflite#63", "feranick/TFlite-builds#2"),
        affects=("tflite-runtime", "ai-edge-litert", "Coral Edge TPU"),
        reproduced=BOTH,
    ),
    Explanation(
        id="delegate_partitions",
        title="How much of the graph a delegate took",
        matches=("Replacing * out of * node(s) with delegate * node, yielding * partitions",),
        kind="notice",
        cause="An information line: N of M ops were handed over, in so many connected parts.",
        consequence="Each part costs a change of side. One part is good; 10 or 20 eat what int8 gains.",
        fix=(
            "Keep what stands between the parts in the delegate: float islands (QUANTIZE and DEQUANTIZE are delegated) "
            "around MEAN, SQUARED_DIFFERENCE, RSQRT and SOFTMAX instead of int8 ones."
        ),
        example="tfedge convert out/g2p.keras --recipe static_wi8_ai8_fc --out out",
        sources=("google-ai-edge/LiteRT#7858", "measured: 21 parts of a static int8 encoder, 4 of products alone"),
        affects=("XNNPACK", "GPU and NPU delegates"),
        not_reproduced=NEEDS_OTHER_VERSIONS,
    ),
    Explanation(
        id="threads_ignored",
        title="More threads were asked for, and it is not faster",
        matches=(
            "setNumThreads~no effect",
            "num_threads~no effect",
            "threads~ignored",
            "more threads~not faster",
            "more threads~slower",
            "only 1 thread",
        ),
        cause=(
            "The default XNNPACK delegate is created with its own thread count, and some releases do not hand over the "
            "interpreter's: LiteRT 1.2 on Android ran with one. In C++ the count must be set on the builder, before "
            "the delegate exists. A small model does not gain from threads at all."
        ),
        consequence="Latency stays that of one thread, or grows.",
        fix="Measure with 1, 2 and 4 threads and look at the process's own threads, not at what was asked for.",
        example="tfedge bench model.tflite",
        sources=(
            "google-ai-edge/LiteRT#1328",
            "google-ai-edge/LiteRT#3360",
            "tensorflow/tensorflow#42277",
            "tensorflow/tensorflow#53146",
        ),
        affects=("LiteRT and TensorFlow Lite on Android", "C++"),
        not_reproduced=IS_A_MEASUREMENT,
    ),
    Explanation(
        id="accelerator_unused",
        title="GPU or NPU was asked for, and the CPU does the work",
        matches=(
            "accelerator~not used",
            "NPU~not used",
            "runs on~CPU instead of",
            "falling back to CPU",
            "fallback to CPU",
        ),
        cause=(
            "The vendor's library is not in the APK, the chip is not supported, or the graph was refused; all of it "
            "logged only."
        ),
        consequence="The speed of a CPU, with the battery of a promise.",
        fix="Log which accelerator was used beside the one asked for, and count delegated ops after loading.",
        example="adb logcat | grep -E 'Replacing [0-9]+ out of'",
        sources=("google-ai-edge/LiteRT#7858", "pytorch/executorch#16397", "microsoft/onnxruntime#19590"),
        affects=("Android",),
        not_reproduced=NEEDS_ANDROID,
    ),
)
