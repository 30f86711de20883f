"""What `tfedge validate` and `tfedge check` say of a file that they ran."""

from __future__ import annotations

from tfedge.checks.explanations.entry import Explanation
from tfedge.checks.explanations.families.provenance import TFEDGE

TITLE = "Gates of check and validate"

ENTRIES = (
    Explanation(
        id="readable",
        title="Gate: the file is a whole .tflite model",
        cause=(
            "Bytes are missing or changed, or the file is something else; see also `not_a_model` and `truncated_file`."
        ),
        consequence="Some interpreters die of it while loading; tfedge gave it to none.",
        fix="Copy or convert it again, and compare sha256 with the machine that made it.",
        example="sha256sum model.tflite",
        reproduced=TFEDGE,
    ),
    Explanation(
        id="pack_whole",
        title="Gate: the pack behind the model is whole and of these bytes",
        cause="The model or its pack was changed after packing, or an archive behind it is cut.",
        consequence="Its golden cases say nothing about these bytes, and an app that checks it refuses the file.",
        fix="Copy the file again, or pack it again.",
        example="tfedge package model.tflite --from model.keras --out packed.tflite",
        reproduced=TFEDGE,
    ),
    Explanation(
        id="static_rules",
        title="Gate: reading the file says nothing against the target",
        cause=(
            "Each static rule has an id and an explanation of its own; this line says only that none had anything to "
            "say."
        ),
        consequence="A file that reads well may still run wrongly: the gates below run it.",
        fix="Nothing, or run without --static.",
        example="tfedge check model.tflite",
        reproduced=TFEDGE,
    ),
    Explanation(
        id="loads",
        title="Gate: the target's runtime loads the file",
        cause="The runtime refuses the file or dies on it; the message quotes it, and has an explanation of its own.",
        consequence="Nothing runs on this target.",
        fix="Explain the quoted text. Then convert for this runtime, or ship another.",
        example="tfedge explain \"Didn't find op for builtin opcode 'FULLY_CONNECTED' version '12'\"",
        reproduced=TFEDGE,
    ),
    Explanation(
        id="runs",
        title="Gate: the file runs on this target",
        cause="It loads, but a call is refused, dies, hangs, or asks for more memory than it may have.",
        consequence="The app gets an error or ends.",
        fix="Look at the quoted text and the case it names; `--inputs` gives your own inputs, `--timeout` more time.",
        example="tfedge check model.tflite --inputs cases.npz",
        reproduced=TFEDGE,
    ),
    Explanation(
        id="matches_reference",
        title="Gate: outputs agree with those of a right runtime",
        cause=(
            "The target's kernels compute something else than the file says, or read its quantization otherwise. The "
            "reference is LiteRT's reference kernels, or what you gave with --reference or in --inputs."
        ),
        consequence="Wrong answers without an error: the worst there is.",
        fix=(
            "Read the static findings of the target first, they often name the op. Try --fix, another recipe (one "
            "scale a tensor), or another runtime. Not measured: right implementations differ as much; give real "
            "inputs."
        ),
        example="tfedge check model.tflite --inputs cases.npz --reference float.tflite",
        reproduced=TFEDGE,
    ),
    Explanation(
        id="outputs_finite",
        title="Gate: no NaN and no infinity in the outputs",
        cause="0/0 over padding, a softmax of -inf alone, a logarithm of 0, or an overflow in half precision.",
        consequence="NaN compares false with everything: argmax gives class 0.",
        fix="Mask with a finite number (-30), divide by max(count, 1), and convert again.",
        example="mean = total / keras.ops.maximum(count, 1.0)",
        reproduced=TFEDGE,
    ),
    Explanation(
        id="outputs_not_zero",
        title="Gate: outputs are not all zero",
        cause="Weights read with the wrong scale, an output scale that is far too large, or inputs that never arrive.",
        consequence="A constant answer.",
        fix="See `tfedge explain outputs_all_zero`.",
        example="tfedge explain outputs_all_zero",
        reproduced=TFEDGE,
    ),
    Explanation(
        id="outputs_vary",
        title="Gate: outputs change with the inputs",
        cause=(
            "A range so wide that all values fall into one int8 step, inputs bound to the wrong names, or dead layers."
        ),
        consequence="The same answer for everybody.",
        fix="Look at the quantization of the last layers with `tfedge inspect`; calibrate on real inputs.",
        example="tfedge inspect model.tflite",
        reproduced=TFEDGE,
    ),
    Explanation(
        id="inputs_heard",
        title="Gate: every input changes some output",
        cause="An input is left unused after conversion, or what it changes is lost in a coarse range.",
        consequence="The model ignores part of what it is told, a mask or the encoder's states.",
        fix="Compare with the float file: where it hears the input, quantization lost it; where not, the model did.",
        example="tfedge check model.tflite --reference float.tflite",
        reproduced=TFEDGE,
    ),
    Explanation(
        id="decoder_listens",
        title="Gate: the decoder listens to its source",
        cause="Many different sources get the same answer: attention over the encoder has become uniform or lost.",
        consequence="Fluent nonsense.",
        fix="See `tfedge explain repeats_tokens`: mask value, calibration on real traces, float softmax.",
        example="tfedge explain repeats_tokens",
        sources=("google-ai-edge/ai-edge-quantizer#479",),
        reproduced=TFEDGE,
    ),
    Explanation(
        id="answers_not_empty",
        title="Gate: answers are not empty",
        cause=(
            "The stop token wins at once: a padding mask turned round, a wrong start token, or caches in the wrong "
            "place."
        ),
        consequence="No answer.",
        fix="Compare the first logits with Keras'; look at mask, start token and cache index.",
        example="tfedge validate out/g2p.tflite",
        reproduced=TFEDGE,
    ),
    Explanation(
        id="answers_do_not_loop",
        title="Gate: answers do not repeat one token to their end",
        cause="The cache index or the caches do not move on, or attention scores lost their scale.",
        consequence="Endless repetition.",
        fix="Compare a cached step with a full pass of the float model; see `tfedge explain repeats_tokens`.",
        example="tfedge explain repeats_tokens",
        reproduced=TFEDGE,
    ),
    Explanation(
        id="answers_stop",
        title="Gate: answers stop before the length limit",
        cause="The stop token never wins: its logit is cut by the output's range, or the decoder lost its place.",
        consequence="Every answer takes the longest time and ends in nonsense.",
        fix="Leave the logits in float, or calibrate on whole decodes including the stop.",
        example="tfedge validate out/g2p.tflite",
        reproduced=TFEDGE,
    ),
    Explanation(
        id="golden_cases",
        title="Gate: the answers that travel with the model come out again",
        cause="The file, the runtime or the processor computes other ids than Keras and LiteRT did when it was made.",
        consequence="The product differs from what was tested.",
        fix="Compare logits at the first divergence; few flips are allowed, a pattern means another kernel or model.",
        example="tfedge validate out/g2p.tflite",
        reproduced=TFEDGE,
    ),
    Explanation(
        id="accuracy",
        title="Gate: accuracy within so many points of the float model",
        cause="Quantization lost too much, or there are too few words to tell (then: not measured).",
        consequence="Users meet more errors than the float model makes.",
        fix="Score more words; leave the layers that lose most in float; calibrate on more and on padded inputs.",
        example="tfedge validate out/g2p.tflite --full",
        reproduced=TFEDGE,
    ),
    Explanation(
        id="size",
        title="Gate: the file is as small as it should be",
        cause="Weights stayed float: small layers are skipped, a recipe did not take, or weights are stored twice.",
        consequence="Download and memory grow.",
        fix="`tfedge inspect` lists weights by dtype and layer with bytes.",
        example="tfedge inspect model.tflite",
        reproduced=TFEDGE,
    ),
    Explanation(
        id="quality",
        title="Gate: the converted file answers held-out examples as the Keras model does",
        cause=(
            "Quantization changed more answers than the metric's limit allows: ranges that the representative data did "
            "not show, a layer that 8 or 4 bits do not hold, or a model whose answers nearly tie."
        ),
        consequence="The app gets other answers than the Keras model gives.",
        fix=(
            "Give more typical examples, choose another recipe (dynamic_wi8_afp32, static_wi8_ai8_fc), or keep the "
            "layers that lose most in float. --metric and --at-least say what you ask for."
        ),
        example="tfedge convert mine.keras --representative-dataset data.npz --metric cosine --at-least 0.98",
        reproduced=TFEDGE,
    ),
    Explanation(
        id="other_outputs",
        title="Gate: outputs that are no classes keep their cosine",
        cause=(
            "The metric is agreement, of which an output of real numbers has none: it is held to its cosine with the "
            "Keras model's over held-out examples."
        ),
        consequence="One output of the file is wrong while the classes are right.",
        fix="As for `quality`; or choose a --metric that looks at all outputs.",
        example="tfedge convert mine.keras --representative-dataset data.npz --metric snr_db --at-least 20",
        reproduced=TFEDGE,
    ),
    Explanation(
        id="speed",
        title="Gate: at least as fast as float32 on this target",
        cause=(
            "The kernels of the recipe are slower there than float's (tflite-runtime 2.14 on x86 with int8), or the "
            "delegate takes its graph in more pieces: norms, softmax and residuals in int8."
        ),
        consequence="The file is smaller and the app is slower.",
        fix="Ship the recipe that the ladder names; `--min-speedup` allows less where size counts more.",
        example="tfedge convert models/g2p/g2p.keras --recipe auto --min-speedup 0.5",
        reproduced=TFEDGE,
    ),
    Explanation(
        id="device_latency",
        title="Gate: a device's latency may be relied on",
        cause=(
            "Fewer than 100 answers or than one second of them, a warm-up that never became stable, or times that "
            "swing: the device is hot, saves power, or does something else. A report without latency is an older app's."
        ),
        consequence="The figures say how busy or hot the device was, and not how fast the model is.",
        fix="Let it cool down, close other apps, keep its screen on, and measure again.",
        example="tfedge deploy android out/g2p.tflite --benchmark",
        reproduced=TFEDGE,
    ),
    Explanation(
        id="converts",
        title="Gate: the recipe gives a file",
        cause="The converter or the quantizer refuses the model by this recipe, or LiteRT cannot run what came out.",
        consequence="There is nothing to ship by this recipe; the others are measured all the same.",
        fix="Choose another recipe, or keep the layer that the message names in float by a mixed recipe.",
        example="tfedge convert models/g2p/g2p.keras --recipe auto",
        reproduced=TFEDGE,
    ),
    Explanation(
        id="ladder",
        title="Decision of the ladder, as the manifest of a file records it",
        cause=(
            "`tfedge convert --recipe auto` measured every recipe on every target. `fail` is a forbidden recipe that "
            "was written all the same because it was asked for by name."
        ),
        consequence="A forced file is slower than float, worse than the limits, wrong or refused on that target.",
        fix="Ship the recipe that the ladder names for the target, or change the limits and measure again.",
        example="tfedge convert models/g2p/g2p.keras --recipe auto --target ai-edge-litert",
        reproduced=TFEDGE,
    ),
    Explanation(
        id="layer_error",
        title="Gate: no layer of a quantized file loses everything that the float file knows",
        cause=(
            "Below 7.8 dB less than one bit of a tensor is left. The finding names the first op where that happens, "
            "and why: weights that are off, values outside the range, or a step as coarse as a mask of -1e9 makes it."
        ),
        consequence="Everything that reads the layer works on noise; the file loads and answers all the same.",
        fix=(
            "Repair what the cause names: mask by -30, calibrate on inputs like the real ones, one scale a channel. "
            "Else keep that layer in float."
        ),
        example="tfedge inspect --compare float.tflite int8.tflite --plot error.html",
        reproduced=TFEDGE,
    ),
    Explanation(
        id="not_measured",
        title="A verdict that is neither pass nor fail",
        matches=("no gate judged",),
        aliases=("any",),
        cause="Something that the gate needs is missing: the runtime, inputs, words, or a measurement of this release.",
        consequence="It never counts as passed: exit code 3 where nothing failed.",
        fix="Give what the finding asks for.",
        example="tfedge targets",
        reproduced=TFEDGE,
    ),
    Explanation(
        id="unmeasured_target",
        title="Gate: something was measured about this release on this architecture",
        cause="Static rules know what releases did when asked; this one was never asked on this architecture.",
        consequence="Only what fails everywhere is reported; the file may be refused, or wrong, for another reason.",
        fix="Run the file there instead of reading it alone, or name a measured target.",
        example="tfedge targets",
        reproduced=TFEDGE,
    ),
)
