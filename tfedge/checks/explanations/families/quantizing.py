"""Quantizing and calibrating."""

from __future__ import annotations

from tfedge.checks.explanations.entry import Explanation
from tfedge.checks.explanations.families.provenance import NEEDS_OTHER_VERSIONS, TENSORFLOW

TITLE = "Quantizing"

ENTRIES = (
    Explanation(
        id="representative_dataset_missing",
        title="Full integer quantization without calibration data",
        matches=("For full integer quantization, a `representative_dataset` must be specified",),
        cause="Static int8 needs the range of every activation; nothing was given to measure it on.",
        consequence="The conversion stops.",
        fix="Give 100 to 500 real inputs, padded ones among them; for a decoder, traces of real decoding steps.",
        example="converter.representative_dataset = lambda: ([x] for x in samples)",
        sources=("measured: TFLITE_BUILTINS_INT8 without a dataset",),
        affects=("TFLiteConverter",),
        reproduced=TENSORFLOW,
    ),
    Explanation(
        id="representative_dataset_form",
        title="The calibration data does not have the form the converter wants",
        matches=("You need to provide either a dictionary with input names and values",),
        cause="Each item must be a list of arrays, one an input, or a dictionary by name; it was an array.",
        consequence="The conversion stops.",
        fix=(
            "Yield `[array]` for one input, a dictionary by input name for several: lists depend on an order that "
            "changes."
        ),
        example="def samples():\n    for ids in texts:\n        yield {'source_ids': ids}",
        sources=("measured: a bare array",),
        affects=("TFLiteConverter",),
        reproduced=TENSORFLOW,
    ),
    Explanation(
        id="empty_min_max",
        title="A tensor was never reached by the calibration data",
        matches=(
            "Max and min for dynamic tensors should be recorded during calibration",
            "Empty min/max for tensor",
        ),
        cause=(
            "The old quantizer (16x8 uses it, and `experimental_new_quantizer = False`) needs a range for every "
            "tensor. It has none for integer inputs such as token ids, for tensors inside a WHILE or IF that did not "
            "run, and with an empty dataset."
        ),
        consequence="The conversion stops; the new quantizer leaves such tensors in float without a word.",
        fix=(
            "Quantize such models to int8 with the new quantizer, or exclude the ops. Check that the dataset yields; a "
            "generator object is used up after one pass, a function is not."
        ),
        example="converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]",
        sources=("measured: 16x8 of an embedding, of a WHILE loop, and with an empty dataset",),
        affects=("TFLiteConverter",),
        reproduced=TENSORFLOW,
    ),
    Explanation(
        id="single_subgraph",
        title="Control flow: this calibration knows models of one subgraph only",
        matches=(
            "Only models with a single subgraph are supported",
            "Quantize weights tool only supports tflite models with one subgraph",
            "Only 1 subgraph is currently supported",
            "More than one subgraph is not supported",
        ),
        cause=(
            "Each WHILE and IF brings subgraphs of its own. Older converters, TFLite Micro and the Edge TPU stop there."
        ),
        consequence="No static int8 for a model that decodes in its graph.",
        fix=(
            "Calibrate `encode` and `decode_step` as signatures of their own and loop on the host, or quantize "
            "dynamically, which needs no calibration and works inside loops."
        ),
        example="tfedge convert out/g2p.keras --recipe dynamic_wi8_afp32 --out out",
        sources=("tensorflow/tensorflow#46821", "tensorflow/tensorflow#35194", "tensorflow/tensorflow#50226"),
        affects=("TFLiteConverter of older releases", "litert-quantizer", "TFLite Micro", "Edge TPU compiler"),
        not_reproduced=NEEDS_OTHER_VERSIONS,
    ),
    Explanation(
        id="op_not_quantizable",
        title="An op has no kernel in the integer type that was asked for",
        matches=("Quantization not yet supported for op", "Quantization to * not yet supported for op"),
        cause=(
            "With integer ops alone allowed, one op has no such form: NEG in 16x8, which LayerNormalization traces to."
        ),
        consequence="The conversion stops and names the op.",
        fix=(
            "Allow float for what is left by adding TFLITE_BUILTINS (then look with `tfedge inspect` at what stayed "
            "float), or write the layer with ops that have an integer kernel."
        ),
        example=(
            "converter.target_spec.supported_ops = [\n"
            "    tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8,\n"
            "    tf.lite.OpsSet.TFLITE_BUILTINS,\n"
            "]"
        ),
        sources=("measured: 16x8 of attention with LayerNormalization on TensorFlow 2.21",),
        affects=("TFLiteConverter",),
        reproduced=TENSORFLOW,
    ),
    Explanation(
        id="debug_mode",
        title="QuantizationDebugger got an ordinary quantized model",
        matches=("Please check if the quantized model is in debug mode",),
        cause="It needs a model with NumericVerify ops, which only a converter run by the debugger inserts.",
        consequence="No statistics.",
        fix="Give it the converter instead of the finished model.",
        example="tf.lite.experimental.QuantizationDebugger(converter=converter, debug_dataset=samples)",
        sources=("tensorflow/tensorflow#86949",),
        affects=("QuantizationDebugger",),
        reproduced=TENSORFLOW,
    ),
    Explanation(
        id="io_type",
        title="Integer inputs and outputs without integer quantization",
        matches=("The inference_input_type and inference_output_type must be",),
        cause="`inference_input_type` was set, but the conversion is float, dynamic or 16x8, which allow other types.",
        consequence="The conversion stops.",
        fix="Set `optimizations` and a `representative_dataset` too, or leave inputs and outputs in float.",
        example="converter.optimizations = [tf.lite.Optimize.DEFAULT]\nconverter.representative_dataset = samples",
        sources=("measured: int8 input without optimizations",),
        affects=("TFLiteConverter",),
        reproduced=TENSORFLOW,
    ),
    Explanation(
        id="fake_quant_axes",
        title="Fake quantization with one scale a channel on weights that the converter transposes",
        matches=("has mismatched quantized axes of input and output",),
        cause="The converter turns the kernel round for FULLY_CONNECTED and does not move the quantized dimension.",
        consequence="The conversion stops.",
        fix="Use fake quantization with one range a tensor, or quantize after the conversion.",
        example="tf.quantization.fake_quant_with_min_max_args(kernel, min=-1.0, max=1.0)",
        sources=("measured: per-channel fake_quant before MatMul on TensorFlow 2.21",),
        affects=("TFLiteConverter",),
        reproduced=TENSORFLOW,
    ),
    Explanation(
        id="statistics_notice",
        title="The converter says that input statistics were expected",
        matches=("Statistics for quantized inputs were expected, but not specified; continuing anyway",),
        kind="notice",
        cause=(
            "The message is about `quantized_input_stats` of an older interface; a representative dataset replaces it."
        ),
        consequence="None.",
        fix="Nothing. Look further down in the log.",
        example="tfedge explain - < convert.log",
        sources=("measured: every quantized conversion on TensorFlow 2.21 prints it",),
        affects=("TFLiteConverter",),
        reproduced=TENSORFLOW,
    ),
    Explanation(
        id="calibrated_to_nothing",
        title="Static quantization was asked for, and the file stayed float",
        matches=(
            "static~stayed float",
            "int8~file same size as float",
            "quantized~still float32",
            "quantization had no effect",
            "not quantized~same size",
        ),
        cause=(
            "The calibration data was empty or held NaN. TensorFlow 2.21's new quantizer then leaves the tensors in "
            "float and reports success."
        ),
        consequence="A float file under the name of an int8 one: four times the size, no error anywhere.",
        fix=(
            "Check samples with numpy.isfinite and count them; look at the file with `tfedge inspect` for int8 weights."
        ),
        example="tfedge inspect model.tflite",
        sources=("google-ai-edge/litert-torch#499", "measured: an empty dataset and one of NaN on TensorFlow 2.21"),
        affects=("TFLiteConverter",),
        reproduced=TENSORFLOW,
    ),
    Explanation(
        id="hybrid_on_micro",
        title="TFLite Micro got a dynamically quantized model",
        matches=("Hybrid models are not supported on TFLite Micro",),
        cause="Weights are int8, activations float32: `optimizations` was set without a representative dataset.",
        consequence="The first such op fails to prepare.",
        fix="Calibrate for full int8, or convert in float.",
        example="converter.representative_dataset = samples",
        sources=("tensorflow/tensorflow#43386",),
        affects=("TFLite Micro",),
        not_reproduced=NEEDS_OTHER_VERSIONS,
    ),
)
