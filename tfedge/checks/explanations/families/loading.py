"""The interpreter refuses the file before it runs."""

from __future__ import annotations

from tfedge.checks.explanations.entry import Explanation
from tfedge.checks.explanations.families.provenance import BOTH, LITERT, TFLITE

TITLE = "The interpreter refuses the file"

ENTRIES = (
    Explanation(
        id="op_version",
        title="The file needs a newer version of an op than this runtime has",
        matches=(
            "Didn't find op for builtin opcode '*' version '*'",
            "Failed to get registration from op code",
            "An older version of this builtin might be supported",
        ),
        cause=(
            "Each op in a file has a version, and each release of a runtime knows versions up to some number. The file "
            "was written by a newer converter or quantizer. FULLY_CONNECTED version 12 is the usual one: since 2024 "
            "the TensorFlow converter quantizes Dense weights dynamically with one scale a channel. The runtime counts "
            "every operator code of the file, also those that no op uses."
        ),
        consequence="The interpreter cannot be created. Nothing runs, on any device with this runtime.",
        fix=(
            "Use a runtime that has the version (ai-edge-litert 2.3 has FULLY_CONNECTED 12), or convert for the old "
            "one: one scale a tensor in dynamic int8, or static int8, or float. Select TF ops do not help, though "
            "threads advise them: the op is a builtin, only too new."
        ),
        example=(
            "converter.optimizations = [tf.lite.Optimize.DEFAULT]\n"
            "converter._experimental_disable_per_channel_quantization_for_dense_layers = True  # version 9, not 12"
        ),
        sources=(
            "tensorflow/tensorflow#80736",
            "tensorflow/tensorflow#76743",
            "tensorflow/tflite-micro#2602",
            "tensorflow/flutter-tflite#259",
            "tensorflow/tfjs#8461",
        ),
        affects=("tflite-runtime", "TensorFlow Lite on Android up to 2.16.1", "ai-edge-litert"),
        reproduced=BOTH,
    ),
    Explanation(
        id="unknown_op",
        title="The file has a builtin op that this runtime has never heard of",
        matches=("Op builtin_code out of range: *. Are you using old TFLite binary with newer model",),
        cause="The op's number is beyond the last one of the schema that this release was built with.",
        consequence="The interpreter cannot be created.",
        fix=(
            "Use a newer runtime. Where it cannot be replaced, write the layer with older ops and convert again; "
            "`tfedge inspect` names the op and the layer it came from."
        ),
        example="tfedge inspect model.tflite",
        sources=("measured: an op of number 300 on both runtimes, DILATE on tflite-runtime 2.14.0",),
        affects=("tflite-runtime", "ai-edge-litert", "TensorFlow Lite on Android"),
        aliases=("op_unknown",),
        reproduced=BOTH,
    ),
    Explanation(
        id="placeholder_op",
        title="An op's number was lost: PLACEHOLDER_FOR_GREATER_OP_CODES",
        matches=("PLACEHOLDER_FOR_GREATER_OP_CODES", "PlaceholderForGreaterOpCodes"),
        cause=(
            "Ops beyond number 126 stand in a newer field of the file, and 127 in the old one. A metadata writer or a "
            "runtime from before TensorFlow 2.4 knows the old field only: the first drops the number, the second never "
            "sees it."
        ),
        consequence="The file is refused, though it ran before the tool touched it.",
        fix=(
            "Take the file from before the tool. Add metadata by one that keeps what it does not know, or use a newer "
            "runtime."
        ),
        example="tfedge inspect model.tflite",
        sources=("tensorflow/tflite-support#1011", "tensorflow/tensorflow#61944", "tensorflow/tensorflow#46663"),
        affects=("tflite-support metadata writers", "runtimes from before TensorFlow 2.4"),
        refines=("op_version",),
        reproduced=BOTH,
    ),
    Explanation(
        id="flex_op",
        title="The file has TensorFlow ops (Flex), and the runtime has no Flex delegate",
        matches=(
            "Select TensorFlow op(s), included in the given model, is(are) not supported by this interpreter",
            "Regular TensorFlow ops are not supported by this interpreter",
            "TFLite interpreter needs to link Flex delegate in order to run the model",
            "Make sure you apply/link the Flex delegate",
        ),
        cause=(
            "Ops without a builtin kernel were kept as TensorFlow ops, named Flex..., because the conversion allowed "
            'SELECT_TF_OPS. Keras\' `model.export(format="litert")` always allows them and says so in a warning only.'
        ),
        consequence=(
            "The model does not run: tflite-runtime and ai-edge-litert have no Flex delegate, the TensorFlow wheel has "
            "had none since 2.20. On Android it needs tensorflow-lite-select-tf-ops, tens of megabytes, last released "
            "as 2.16.1 and without 16 KB alignment."
        ),
        fix=(
            "Rewrite the layer with ops that have a builtin kernel (the log names them after `Flex ops:`), and convert "
            "with TFLITE_BUILTINS alone, so that a Flex op is an error on your desk and not on the device. What cannot "
            "be rewritten (strings, linear algebra, audio decoding) belongs before or after the model, in the app."
        ),
        example="converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]",
        sources=(
            "google-ai-edge/LiteRT#6458",
            "tensorflow/tensorflow#58635",
            "tensorflow/tensorflow#62662",
            "keras-team/keras-hub#2608",
        ),
        affects=("tflite-runtime", "ai-edge-litert", "TensorFlow 2.20 and later", "Android"),
        aliases=("flex", "select_tf_ops"),
        reproduced=BOTH,
    ),
    Explanation(
        id="custom_op",
        title="The file has a custom op that nobody registered",
        matches=(
            "Encountered unresolved custom op",
            "Encountered an unresolved custom op. Did you miss a custom op or delegate",
            "There are unresolved custom ops",
        ),
        cause=(
            "The conversion allowed custom ops, or the file was compiled for an accelerator (edgetpu-custom-op) or for "
            "a library that brings kernels of its own (MediaPipe, TF Text)."
        ),
        consequence="Creating the tensors fails; the file runs only where the op's library is linked.",
        fix=(
            "Convert without `allow_custom_ops` and rewrite what the converter then names. For a library's op, "
            "register it, in Python by `custom_op_registerers` of `InterpreterWithCustomOps`, on a device in the "
            "resolver. For an Edge TPU file load the delegate, or deploy the file from before its compiler."
        ),
        example="converter.allow_custom_ops = False",
        sources=("https://ai.google.dev/edge/litert/conversion/tensorflow/ops_custom", "tensorflow/tensorflow#63025"),
        affects=("every runtime",),
        reproduced=BOTH,
    ),
    Explanation(
        id="not_a_model",
        title="The file is not a .tflite model, or is damaged",
        matches=(
            "Model provided has model identifier '*', should be 'TFL3'",
            "The model is not a valid Flatbuffer buffer",
            "ByteBuffer is not a valid TensorFlow Lite model flatbuffer",
            "ByteBuffer is not a valid flatbuffer model",
            "does not encode a valid TensorFlow Lite model",
            "expected a .tflite model (bytes 4 to 8 are",
        ),
        cause=(
            "The bytes are something else: a Git LFS pointer (identifier 'ion '), an HTML page from a failed download, "
            "a .keras or .h5 file, a zip, a C array, or a model that was cut or changed in transit."
        ),
        consequence=(
            "tflite-runtime 2.14 looks at four letters only, so a damaged file may pass here and crash it later; "
            "LiteRT verifies the whole structure."
        ),
        fix=(
            "Look at the first bytes: TFL3 stands at offset 4 of a model. After `git lfs pull`, or a new download, "
            "compare sha256 with the machine that made it."
        ),
        example="head -c 64 model.tflite | xxd\ngit lfs pull && sha256sum model.tflite",
        sources=("tensorflow/tensorflow#62455", "tensorflow/tensorflow#47051", "nyadla-sys/whisper.tflite#9"),
        affects=("every runtime",),
        aliases=("flatbuffer", "damaged_file"),
        reproduced=BOTH,
    ),
    Explanation(
        id="empty_file",
        title="The model file is empty",
        matches=("Mmap of '*' at offset '*' failed with error", "mmap of size 0 requested"),
        cause=(
            "The file has 0 bytes: an interrupted download or copy, a full disk, or a path written before its content."
        ),
        consequence="The interpreter cannot be created.",
        fix=(
            "Copy the file again. Write a model under a temporary name and rename it, so that no reader sees half of "
            "it."
        ),
        example="stat --format=%s model.tflite",
        sources=("measured: a file of 0 bytes on both runtimes",),
        affects=("tflite-runtime", "ai-edge-litert"),
        reproduced=BOTH,
    ),
    Explanation(
        id="truncated_file",
        title="The file is cut: its tables point beyond its end",
        matches=("No subgraph in the model.",),
        cause=(
            "A copy or download stopped early, or bytes were changed; the identifier at the beginning is still right."
        ),
        consequence=(
            "tflite-runtime 2.14 reads wherever the damaged offsets lead: it finds no subgraph, or dies of SIGSEGV "
            "while loading. LiteRT refuses the file as no valid flatbuffer."
        ),
        fix="Copy the file again and compare sha256. Do not load files from elsewhere in a process that must not die.",
        example="tfedge inspect model.tflite",
        sources=("measured: a model cut in half on both runtimes",),
        affects=("tflite-runtime",),
        reproduced=(TFLITE,),
    ),
    Explanation(
        id="file_not_found",
        title="The interpreter cannot open the model's path",
        matches=("Could not open '*'",),
        cause=(
            "No such file from the process's working directory, no permission, or an Android asset path given as a "
            "file."
        ),
        consequence="The interpreter cannot be created.",
        fix=(
            "Give an absolute path and check it from the same user. Assets of an app are no files: map them through "
            "`AssetManager.openFd`, or copy them to the app's own folder."
        ),
        example="python3 -c \"import os; print(os.path.abspath('model.tflite'), os.access('model.tflite', os.R_OK))\"",
        sources=("measured: a path that does not exist, on both runtimes",),
        affects=("every runtime",),
        reproduced=BOTH,
    ),
    Explanation(
        id="schema_version",
        title="The file's schema version is not 3",
        matches=("Model provided is schema version * not equal to supported version",),
        cause=(
            "The root table's `version` is not 3: a damaged file, or a tool that wrote it by hand. No other was "
            "released."
        ),
        consequence="The interpreter cannot be created.",
        fix="Convert again with the official converter; check the transfer by sha256.",
        example="tfedge inspect model.tflite",
        sources=("measured: a model of schema version 4 on both runtimes",),
        affects=("every runtime",),
        reproduced=BOTH,
    ),
    Explanation(
        id="inconsistent_model",
        title="The graph contradicts itself: an op reads what it writes, or indices are wrong",
        matches=(
            "AllocateTensors() called on inconsistent model",
            "Tensor * is both input * and output",
            "Invoke called on inconsistent model",
        ),
        cause="The ops' tensor indices are impossible. A tool that edits models wrote it, or the bytes are damaged.",
        consequence="Allocating tensors fails; a runtime that does not check may crash instead.",
        fix="Convert again from the source model; if an editing tool made the file, report it there.",
        example="tfedge inspect model.tflite",
        sources=("measured: an ADD that reads its own output, on both runtimes",),
        affects=("every runtime",),
        aliases=("input_overwritten",),
        reproduced=BOTH,
    ),
    Explanation(
        id="quantization_axis",
        title="The number of scales does not fit the tensor's quantized dimension",
        matches=(
            "num_scales must be 1 for per-layer quantization, or * for per-axis quantization",
            "has invalid quantization parameters",
            "mismatching number of quantization parameters * and outer dimension",
        ),
        cause=(
            "A tensor with one scale a channel needs as many scales as its `quantized_dimension` is long. A quantizer "
            "moved, transposed or reshaped the weights and left the dimension behind."
        ),
        consequence="LiteRT and tflite-runtime refuse the file when it is loaded.",
        fix=(
            "Quantize again with one scale a tensor, or with a newer quantizer; report the layer `tfedge inspect` "
            "names."
        ),
        example="tfedge inspect model.tflite",
        sources=("google-ai-edge/litert-torch#336", "tensorflow/tensorflow#66081"),
        affects=("tflite-runtime", "ai-edge-litert"),
        reproduced=BOTH,
    ),
    Explanation(
        id="no_signature",
        title="The model has no signature",
        matches=(
            "signature_key is None and model has 0 Signatures",
            "model has 0 Signatures",
            "has no SignatureDef",
        ),
        cause=(
            "The file was converted from a concrete function without a trackable object, or a tool (TFLite metadata "
            "writers, older editors) dropped its signatures. litert-quantizer needs one to calibrate."
        ),
        consequence="Inputs and outputs can only be bound by position, which changes between converters.",
        fix=(
            "Convert from a SavedModel or Keras model, or pass the module as second argument to "
            "`from_concrete_functions`. Repack metadata with a tool that keeps signatures."
        ),
        example="converter = tf.lite.TFLiteConverter.from_concrete_functions([function], module)",
        sources=("google-ai-edge/litert-samples#53", "tensorflow/tensorflow#62620"),
        affects=("tflite-runtime", "ai-edge-litert", "litert-quantizer"),
        aliases=("signatures",),
        reproduced=BOTH,
    ),
    Explanation(
        id="signature_name",
        title="The model has no signature, input or output of that name",
        matches=("Invalid signature_key provided", "Invalid Input name (*) for SignatureDef"),
        cause=(
            "A model converted from Keras has `serving_default`; functions saved as signatures keep their own names. "
            "Inputs take the layer's name (`keras_tensor` where none was given) or the argument's."
        ),
        consequence="The call is refused; an app that guesses by position would bind the wrong tensor.",
        fix="Ask the file: `tfedge inspect` lists signatures with the names, shapes and dtypes of their tensors.",
        example="interpreter.get_signature_list()",
        sources=("measured: unknown signature and input names on both runtimes",),
        affects=("every runtime",),
        reproduced=BOTH,
    ),
    Explanation(
        id="unsupported_type",
        title="The runtime's kernel of an op has no code for this tensor type",
        matches=(
            "Type * is unsupported by op",
            "Type * is currently not supported by",
            "are supported currently, got",
            "only supports * now, got",
            "Current data type * is not supported",
        ),
        cause=(
            "The op is known, the type is not. The usual case is 16-bit activations (16x8 quantization): "
            "tflite-runtime 2.14 has no INT16 RSQRT, which every LayerNormalization holds."
        ),
        consequence=(
            "Allocating tensors, or the first run, fails. Where INT16 does run it is slow: 26 times float on x86."
        ),
        fix=(
            "Use int8 or float for this target; or keep the ops without a 16-bit kernel in float by adding "
            "TFLITE_BUILTINS to the supported ops; or use LiteRT 2.3, which has INT16 RSQRT."
        ),
        example="converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]",
        sources=("measured: INT16 RSQRT on tflite-runtime 2.14.0, INT64 TANH on both",),
        affects=("tflite-runtime", "ai-edge-litert"),
        reproduced=(TFLITE, LITERT),
    ),
    Explanation(
        id="node_failed",
        title="One op of the model failed; the words before this line say why",
        matches=("Node number * failed to prepare", "Node number * failed to invoke"),
        kind="symptom",
        cause=(
            "`prepare` fails when shapes, types or a kernel's support do not fit; `invoke` fails on the values of one "
            "run. The line names the op's place and kind; the sentence before it is the reason."
        ),
        consequence="The interpreter refuses the model or the run.",
        fix="Paste the whole error, with the words before `Node number`; `tfedge inspect` shows that op and its layer.",
        example="tfedge inspect model.tflite",
        sources=("tensorflow/tensorflow#60846", "tensorflow/tensorflow#32110"),
        affects=("every runtime",),
        reproduced=BOTH,
    ),
)
