"""Scopes: which ops of a network a recipe quantizes, by layer and op, and how."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from tfedge.config import from_keys
from tfedge.errors import ConfigError, one_of

EVERY = "*"
PRODUCT = "FULLY_CONNECTED"
FLOAT, DYNAMIC, STATIC, WEIGHT_ONLY = "float", "dynamic", "static", "weight_only"
MODES = (FLOAT, DYNAMIC, STATIC, WEIGHT_ONLY)
CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")
WEIGHTED = (PRODUCT, *CONVOLUTIONS)  # Ops with weights that kernels take beside float activations.
OPS = (EVERY, *WEIGHTED, "BATCH_MATMUL", "SOFTMAX", "ADD", "MUL", "MEAN", "RSQRT")
MIN_MAX, MSE, GPTQ = "min_max", "mse", "gptq"
# OCTAV of litert-quantizer 0.11 needs NumPy 2, which tflite-runtime 2.14 does not have.
ALGORITHMS = (MIN_MAX, MSE, GPTQ)
CHANNEL, TENSOR = "channel", "tensor"
GRANULARITIES = (CHANNEL, TENSOR)


@dataclasses.dataclass(frozen=True)
class Scope:
    """How the ops of some layers are quantized. Of two scopes that meet the same op, the later one counts.

    Attributes:
        mode: "dynamic" (activations quantized while running), "static" (beforehand, from calibration),
            "weight_only" (weights stored small and computed in float), "float" (left alone).
        layers: a path of Keras layers, outermost first, anywhere in the path of an op's layer; `*` stands for any
            part of a name: "decoder_block_*/feed_forward", "logits_dense"; "*" alone for every layer.
        op: the op, or "*" for every op that the mode can quantize.
        weight_bits: 8 or 4.
        activation_bits: 8 or 16; of static quantization only.
        granularity: "channel", one scale a row of weights, or "tensor", one for all.
        algorithm: "min_max"; "mse", the scale of least squared error; "gptq", rounding that makes up for the errors
            of its neighbours on the calibration data, https://arxiv.org/abs/2210.17323, on such a scale.
    """

    mode: str
    layers: str = EVERY
    op: str = PRODUCT
    weight_bits: int = 8
    activation_bits: int = 8
    granularity: str = CHANNEL
    algorithm: str = MIN_MAX

    def __post_init__(self) -> None:
        accepted: dict[str, tuple[Any, ...]] = {
            "mode": MODES,
            "op": OPS,
            "weight_bits": (4, 8),
            "activation_bits": (8, 16),
            "granularity": GRANULARITIES,
            "algorithm": ALGORITHMS,
        }
        for key, values in accepted.items():
            value = getattr(self, key)
            if type(value) is not type(values[0]) or value not in values:  # True is 1, and 8.0 is 8, to `in`.
                raise one_of(f"`{key}` of a scope", value, [str(each) for each in values])
        if not isinstance(self.layers, str) or not re.fullmatch(r"[\w*]+(/[\w*]+)*", self.layers):
            raise ConfigError(
                f"`layers` of a scope must be a path of layer names such as decoder_block_*/feed_forward; got "
                f"{self.layers!r}"
            )
        if self.mode != STATIC and self.activation_bits != 8:
            raise ConfigError(
                f"`activation_bits` of a {self.mode} scope must be 8; got {self.activation_bits}; only static scopes "
                "quantize activations beforehand"
            )
        if self.mode in (DYNAMIC, WEIGHT_ONLY) and self.op not in WEIGHTED:
            raise ConfigError(
                f"`op` of a {self.mode} scope must be one of {', '.join(WEIGHTED)}, which have weights; got {self.op!r}"
            )
        if self.weight_bits == 4 and self.op in CONVOLUTIONS:
            raise ConfigError(f"`weight_bits` of {self.op} must be 8; got 4, which is for {PRODUCT}")
        if self.algorithm == GPTQ and (self.mode != DYNAMIC or self.weight_bits != 4):
            raise ConfigError(
                f"`algorithm` gptq is for dynamic scopes of 4 bits; got mode {self.mode!r} and {self.weight_bits} bits"
            )

    @property
    def needs_calibration(self) -> bool:
        """Whether activations must be seen first."""
        return self.mode == STATIC or self.algorithm == GPTQ

    @property
    def fits_a_loop(self) -> bool:
        """Whether it can be carried out inside a WHILE loop, which calibration cannot enter: where activations are
        quantized beforehand, the ranges of products alone are carried in."""
        return self.mode != STATIC or self.op == PRODUCT

    @property
    def pattern(self) -> str:
        """A regular expression that finds the layers in a tensor's name: "while/decoder_block_0_1/feed_forward_1/...".

        Keras counts the calls of a layer behind its name: "_1" may follow each part.
        """
        if self.layers == EVERY:
            return ".*"
        parts = [re.escape(part).replace(r"\*", "[^/;]*") + r"(_\d+)?" for part in self.layers.split("/")]
        return "(^|[/;])" + "/".join(parts) + "(?=[/;]|$)"

    def to_json(self) -> dict[str, Any]:
        """Returns all settings as JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: Any) -> Scope:
        """Reads settings; all but `mode` have defaults.

        Raises:
            ConfigError: an unknown or missing key, or an illegal value.
        """
        return from_keys(cls, values, "scope")
