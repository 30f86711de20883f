"""Python packages and machines: before any model is read."""

from __future__ import annotations

from tfedge.checks.explanations.entry import Explanation
from tfedge.checks.explanations.families.provenance import (
    LINUX,
    NEEDS_OTHER_CPU,
    NEEDS_OTHER_VERSIONS,
    WORKER,
)

TITLE = "Installing and importing"

ENTRIES = (
    Explanation(
        id="no_wheel",
        title="pip finds no tflite-runtime for this Python or machine",
        matches=(
            "No matching distribution found for tflite-runtime",
            "Could not find a version that satisfies the requirement tflite-runtime",
            "No matching distribution found for ai-edge-litert",
            "Could not find a version that satisfies the requirement ai-edge-litert",
            "whl is not a supported wheel on this platform",
        ),
        cause=(
            "tflite-runtime 2.14.0 is the last release: Linux wheels for Python 3.11 at most. ai-edge-litert has "
            "wheels for newer Pythons, on 64-bit systems; 32-bit ARM has none."
        ),
        consequence="No interpreter.",
        fix=(
            "Use ai-edge-litert, which is the same interpreter under a new name; or a Python 3.11 environment for "
            "tflite-runtime. On a 32-bit Raspberry Pi install the 64-bit system."
        ),
        example="python3.11 -m venv v && v/bin/pip install ai-edge-litert",
        sources=(
            "google-ai-edge/LiteRT#79",
            "google-ai-edge/LiteRT#6043",
            "dscripka/openWakeWord#270",
            "rhasspy/wyoming-openwakeword#41",
        ),
        affects=("tflite-runtime", "Python 3.12 and later", "32-bit ARM"),
        reproduced=LINUX,
    ),
    Explanation(
        id="runtime_not_installed",
        title="The interpreter's package is not installed in this Python",
        matches=(
            "No module named 'tflite_runtime'",
            "No module named 'ai_edge_litert'",
            "expected * to be importable by",
        ),
        cause="Another environment is active, or the package was installed for another Python.",
        consequence="Nothing runs.",
        fix=(
            "Install it with the Python that runs the program; the package's name has a hyphen, the module's a low "
            "line."
        ),
        example="python3 -m pip install ai-edge-litert",
        sources=("rhasspy/wyoming-openwakeword#41", "google-ai-edge/LiteRT#79"),
        affects=("Python",),
        reproduced=LINUX,
    ),
    Explanation(
        id="numpy2",
        title="tflite-runtime was built for NumPy 1 and meets NumPy 2",
        matches=(
            "A module that was compiled using NumPy 1.x cannot be run in NumPy 2",
            "AttributeError: _ARRAY_API not found",
            "numpy.core.multiarray failed to import",
        ),
        cause="NumPy 2 changed its binary interface; tflite-runtime 2.14.0 is older and will not be built again.",
        consequence="The import works; the first Interpreter fails with a SystemError.",
        fix="Install numpy below 2 beside tflite-runtime, or use ai-edge-litert, which runs with both.",
        example="python3 -m pip install 'numpy<2'",
        sources=("pharmpy/pharmpy#3268", "measured: tflite-runtime 2.14.0 with NumPy 2.0.2 and 2.4.6"),
        affects=("tflite-runtime",),
        not_reproduced=NEEDS_OTHER_VERSIONS,
    ),
    Explanation(
        id="glibc",
        title="The system's C or C++ library is older than the wheel needs",
        matches=("version `GLIBC_*' not found", "version `GLIBCXX_*' not found", "version `CXXABI_*' not found"),
        cause=(
            "Wheels are built on some Linux and need its library versions or newer; the device's system is older "
            "(Raspberry Pi OS Bullseye, Ubuntu 18.04, Coral boards). GLIBC is libc, GLIBCXX the C++ library."
        ),
        consequence="The import fails.",
        fix=(
            "Use a newer system (Debian 12 or later), or an older release of the runtime whose wheel fits. Never copy "
            "a libc from elsewhere. GLIBCXX alone may come from an old libstdc++ of conda that stands first in the "
            "path."
        ),
        example="ldd --version | head -1\ngetconf GNU_LIBC_VERSION",
        sources=("tensorflow/tensorflow#59631", "tensorflow/tensorflow#50514", "google-coral/edgetpu#410"),
        affects=("tflite-runtime", "ai-edge-litert", "Raspberry Pi, Coral"),
        reproduced=LINUX,
    ),
    Explanation(
        id="illegal_instruction",
        title="The library uses an instruction that this processor does not have",
        matches=(
            "Illegal instruction",
            "died by SIGILL",
            "Fatal signal 4 (SIGILL)",
            "your CPU supports instructions that this TensorFlow binary was not compiled to use",
        ),
        cause=(
            "The build assumes more than the processor has: ARMv7 code on an ARMv6 Raspberry Pi Zero, dot products or "
            "fp16 on a Cortex-A72, AVX on an old or virtual x86. Or an emulator that shows too little."
        ),
        consequence="The process dies at import or at the first run.",
        fix=(
            "Install a build for this processor, often an older release; compare /proc/cpuinfo with what the build "
            "wants."
        ),
        example="grep -m1 -E 'Features|flags' /proc/cpuinfo",
        sources=(
            "rhasspy/wyoming-openwakeword#9",
            "feranick/TFlite-builds#6",
            "google-ai-edge/LiteRT-LM#1847",
            "google-coral/edgetpu#292",
        ),
        affects=("tflite-runtime", "ai-edge-litert", "TensorFlow"),
        not_reproduced=NEEDS_OTHER_CPU,
    ),
    Explanation(
        id="two_runtimes",
        title="TensorFlow and tflite_runtime in one process disturb each other",
        matches=("vector::reserve",),
        cause=(
            "Each brings its own copy of the same C++ library; which one answers a call is decided by the order of "
            "loading, and the copies differ in layout."
        ),
        consequence="`ValueError: vector::reserve`, `std::bad_alloc`, a crash, or wrong numbers.",
        fix="One TFLite library a process: convert in one, run in another. tfedge's workers do that.",
        example="tfedge validate out/g2p.tflite",
        sources=("measured: TensorFlow 2.21 and tflite-runtime 2.14 in one process",),
        affects=("TensorFlow", "tflite-runtime", "ai-edge-litert"),
        reproduced=("TensorFlow 2.21.0",),
    ),
    Explanation(
        id="train_extra",
        title="A verb that trains or converts needs the extra `train`",
        matches=("pip install 'tfedge[train]'",),
        cause="The base install has no TensorFlow, so that it fits devices.",
        consequence="`run`, `train`, `convert` and `package` end with exit code 3.",
        fix="Install the extra on the machine that converts.",
        example="pip install 'tfedge[train]'",
        sources=("measured: `tfedge run g2p` in an environment without TensorFlow",),
        affects=("tfedge",),
        reproduced=LINUX,
    ),
    Explanation(
        id="target_not_installed",
        title="The runtime of this target is not installed here",
        matches=("run: tfedge targets add", "expected * to be installed; it is not"),
        cause=(
            "Targets other than this Python's own runtimes live in environments in the user's cache; this one is "
            "missing."
        ),
        consequence="The target is not measured; that is not a pass.",
        fix="Add it; that is the only command of tfedge that installs something.",
        example="tfedge targets",
        sources=("measured: a target that was never added",),
        affects=("tfedge",),
        reproduced=WORKER,
    ),
)
