package dev.tfedge.core

/** The six stages between a text and its answer, as reports name them. */
enum class Stage(
    /** Its name in reports. */
    val key: String
) {
    RAW_BYTES("raw_bytes"),
    IDS("ids"),
    ENCODER_OUTPUT("encoder_output"),
    FIRST_LOGITS("first_logits"),
    TOKENS("tokens"),
    TEXT("text")
}

/**
 * What one case became at each stage; a stage that could not be seen is empty or null.
 *
 * @property name of the golden case, or "text N", from 1, of another text.
 * @property rawBytes the text as received, in UTF-8; not to be changed.
 * @property ids source ids with the stop id, without padding.
 * @property encoderOutput outputs of `encode` by name; none where the file has no such signature.
 * @property firstLogits of the first `decode_step`: start token, index 0, empty caches; or null.
 * @property tokens ids of the answer, up to and including the stop id, without padding.
 * @property text of the answer.
 */
class StageTrace(
    val name: String,
    val rawBytes: ByteArray,
    val ids: List<Int>,
    val encoderOutput: Map<String, TensorValue>,
    val firstLogits: TensorValue?,
    val tokens: List<Int>,
    val text: String
)
