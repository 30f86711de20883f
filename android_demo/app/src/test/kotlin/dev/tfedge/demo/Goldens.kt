package dev.tfedge.demo

/** Golden cases of the app's model, made wrong. */
object Goldens {
    private val FIRST_ID = Regex("(\"dynamic_wi8_afp32\": *\\[\\s*)(\\d+)")

    /** Returns golden.json with another first token in the answers that the first [count] cases expect. */
    fun wrong(golden: String, count: Int): String {
        var done = 0
        return FIRST_ID.replace(golden) { found ->
            done += 1
            if (done > count) found.value else found.groupValues[1] + if (found.groupValues[2] == "15") "16" else "15"
        }
    }
}
