"""One line a rule: a file that it speaks about, a near twin that it does not, and a target that runs both."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

from tests import models
from tests.models import layers, scores
from tests.unit.checks.rules import files
from tfedge.checks.probes import PROBES
from tfedge.modelfile.model_file import ModelData

TFLITE = "tflite-runtime==2.14.0@x86_64"
TFLITE_ARM = "tflite-runtime==2.14.0@aarch64:cortex-a72"
TFLITE_DOT = "tflite-runtime==2.14.0@aarch64:cortex-a76"  # A core with dot product instructions.
ANDROID = "android-tflite==2.16.1@x86_64"
LITERT = "ai-edge-litert==2.3.0@x86_64"

File = str | Callable[[], ModelData]  # The name of a probe, or a function that builds a file.
_BY_NAME = {probe.name: probe for probe in PROBES}


@dataclasses.dataclass(frozen=True)
class Example:
    """What a rule must say, and where it must be silent.

    Attributes:
        rule: its id.
        target: that fails the file, or for which it is a note.
        trigger: the file.
        twin: a file like it, of which the rule says nothing on that target.
        right_on: a target that runs the trigger rightly, so that the rule is silent; empty where there is none.
        is_note: whether the finding passes and only names a risk.
    """

    rule: str
    target: str
    trigger: File
    twin: File
    right_on: str = ""
    is_note: bool = False


def data_of(file: File) -> ModelData:
    """Returns the bytes of a file."""
    return _BY_NAME[file].data if isinstance(file, str) else file()


def _note(rule: str, trigger: File, twin: File) -> Example:
    return Example(rule, LITERT, trigger, twin, is_note=True)


_P = functools.partial
_DENSE = "kernel FULLY_CONNECTED float32,qint8,float32->float32"
_STATIC = "kernel FULLY_CONNECTED qint8,qint8,qint32->qint8"
_ADD = "kernel ADD float32,float32->float32"
_MAX = "kernel MAXIMUM int32,int32->int32"

EXAMPLES: tuple[Example, ...] = (
    Example("op_version", TFLITE, _P(models.dense, "int8_dynamic", version=12), models.dense, LITERT),
    Example("unknown_op", LITERT, files.unknown_op, files.unused_code),
    Example("custom_op", LITERT, models.with_custom_op, files.unused_code),
    Example("flex_op", LITERT, models.with_flex_op, _P(models.with_custom_op, "MyFlexOp")),
    _note("min_runtime_version", _P(models.with_metadata, "1.5.0", 12), _P(models.with_metadata, "2.17.0", 12)),
    Example("per_channel_weights", TFLITE, "kernel FULLY_CONNECTED float32,qint8~,float32->float32", _DENSE, LITERT),
    Example(
        *("hybrid_batch_matmul", TFLITE, "kernel BATCH_MATMUL float32,qint8~->float32"),
        *("kernel BATCH_MATMUL float32,qint8->float32", LITERT),
    ),
    Example(
        *("per_channel_no_bias", TFLITE_ARM, "kernel FULLY_CONNECTED qint8,qint8~->qint8"),
        *("one_row FULLY_CONNECTED", TFLITE),
    ),
    Example(
        *("hybrid_depthwise", LITERT, "kernel DEPTHWISE_CONV_2D float32,qint8,float32->float32"),
        "kernel DEPTHWISE_CONV_2D float32,qint8~,float32->float32",
    ),
    Example(
        *("missing_bias", LITERT, "kernel DEPTHWISE_CONV_2D qint8,qint8~->qint8"),
        "kernel DEPTHWISE_CONV_2D qint8,qint8~,qint32~->qint8",
    ),
    Example(
        *("low_bit_weights", TFLITE, "kernel FULLY_CONNECTED float32,qint4~,float32->float32"),
        *("four_bit_kernel FULLY_CONNECTED", LITERT),
    ),
    Example(
        *("blockwise_weights", TFLITE, "blockwise int4"),
        *("kernel FULLY_CONNECTED float32,qint4->float32", LITERT),
    ),
    Example("int16_kernels", TFLITE, "kernel TILE qint16,int32->qint16", "kernel RELU qint16->qint16", LITERT),
    Example("float16_compute", TFLITE, "kernel TANH float16->float16", "kernel DEQUANTIZE float16->float32", LITERT),
    Example("uint8_kernels", TFLITE, "kernel ELU quint8->quint8", "kernel RELU quint8->quint8"),
    Example("wide_dtypes", TFLITE, "kernel ABS int64->int64", "kernel NEG int64->int64"),
    Example("kernel_dtypes", TFLITE, "kernel DIV qint8,qint8->qint8", "kernel MUL qint8,qint8->qint8", LITERT),
    Example("hybrid_dot_product", TFLITE_DOT, "dot_product FULLY_CONNECTED", _DENSE, TFLITE_ARM),
    Example(
        *("shared_batch_weights", TFLITE_ARM, "one_for_batch BATCH_MATMUL"),
        *("dot_product BATCH_MATMUL", TFLITE),
    ),
    Example("weights_zero_point", TFLITE, "weights_zero_point hybrid", "weights_zero_point static"),
    Example("bad_scale", TFLITE, "bad_scale static zero", _STATIC),
    Example("missing_scale", LITERT, "no_scale hybrid", _DENSE),
    Example("zero_point_range", TFLITE, "zero_point_outside input", "weights_zero_point static"),
    Example(
        *("quantized_axis", LITERT, "wrong_axis FULLY_CONNECTED hybrid"),
        "kernel FULLY_CONNECTED float32,qint8~->float32",
    ),
    Example("bias_scale", TFLITE, "bias_scale far", "bias_scale small", LITERT),
    Example("bias_dtype", LITERT, "bias_int64", "kernel FULLY_CONNECTED qint16,qint8,qint64->qint16"),
    Example("scale_changed", LITERT, "scale_changed RESHAPE", "kernel RESHAPE qint8,int32->qint8"),
    Example("fixed_output_scale", TFLITE, "fixed_scale LOGISTIC int8", "kernel LOGISTIC qint8->qint8", LITERT),
    Example("mask_range", LITERT, _P(files.masked_scores, -1e9), _P(files.masked_scores, -30.0)),
    _note("softmax_keys", _P(files.softmax, 257), _P(files.softmax, 256)),
    Example("non_finite_weights", LITERT, _P(files.product_of, float("nan")), _P(files.added, float("-inf"))),
    _note("zero_weights", _P(files.product_of, None), _P(files.product_of, 0.0)),
    _note("mask_magnitude", _P(scores.added, -1e9), _P(scores.added, -30.0)),
    _note("mask_doubled", _P(scores.added, -30.0, -30.0), _P(scores.joined, -30.0, -30.0)),
    _note("mask_multiplied", scores.multiplied, _P(scores.multiplied, "number")),
    _note("norm_epsilon", _P(layers.normalization, 1e-12, "float16"), _P(layers.normalization, 1e-6, "float16")),
    _note("gelu_exact", _P(layers.polynomial, layers.ERFC), _P(layers.polynomial, (0.5, 1.0, 1.5))),
    Example("dense_without_bias", TFLITE_ARM, layers.dense, _P(layers.dense, bias=True), TFLITE, is_note=True),
    _note("dense_open_shape", layers.dense_open, _P(layers.dense_open, computed_shape=False)),
    Example("none_indexing", LITERT, layers.sliced, _P(layers.sliced, flex=False), is_note=True),
    Example("unset_tensors", LITERT, "never_written", _MAX),
    Example("op_order", LITERT, "read_before_written int32", "read_before_written float32"),
    Example("constant_written", LITERT, "constant_written", "kernel ADD int32,int32->int32"),
    Example("input_overwritten", LITERT, "input_overwritten float32", "input_overwritten int32"),
    Example("missing_input", LITERT, "input_missing ADD", "kernel FULLY_CONNECTED float32,float32->float32"),
    Example("recursion", LITERT, "recursion WHILE", "loop"),
    Example("control_flow", LITERT, "loop_condition_int32", "loop"),
    Example("tensor_types", TFLITE, "tensor_type int2", "tensor_type float16", LITERT),
    Example("external_buffers", LITERT, "buffer_external", "buffer_behind"),
    Example("buffers_behind", ANDROID, "buffer_behind", _ADD, LITERT, is_note=True),
    _note("file_size", files.huge, models.dense),
    _note("signatures", _P(files.sub_of_two, key=None), files.sub_of_two),
    Example("signature_names", LITERT, _P(files.sub_of_two, ("x", "x")), files.sub_of_two),
    Example("signature_tensors", LITERT, "signature_input_inside", _ADD),
    _note("dynamic_shapes", models.dynamic_shape, models.dense),
    _note("string_tensors", files.strings, _ADD),
    _note("random_ops", files.chance, _ADD),
    Example("unfrozen_variables", LITERT, "variable_unassigned", "variable_once"),
    _note("state", "variable_assigned", _ADD),
)
