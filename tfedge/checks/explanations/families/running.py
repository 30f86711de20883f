"""The model loads; giving it inputs or running it fails."""

from __future__ import annotations

from tfedge.checks.explanations.entry import Explanation
from tfedge.checks.explanations.families.provenance import BOTH, LITERT, TENSORFLOW, TFLITE, WORKER

TITLE = "Inputs and runs"

ENTRIES = (
    Explanation(
        id="input_dtype",
        title="An input array has another dtype than the model's input",
        matches=(
            "Cannot set tensor: Got value of type * but expected type",
            "Got value of type * but expected type * for input",
        ),
        cause=(
            "NumPy's defaults are float64 and int64; models want float32 and int32. Or the model is quantized at its "
            "inputs (int8, uint8) and got real numbers."
        ),
        consequence=(
            "The call is refused. In C++ and Java the bytes may be taken as they are, and be wrong without a word."
        ),
        fix=(
            "Cast to the dtype of the input's details. For int8 or uint8 inputs quantize first: round(value / scale) + "
            "zero_point, clipped to the type."
        ),
        example="interpreter.set_tensor(detail['index'], value.astype(detail['dtype']))",
        sources=("measured: float64 into a float32 input on both runtimes",),
        affects=("tflite-runtime", "ai-edge-litert", "representative datasets of the converter"),
        reproduced=(*BOTH, *TENSORFLOW),
    ),
    Explanation(
        id="input_shape",
        title="An input array has another shape than the model's input",
        matches=(
            "Cannot set tensor: Dimension mismatch. Got * but expected",
            "Dimension mismatch. Got * but expected * for dimension",
        ),
        cause="A missing batch dimension, a longer text or a larger image than the model was made for.",
        consequence="The call is refused.",
        fix=(
            "Bring the array to the shape of the input's details: add the batch dimension, pad or cut. A free "
            "dimension (-1 in `shape_signature`) can be resized before allocating."
        ),
        example=(
            "interpreter.resize_tensor_input(detail['index'], value.shape, strict=True)\ninterpreter.allocate_tensors()"
        ),
        sources=("am15h/tflite_flutter_plugin#228", "measured: one row too many, one dimension too few, both runtimes"),
        affects=("tflite-runtime", "ai-edge-litert"),
        reproduced=BOTH,
    ),
    Explanation(
        id="resize_refused",
        title="A dimension that is fixed in the model was resized",
        matches=("ResizeInputTensorStrict only allows mutating unknown dimensions",),
        cause="The model's `shape_signature` has a size there and not -1; strict resizing keeps to it.",
        consequence="The resize is refused. Without `strict` it may pass and fail later in some RESHAPE.",
        fix="Pad to the fixed size, convert one file a length (buckets), or convert with that dimension free.",
        example="keras.Input((None,), batch_size=1, dtype='int32')  # the length stays free",
        sources=("measured: a strict resize of a fixed batch on both runtimes",),
        affects=("tflite-runtime", "ai-edge-litert"),
        reproduced=BOTH,
    ),
    Explanation(
        id="not_allocated",
        title="Tensors were used before allocate_tensors()",
        matches=(
            "Tensor is unallocated. Try calling allocate_tensors() first",
            "Tensor data is null. Run allocate_tensors() first",
            "Invoke called on model that is not ready",
        ),
        cause="The interpreter is new, or an input was resized since the last `allocate_tensors()`.",
        consequence="The call is refused.",
        fix="Call `allocate_tensors()` once after creating it and after every resize, before setting inputs.",
        example="interpreter.allocate_tensors()",
        sources=("tensorflow/flutter-tflite#138", "measured: set, get and invoke before allocating, both runtimes"),
        affects=("tflite-runtime", "ai-edge-litert", "Flutter plugins"),
        reproduced=BOTH,
    ),
    Explanation(
        id="held_reference",
        title="A NumPy view into the interpreter's memory is still alive",
        matches=("There is at least 1 reference to internal data",),
        cause=(
            "The array that `tensor(index)()` gave was kept in a variable; it points into memory that is to be planned "
            "anew."
        ),
        consequence="`allocate_tensors()` or `invoke()` refuses to run.",
        fix="Keep the function `tensor(index)` and call it where it is used, or copy with `get_tensor`.",
        example="output = interpreter.get_tensor(index)  # a copy",
        sources=("measured: a kept view on both runtimes",),
        affects=("tflite-runtime", "ai-edge-litert"),
        reproduced=BOTH,
    ),
    Explanation(
        id="tensor_index",
        title="There is no tensor of that index",
        matches=("Invalid tensor index * exceeds max tensor index",),
        cause="Positions in `get_input_details()` were taken for tensor indices, or indices are from another file.",
        consequence="The call is refused; with a smaller index it reads or writes some other tensor without a word.",
        fix="Bind by signature and name; else use `detail['index']`, never the position and never a constant.",
        example="runner = interpreter.get_signature_runner('serving_default')",
        sources=("measured: index 99 on both runtimes",),
        affects=("tflite-runtime", "ai-edge-litert"),
        reproduced=BOTH,
    ),
    Explanation(
        id="unset_tensors",
        title="A tensor that is read, or given as an output, never gets a value",
        matches=("Input tensor * lacks data",),
        cause=(
            "The tensor is neither an input of the graph, nor constant, nor made by an op: its buffer is missing, or a "
            "tool took it from the list of inputs."
        ),
        consequence="The first run fails.",
        fix="Convert again; if an editing tool made the file, list the tensor among the inputs or store its data.",
        example="tfedge inspect model.tflite",
        sources=("measured: an ADD of a tensor without data, on both runtimes",),
        affects=("tflite-runtime", "ai-edge-litert"),
        aliases=("input_lacks_data",),
        reproduced=BOTH,
    ),
    Explanation(
        id="missing_input",
        title="An op lacks an input that it needs",
        matches=(
            "Tensor at index * was optional but was expected",
            "NumInputs(node) !=",
            "Invalid tensor index * (not in [",
        ),
        cause=(
            "The op's input is marked as left out (-1): a tool or damage removed it. A bias may be left out, this may "
            "not."
        ),
        consequence=(
            "tflite-runtime refuses most such files; ai-edge-litert 2.3 refuses some and dies of others (BATCH_MATMUL, "
            "ADD)."
        ),
        fix="Convert again; if an editing tool made the file, report it there.",
        example="tfedge inspect model.tflite",
        sources=("measured: an ADD without its second input on both runtimes",),
        affects=("tflite-runtime", "ai-edge-litert"),
        reproduced=BOTH,
    ),
    Explanation(
        id="no_model_given",
        title="The interpreter got neither a path nor bytes",
        matches=("`model_path` or `model_content` must be specified",),
        cause="Both arguments are empty: a variable that was never set, or the bytes of an empty file.",
        consequence="The interpreter is not created.",
        fix="Print the length of what you pass; read the file in binary mode.",
        example="content = pathlib.Path('model.tflite').read_bytes(); print(len(content))",
        sources=("measured: no argument, and empty bytes, on both runtimes",),
        affects=("tflite-runtime", "ai-edge-litert"),
        reproduced=BOTH,
    ),
    Explanation(
        id="shape_conflict",
        title="Shapes inside the model do not fit each other",
        matches=(
            "num_input_elements != num_output_elements",
            "Given shapes, * and *, are not broadcastable",
            "XNNPack delegate failed to reshape runtime",
            "dims->data[d] != t0->dims->data[d]",
            "input->dims->size != 4",
            "input->dims->data[input->dims->size - 1] != cols",
        ),
        cause=(
            "An input was resized though the graph holds constant shapes (a RESHAPE to fixed sizes, a batch of 1 baked "
            "in), or an input has the wrong number of dimensions, or inputs were exchanged."
        ),
        consequence=(
            "Allocating tensors fails. LiteRT names its delegate only; to see the op, create the interpreter without "
            "default delegates."
        ),
        fix=(
            "Feed the shape the file was converted with. To change it, convert again with that size, or with the "
            "dimension free and no constant shape in the layers (`keras.ops.reshape(x, (-1, n))`)."
        ),
        example=("Interpreter(path, experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)"),
        sources=("tensorflow/tensorflow#60846", "tensorflow/tensorflow#52122", "tensorflow/tensorflow#60367"),
        affects=("tflite-runtime", "ai-edge-litert", "Android"),
        reproduced=BOTH,
    ),
    Explanation(
        id="index_out_of_range",
        title="A token id or index is outside the table it looks up",
        matches=(
            "gather index out of bounds",
            "gather_nd index out of bounds",
            "scatter_nd index out of bounds",
            "indices_has_only_positive_elements was not true",
            "Embedding Lookup: index out of bounds",
        ),
        cause=(
            "An embedding (GATHER) got an id below 0 or beyond the vocabulary: another tokenizer than in training, -1 "
            "as padding, uninitialised memory, or ids of the target language in the source."
        ),
        consequence="The run fails. Delegates and other runtimes may read past the table instead of checking.",
        fix="Check the ids before the call: least 0, largest below the rows of the embedding; pad with the padding id.",
        example="if ids.min() < 0 or ids.max() >= vocab_size: raise ValueError(f'{ids.min()} to {ids.max()}')",
        sources=("measured: ids 1000 and -1 into a table of 32 rows, on both runtimes",),
        affects=("tflite-runtime", "ai-edge-litert"),
        aliases=("gather",),
        reproduced=BOTH,
    ),
    Explanation(
        id="out_of_memory",
        title="The interpreter could not get the memory it planned",
        matches=(
            "std::bad_alloc",
            "Cannot allocate memory for the interpreter",
            "Failed to allocate memory for input tensors",
            "Internal error: Cannot allocate memory",
            "java.lang.OutOfMemoryError",
            "died by SIGKILL",
        ),
        cause=(
            "All tensors between the ops lie in one block, sized for the largest moment of the graph: long sequences, "
            "a vocabulary-wide output for every position, large batches. A damaged file may claim any size."
        ),
        consequence=(
            "tflite-runtime says std::bad_alloc, LiteRT 2.3 raises a RuntimeError without a word, a phone or container "
            "kills the process (SIGKILL)."
        ),
        fix=(
            "Compare `tfedge inspect`'s estimate with what the device has free. Shorten the sequence or batch, decode "
            "step by step, map the file instead of reading it, and keep one interpreter instead of one a call."
        ),
        example="tfedge inspect model.tflite",
        sources=("tensorflow/tensorflow#19982", "measured: a tensor of 1 TB on both runtimes"),
        affects=("every runtime",),
        aliases=("memory_blow_up",),
        reproduced=(TFLITE,),
    ),
    Explanation(
        id="unfrozen_variable",
        title="The file reads a variable that was never given its value",
        matches=(
            "variable != nullptr was not true",
            "READ_VARIABLE",
            "variable was not initialized",
            "variable is not initialized",
            "is not immutable, try running tf-saved-model-optimize-global-tensors",
        ),
        cause=(
            "The weights were left as resource variables (VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE) instead of "
            "constants: a concrete function of a Keras 3 model was converted without freezing it."
        ),
        consequence=(
            "tflite-runtime fails at READ_VARIABLE, and so does calibration in the converter. LiteRT 2.3 does not: it "
            "reads memory that nothing wrote, and answers with arbitrary numbers."
        ),
        fix=(
            "Freeze before converting: `from_keras_model`, or a SavedModel from `model.export`, or "
            "`convert_variables_to_constants_v2` on the concrete function. `tfedge convert` freezes."
        ),
        example=(
            "frozen = convert_variables_to_constants_v2(function.get_concrete_function(spec))\n"
            "converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])"
        ),
        sources=("tensorflow/tensorflow#56170", "tensorflow/tensorflow#47765", "tensorflow/tensorflow#35194"),
        affects=("tflite-runtime", "ai-edge-litert", "TFLiteConverter"),
        aliases=("unfrozen_variables",),
        reproduced=(TFLITE, LITERT, *TENSORFLOW),
    ),
    Explanation(
        id="hashtable",
        title="A lookup table in the model was never filled",
        matches=("hashtable need to be initialized before using", "HASHTABLE_FIND", "HASHTABLE_LOOKUP"),
        cause=(
            "A StaticHashTable (strings to ids) is filled by an initialisation subgraph that the conversion lost or "
            "that no CALL_ONCE runs."
        ),
        consequence="The run fails, or the interpreter crashes: measured with TensorFlow 2.21's own interpreter.",
        fix=(
            "Take the lookup out of the model: look words up in the app or in tfedge's task spec and feed ids. Strings "
            "in a .tflite run on few runtimes and no delegate."
        ),
        example="ids = [vocabulary[word] for word in words]  # before the interpreter",
        sources=("measured: HASHTABLE_FIND on an empty table, on both runtimes",),
        affects=("every runtime",),
        reproduced=BOTH,
    ),
    Explanation(
        id="crashed",
        title="The interpreter's process died by a signal",
        matches=(
            "died by SIGSEGV",
            "died by SIGABRT",
            "died by SIGBUS",
            "died by SIGFPE",
            "Segmentation fault",
            "Fatal signal 11 (SIGSEGV)",
            "Fatal signal 6 (SIGABRT)",
            "Fatal Python error: Segmentation fault",
        ),
        kind="symptom",
        cause=(
            "A damaged file, a kernel's bug, two TFLite libraries in one process, or memory used after it was freed. "
            "Known here: int8 FULLY_CONNECTED with one scale a channel and no bias on ARM with tflite-runtime 2.14; "
            "cut files; an op without an input it needs."
        ),
        consequence="The whole process ends, an app with it, and no exception can catch it.",
        fix=(
            "Let `tfedge check` run the file for this target: it does so in a process of its own and names the op. "
            "Then change that layer, or the runtime."
        ),
        example="tfedge check model.tflite --target tflite-runtime==2.14.0@x86_64",
        sources=("measured: a subgraph that runs itself, a write into a constant, on both runtimes",),
        affects=("every runtime",),
        reproduced=BOTH,
    ),
    Explanation(
        id="timed_out",
        title="The interpreter gave no answer in time",
        matches=("as * took too long", "there was none and the process was killed"),
        kind="symptom",
        cause="A loop (WHILE) that never ends on these inputs, a far larger input than meant, or a busy machine.",
        consequence="tfedge kills the worker; on a phone the app hangs.",
        fix=(
            "Give the loop a bound of its own (a largest length), try shorter inputs, and allow more time only after "
            "that."
        ),
        example="tfedge inspect model.tflite",
        sources=("measured: a WHILE whose condition stays true",),
        affects=("every runtime",),
        aliases=("hang",),
        reproduced=WORKER,
    ),
    Explanation(
        id="empty_runtime_error",
        title="LiteRT raised an error without a message",
        matches=("it refused: RuntimeError;",),
        kind="symptom",
        cause="LiteRT 2.3 turns a failed allocation into a RuntimeError with an empty text.",
        consequence="The log says nothing.",
        fix="Take it for a lack of memory first: `tfedge explain out_of_memory`. The file's sizes may be damaged, too.",
        example="tfedge explain out_of_memory",
        sources=("measured: a tensor of 1 TB on ai-edge-litert 2.3.0",),
        affects=("ai-edge-litert",),
        reproduced=WORKER,
    ),
)
