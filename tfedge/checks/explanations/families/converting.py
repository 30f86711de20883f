"""From Keras to a .tflite: saving, tracing, converting."""

from __future__ import annotations

from tfedge.checks.explanations.entry import Explanation
from tfedge.checks.explanations.families.provenance import NEEDS_OTHER_VERSIONS, TENSORFLOW

TITLE = "Converting"

ENTRIES = (
    Explanation(
        id="keras3_save_spec",
        title="A Keras 3 model given to a converter of the Keras 2 time",
        matches=("object has no attribute '_get_save_spec'",),
        cause=(
            "TensorFlow 2.16 brought Keras 3 before its TFLite converter knew it; the converter asks the model for a "
            "method that Keras 3 models do not have."
        ),
        consequence="`from_keras_model` fails before it converts anything.",
        fix=(
            "Use a newer TensorFlow (measured: 2.21 with Keras 3.15 converts), or export a SavedModel first and "
            "convert that. The legacy Keras 2 package is the way back, not the way on."
        ),
        example="model.export('saved')\nconverter = tf.lite.TFLiteConverter.from_saved_model('saved')",
        sources=("tensorflow/tensorflow#63867", "keras-team/keras#18430", "tensorflow/tensorflow#71726"),
        affects=("TensorFlow 2.16 and 2.17", "Keras 3"),
        not_reproduced=NEEDS_OTHER_VERSIONS,
    ),
    Explanation(
        id="infer_result_type",
        title="The converter meets a variable that it cannot turn into a constant",
        matches=("Failed to infer result type(s)", "error: missing attribute 'value'"),
        cause=(
            "A ReadVariableOp stayed in the graph: TensorFlow 2.15 and 2.16 with Keras 3 could not freeze its "
            "variables by way of `from_keras_model` or `tf.saved_model.save(model)`; training functions in a "
            "SavedModel do it too."
        ),
        consequence="The process aborts (LLVM ERROR), without a Python exception.",
        fix=(
            "Use a newer TensorFlow (measured: 2.21 with Keras 3.15 converts). Else `model.export('saved')` and "
            "convert that, or freeze a concrete function with `convert_variables_to_constants_v2`. Keep training steps "
            "out of the converted SavedModel."
        ),
        example="model.export('saved')\nconverter = tf.lite.TFLiteConverter.from_saved_model('saved')",
        sources=(
            "tensorflow/tensorflow#63987",
            "tensorflow/tensorflow#69237",
            "tensorflow/tensorflow#62610",
            "tensorflow/tensorflow#73517",
            "keras-team/keras#19108",
        ),
        affects=("TensorFlow 2.15 to 2.17",),
        not_reproduced=NEEDS_OTHER_VERSIONS,
    ),
    Explanation(
        id="needs_flex",
        title="An op has no TFLite kernel: the converter wants to keep it as a TensorFlow op",
        matches=(
            "Some ops are not supported by the native TFLite runtime, you can enable TF kernels fallback",
            "op is neither a custom op nor a flex op",
            "ERROR_NEEDS_FLEX_OPS",
            "TF Select ops:",
        ),
        cause=(
            "The layer uses an op without a builtin kernel, or a builtin one in a form it has not: too many dimensions."
        ),
        consequence="The conversion stops, rightly: with SELECT_TF_OPS it would go through and fail on the device.",
        fix=(
            "Write the layer otherwise; the log names op and Python line. Masks: `expand_dims` instead of indexing "
            "with None. Do not follow the message's advice unless the app ships the Flex delegate."
        ),
        example="mask = keras.ops.expand_dims(mask, 1)  # not mask[:, None, :]",
        sources=("tensorflow/tensorflow#71564", "tensorflow/tensorflow#46989", "keras-team/keras-hub#2608"),
        affects=("TFLiteConverter", "Keras export"),
        aliases=("needs_flex_ops",),
        reproduced=TENSORFLOW,
    ),
    Explanation(
        id="flex_strided_slice",
        title="Indexing with None or an ellipsis became a TensorFlow op",
        matches=("FlexStridedSlice", "TF Select ops: StridedSlice"),
        cause=(
            "`mask[:, None, :]` and `x[..., None]` trace to a StridedSlice with new axes. With a free batch and "
            "several axes the converter cannot express it by builtin ops."
        ),
        consequence="The file needs the Flex delegate because of one mask. Keras' own export does not refuse.",
        fix="Use `keras.ops.expand_dims` or `reshape` in attention masks, and fix the batch.",
        example="mask = keras.ops.expand_dims(keras.ops.expand_dims(mask, 1), 1)",
        sources=("keras-team/keras-hub#2608",),
        affects=("TFLiteConverter", "Keras export"),
        refines=("flex_op", "needs_flex"),
        reproduced=TENSORFLOW,
    ),
    Explanation(
        id="tensor_list",
        title="An LSTM or GRU with a free batch or length does not convert",
        matches=(
            "'tf.TensorListReserve' op requires element_shape to be static",
            "Lowering tensor list ops is failed",
            "op requires element_shape to be 1D tensor during TF Lite transformation pass",
        ),
        cause="Keras' recurrent layers collect steps in a TensorList, whose element shape holds the batch: it is None.",
        consequence="The conversion fails; with the advised flags the file needs the Flex delegate.",
        fix="Give the input a fixed batch (`batch_size=1`), or `unroll=True` where the length is short and fixed.",
        example="keras.Input((length, features), batch_size=1)",
        sources=("tensorflow/tensorflow#62849", "tensorflow/tensorflow#53101", "tensorflow/tensorflow#70502"),
        affects=("TFLiteConverter",),
        reproduced=TENSORFLOW,
    ),
    Explanation(
        id="conversion_failed",
        title="The converter failed; the lines after this one say at which op",
        matches=("Could not translate MLIR to FlatBuffer", "that was explicitly marked illegal"),
        kind="symptom",
        cause="An op could not be expressed in TFLite.",
        consequence="No file.",
        fix="Paste the whole log: the reason is in the lines with `error:` and in `Details:`.",
        example="tfedge explain - < convert.log",
        sources=("tensorflow/tensorflow#53333",),
        affects=("TFLiteConverter",),
        reproduced=TENSORFLOW,
    ),
    Explanation(
        id="keras_not_built",
        title="The model was never called, so its input shape is unknown",
        matches=(
            "cannot be saved because the input shapes have not been set",
            "cannot be saved either because the input shape is not available",
            "has not yet been built. Build the model first",
        ),
        cause="A subclassed or Sequential model has no shapes until it meets an input.",
        consequence="Saving, exporting and converting fail.",
        fix="Call it once on an array of the right shape, with batch 1 for a fixed batch, then convert.",
        example="model(np.zeros((1, 64), np.int32))",
        sources=("tensorflow/tensorflow#69237", "measured: a subclassed model that was never called"),
        affects=("Keras", "TFLiteConverter"),
        reproduced=TENSORFLOW,
    ),
    Explanation(
        id="keras_saved_model",
        title="Keras 3 does not load SavedModel folders",
        matches=(
            "Keras 3 only supports V3 `.keras` files",
            "legacy SavedModel format is not supported by `load_model()`",
        ),
        cause="Since Keras 3 a SavedModel is for inference only.",
        consequence="The model cannot be trained further from it.",
        fix="Convert the folder directly, or load the .keras file it was exported from.",
        example="converter = tf.lite.TFLiteConverter.from_saved_model('saved')",
        sources=("measured: load_model on a SavedModel, Keras 3.15",),
        affects=("Keras 3",),
        reproduced=TENSORFLOW,
    ),
    Explanation(
        id="keras_custom_object",
        title="A .keras file names a class that Python does not know",
        matches=("Could not locate class '*'. Make sure custom classes",),
        cause="The custom layer's module was not imported, or the class is not registered.",
        consequence="The file cannot be loaded.",
        fix="Decorate the class with `keras.saving.register_keras_serializable` and import its module before loading.",
        example="@keras.saving.register_keras_serializable(package='mine')\nclass MyLayer(keras.layers.Layer): ...",
        sources=("measured: a layer without registration, Keras 3.15",),
        affects=("Keras 3",),
        reproduced=TENSORFLOW,
    ),
    Explanation(
        id="keras_lambda",
        title="A .keras file holds a Lambda layer, which is code",
        matches=("deserialization of a `Lambda` layer whose `function` is a Python lambda",),
        cause="A lambda is stored as byte code; loading it would run whatever the file's author wrote.",
        consequence="Keras refuses the file.",
        fix="Replace the Lambda by a registered layer. Set `safe_mode=False` only for files that you made yourself.",
        example="keras.models.load_model('mine.keras', safe_mode=False)",
        sources=("measured: a saved Lambda, Keras 3.15",),
        affects=("Keras 3",),
        reproduced=TENSORFLOW,
    ),
    Explanation(
        id="not_a_keras_model",
        title="The converter got a path where it wants a model",
        matches=("'str' object has no attribute 'call'",),
        cause="`from_keras_model` takes the loaded model, not its file name.",
        consequence="The conversion fails.",
        fix="Load it first; for a SavedModel folder use `from_saved_model`.",
        example="converter = tf.lite.TFLiteConverter.from_keras_model(keras.models.load_model('m.keras'))",
        sources=("measured: a file name given to from_keras_model",),
        affects=("TFLiteConverter",),
        reproduced=TENSORFLOW,
    ),
    Explanation(
        id="saved_model_missing",
        title="There is no SavedModel at that path",
        matches=("SavedModel file does not exist at",),
        cause="The path is not the folder that holds saved_model.pb: its parent, a .keras file, or a typing error.",
        consequence="The conversion fails.",
        fix="Give the folder with saved_model.pb in it; make one with `model.export('saved')`.",
        example="ls saved/saved_model.pb",
        sources=("measured: a path that does not exist",),
        affects=("TFLiteConverter",),
        reproduced=TENSORFLOW,
    ),
    Explanation(
        id="trackable_obj",
        title="A concrete function is converted without the object that owns its variables",
        matches=("Please consider providing the trackable_obj argument in the from_concrete_functions",),
        kind="notice",
        cause=(
            "`from_concrete_functions([f])` takes the deprecated path. It freezes; with the object it may leave "
            "variables."
        ),
        consequence="The file has no signature.",
        fix="Pass the module as second argument, and check the result for READ_VARIABLE.",
        example="converter = tf.lite.TFLiteConverter.from_concrete_functions([function], module)",
        sources=("measured: both ways with a Keras 3 model on TensorFlow 2.21",),
        affects=("TFLiteConverter",),
        reproduced=TENSORFLOW,
    ),
    Explanation(
        id="tf_lite_interpreter",
        title="tf.lite.Interpreter is to be removed from TensorFlow",
        matches=("tf.lite.Interpreter is deprecated and is scheduled for deletion",),
        kind="notice",
        cause=(
            "The interpreter moved to the package ai-edge-litert. The one in TensorFlow 2.20 and later has no Flex "
            "delegate."
        ),
        consequence="Only a warning so far; the code breaks with some later TensorFlow.",
        fix="Import it from ai_edge_litert, in a process without TensorFlow.",
        example="from ai_edge_litert.interpreter import Interpreter",
        sources=("OHF-Voice/micro-wake-word#85", "tensorflow/tensorflow#102071", "google-ai-edge/LiteRT#4049"),
        affects=("TensorFlow 2.19 and later",),
        reproduced=TENSORFLOW,
    ),
)
