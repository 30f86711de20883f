package dev.tfedge.core

import java.io.File
import java.nio.ByteBuffer
import java.security.MessageDigest

/**
 * A model file and everything that travels in it: the zip behind the `.tflite`, as `tfedge` writes it.
 *
 *     model            the .tflite, unchanged
 *     zip              golden.json, manifest.json, task.json, and evaluation.json where there is one
 *     zip comment      "sha256:" and 64 hexadecimal digits, over every byte before the comment
 *
 * Every byte was checked when an object of this class exists.
 *
 * @property name where it was read, for messages.
 * @property sha256 of the whole file.
 * @property sizeBytes of the whole file.
 * @property manifest what the file says of itself.
 * @property task what it reads and writes.
 * @property goldenCases fixed questions with their answers.
 * @property evaluation texts with references; null where the file carries none.
 */
class Pack private constructor(
    val name: String,
    val sha256: String,
    val sizeBytes: Int,
    val manifest: Manifest,
    val task: TaskSpec,
    val goldenCases: List<GoldenCase>,
    val evaluation: EvaluationSet?,
    private val data: ModelBytes,
    private val modelSize: Int
) {
    /** How the model was quantized, for example "dynamic_wi8_afp32". */
    val recipe: String get() = manifest.recipe

    /** The key of [GoldenCase.expectedIds] by which this very file is judged: Keras' own answers for a float file. */
    val expectedKey: String get() = if (recipe == FLOAT_RECIPE) GoldenCase.KERAS else recipe

    /** The .tflite alone, direct and in native byte order; not copied, never to be written. */
    fun model(): ByteBuffer = data.view(0, modelSize)

    companion object {
        private const val FLOAT_RECIPE = "float32"

        /**
         * Reads a packed model file and checks every byte of it.
         *
         * @throws PackException no such file, no pack in it, one of another schema version, or changed bytes.
         */
        fun open(file: File): Pack = parse(ModelBytes.read(file), file.path)

        /**
         * Reads a packed model from [bytes], such as an asset that was mapped; those of a direct buffer are not copied.
         *
         * @param name what messages call it.
         * @throws PackException as [open].
         */
        fun open(bytes: ByteBuffer, name: String): Pack = parse(ModelBytes(bytes), name)

        private fun parse(data: ModelBytes, name: String): Pack {
            val seal = Seal.check(data, name)
            return try {
                parse(data, name, seal)
            } catch (error: FormException) {
                throw PackException("expected a readable pack in $name; ${error.message}", cause = error)
            }
        }

        private fun parse(data: ModelBytes, name: String, seal: Seal): Pack {
            val archive = Archive(data, seal.directory, seal.directorySize, seal.count)
            val entries = archive.read()
            val manifest = Manifest.read(entries.json("manifest.json"))
            checkParts(manifest, data, archive.modelSize, entries, name)
            val taskJson = entries.json("task.json")
            if ((taskJson.fields["kind"] as? JsonText)?.value == "tensors") {
                throw PackException(
                    "expected a file that takes texts in $name; this one takes and gives tensors; call its " +
                        "signatures from your own program"
                )
            }
            val golden = GoldenCase.readAll(entries.json("golden.json"), manifest.recipe)
            val evaluation =
                if ("evaluation.json" in entries) EvaluationSet.read(entries.json("evaluation.json")) else null
            val task = TaskSpec.read(taskJson)
            return Pack(name, seal.sha256, data.size, manifest, task, golden, evaluation, data, archive.modelSize)
        }

        private fun Map<String, ByteArray>.json(name: String): JsonObject = StrictJson.readObject(getValue(name), name)

        /** Compares each part with its sha256 in the manifest: catches a part that was exchanged and sealed again. */
        private fun checkParts(
            manifest: Manifest,
            data: ModelBytes,
            modelSize: Int,
            entries: Map<String, ByteArray>,
            name: String
        ) {
            val expected = mapOf("model" to manifest.modelSha256) + manifest.entries
            val received = mapOf("model" to hexadecimal(data.digest(modelSize).digest())) +
                entries.filterKeys { it != "manifest.json" }.mapValues { (_, bytes) -> sha256(bytes) }
            if (expected.keys != received.keys) {
                throw FormException(
                    "manifest.json must have the sha256 of ${received.keys.sorted()}; got ${expected.keys.sorted()}"
                )
            }
            val changed = received.filter { (part, digest) -> digest != expected[part] }.keys
            if (changed.isNotEmpty() || manifest.modelSizeBytes != modelSize.toLong()) {
                throw PackException(
                    "expected $name to hold what its manifest lists; ${changed.joinToString().ifEmpty { "model" }} was " +
                        "exchanged; pack it again from the parts you trust",
                    isIntegrity = true
                )
            }
        }

        private fun sha256(bytes: ByteArray): String =
            hexadecimal(MessageDigest.getInstance("SHA-256").digest(bytes))
    }
}
