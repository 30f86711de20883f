"""What stands behind an entry: with what a test provokes it, or why none can.

To add an entry: write it into its family; then give it a case in `tests/explanations/`, which provokes the error and
runs the advice, or a recorded text there and one of the reasons below. A project test misses neither.
"""

from __future__ import annotations

TFLITE = "tflite-runtime 2.14.0"
LITERT = "ai-edge-litert 2.3.0"
BOTH = (TFLITE, LITERT)
TENSORFLOW = ("TensorFlow 2.21.0",)
LINUX = ("Linux, Python 3.11",)
WORKER = ("tfedge's worker",)
TFEDGE = ("tfedge's own gates",)

NEEDS_ANDROID = "needs an Android build or device"
NEEDS_GPU = "needs a phone's GPU"
NEEDS_OTHER_VERSIONS = "comes from versions other than those tested here"
NEEDS_OTHER_CPU = "needs another processor"
IS_A_MEASUREMENT = "a question of time: `tfedge bench` measures it, a test would vary with the machine"
OWN_RULES = ("tfedge's own rules",)
ON_ARM = ("tflite-runtime 2.14.0 on an emulated ARM board",)
