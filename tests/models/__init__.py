"""Small .tflite files for tests, built without TensorFlow: each a function that returns the bytes of a file.

They stand on `tfedge.modelfile.builder`; a test that needs another file builds it the same way.
Values are seeded, so that equal arguments give equal bytes. Signature names: `x` in, `y` out, key "serving_default".
"""

from tests.models.dense import dense, dense_into, dense_reference, gather_dense, two_signatures
from tests.models.special import (
    dynamic_shape,
    loop,
    with_custom_op,
    with_flex_op,
    with_metadata,
    with_nan_on_padding,
    with_variable,
)

__all__ = [
    "dense",
    "dense_into",
    "dense_reference",
    "dynamic_shape",
    "gather_dense",
    "loop",
    "two_signatures",
    "with_custom_op",
    "with_flex_op",
    "with_metadata",
    "with_nan_on_padding",
    "with_variable",
]
