"""Rules of `tfedge check`, and of `tfedge inspect --lint` on Keras models, on how layers were written."""

from __future__ import annotations

from tfedge.checks.explanations.entry import Explanation
from tfedge.checks.explanations.families.provenance import BOTH, LITERT, TENSORFLOW

TITLE = "Rules: how layers are written"

ENTRIES = (
    Explanation(
        id="mask_magnitude",
        title="A large attention mask in a model that is still float",
        matches=("positions are masked by *, at most -100 is safe", "scores get * added, at most -100 is safe"),
        cause=(
            "-1e9, -1e4 or -inf at forbidden positions is harmless in float32. Static int8 spreads 256 steps over the "
            "whole range of the scores, and the mask is nearly all of it."
        ),
        consequence="Nothing yet. After static int8 all real scores are one number; `mask_range` then fails the file.",
        fix=(
            "Mask by -30 before quantizing. keras.layers.Softmax and MultiHeadAttention mask by -2e38 themselves: add "
            "a bias of your own to the scores. Or keep scores and softmax in float: a products-only recipe does."
        ),
        example="scores = scores + (1.0 - mask) * -30.0",
        sources=("measured: WER 100 % at -1e9, +1.0 at -30, static int8",),
        affects=("static int8", "static 16x8"),
        reproduced=TENSORFLOW,
    ),
    Explanation(
        id="mask_doubled",
        title="Two masks are added to the same attention scores",
        matches=("masks are added to its scores", "attention scores with several masks added up"),
        cause=(
            "Padding and causal mask, or the layer's mask and the model's own, are added one after the other. A "
            "position that both forbid takes their sum."
        ),
        consequence=(
            "int8 scores get twice as coarse as one mask needs. Two masks of -3e38 are -inf: a row that is masked "
            "whole is NaN on LiteRT 2.3, and uniform on tflite-runtime 2.14."
        ),
        fix="Combine masks as booleans, and add one bias made of the result.",
        example="bias = keras.ops.where(keras.ops.logical_and(padding_mask, causal_mask), 0.0, -30.0)",
        sources=("measured: -3e38 once and twice on both runtimes",),
        affects=("static int8", "every runtime where the sum overflows"),
        reproduced=(LITERT, *TENSORFLOW),
    ),
    Explanation(
        id="mask_multiplied",
        title="A mask of 0 and 1 is multiplied where it must be added",
        matches=(
            "scores are multiplied by a mask",
            "weights are multiplied by a mask after softmax",
            "a mask multiplied where it must be added",
        ),
        cause=(
            "Softmax gives a score of 0 the weight of exp(0), like any other. Weights that are multiplied after "
            "softmax no longer add up to 1."
        ),
        consequence="Padding is attended to: the answer to a text depends on how far it is padded. No error, anywhere.",
        fix="Add a bias of 0 and -30 to the scores before softmax, and multiply nothing.",
        example="scores = scores + (1.0 - mask) * -30.0  # not scores * mask",
        sources=("measured: weights of padded positions on both runtimes",),
        affects=("every runtime",),
        reproduced=(*BOTH, *TENSORFLOW),
    ),
    Explanation(
        id="norm_epsilon",
        title="The epsilon of a normalization is nothing in its dtype",
        matches=("epsilon is *, below * it is 0 in float16", "epsilon of float16 is 0"),
        cause=(
            "Half of float16's smallest number is 3e-8: an epsilon of 1e-12 (BERT's) is stored as 0. In int8 one scale "
            "holds the variances of all rows, and epsilon is far under a step of it."
        ),
        consequence=(
            "float16: a row of equal values is 0 / 0, NaN. int8: rows whose variance is under half a step all come out "
            "too large (measured: cosine 0.7 beside rows 100 times as large)."
        ),
        fix=(
            "Train with 1e-6 or more (Keras' defaults are 1e-3 and 1e-6); keep normalizations in float, which costs "
            "little."
        ),
        example="keras.layers.LayerNormalization(epsilon=1e-6)",
        sources=("measured: LayerNormalization with 1e-12 in float16, and in int8 over rows of two sizes",),
        affects=("float16 weights", "GPU delegates in float16", "static int8"),
        reproduced=(*BOTH, *TENSORFLOW),
    ),
    Explanation(
        id="gelu_exact",
        title="GELU by the error function",
        matches=("Erf, as in GELU without approximation", "Erfc, as in GELU without approximation"),
        cause=(
            "Of the error function only the op GELU is builtin. The converter makes it of keras.activations.gelu, of "
            "0.5 * x * (1 + erf(x / sqrt(2))) and of the form with erfc; any other becomes FlexErf. JAX's own becomes "
            "a polynomial of 65 ops."
        ),
        consequence=(
            "FlexErf runs on no plain interpreter. The polynomial as static int8, with scales up to 1e36, killed both "
            "runtimes by SIGABRT as they loaded it. The op GELU takes 5.4 ns a value against 1.6 with tanh on "
            "tflite-runtime 2.14; on LiteRT 2.3 0.3 both."
        ),
        fix="Use approximate=True: the tanh form is one builtin op from Keras, TensorFlow and JAX alike.",
        example="keras.layers.Activation(lambda x: keras.activations.gelu(x, approximate=True))",
        sources=("measured: seven ways of writing it, TensorFlow 2.21, JAX 0.4.34",),
        affects=("TFLiteConverter", "jax2tf", "tflite-runtime"),
        reproduced=TENSORFLOW,
    ),
    Explanation(
        id="dense_open_shape",
        title="A Dense layer on several axes, of which one is open",
        matches=("Dense with a bias on (None", "a dense layer whose bias did not fold in"),
        cause=(
            "With a size open before the last axis the converter computes shapes while running, and cannot fold the "
            "bias into the product."
        ),
        consequence=(
            "11 ops in place of 1, few of which a delegate takes; and a FULLY_CONNECTED without bias, which as "
            "per-channel static int8 kills tflite-runtime 2.14 on ARM."
        ),
        fix="Export with a fixed batch and length, or reshape to two axes before the layer.",
        example="keras.Input((length, features), batch_size=1)",
        sources=("measured: Dense on (None, 6, 8), TensorFlow 2.21",),
        affects=("TFLiteConverter", "every runtime"),
        reproduced=TENSORFLOW,
    ),
    Explanation(
        id="dense_without_bias",
        title="A product with stored weights and no bias",
        matches=("a product with weights * and no bias",),
        cause=(
            "use_bias=False; or biases that are all zero, as in an untrained model, which the converter drops; or a "
            "bias that did not fold in (`dense_open_shape`)."
        ),
        consequence=(
            "In float nothing. As static int8 with one scale a channel it kills tflite-runtime 2.14 on ARM by SIGSEGV; "
            "x86 runs it, so that no desktop test shows it. `per_channel_no_bias` then fails the file."
        ),
        fix="Give the layer a bias and train it, or quantize its weights with one scale.",
        example="keras.layers.Dense(64, use_bias=True)",
        sources=("measured: tflite-runtime 2.14.0 on an emulated Cortex-A72",),
        affects=("tflite-runtime on ARM",),
        reproduced=TENSORFLOW,
    ),
    Explanation(
        id="none_indexing",
        title="Indexing with None that becomes a TensorFlow op",
        matches=("indexing with None on shape", "indexing with None, as an op of TensorFlow"),
        cause=(
            "x[:, None, :] is a StridedSlice with a new axis. Where two sizes or more are open it has no builtin form, "
            "and Keras' export takes the TensorFlow op without a word."
        ),
        consequence="FlexStridedSlice: no plain interpreter runs the file, because of one mask.",
        fix="Use keras.ops.expand_dims, or fix the batch size.",
        example="mask = keras.ops.expand_dims(mask, 1)  # not mask[:, None, :]",
        sources=("keras-team/keras-hub#2608", "measured: five forms over two ranks, TensorFlow 2.21"),
        affects=("TFLiteConverter", "Keras export"),
        reproduced=TENSORFLOW,
    ),
)
