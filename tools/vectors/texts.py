"""Texts that tell two tokenizers apart: what people type, and what Unicode makes of it.

Every character was in Unicode 13, which is the newest that Java 17 knows.
"""

from __future__ import annotations

SIGMAS = (
    *("ΑΣ", "ΑΣ.", "ΑΣ..", "ΑΣ'", "ΑΣ''", "Α''Σ", "ΑΣ''Β", "Σ", "ΣΑ", "Σ Α", "Α Σ", "ΑΣ Β", "ΑΣΒ", "ΑΣ'Β"),
    *("Α-Σ", "ΑΣ-Β", "Α1Σ", "1Σ", "ΑΣ1", "Α\u0301Σ", "ΑΣ\u0301", "ΑΣ\u00ad", "Α\u00adΣ\u00adΒ", "ΑΣ\u2019Β"),
    *("ΑΣ:Β", "ΑΣ·Β", "ʰΣ", "ΑΣʰ", "ªΣ", "𝐀Σ", "ΑΣ𝐀", "ΟΔΥΣΣΕΥΣ", "ὈΔΥΣΣΕΎΣ ΣΟΦΌΣ", "ΑΣ,Β", "ΑΣ\u200dΒ"),
    *("ΑΣ\u200b",),
)
CASES = (
    *("İ", "I", "ı", "İstanbul", "I\u0307", "i\u0307", "DİYARBAKIR", "ẞ", "ß", "STRASSE", "GROẞ", "ŒUVRE", "Ǆ"),
    *("ǅ", "ǆ", "Ǳ", "K", "Å", "Ω", "ϴ", "ᾼ", "ῼ", "ﬀ", "ŉ", "ǰ", "ΐ", "Ⅷ", "Ⓐ", "𐐀", "𞤀", "Ა", "Ꭰ", "ꭰ", "Ꜳ"),
    *("Ɫ", "Ⴀ", "Հ", "և", "Ｈｅｌｌｏ", "𝓗", "Ⱥ", "Ⱦ", "Ɜ", "Ј", "Ѐ", "Ӏ", "ӏ", "Ϸ", "Ὗ", "Ἀ", "Ὰ"),
)
COMPOSED = (
    *("é", "e\u0301", "É", "E\u0301", "e\u0301\u0323", "e\u0323\u0301", "ệ", "ế", "ñ", "n\u0303", "가"),
    *("\u1100\u1161", "\u1100\u1161\u11a8", "각", "q\u0307\u0323", "\u0301", "a\u0301\u0301", "\u0344"),
    *("\u0958", "\u09dc", "\u0fb2\u0f80", "\u2126", "\u212b", "\ufb1d", "\u05d0\u05bc", "\U0001d15e"),
    *("\U00011099\U000110ba", "\ufa0e", "\ufa10", "\uf900", "\u1e9b\u0323", "ﬁ", "ǭ", "o\u0328\u0304"),
    *("o\u0304\u0328", "\u03b9\u0308\u0301", "Å\u0323", "\u0915\u093c", "\u3046\u3099", "ｶ\uff9e", "\u0340"),
)
SPACES = (
    *("", " ", "\t", "\n", "\u00a0", "\u3000", "\u200b", "\ufeff", " hello", "hello ", "\thello\r\n"),
    *("\u00a0hello\u3000", "hello\u2003", "\u1680hello", "\u2028hello\u2029", "\x1chello\x1f", "\x85hello"),
    *("\u180ehello", "\ufeffhello", "hello\u200b", "hello world", "\x0bhello\x0c", "\u205fhello\u202f"),
    *("he llo", "\x00hello", "hello\x00"),
)
TYPED = (
    *("hello", "Hello", "HELLO", "don't", "don\u2019t", "co-op", "e-mail", "naïve", "naive", "O'Neil", "AT&T"),
    *("3rd", "café", "cafe\u0301", "supercalifragilisticexp", "supercalifragilisticexpi"),
    *("supercalifragilisticexpia", "supercalifragilisticexpialidocious", "a" * 24, "a" * 25, "a" * 1536),
    *("a" * 1537, "b" * 2000, "''", "'", "-", "zzz", "tsk", "x", "qwertyuiop", "łódź", "Ñandú", "über"),
    *("привет", "Привет", "слово", "ελληνικά", "日本語", "ひらがな", "한국어", "العربية", "עברית", "हिन्दी"),
    *("ไทย", "😀", "👩‍👩‍👧", "🇩🇪", "a😀b", "\u202eabc", "a\u0000b", "a\nb", "a\tb", "\x1b[31mred"),
    *("\u2066abc\u2069", "\ud7ff", "\ue000", "\ufffd", "\uffff", "\U0010ffff", "'\"", '"', "\\", 'it\'s "x"'),
    *("`", "´", "…", "a…", "\u00ad", "co\u00adop", "½", "²", "٣", "五", "ａｂｃ", "ＡＢＣ"),
)
PIECES = (
    *("HH AH L OW", " HH  AH ", "HH\u00a0AH", "HH\tAH\nL", "hh", "HH AH0", "HH\u3000AH", "HH\u200bAH"),
    *("HH\u2028AH", "\x1cHH\x1dAH", "HH\x85AH", "", " ", "AA AE XX", "HH AH L OW " * 3, "AA\u180eAE"),
    *("AA\u2007AE",),
)
ALL = (*SIGMAS, *CASES, *COMPOSED, *SPACES, *TYPED, *PIECES)
