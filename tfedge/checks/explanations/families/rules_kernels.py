"""Rules of `tfedge check` on the form of an op: what a release's kernel refuses, misreads or dies of."""

from __future__ import annotations

from tfedge.checks.explanations.entry import Explanation
from tfedge.checks.explanations.families.provenance import BOTH, ON_ARM, TFLITE

TITLE = "Rules: ops that a runtime misreads"

ENTRIES = (
    Explanation(
        id="per_channel_weights",
        title="One scale a channel, in a kernel that reads one scale for all",
        cause=(
            "Weights are int8 with a scale for each output. The kernel of this release takes the first for all of "
            "them, or none (Android's 2.16.1 on ARM), and the op's version does not say otherwise: litert-quantizer "
            "writes such files under FULLY_CONNECTED version 5, which every runtime accepts."
        ),
        consequence="Wrong answers without an error: cosine 0.0 to 0.05 against the float model.",
        fix=(
            "Quantize these weights with one scale a tensor, which `--fix` does, or ship LiteRT 2.3, which reads them "
            "all."
        ),
        example="tfedge check model.tflite --fix fixed.tflite --target tflite-runtime==2.14.0@x86_64",
        sources=(
            "tensorflow/tflite-micro#2602",
            "measured: FULLY_CONNECTED and BATCH_MATMUL on tflite-runtime 2.14.0; on Android's 2.16.1 BATCH_MATMUL "
            "everywhere, FULLY_CONNECTED on arm64-v8a and not on x86_64",
        ),
        affects=("tflite-runtime", "TensorFlow Lite 2.16.1 on Android"),
        reproduced=(TFLITE,),
    ),
    Explanation(
        id="hybrid_batch_matmul",
        title="BATCH_MATMUL of float activations with int8 weights",
        cause=(
            "The hybrid kernel of this release reads the first of several scales. Quantizers make such ops of einsum "
            "layers."
        ),
        consequence="Wrong answers without an error.",
        fix="Use one scale a tensor (`--fix`), or write the layer as Dense, which becomes FULLY_CONNECTED.",
        example="tfedge check model.tflite --fix fixed.tflite --target tflite-runtime==2.14.0@x86_64",
        affects=("tflite-runtime",),
        reproduced=(TFLITE,),
    ),
    Explanation(
        id="per_channel_no_bias",
        title="int8 FULLY_CONNECTED, one scale a channel, no bias: dies on ARM",
        matches=("crash~ARM~bias", "crashes~raspberry~int8", "segfault~raspberry~int8", "works on x86~crashes on arm"),
        cause=(
            "The ARM kernel for several rows of tflite-runtime 2.14 reads a bias that is not there. Keras makes such "
            "ops of `use_bias=False`, of biases that are all zero (the converter drops them), and of a free batch (the "
            "bias becomes an ADD)."
        ),
        consequence="SIGSEGV on the board; the same file runs on x86. One row takes another kernel and mostly runs.",
        fix=(
            "Add a bias of zeros (`--fix` does), fix the batch so that the bias folds in, use one scale, or ship "
            "LiteRT 2.3."
        ),
        example="tfedge check model.tflite --fix fixed.tflite --target tflite-runtime==2.14.0@aarch64",
        sources=("measured: tflite-runtime 2.14.0 on an emulated Cortex-A72",),
        affects=("tflite-runtime on ARM",),
        aliases=("arm_crash_without_bias",),
        reproduced=ON_ARM,
    ),
    Explanation(
        id="hybrid_dot_product",
        title="Float rows times int8 weights, on an ARM core with dot product instructions: dies",
        matches=("DotprodMatrixBatchFourVectorMultiplyAccumulate", "crash~raspberry pi 5", "crashes~cortex-a76"),
        cause=(
            "The assembly of tflite-runtime 2.14 for four rows at once reads outside its memory. It is chosen by the "
            "core (Cortex-A76, Raspberry Pi 5, newer phones) and by the shape: several rows, inputs a multiple of 16."
        ),
        consequence="SIGSEGV there; the same file runs on older cores and on x86, so a desk test shows nothing.",
        fix=("Run one row at a time (batch 1, decode steps), use static int8 for these products, or ship LiteRT 2.3."),
        example="tfedge check model.tflite --target tflite-runtime==2.14.0@aarch64:cortex-a76",
        sources=(
            *("coqui-ai/STT#2284", "tensorflow/tensorflow#59120"),
            "measured: tflite-runtime 2.14.0 on an emulated Cortex-A76",
        ),
        affects=("tflite-runtime on ARM",),
        reproduced=ON_ARM,
    ),
    Explanation(
        id="shared_batch_weights",
        title="A float batch times one int8 matrix in BATCH_MATMUL: wrong on ARM",
        cause="The kernel's scratch memory has room for one matrix product, and it writes the whole batch into it.",
        consequence="Wrong answers or SIGSEGV on ARM; right on x86.",
        fix="Write the product as Dense, which becomes FULLY_CONNECTED, or keep the matrix in float.",
        example="tfedge check model.tflite --target tflite-runtime==2.14.0@aarch64",
        sources=("measured: tflite-runtime 2.14.0 on an emulated Cortex-A72",),
        affects=("tflite-runtime on ARM",),
        reproduced=ON_ARM,
    ),
    Explanation(
        id="hybrid_depthwise",
        title="DEPTHWISE_CONV_2D of float activations with int8 weights of one scale",
        cause="The hybrid kernel reads a scale for each channel and does not look how many there are.",
        consequence="Numbers from memory that belongs to something else, on every runtime measured.",
        fix="Quantize these weights per channel, or leave them float.",
        example="converter._experimental_disable_per_channel = False",
        affects=("tflite-runtime", "ai-edge-litert"),
        reproduced=BOTH,
    ),
    Explanation(
        id="missing_bias",
        title="A convolution without a bias",
        matches=("has_bias was not true",),
        cause=(
            "Kernels of convolutions read a bias without asking. Converters always write one; an editing tool took it "
            "out."
        ),
        consequence="CONV_2D is refused, DEPTHWISE_CONV_2D dies.",
        fix="Add a bias of zeros.",
        example="tfedge check model.tflite --fix fixed.tflite",
        affects=("tflite-runtime", "ai-edge-litert"),
        reproduced=BOTH,
    ),
    Explanation(
        id="low_bit_weights",
        title="Weights of 4 or 2 bits in a kernel that knows 8",
        cause="Packed weights came late to most kernels: older ones take two weights for one, or refuse the type.",
        consequence=(
            "Nonsense, or a refusal. With one scale, FULLY_CONNECTED of tflite-runtime 2.14 happens to be right."
        ),
        fix="Use int8 weights for this target, or LiteRT 2.3.",
        example="tfedge convert out/g2p.keras --recipe dynamic_wi8_afp32 --out out",
        affects=("tflite-runtime", "int4 files of litert-quantizer"),
        aliases=("int4",),
        reproduced=(TFLITE,),
    ),
    Explanation(
        id="blockwise_weights",
        title="Weights with one scale a block",
        matches=("unsupported tensor type * for blockwise quantized tensor",),
        cause="Scales for blocks of 32 or more came with LiteRT 2, and for int4 only; older runtimes do not see them.",
        consequence="Older runtimes compute zeros or die; LiteRT 2.3 refuses int8 blocks.",
        fix="Quantize with one scale a tensor or a channel, or with int4 blocks for LiteRT 2.3 alone.",
        example="tfedge inspect model.tflite",
        affects=("tflite-runtime", "ai-edge-litert"),
        reproduced=BOTH,
    ),
    Explanation(
        id="int16_kernels",
        title="int16 activations in an op without an int16 kernel",
        cause=(
            "16x8 quantization covers few kernels, and which they are differs by release: RSQRT lacks it in "
            "tflite-runtime 2.14, SQUARED_DIFFERENCE in both. LayerNormalization holds both ops."
        ),
        consequence="Refused when the op is prepared or first runs.",
        fix="Leave these ops float by adding TFLITE_BUILTINS to the supported ops, or use int8 activations.",
        example="converter.target_spec.supported_ops.append(tf.lite.OpsSet.TFLITE_BUILTINS)",
        sources=("Samsung/ONE#11727",),
        affects=("tflite-runtime", "ai-edge-litert"),
        reproduced=BOTH,
    ),
    Explanation(
        id="float16_compute",
        title="Ops that compute in float16",
        matches=("kTfLiteFloat32 (FLOAT16 != FLOAT32)",),
        cause=(
            "The file computes in half precision. Float16 weights behind a DEQUANTIZE are another thing, and run "
            "everywhere."
        ),
        consequence="tflite-runtime 2.14 refuses nearly all such ops, LiteRT 2.3 some.",
        fix="Convert from float32 with float16 for storage only.",
        example="converter.target_spec.supported_types = [tf.float16]",
        sources=("machidyo/MediaPipeHandTracking#3",),
        affects=("tflite-runtime", "ai-edge-litert"),
        reproduced=BOTH,
    ),
    Explanation(
        id="uint8_kernels",
        title="uint8, the quantization of TensorFlow 1, in kernels without it",
        cause="Later ops have int8 only; uint8 weights under float activations are read as int8.",
        consequence="Refused, or wrong.",
        fix="Convert again to int8, from the float model.",
        example="converter.inference_input_type = tf.int8",
        affects=("tflite-runtime", "ai-edge-litert"),
        reproduced=BOTH,
    ),
    Explanation(
        id="wide_dtypes",
        title="64-bit numbers in kernels of 32 bits",
        cause=(
            "The model computes in NumPy's or TensorFlow's default width: int64 ids and positions, float64 constants."
        ),
        consequence="Refused: float64 by nearly all ops, int64 by ABS, POW, FLOOR_DIV and more.",
        fix="Use int32 and float32 inside the model.",
        example="ids = keras.ops.cast(ids, 'int32')",
        affects=("tflite-runtime", "ai-edge-litert"),
        reproduced=BOTH,
    ),
    Explanation(
        id="kernel_dtypes",
        title="An op in dtypes that this release's kernel does not compute",
        cause=(
            "No code for these dtypes, or code that ignores their scales: int8 DIV, SQRT and LOG on tflite-runtime "
            "2.14."
        ),
        consequence="Refused when it first runs, or wrong.",
        fix="Leave the op float (selective quantization), or use a runtime that computes it.",
        example="tfedge check model.tflite --target ai-edge-litert==2.3.0@x86_64",
        affects=("tflite-runtime", "ai-edge-litert"),
        reproduced=(TFLITE,),
    ),
)
