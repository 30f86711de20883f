package dev.tfedge.core

import org.tensorflow.lite.TensorFlowLite

/** The version of the native library that is loaded, such as "2.16.1". */
fun nativeVersion(): String = TensorFlowLite.runtimeVersion()
