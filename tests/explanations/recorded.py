"""Words of errors that cannot be provoked here, as people met them: id -> texts."""

from __future__ import annotations

RECORDED: dict[str, tuple[str, ...]] = {
    "static_sized_delegate": (
        "java.lang.IllegalArgumentException: Internal error: Failed to apply delegate: Attempting to use a delegate "
        "that only supports static-sized tensors with a graph that has dynamic-sized tensors (tensor#75 is a "
        "dynamic-sized tensor).",
        "ERROR: Attempting to use a delegate that only supports static-sized tensors with a graph that has "
        "dynamic-sized tensors.",
    ),
    "gpu_unsupported_ops": (
        "E/tflite: Following operations are not supported by GPU delegate:\n    ADD: OP is supported, but tensor "
        "type/shape isn't compatible.\n    CAST: Not supported cast case\n    357 operations will run on the GPU, and "
        "the remaining 1283 operations will run on the CPU.",
        "Internal error: Failed to apply delegate: Next operations are not supported by GPU delegate:\n    MAXIMUM: "
        "Operation is not supported.",
    ),
    "opencl_missing": (
        "Internal error: Failed to apply delegate: Can not open OpenCL library on this device - dlopen failed: library "
        '"libOpenCL.so" not found Falling back to OpenGL TfLiteGpuDelegate Init: No shader implementation for '
        "transpose TfLiteGpuDelegate Prepare: delegate is not initialized Node number 390 (TfLiteGpuDelegateV2) failed "
        "to prepare. Restored original execution plan after delegate application failure.",
    ),
    "delegate_partitions": (
        "INFO: Replacing 470 out of 476 node(s) with delegate (TfLiteXNNPackDelegate) node, yielding 3 partitions for "
        "the whole graph.",
        "I tflite: Replacing 12 out of 40 node(s) with delegate (TfLiteGpuDelegateV2) node, yielding 5 partitions for "
        "subgraph 0 (main).",
    ),
    "buffers_behind": ("    note  buffers_behind: weights stored behind the flatbuffer: the file's buffers",),
    "emulator_crash": (
        "F/libc    ( 4242): Fatal signal 11 (SIGSEGV), code 128 (SI_KERNEL), fault addr 0x0 in tid 4242 (dev.words)\n"
        "F/DEBUG   ( 4300): ABI: 'x86_64'\nF/DEBUG   ( 4300): backtrace:\nF/DEBUG   ( 4300):       #00 pc "
        "00000000003f52a0  /data/app/~~aB==/dev.words-1/lib/x86_64/libtensorflowlite_jni.so (BuildId: 1f)",
        "it crashes on the emulator, but the phone is fine",
    ),
    "emulator_differs": ("answers are right on the emulator and wrong on the phone",),
    "file_size": ("    note  file_size: a file of 2 GB or more: 2147483648 bytes",),
    "threads_ignored": ("setNumThreads(4) has no effect on latency", "with more threads it is not faster"),
    "accelerator_unused": ("asked for the NPU but it is not used", "delegate creation failed, falling back to CPU"),
    "keras3_save_spec": ("AttributeError: 'Sequential' object has no attribute '_get_save_spec'",),
    "infer_result_type": (
        'loc(fused["ReadVariableOp:", "sequential_1/conv2d_1/ReadVariableOp@__inference_serving_default_285"]): error: '
        "missing attribute 'value'\nLLVM ERROR: Failed to infer result type(s).\nAborted (core dumped)",
    ),
    "single_subgraph": (
        "ValueError: Failed to parse the model: Only models with a single subgraph are supported, model had 3 "
        "subgraphs.",
        "RuntimeError: Quantize weights tool only supports tflite models with one subgraph.",
    ),
    "hybrid_on_micro": (
        "Hybrid models are not supported on TFLite Micro.\nNode CONV_2D (number 2) failed to prepare with status 1",
    ),
    "numpy2": (
        "A module that was compiled using NumPy 1.x cannot be run in\nNumPy 2.4.6 as it may crash. To support both 1.x "
        "and 2.x\nversions of NumPy, modules must be compiled with NumPy 2.0.\n\nTraceback (most recent call last):  "
        'File "<string>", line 3, in <module>\n  File "v/lib/python3.11/site-packages/tflite_runtime/interpreter.py", '
        "line 464, in __init__\n    self._interpreter = _interpreter_wrapper.CreateWrapperFromFile(\nAttributeError: "
        "_ARRAY_API not found\nImportError: numpy.core.multiarray failed to import",
    ),
    "illegal_instruction": (
        "Fatal Python error: Illegal instruction\n\nCurrent thread 0x00007f0a54a70040 (most recent call first):",
        "F/libc: Fatal signal 4 (SIGILL), code 1 (ILL_ILLOPC), fault addr 0x7b2c in tid 9163",
    ),
    "native_library_missing": (
        "java.lang.UnsatisfiedLinkError: Failed to load native TensorFlow Lite methods. Check that the correct native "
        "libraries are present, and, if using a custom native library, have been properly loaded via "
        "System.loadLibrary():\n  java.lang.UnsatisfiedLinkError: dalvik.system.PathClassLoader[DexPathList[[zip file "
        '"/data/app/base.apk"]]] couldn\'t find "libtensorflowlite_jni.so"',
        "E  No implementation found for void org.tensorflow.lite.TensorFlowLite.nativeDoNothing() (tried "
        "Java_org_tensorflow_lite_TensorFlowLite_nativeDoNothing)",
        'java.lang.UnsatisfiedLinkError: dlopen failed: library "libtensorflowlite_flex_jni.so" not found',
    ),
    "old_android": (
        "java.lang.UnsatisfiedLinkError: Failed to load native TensorFlow Lite methods. Check that the correct native "
        'libraries are present\n\tjava.lang.UnsatisfiedLinkError: dlopen failed: cannot locate symbol "strtod_l" '
        'referenced by "/data/app/com.example.app-2/base.apk"...',
    ),
    "page_size_16kb": (
        "APK app-arm64-v8a-debug.apk is not compatible with 16 KB devices. Some libraries have LOAD segments not "
        "aligned at 16 KB boundaries:\nlib/arm64-v8a/libtensorflowlite_jni.so",
        "The native library arm64-v8a/libtask_vision_jni.so (from org.tensorflow:tensorflow-lite-task-vision:0.4.4) is "
        "not 16 KB aligned",
        "Libraries that do not support 16 KB:\nbase/lib/x86_64/libtensorflowlite_jni.so",
    ),
    "interpreter_class_missing": (
        "java.lang.NoClassDefFoundError: Failed resolution of: Lorg/tensorflow/lite/Interpreter;",
        "class file for org.tensorflow.lite.InterpreterApi not found",
    ),
    "duplicate_namespace": (
        "Error:\n        Namespace 'org.tensorflow.lite.support' is used in multiple modules and/or libraries: "
        "com.google.ai.edge.litert:litert-support:1.4.2, com.google.ai.edge.litert:litert-support-api:1.4.2.",
    ),
    "nnapi_error": (
        "Internal error: Failed to apply delegate: NN API returned error ANEURALNETWORKS_BAD_DATA at line 4483 while "
        "completing NNAPI compilation.",
    ),
    "kotlin_metadata": (
        "e: file:///home/u/.gradle/caches/transformed/litert-api.jar!/META-INF/litert.kotlin_module Module was "
        "compiled with an incompatible version of Kotlin. The binary version of its metadata is 2.2.0, expected "
        "version is 1.9.0.",
    ),
    "duplicate_classes": (
        "Duplicate class org.tensorflow.lite.DataType found in modules litert-api-1.2.0.aar -> "
        "jetified-litert-api-1.2.0-runtime (com.google.ai.edge.litert:litert-api:1.2.0) and "
        "tensorflow-lite-api-2.11.0.aar -> jetified-tensorflow-lite-api-2.11.0-runtime "
        "(org.tensorflow:tensorflow-lite-api:2.11.0)",
    ),
    "model_compressed": (
        "java.io.FileNotFoundException: This file can not be opened as a file descriptor; it is probably compressed",
    ),
    "java_buffer_size": (
        "java.lang.IllegalArgumentException: Cannot copy to a TensorFlowLite tensor (serving_default_conv2d_input:0) "
        "with 90000 bytes from a Java Buffer with 22500 bytes.",
        "Cannot convert between a TensorFlowLite buffer with 1072812 bytes and a ByteBuffer with 270000 bytes.",
    ),
    "java_tensor_type": (
        "java.lang.IllegalArgumentException: Cannot convert between a TensorFlowLite tensor with type FLOAT32 and a "
        "Java object of type [B (which is compatible with the TensorFlowLite type UINT8).",
    ),
    "java_allocation": (
        "java.lang.IllegalStateException: Internal error: Unexpected failure when preparing tensor allocations: "
        "tensorflow/lite/kernels/some.cc:79 a != b (4 != 1)",
    ),
    "flutter_interpreter": (
        "E/flutter (17536): [ERROR:flutter/runtime/dart_vm_initializer.cc(41)] Unhandled Exception: Invalid "
        "argument(s): Unable to create interpreter.",
        "Unhandled Exception: Bad state: failed precondition",
    ),
    "stale_model": ("we retrained, the phone gives the same answers", "the old model is still on the device"),
    "int8_slower": ("our int8 model is slower than float on the Pi", "the quantized model runs 2x slower"),
    "repeats_tokens": (
        "after int8 quantization the decoder repeats the same token",
        "int8 Marian gives the same output whatever the input",
    ),
    "phone_differs": ("different results on Android", "works in Python, but not on Android"),
    "untrained_weights": ("with random weights it is fine, trained it fails",),
}
