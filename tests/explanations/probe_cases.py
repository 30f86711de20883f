"""What rules know of runtimes, asked of the runtimes: the probes of `tfedge.checks.probes`, wrong one and right one."""

from __future__ import annotations

import pathlib
import tempfile
from typing import Any

from tests.explanations.case import LITERT, TFLITE, Call, Case

BOTH = (TFLITE, LITERT)
FC = "kernel FULLY_CONNECTED"


def ask(name: str, by_path: bool = False) -> Call:
    """Returns a call that runs a probe: is its answer wrong?"""

    def call(runtime: Any) -> bool:
        from tfedge.checks.probes import PROBES, SIGNATURE  # A second: where it is needed only.

        probe = next(probe for probe in PROBES if probe.name == name)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "probe.tflite"
            path.write_bytes(probe.data)
            where = {"model_path": str(path)} if by_path else {"model_content": probe.data}
            interpreter = runtime.Interpreter(**where)
            interpreter.allocate_tensors()
            outputs = interpreter.get_signature_runner(SIGNATURE)(**probe.inputs)
        return probe.judge(outputs) == "wrong"

    return call


def refused(name: str, probe: str, right: str, where: tuple[str, ...] = BOTH) -> Case:
    """A probe whose refusal has words of its own."""
    return Case(name, ask(probe), ask(right), where, probe)


def failing(name: str, probe: str, right: str, where: tuple[str, ...] = BOTH, by_path: bool = False) -> Case:
    """A probe that is wrong, dies, or is refused in words that say less than the rule."""
    said = f"    fail  {name}: measured on this runtime"
    return Case(name, ask(probe, by_path), ask(right, by_path), where, probe, said)


CASES = (
    failing("per_channel_weights", f"{FC} float32,qint8~->float32", f"{FC} float32,qint8->float32", (TFLITE,)),
    failing(
        "hybrid_batch_matmul",
        "kernel BATCH_MATMUL float32,qint8~->float32",
        "kernel BATCH_MATMUL float32,qint8->float32",
        (TFLITE,),
    ),
    failing(
        "hybrid_depthwise",
        "kernel DEPTHWISE_CONV_2D float32,qint8,float32->float32",
        "kernel DEPTHWISE_CONV_2D float32,qint8~,float32->float32",
    ),
    refused(
        "missing_bias", "kernel CONV_2D float32,float32->float32", "kernel CONV_2D float32,float32,float32->float32"
    ),
    failing("low_bit_weights", f"{FC} float32,qint4~->float32", f"{FC} float32,qint4->float32", (TFLITE,)),
    failing("blockwise_weights", "blockwise int4", f"{FC} float32,qint4->float32", (TFLITE,)),
    refused("blockwise_weights", "blockwise int8", "blockwise int4", (LITERT,)),
    failing(
        "int16_kernels",
        "kernel SQUARED_DIFFERENCE qint16,qint16->qint16",
        "kernel SQUARED_DIFFERENCE float32,float32->float32",
    ),
    refused("float16_compute", f"{FC} float32,float16,float32->float32", f"{FC} float32,float32,float32->float32"),
    failing("uint8_kernels", "kernel ELU quint8->quint8", "kernel ELU qint8->qint8"),
    failing("wide_dtypes", "kernel ABS int64->int64", "kernel ABS int32->int32"),
    failing("kernel_dtypes", "kernel DIV qint8,qint8->qint8", "kernel DIV float32,float32->float32", (TFLITE,)),
    failing("weights_zero_point", "weights_zero_point hybrid~", f"{FC} float32,qint8->float32", (TFLITE,)),
    refused("weights_zero_point", "weights_zero_point static~", f"{FC} float32,qint8->float32", (LITERT,)),
    failing("bad_scale", "bad_scale hybrid zero", f"{FC} float32,qint8->float32", (TFLITE,)),
    refused("bad_scale", "bad_scale static negative", f"{FC} qint8,qint8->qint8"),
    failing("missing_scale", "no_scale hybrid", f"{FC} float32,qint8->float32"),
    refused("missing_scale", "no_scale static", f"{FC} qint8,qint8->qint8"),
    failing("zero_point_range", "zero_point_outside output", f"{FC} qint8,qint8->qint8", (TFLITE,)),
    refused("zero_point_range", "zero_point_outside input", f"{FC} qint8,qint8->qint8", (LITERT,)),
    failing("quantized_axis", "wrong_axis FULLY_CONNECTED hybrid", f"{FC} float32,qint8->float32"),
    refused("quantized_axis", "wrong_axis FULLY_CONNECTED static", f"{FC} qint8,qint8->qint8", (LITERT,)),
    refused("bias_scale", "bias_scale far", "bias_scale small", (TFLITE,)),
    failing("bias_dtype", "bias_int64", f"{FC} qint8,qint8,qint32->qint8"),
    failing("scale_changed", "scale_changed RESHAPE", "kernel RESHAPE qint8,int32->qint8"),
    refused("scale_changed", "scale_changed MIRROR_PAD", "kernel RESHAPE qint8,int32->qint8"),
    refused("fixed_output_scale", "fixed_scale SOFTMAX int8", "kernel SOFTMAX qint8->qint8"),
    refused("fixed_output_scale", "fixed_zero_point LOG_SOFTMAX int8", "kernel LOG_SOFTMAX qint8->qint8"),
    refused("fixed_output_scale", "fixed_scale TANH int16", "kernel TANH qint16->qint16"),
    failing("constant_written", "constant_written", "loop", by_path=True),
    failing("recursion", "recursion WHILE", "loop"),
    refused("crashed", "recursion IF", "loop"),
    refused("control_flow", "loop_condition_int32", "loop"),
    refused("tensor_types", "tensor_type bfloat16", "tensor_type float16", (TFLITE,)),
    failing("external_buffers", "buffer_external", f"{FC} float32,float32->float32"),
    failing("unfrozen_variable", "variable_unassigned", "variable_assigned", (LITERT,)),
    failing("signature_tensors", "signature_input_inside", "loop"),
    refused("missing_input", "input_left_out ADD", "kernel ADD float32,float32->float32"),
)
