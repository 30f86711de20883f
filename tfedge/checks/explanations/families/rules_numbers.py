"""Rules of `tfedge check` on scales, zero points and stored numbers."""

from __future__ import annotations

from tfedge.checks.explanations.entry import Explanation
from tfedge.checks.explanations.families.provenance import BOTH, TENSORFLOW, TFLITE

TITLE = "Rules: scales and numbers"

ENTRIES = (
    Explanation(
        id="mask_range",
        title="An attention mask of -1e9 or -inf uses up the int8 range",
        matches=("mask~-1e9", "mask~-inf", "-1e9~mask", "finfo.min~mask"),
        cause=(
            "Static int8 spreads 256 steps over the whole range of a tensor. With scores of -10 to 10 and a mask of "
            "-1e9 one step is four million: all real scores fall into one."
        ),
        consequence=(
            "Attention becomes uniform, on every runtime. Word errors of 100 % were measured, against 1 point more "
            "with -30."
        ),
        fix="Add -30 instead (e**-30 is 0 beside such scores), once, in one place, before quantizing.",
        example="scores = scores + (1.0 - mask) * -30.0",
        sources=("pytorch/executorch#8736", "NVIDIA-NeMo/Automodel#2658", "measured: WER 100 % at -1e9, +1.0 at -30"),
        affects=("static int8", "static 16x8"),
        aliases=("mask_value",),
        reproduced=BOTH,
    ),
    Explanation(
        id="softmax_keys",
        title="int8 softmax over more places than its output has steps",
        matches=(
            "softmax over * keys, at most 256 are safe in int8",
            "softmax~1/256",
            "int8 softmax~zero",
            "softmax~int8~zero",
            "softmax~all zero",
        ),
        cause=(
            "TFLite fixes the output scale of an int8 softmax at 1/256: what is below half a step, 1/512, is stored as "
            "0."
        ),
        consequence="With more than 512 equal keys all weights are 0; what is spread thin over a long source vanishes.",
        fix="Keep SOFTMAX in float (it costs little), or shorten the sequence that attention runs over.",
        example="tfedge convert out/g2p.keras --recipe static_wi8_ai8_fc --out out",
        sources=("measured: int8 SOFTMAX of 1024 equal scores on both runtimes",),
        affects=("static int8",),
        aliases=("softmax_scale",),
        reproduced=(*BOTH, *TENSORFLOW),
    ),
    Explanation(
        id="non_finite_weights",
        title="Stored weights are NaN or infinite",
        cause="Training diverged, or a float16 conversion overflowed (65504 is its largest number).",
        consequence="Every output that they enter is NaN.",
        fix="Find the layer in the checkpoint; take an earlier one, or train on with a lower learning rate.",
        example="bad = [w.path for w in model.weights if not np.isfinite(w).all()]",
        affects=("every runtime",),
        reproduced=BOTH,
    ),
    Explanation(
        id="zero_weights",
        title="All weights of a product are zero",
        cause="The layer was never trained, was pruned whole, or its weights were not loaded before converting.",
        consequence="The layer's output does not depend on its input.",
        fix="Compare with the checkpoint; load the weights before you convert.",
        example="model.load_weights('best.weights.h5')",
        affects=("every runtime",),
        reproduced=BOTH,
    ),
    Explanation(
        id="weights_zero_point",
        title="int8 weights with a zero point that is not 0",
        matches=("unsupported zero-point value (*) in channel", "failed to update filter tensor"),
        cause="The specification of int8 weights says 0; kernels do not read it. An asymmetric quantizer wrote it.",
        consequence=(
            "tflite-runtime 2.14 ignores it and is wrong, and so is Android's TensorFlow Lite 2.16.1 with XNNPACK; "
            "LiteRT 2.3 refuses."
        ),
        fix="Quantize the weights symmetrically.",
        example="tfedge inspect model.tflite",
        affects=("tflite-runtime", "ai-edge-litert"),
        reproduced=BOTH,
    ),
    Explanation(
        id="bad_scale",
        title="A scale is zero, negative, or no number",
        matches=("unsupported scale value (*) in channel", "input_product_scale >= 0 was not true"),
        cause="Calibration met a constant or broken tensor, or a tool wrote the file wrongly.",
        consequence="LiteRT 2.3 refuses; tflite-runtime 2.14 computes zeros, NaN or nonsense, and on ARM may die.",
        fix="Calibrate again with real inputs, without NaN and without inputs that never change.",
        example="samples = [x for x in samples if np.isfinite(x).all() and np.ptp(x) > 0]",
        affects=("tflite-runtime", "ai-edge-litert"),
        reproduced=BOTH,
    ),
    Explanation(
        id="missing_scale",
        title="int8 weights without a scale",
        matches=("filter->quantization.type != kTfLiteAffineQuantization",),
        cause="A tool dropped the quantization parameters; stored integers alone mean nothing.",
        consequence="With float activations the layer returns its bias alone; with int8 ones the file is refused.",
        fix="Convert again from the float model.",
        example="tfedge inspect model.tflite",
        affects=("tflite-runtime", "ai-edge-litert"),
        reproduced=BOTH,
    ),
    Explanation(
        id="zero_point_range",
        title="A zero point outside its dtype",
        matches=("unsupported zero-point value (*) for",),
        cause="A zero point of uint8 was carried over to int8, 128 too high, or a tool wrote it wrongly.",
        consequence="tflite-runtime 2.14 computes nonsense, LiteRT 2.3 refuses.",
        fix="Convert again; from uint8 to int8, subtract 128 from values and zero points.",
        example="tfedge inspect model.tflite",
        affects=("tflite-runtime", "ai-edge-litert"),
        reproduced=BOTH,
    ),
    Explanation(
        id="quantized_axis",
        title="Scales along another dimension than the outputs",
        matches=("affine_quantization->quantized_dimension != 0",),
        cause="Kernels take scale i for output i and mostly do not ask which dimension the file names.",
        consequence=(
            "With float activations silently wrong on both runtimes; with int8 ones wrong, refused, or fatal on ARM."
        ),
        fix="Quantize along the output dimension: 0 of a FULLY_CONNECTED.",
        example="tfedge inspect model.tflite",
        sources=("tensorflow/tensorflow#66081",),
        affects=("tflite-runtime", "ai-edge-litert"),
        reproduced=BOTH,
    ),
    Explanation(
        id="bias_scale",
        title="A bias whose scale is not input scale times weight scale",
        matches=("scale_diff / output_scale <= 0.02 was not true",),
        cause="Kernels add the stored bias to sums of that scale. A tool requantized weights and left the bias.",
        consequence=(
            "tflite-runtime 2.14 refuses beyond 2 % of the output scale; LiteRT 2.3 ignores what the file states."
        ),
        fix="Requantize the bias with input scale times weight scale.",
        example="bias = np.round(bias_values / (input_scale * weight_scale)).astype(np.int32)",
        affects=("tflite-runtime",),
        reproduced=(TFLITE,),
    ),
    Explanation(
        id="bias_dtype",
        title="An int64 bias under int8 activations",
        cause="The kernel reads 32 bits and does not ask for the dtype. With int16 activations 64 bits are right.",
        consequence="Silently wrong on both runtimes.",
        fix="Store the bias as int32.",
        example="bias = bias.astype(np.int32)",
        affects=("tflite-runtime", "ai-edge-litert"),
        reproduced=BOTH,
    ),
    Explanation(
        id="scale_changed",
        title="An op moves values between tensors of different scales",
        matches=(
            "params.scale != output->params.scale",
            "params.scale != op_context",
            "params.scale != output_tensor->params",
        ),
        cause=(
            "RESHAPE, GATHER, MAXIMUM and their like copy stored integers; only QUANTIZE goes from one scale to "
            "another."
        ),
        consequence="The numbers mean something else afterwards, or the op is refused, as the release decides.",
        fix="Give both sides one scale, or put a QUANTIZE between.",
        example="tfedge inspect model.tflite",
        affects=("tflite-runtime", "ai-edge-litert"),
        reproduced=BOTH,
    ),
    Explanation(
        id="fixed_output_scale",
        title="An output scale that the kernel does not allow",
        matches=(
            "output->params.scale not near 1.f /",
            "output->params.scale == 1. /",
            "output->params.scale != 16.0 / 256",
            "output->params.scale != (1. / 128.)",
            "output->params.zero_point !=",
            "output->params.zero_point == 0 was not true",
            "output_scale_log2_rounded",
        ),
        cause=(
            "SOFTMAX, LOGISTIC, TANH and L2_NORMALIZATION work by tables of one output scale: int8 SOFTMAX is 1/256 "
            "with zero point -128."
        ),
        consequence="Refused when tensors are allocated.",
        fix="Set the output's scale and zero point to the kernel's, and requantize what follows.",
        example="tfedge inspect model.tflite",
        affects=("tflite-runtime", "ai-edge-litert"),
        reproduced=BOTH,
    ),
)
