"""What `tfedge validate --compare` and `tfedge deploy` say where two devices part ways, stage by stage."""

from __future__ import annotations

from tfedge.checks.explanations.entry import Explanation
from tfedge.checks.explanations.families.provenance import TFEDGE

TITLE = "Stages at which two devices part ways"
_COMPARED = (
    "measured: one file on LiteRT 2.3 and tflite-runtime 2.14, x86-64 and emulated ARM, and each stage broken alone",
)
_TRACE = "tfedge validate model.tflite --trace phone.json --device ssh:pi"
_COMPARE = "tfedge validate model.tflite --compare workstation.json phone.json"

ENTRIES = (
    Explanation(
        id="same_raw_bytes",
        title="Stage 1: the text arrives as the bytes that were sent",
        cause="It was decoded by another encoding, normalised (NFC, NFD), or cut by a shell on its way.",
        consequence="Words with accents, or of other scripts, are read wrongly or refused; plain ASCII works.",
        fix="Send UTF-8 bytes and decode them once; let the pack's tokenizer normalise, on every device alike.",
        example=f"{_TRACE} --texts words.txt",
        sources=_COMPARED,
        reproduced=TFEDGE,
    ),
    Explanation(
        id="same_ids",
        title="Stage 2: the same text becomes the same ids",
        cause="The app has a tokenizer table of its own, from another training, or normalises otherwise.",
        consequence="The model answers another question, fluently and wrongly.",
        fix="Read the tokenizer from the pack in the file that is loaded, and never from a second file.",
        example=_COMPARE,
        sources=_COMPARED,
        reproduced=TFEDGE,
    ),
    Explanation(
        id="same_encoder_output",
        title="Stage 3: encode gives the same numbers, within rounding",
        cause=(
            "Inputs or outputs are bound by place and not by name, ids are padded elsewhere or lack the stop token, "
            "the weights are of another day, or a kernel of this runtime errs on this file."
        ),
        consequence="Every answer is a little or entirely wrong, without an error.",
        fix=(
            "Bind by signature and name; compare the sha256 of the bytes as loaded; run tfedge check for this runtime. "
            "Up to 0.1 % is rounding in float, 5 % with dynamic int8, 20 % with int8 products, 40 % with int8 all over."
        ),
        example="tfedge check model.tflite --target tflite-runtime==2.14.0@aarch64",
        sources=_COMPARED,
        reproduced=TFEDGE,
    ),
    Explanation(
        id="same_first_logits",
        title="Stage 4: the first decode_step gives the same logits, within rounding",
        cause="Another start token or index, states handed on by place, caches that are not empty, or a wrong kernel.",
        consequence="The first token, and all that follow it, may be others.",
        fix=(
            "Start with token 1 at index 0 and caches of real zeros (of an int8 cache its zero point), and hand the "
            "outputs of encode on by name."
        ),
        example=_COMPARE,
        sources=_COMPARED,
        reproduced=TFEDGE,
    ),
    Explanation(
        id="same_tokens",
        title="Stage 5: the same tokens are chosen, but for near ties",
        cause=(
            "Encoder and first step agree, so the loop errs: caches not handed on, an index that is off, a stop rule. "
            "Or two logits nearly tie, and rounding decides: that is said, and passes."
        ),
        consequence="Answers begin rightly and end wrongly, or repeat themselves.",
        fix="Name the model, so that its logits at that step tell a near tie from a wrong token.",
        example=_COMPARE,
        sources=_COMPARED,
        reproduced=TFEDGE,
    ),
    Explanation(
        id="same_text",
        title="Stage 6: the same tokens are spelt alike",
        cause="The target tokenizer's table or separator is another one.",
        consequence="The model is right and its user reads nonsense.",
        fix="Read the target tokenizer from the pack in the file that is loaded.",
        example=_COMPARE,
        sources=_COMPARED,
        reproduced=TFEDGE,
    ),
)
