"""No error anywhere: the answers are wrong, or slow, or differ between machines."""

from __future__ import annotations

from tfedge.checks.explanations.entry import Explanation
from tfedge.checks.explanations.families.provenance import (
    BOTH,
    IS_A_MEASUREMENT,
    LITERT,
    NEEDS_ANDROID,
    TFLITE,
)

TITLE = "No error, but wrong or slow"

ENTRIES = (
    Explanation(
        id="int8_slower",
        title="The int8 file is slower than the float file",
        matches=(
            "int8~slower~float",
            "quantized~slower~float",
            "quantized model~slower",
            "quantization~slower",
            "int8~not faster",
            "slower after quantization",
        ),
        cause=(
            "XNNPACK has no int8 MEAN, SQUARED_DIFFERENCE, RSQRT or SOFTMAX, so full int8 splits a Transformer into "
            "many parts (21 instead of 4 measured). tflite-runtime 2.14's dynamic and int8 kernels are slow by "
            "themselves. 16x8 runs in reference kernels."
        ),
        consequence="Size is saved, time is not: 1.2 to 2.5 times slower measured on x86, 26 times with 16x8.",
        fix=(
            "Quantize the FULLY_CONNECTED ops alone and leave the rest float (`static_wi8_ai8_fc`), or dynamically on "
            "LiteRT 2.3. On tflite-runtime 2.14 ship int8 for its size only. Measure both files in one run."
        ),
        example="tfedge bench out/g2p.float32.tflite out/g2p.static_wi8_ai8_fc.tflite",
        sources=(
            "tensorflow/tensorflow#49011",
            "tensorflow/tensorflow#21698",
            "microsoft/onnxruntime#25366",
            "google/XNNPACK#4666",
            "measured: README, table of recipes by runtime",
        ),
        affects=("tflite-runtime", "ai-edge-litert", "16x8"),
        not_reproduced=IS_A_MEASUREMENT,
    ),
    Explanation(
        id="outputs_all_zero",
        title="All outputs are zero or nonsense, without an error",
        matches=(
            "outputs~all zero",
            "output~all zeros",
            "outputs only zeros",
            "returns zeros",
            "always returns 0",
        ),
        cause=(
            "Most often per-channel int8 weights under a FULLY_CONNECTED version that means one scale: "
            "litert-quantizer writes version 5; tflite-runtime 2.14, and TensorFlow Lite 2.16.1 on phones, read the "
            "first scale for all channels, or none. On a GPU: half precision that overflows."
        ),
        consequence="The app shows empty or constant answers; no log line anywhere.",
        fix=(
            "Run `tfedge check` for the target: it compares with LiteRT's reference kernels. Quantize with one scale a "
            "tensor for old runtimes, or ship LiteRT. On a GPU force float32."
        ),
        example="tfedge check model.tflite --target tflite-runtime==2.14.0@x86_64",
        sources=("google-ai-edge/LiteRT#7693", "measured: litert-quantizer 0.11.0 files on tflite-runtime 2.14.0"),
        affects=("tflite-runtime", "TensorFlow Lite 2.16.1 on arm64-v8a", "GPU delegate"),
        reproduced=(TFLITE,),
    ),
    Explanation(
        id="repeats_tokens",
        title="The int8 encoder-decoder repeats tokens whatever it is given",
        matches=(
            "repeats~same token",
            "repeating~same token",
            "repeats tokens",
            "same output~whatever the input",
            "same translation~every input",
            "decoder~ignores~encoder",
            "int8~ignores~input",
        ),
        cause=(
            "The decoder has lost the encoder: a mask of -1e9 or -inf widens the range of attention scores until all "
            "int8 scores are equal; softmax in int8 cannot show small weights; calibration never met real decoding "
            "steps, or no padded input."
        ),
        consequence="Fluent or looping nonsense, independent of the source. Accuracy on random inputs may look fine.",
        fix=(
            "Mask with -30, calibrate on real decoding traces with padded sources, keep softmax, LayerNormalization "
            "and residual additions in float (`static_wi8_ai8_fc`), or quantize dynamically. Then look at "
            "`decoder_listens`."
        ),
        example="tfedge validate out/g2p.tflite",
        sources=(
            "google-ai-edge/ai-edge-quantizer#479",
            "google-ai-edge/LiteRT#7092",
            "tensorflow/tensorflow#117052",
            "tensorflow/tensorflow#59716",
        ),
        affects=("static int8 of encoder-decoders",),
        not_reproduced=IS_A_MEASUREMENT.replace("time", "training"),
    ),
    Explanation(
        id="phone_differs",
        title="Phone and workstation give different answers",
        matches=(
            "phone~different~results",
            "different results~android",
            "different output~android",
            "android~different~python",
            "works in python~not on android",
            "accuracy drop~on device",
        ),
        cause=(
            "In order of how often: another tokenizer, resize or normalization in the app; inputs bound by position; "
            "uint8 or int8 inputs fed without scale and zero point; another model file; a delegate; a kernel that is "
            "wrong there alone (`tfedge check` knows those); and last, kernels that round differently, by a few steps "
            "of int8."
        ),
        consequence="Accuracy on the device is not what was measured.",
        fix=(
            "Find the first stage that differs: feed the phone the exact input array of a golden case, then the raw "
            "input. Compare sha256 of the file, then tensors in quantization steps, then answers."
        ),
        example="unzip -p out/g2p.tflite golden.json | head -c 400",
        sources=(
            "tensorflow/tensorflow#83936",
            "tensorflow/tensorflow#74312",
            "tensorflow/tensorflow#62123",
            "huggingface/tflite-android-transformers#18",
        ),
        affects=("Android", "every port of preprocessing"),
        not_reproduced=NEEDS_ANDROID,
    ),
    Explanation(
        id="input_order",
        title="Inputs or outputs are in another order than before",
        matches=(
            "inputs~swapped",
            "outputs~swapped",
            "order of~inputs~changed",
            "order of~outputs~changed",
            "inputs~wrong order",
        ),
        cause=(
            "The order in a file is the converter's: int8 conversion, another TensorFlow version or other names change "
            "it. Only signature names are kept."
        ),
        consequence="Two inputs of one shape are exchanged and nothing complains.",
        fix="Bind by signature and name. In code that cannot, map names to positions once, at start, from the file.",
        example="runner = interpreter.get_signature_runner('serving_default')\nrunner(source_ids=ids, mask=mask)",
        sources=("tensorflow/tensorflow#56985", "tensorflow/tensorflow#55242", "PINTO0309/onnx2tf#650"),
        affects=("every runtime",),
        reproduced=BOTH,
    ),
    Explanation(
        id="nan_outputs",
        title="Outputs are NaN, often for padded or empty inputs only",
        matches=("outputs~nan", "output~is nan", "returns nan", "nan~in the output"),
        cause=(
            "0/0 in a mean over a mask that is all zero, softmax over a row that is all -inf, a logarithm of 0, or "
            "half precision that overflows."
        ),
        consequence="argmax of NaN is 0: a constant answer, no error.",
        fix="Mask with a finite number, divide by max(count, 1), and test a source that is padding from end to end.",
        example="mean = total / keras.ops.maximum(count, 1.0)",
        sources=("NVIDIA-NeMo/Automodel#2658", "measured: a masked mean of padding alone, both runtimes"),
        affects=("every runtime",),
        reproduced=BOTH,
    ),
    Explanation(
        id="quantized_io",
        title="A model with int8 or uint8 inputs is fed real numbers cast to integers",
        matches=(
            "uint8 input~wrong",
            "int8 input~wrong",
            "quantized input~wrong",
            "forgot~dequantize",
            "without dequantizing",
        ),
        cause="The input means (q - zero_point) * scale; a cast feeds q as if scale were 1 and zero point 0.",
        consequence="Plausible, wrong answers.",
        fix=(
            "Quantize inputs and dequantize outputs with scale and zero point of the tensor's details, read at run "
            "time."
        ),
        example=(
            "scale, zero_point = detail['quantization']\n"
            "q = np.clip(np.round(x / scale) + zero_point, -128, 127).astype(np.int8)"
        ),
        sources=("tensorflow/tensorflow#48791", "tensorflow/tensorflow#24190"),
        affects=("every runtime",),
        reproduced=BOTH,
    ),
    Explanation(
        id="reference_kernels",
        title="tflite-runtime 2.14's reference kernels are wrong for some per-channel int8 ops",
        matches=("BUILTIN_REF~wrong", "reference kernels~wrong"),
        cause=(
            "Its BUILTIN_REF resolver misreads one scale a channel in an int8 FULLY_CONNECTED whose input has three "
            "dimensions, as every Dense over a sequence has. With two dimensions it is right."
        ),
        consequence="Who takes it as the truth calls a right file wrong.",
        fix="Take LiteRT's BUILTIN_REF as the reference: it is right, and bit-equal on x86 and ARM.",
        example="tfedge check model.tflite --target ai-edge-litert==2.3.0@x86_64",
        sources=("measured: static int8 of shape (1, 4, 16) on tflite-runtime 2.14.0 with BUILTIN_REF",),
        affects=("tflite-runtime",),
        reproduced=(TFLITE,),
    ),
    Explanation(
        id="unassigned_variable_read",
        title="LiteRT answers with numbers from memory that nobody wrote",
        matches=(
            "different answer~each run",
            "outputs are random",
            "random outputs",
            "not deterministic",
            "non-deterministic output",
        ),
        cause=(
            "A variable of the model is read before it is assigned: LiteRT 2.3 does not check. Or a Dropout or random "
            "op was left on, or two threads use one interpreter."
        ),
        consequence="The answers change from run to run and from machine to machine.",
        fix="Freeze variables; run the model twice on one input and compare; one interpreter a thread.",
        example="tfedge explain unfrozen_variable",
        sources=("measured: READ_VARIABLE before ASSIGN_VARIABLE on ai-edge-litert 2.3.0",),
        affects=("ai-edge-litert",),
        reproduced=(LITERT,),
    ),
    Explanation(
        id="untrained_weights",
        title="A test on untrained weights passes, the trained model fails (or the other way)",
        matches=("random weights~fine~trained", "untrained~passes"),
        cause=(
            "Zero biases are dropped by the converter, ranges of random weights are tame, and random input hides masks."
        ),
        consequence="Crashes and lost accuracy are seen only with the real file.",
        fix="Check the file that ships, on real inputs, padded ones among them.",
        example="tfedge check model.tflite --inputs cases.npz --reference float.tflite",
        sources=("roboflow/rf-detr#1233", "measured: the ARM crash comes and goes with trained biases"),
        affects=("every runtime",),
        not_reproduced=IS_A_MEASUREMENT.replace("time", "training"),
    ),
)
