from __future__ import annotations

import pytest

from tfedge.conversion.layer_blame import layer_of, refused_kinds

LAYERS = ("functional_1", "encoder", "spectrum", "dense_1")


@pytest.mark.parametrize(
    ("node", "layer"),
    [
        ("functional_1_1/encoder_1/spectrum_2/FFT", "spectrum"),
        ("functional_1_1/encoder_1/FFT", "encoder"),
        ("functional_1_1/dense_1/MatMul", "dense_1"),
        ("some/scope/MatMul", "some/scope"),
        ("MatMul", "MatMul"),
    ],
)
def test_layer_of_is_the_innermost_layer_in_a_nodes_name(node, layer):
    assert layer_of(node, LAYERS) == layer


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        ("error: 'tf.IFFT' op is neither a custom op nor a flex op", ["IFFT"]),
        ("TF Select ops: IFFT, Lbeta\nDetails:", ["IFFT", "Lbeta"]),
        ("Flex ops: FlexIFFT", ["IFFT"]),
        ("the converter gave no reason", []),
    ],
)
def test_refused_kinds_are_the_ops_that_the_converter_names(words, kinds):
    assert refused_kinds(words) == kinds
