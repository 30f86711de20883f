"""Words: what was answered beside what is right, and a heat map of where the model looked."""

from __future__ import annotations

from collections.abc import Sequence

from tfedge.reports.html.content import TextCase
from tfedge.reports.html.drawing import rectangle, svg, words
from tfedge.reports.html.markup import Markup, element, joined
from tfedge.validation.cross_attention import CrossAttention

_CELL = 24.0
_LETTER = 7.5  # Width of a capital of 12 px text, in px.


def text_card(case: TextCase, is_open: bool) -> Markup:
    """Returns one word: its tokens, right above answered where they differ, and its heat map.

    Args:
        is_open: whether the heat map is shown at once, or folded.
    """
    parts = [element("h3", case.text), _tokens(case)]
    others = [reference for reference in case.references if reference != _right(case)]
    if others:
        parts.append(element("p", f"also right: {'; '.join(others)}", class_="soft"))
    if case.attention is not None:
        drawn = element("div", heat_map(case.attention), class_="scroll")
        folded = element("details", element("summary", "where it looked"), drawn)
        parts.append(drawn if is_open else folded)
    return element("div", *parts, class_="card words")


def heat_map(attention: CrossAttention) -> Markup:
    """Returns letters across, tokens of the answer down; the fuller a cell, the larger the weight."""
    left = 12 + _LETTER * max(map(len, attention.targets))
    top = 22.0
    sources, targets = attention.sources, attention.targets
    drawn = [
        words(left + _CELL * (place + 0.5), top - 7, name, _style(name, "mid")) for place, name in enumerate(sources)
    ]
    for row, name in enumerate(targets):
        y = top + _CELL * row
        drawn.append(words(left - 7, y + _CELL / 2 + 4, name, _style(name, "end")))
        for column, source in enumerate(sources):
            weight = min(max(float(attention.weights[row, column]), 0.0), 1.0)
            title = f"{name} from {source}: {100 * weight:.0f} %"
            x = left + _CELL * column
            drawn.append(rectangle(x + 0.5, y + 0.5, _CELL - 1, _CELL - 1, "cell"))
            drawn.append(rectangle(x + 0.5, y + 0.5, _CELL - 1, _CELL - 1, "heat", title, fill_opacity=weight))
    label = f"attention of {' '.join(targets[:-1])} over {''.join(sources[:-1])}"
    return svg(left + _CELL * len(sources) + 2, top + _CELL * len(targets) + 2, *drawn, label=label)


def _style(name: str, place: str) -> str:
    return f"{place} soft small" if name == "end" else place


def _tokens(case: TextCase) -> Markup:
    boxes: list[Markup] = []
    for right, answer in case.pairs:
        if right == answer:
            boxes.append(element("span", right or ""))
        else:
            told = [element("b", answer or "–"), element("span", right or "–", class_="soft")]
            said = f"answered {answer or 'nothing'}, right is {right or 'nothing'}"
            boxes.append(element("span", joined(told), class_="wrong", title=said))
    return element("div", *boxes, class_="tokens")


def _right(case: TextCase) -> str:
    return " ".join(right for right, _ in case.pairs if right is not None)


def cards(cases: Sequence[TextCase], is_open: bool) -> Markup:
    """Returns words beside each other, as many as the width holds."""
    return element("div", *(text_card(case, is_open) for case in cases), class_="grid")
