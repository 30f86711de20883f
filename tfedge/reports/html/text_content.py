"""What a model of texts answers: every packed word is asked, wrong ones are shown, and where it looked at."""

from __future__ import annotations

import collections
from collections.abc import Sequence

import numpy as np

from tfedge.errors import WorkerError
from tfedge.modelfile.evaluation import EvaluationExample
from tfedge.modelfile.graph import read_graph
from tfedge.modelfile.pack import Pack
from tfedge.progress import SILENT, Reporter
from tfedge.reports.html.content import ClassCounts, Content, TextCase
from tfedge.runtime.client import Worker
from tfedge.runtime.predict import chosen_runtime
from tfedge.runtime.targets import installed_targets
from tfedge.tasks.spec import TaskSpec
from tfedge.validation.alignment import Pair, align
from tfedge.validation.cross_attention import (
    RUNTIME,
    CrossAttention,
    attention_tensors,
    cross_attention,
    load_for_attention,
)
from tfedge.validation.edit_distance import edit_distance
from tfedge.validation.evaluate import decode_texts

NUM_WRONG = 12
NUM_RIGHT = 6
NOTHING = "(nothing)"
# A word of one or two letters shows nothing of where a model looks; the map of a long one is wider than a page.
_SHOWN_LENGTHS = range(5, 13)
_ATTENTION = (
    "Cross attention of the decoder, mean over its heads and layers: how much of what it looks at for a {target} comes "
    "from each {source}. The weights are what the file itself computes, step by step, on {runtime} without delegates. "
    "The encoder has mixed neighbours by then: a {source} stands for itself and what is around it."
)


def text_content(pack: Pack, runtime: str | None = None, reporter: Reporter = SILENT) -> Content:
    """Returns what the file answers to the texts that it carries.

    Args:
        pack: of a task of texts.
        runtime: name of an installed runtime; LiteRT where it is installed.
        reporter: hears a bar.

    Raises:
        RuntimeUnavailableError: no runtime is installed.
    """
    spec = TaskSpec.from_json(dict(pack.task))
    name = chosen_runtime(runtime)
    examples = pack.evaluation.examples if pack.evaluation else ()
    asked = examples or [EvaluationExample(case.text, (case.expected_text,), None) for case in pack.golden]
    target = next(str(each) for each in installed_targets() if each.name == name)
    try:
        _, rows = decode_texts(name, pack.path, spec, [each.text for each in asked], "answers", reporter)
    except WorkerError as error:
        return Content(missing=(f"Answers: {error}",))
    cases = [_case(spec, example, row) for example, row in zip(asked, rows, strict=True)]
    wrong, right = ([case for case in cases if case.is_right is is_right] for is_right in (False, True))
    shown = wrong[:NUM_WRONG], _telling(right)[:NUM_RIGHT]
    maps, missing = _attention(pack, spec, [*shown[0], *shown[1]])
    source = "the packed test words" if examples else "the golden cases, as Keras answered them"
    return Content(
        runtime=target,
        classes=_counts(spec, cases, source),
        wrong=tuple(_with(case, maps) for case in shown[0]),
        right=tuple(_with(case, maps) for case in shown[1]),
        wrong_caption=_caption(len(wrong), len(cases), source, bool(examples)),
        right_caption=_ATTENTION.format(source="letter", target="phone", runtime=target) if maps else "",
        missing=missing,
    )


def _case(spec: TaskSpec, example: EvaluationExample, row: Sequence[int]) -> TextCase:
    answer = spec.target_tokenizer.pieces(row)
    separator = spec.target_tokenizer.separator
    variants = [reference.split(separator) if separator else list(reference) for reference in example.references]
    closest = min(variants, key=lambda variant: edit_distance(variant, answer))  # The first of equally close ones.
    return TextCase(example.text, example.references, tuple(align(closest, answer)))


def _telling(right: Sequence[TextCase]) -> list[TextCase]:
    """Returns the right cases whose answer has fewer tokens than the text, which shows best who stands for whom."""
    return [
        case for case in right if len(case.text) in _SHOWN_LENGTHS and len(case.pairs) + 2 <= len(case.text)
    ] or list(right)


def _counts(spec: TaskSpec, cases: Sequence[TextCase], source: str) -> ClassCounts:
    pairs: collections.Counter[Pair] = collections.Counter(pair for case in cases for pair in case.pairs)
    met = {token for pair in pairs for token in pair if token is not None}
    names = tuple(symbol for symbol in spec.target_tokenizer.symbols if symbol in met)
    places = {name: place for place, name in enumerate(names)}
    nothing = len(names)
    counts = np.zeros((nothing + 1, nothing + 1), np.int64)
    for (truth, answer), count in pairs.items():
        row, column = (nothing if token is None else places[token] for token in (truth, answer))
        counts[row, column] += count
    every = (*names, NOTHING)
    caption = (
        f"{int(counts[:nothing].sum()):,} phones of {len(cases):,} words ({source}), each answer aligned with its "
        f"closest right one by the fewest edits. {NOTHING}: a phone left out, or one too many."
    )
    return ClassCounts("phone", every, every, counts, caption)


def _caption(wrong: int, total: int, source: str, is_sample: bool) -> str:
    shown = min(wrong, NUM_WRONG)
    which = "all of them" if shown == wrong else f"the first {shown}"
    fair = ", in their shuffled order" if is_sample and shown < wrong else ""
    return f"{wrong:,} of {total:,} answers ({source}) equal no right one; here are {which}{fair}."


def _attention(
    pack: Pack, spec: TaskSpec, cases: Sequence[TextCase]
) -> tuple[dict[str, CrossAttention], tuple[str, ...]]:
    tensors = attention_tensors(read_graph(pack.model_bytes))
    if not tensors:
        return {}, ("Attention: the file has no signature `decode_step` with an input `cross_bias`.",)
    try:
        if chosen_runtime(None) != RUNTIME:
            return {}, (f"Attention: only {RUNTIME} keeps what each op computes; it is not installed here.",)
        with Worker(RUNTIME) as worker:
            load_for_attention(worker, str(pack.path))
            maps = {case.text: cross_attention(worker, tensors, spec, case.text) for case in cases}
    except WorkerError as error:
        return {}, (f"Attention: {error}",)
    if not all(np.isfinite(each.weights).all() for each in maps.values()):
        return {}, (f"Attention: weights hold NaN or infinity on {RUNTIME}; see `tfedge check`.",)
    return maps, ()


def _with(case: TextCase, maps: dict[str, CrossAttention]) -> TextCase:
    return TextCase(case.text, case.references, case.pairs, maps.get(case.text))
