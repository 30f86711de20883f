from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfedge.conversion.signatures import ALL_SIGNATURES, Seq2SeqSignatures, named, unnamed
from tfedge.networks.greedy import greedy_decode


@pytest.fixture(scope="module")
def network(make_network):
    """A network with two decoder blocks and a key/value head for each query head."""
    return make_network(num_decoder_layers=2, num_key_value_heads=2)


@pytest.fixture(scope="module")
def functions(network):
    """Its concrete functions by signature name."""
    return Seq2SeqSignatures(network).functions()


def steps(functions, source_ids, max_target_length):
    """Decodes by `encode` and `decode_step`, passing on what each gives under the names it has."""
    encoded = functions["encode"](source_ids=tf.constant(source_ids))
    specs = functions["decode_step"].structured_input_signature[1]
    state = {
        name: tf.zeros(spec.shape) for name, spec in specs.items() if name.startswith("cache_") and spec.shape != (1,)
    }
    ids = [1]
    for position in range(max_target_length):
        fed = {"token_ids": tf.constant([[ids[-1]]]), "cache_update_index": tf.constant([position])}
        outputs = functions["decode_step"](**fed, **encoded, **state)
        ids.append(int(np.argmax(outputs.pop("logits")[0])))
        state = outputs
        if ids[-1] == 2:
            break
    return ids[1:]


def test_functions_then_steps_and_loop_answer_as_the_network(network, functions, sources):
    assert tuple(functions) == ALL_SIGNATURES
    for source in sources[:4]:
        expected = np.asarray(greedy_decode(network, source[None], 7))[0]
        loop = functions["greedy"](source_ids=tf.constant(source[None]))["target_ids"]
        np.testing.assert_array_equal(loop[0], expected)
        answer = steps(functions, source[None], 7)
        np.testing.assert_array_equal(answer, expected[: len(answer)])


def test_functions_then_batch_one_and_fixed_shapes(functions):
    for function in functions.values():
        for spec in function.structured_input_signature[1].values():
            assert spec.shape.is_fully_defined() and spec.shape[0] == 1
        for output in function.structured_outputs.values():
            assert output.shape.is_fully_defined() and output.shape[0] == 1


def test_functions_then_weights_are_constants_of_the_moment(network, functions, sources):
    assert functions["greedy"].variables == ()
    before = np.asarray(functions["greedy"](source_ids=tf.constant(sources[:1]))["target_ids"])
    bias = network.logits_dense.bias.numpy()
    network.logits_dense.bias.assign(1000 * np.eye(11)[5])
    changed = np.asarray(greedy_decode(network, sources[:1], 7))
    after = np.asarray(functions["greedy"](source_ids=tf.constant(sources[:1]))["target_ids"])
    network.logits_dense.bias.assign(bias)
    np.testing.assert_array_equal(after, before)
    assert not np.array_equal(changed, before)


def test_unnamed_then_the_pairs_that_were_named():
    caches = ((1, 2), (3, 4))
    assert named(caches, "cache") == {"cache_key_0": 1, "cache_value_0": 2, "cache_key_1": 3, "cache_value_1": 4}
    assert unnamed({**named(caches, "cache"), "logits": 5}, "cache", 2) == caches
