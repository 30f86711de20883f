"""Golden comparison: does this file answer its fixed questions as it did when it was made, and sanely at all?"""

from __future__ import annotations

import collections
import math
from collections.abc import Sequence

from tfedge.checks.verdict import Finding, Verdict
from tfedge.errors import ConfigError
from tfedge.modelfile.golden import KERAS, GoldenCase
from tfedge.text.tokenizer import STOP_ID, trimmed

Ids = Sequence[int]

FLOAT_RECIPE = "float32"
# Full int8 changed 2.3 % of the shipped model's answers against its own float, over 12,000 words; from one CPU or
# runtime to another int8 moves by no more. Golden cases are picked to be hard and get twice that: each flips with a
# chance of 5 %. More flips than 99 of 100 right files would show are no near ties; a wrong file flips almost all.
FLIP_CHANCE = 0.05
FLIP_CONFIDENCE = 0.99
# More than one answer in ten empty, looping or endless is no near tie: a right model answers words with words. One
# alone is allowed, because a hard word (28 letters, all the same) can do that to a right model too.
MAX_UNHEALTHY_SHARE = 0.1
# Different words rarely sound alike: a model that listens gives its commonest answer to a few sources of hundreds.
MAX_COMMONEST_SHARE = 0.5
MIN_SOURCES = 4  # Of two or three words, two may well be homophones.
MIN_LOOP = 4  # A token four times in a row to the very end: no phone is said four times over.


def check_golden(cases: Sequence[GoldenCase], actual_ids: Sequence[Ids | None], recipe: str) -> tuple[Finding, ...]:
    """Compares answers with the expected ids of the golden cases.

    A float32 file must give Keras' ids in every case. A quantized one is compared with what the same file
    gave when it was converted, and may differ in a few cases: int8 differs by a few steps between CPUs and
    runtimes, and a near tie then falls the other way.

    Args:
        cases: golden cases, from a pack.
        actual_ids: one answer a case, in the same order: ids as in `GoldenCase.expected_ids` (a padded row
            is cut at its stop token); None where the case could not be run.
        recipe: of the file that answered.

    Raises:
        ConfigError: no cases, not one answer a case, or cases without ids of this recipe.
    """
    key = KERAS if recipe == FLOAT_RECIPE else recipe
    without = [case.name for case in cases if key not in case.expected_ids]
    if not cases or len(cases) != len(actual_ids) or without:
        raise ConfigError(
            f"golden cases must be one or more, with ids of {key!r} and one answer each; got {len(cases)} cases, "
            f"{len(actual_ids)} answers, without ids: {without}"
        )
    missing = [case.name for case, actual in zip(cases, actual_ids, strict=True) if actual is None]
    answered = [(case, actual) for case, actual in zip(cases, actual_ids, strict=True) if actual is not None]
    differing = [text for case, actual in answered if (text := _divergence(case, trimmed(actual), key))]
    allowed = 0 if key == KERAS else _allowed_flips(len(cases))
    told = (
        f"{len(answered) - len(differing)} of {len(cases)} cases answer as {_whose(key)}, at most {allowed} may differ"
    )
    if differing:
        told += f"; first divergence: {differing[0]}"
    verdict: Verdict = "fail" if len(differing) > allowed else "not_measured" if missing else "pass"
    if missing:
        told += f"; not run: {', '.join(missing[:8])}"
    fix = "run the missing cases" if verdict == "not_measured" else ""
    if verdict == "fail":
        fix = "compare logits with Keras at that position; try another runtime or recipe"
    return (Finding("golden_cases", verdict, told, fix=fix, measured=float(len(differing)), limit=float(allowed)),)


def check_outputs_health(outputs: Sequence[Ids], sources: Sequence[Ids]) -> tuple[Finding, ...]:
    """Looks for answers that no right model gives, whatever the expected ones are.

    Four gates: the decoder listens to its source; answers are not empty; they do not repeat one token to the
    end; they stop before the length limit. Int8 encoder-decoders that stop listening and repeat themselves
    are a known failure that neither a converter nor an interpreter reports.

    Args:
        outputs: answers, ids as in `GoldenCase.expected_ids` (a padded row is cut at its stop token).
        sources: ids that were asked, one sequence an answer.

    Raises:
        ConfigError: no outputs, or not one source an output.
    """
    if not outputs or len(outputs) != len(sources):
        raise ConfigError(f"expected one source an output, one or more; got {len(sources)} and {len(outputs)}")
    answers = [trimmed(ids) for ids in outputs]
    letters = [answer[:-1] if answer[-1:] == (STOP_ID,) else answer for answer in answers]
    lost = "the decoder lost its place: look at cache_update_index and the caches, then at the attention scores' scale"
    endless = "the stop token never wins: look at the caches, then at the scale of the logits"
    return (
        _listens(answers, [tuple(ids) for ids in sources]),
        _rare(
            "answers_not_empty",
            [not answer for answer in letters],
            "empty",
            "the model stops at once: look at the padding mask and the start token",
        ),
        _rare("answers_do_not_loop", [_loops(answer) for answer in letters], "one token repeated to the end", lost),
        _rare(
            "answers_stop",
            [bool(answer) and answer[-1] != STOP_ID for answer in answers],
            "cut off at the length limit",
            endless,
        ),
    )


def _listens(answers: Sequence[tuple[int, ...]], sources: Sequence[tuple[int, ...]]) -> Finding:
    by_source = dict(zip(sources, answers, strict=True))
    if len(by_source) < MIN_SOURCES:
        message = f"expected {MIN_SOURCES} different sources or more; got {len(by_source)}"
        return Finding("decoder_listens", "not_measured", message, fix="ask more words")
    answer, count = collections.Counter(by_source.values()).most_common(1)[0]
    share = count / len(by_source)
    message = (
        f"the commonest answer goes to {count} of {len(by_source)} different sources, "
        f"at most {MAX_COMMONEST_SHARE:.0%} may share one"
    )
    if share <= MAX_COMMONEST_SHARE:
        return Finding("decoder_listens", "pass", message, measured=share, limit=MAX_COMMONEST_SHARE)
    return Finding(
        "decoder_listens",
        "fail",
        f"{message}: ids {_shown(answer)} whatever the input",
        cause="the decoder is not listening to the encoder",
        fix="look at the cross-attention's mask value (-30, not -1e9) and at calibration on real decode traces",
        measured=share,
        limit=MAX_COMMONEST_SHARE,
    )


def _rare(gate: str, flags: Sequence[bool], what: str, fix: str) -> Finding:
    """Judges how many answers have a defect: `_allowed` of them may."""
    count, allowed = sum(flags), _allowed(len(flags), MAX_UNHEALTHY_SHARE)
    message = f"{count} of {len(flags)} answers are {what}, at most {allowed} may be"
    verdict: Verdict = "fail" if count > allowed else "pass"
    fix = fix if verdict == "fail" else ""
    return Finding(gate, verdict, message, fix=fix, measured=float(count), limit=float(allowed))


def _allowed_flips(count: int) -> int:
    """Returns how many of `count` cases may flip: the binomial quantile, and never all, or the gate cannot fail."""
    flips, covered = -1, 0.0
    while covered < FLIP_CONFIDENCE:
        flips += 1
        covered += math.comb(count, flips) * FLIP_CHANCE**flips * (1 - FLIP_CHANCE) ** (count - flips)
    return min(flips, count - 1)


def _allowed(count: int, share: float) -> int:
    """Returns how many of `count` may differ: a share, at least one, and never all, or the gate cannot fail."""
    return min(max(1, int(count * share)), count - 1)


def _loops(answer: tuple[int, ...]) -> bool:
    """Returns whether an answer, without its stop token, ends in one token over and over."""
    return len(answer) >= MIN_LOOP and len(set(answer[-MIN_LOOP:])) == 1


def _divergence(case: GoldenCase, actual: tuple[int, ...], key: str) -> str | None:
    """Names case, position, expected and actual id of the first difference; None where there is none."""
    expected = tuple(case.expected_ids[key])
    if expected == actual:
        return None
    position = next(
        (place for place, (one, other) in enumerate(zip(expected, actual, strict=False)) if one != other),
        min(len(expected), len(actual)),
    )
    one, other = (str(ids[position]) if position < len(ids) else "nothing" for ids in (expected, actual))
    return f"case {case.name!r}, position {position}: expected id {one}, got {other}"


def _whose(key: str) -> str:
    return "Keras does" if key == KERAS else f"recorded for {key}"


def _shown(ids: tuple[int, ...]) -> str:
    return " ".join(map(str, ids[:8])) + (" …" if len(ids) > 8 else "")
