"""Accuracy per class, and the confusion matrix: what is right against what was answered."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfedge.printable import shortened
from tfedge.reports.html.content import ClassCounts
from tfedge.reports.html.drawing import rectangle, svg, words
from tfedge.reports.html.markup import Markup, element, number

# Up to here a cell is large enough to hold its count.
_MAX_WRITTEN = 12
# Width of a letter in px, of text of 12 px: for the room that names need. Longer names are cut in the middle.
_LETTER, _MAX_NAME = 7.4, 24


def classes_section(classes: ClassCounts) -> Markup:
    """Returns accuracy per class, the weakest first, and the confusion matrix."""
    return element(
        "section",
        element("h2", f"Accuracy per {classes.noun}"),
        element("p", classes.caption, class_="caption"),
        element("div", *_bars(classes), class_="columns", style=name_width(classes.truths)),
        element("h3", "Confusion", style="margin-top:22px"),
        element(
            "p",
            f"Rows: the right {classes.noun}; columns: what was answered. Green: right, red: wrong; the fuller the "
            "colour, the larger the share of its row. What a pointer rests on says its count.",
            class_="caption",
        ),
        element("div", _matrix(classes), class_="scroll"),
        id="classes",
    )


def _bars(classes: ClassCounts) -> list[Markup]:
    shares = []
    for place, name in enumerate(classes.truths):
        row = classes.counts[place]
        total, right = int(row.sum()), int(row[place])
        if total and (right or name in classes.answers[: len(classes.truths)] and name[:1] != "("):
            others = row.copy()
            others[place] = 0
            mistaken = classes.answers[int(others.argmax())] if others.any() else ""
            shares.append((right / total, name, total, mistaken))
    # Strips of one, so that columns can break between them; ties in the order of the names.
    return [_bar(*each) for each in sorted(shares)]


def _bar(share: float, name: str, total: int, mistaken: str) -> Markup:
    note = f"mostly taken for {mistaken}" if mistaken else "never mistaken"
    title = f"{name}: {100 * share:.1f} % of {total:,} right; {note}"
    line = element("span", element("i", style=f"width:{number(100 * share)}%"), class_="track")
    figure = element("span", f"{_cut(share)} %", element("span", f" of {total:,}", class_="soft"))
    return element("div", element("span", name), line, figure, class_="bars", title=title)


def name_width(names: Sequence[str]) -> str:
    """Returns the style that gives the names of bars one width, so that the bars begin below each other."""
    return f"--name:{number(min(1.2 + 0.62 * max(map(len, names)), 11.0))}em"  # 0.62 em: a letter's width.


def _cut(share: float) -> str:
    """Returns a percentage cut and not rounded: 999 of 1,000 must not read as 100."""
    return f"{np.floor(share * 1000 + 1e-9) / 10:.1f}"  # 1e-9: what division leaves of a whole number of permille.


def _matrix(classes: ClassCounts) -> Markup:
    rows, columns = classes.counts.shape
    written = columns <= _MAX_WRITTEN
    size = 38.0 if written else 15.0
    truths, answers = ([shortened(name, _MAX_NAME) for name in names] for names in (classes.truths, classes.answers))
    left, top = (12 + _LETTER * max(map(len, names)) for names in (truths, answers))
    drawn = [_column_name(left + size * (place + 0.5), top - 6, name) for place, name in enumerate(answers)]
    small = "soft end" if written else "soft end small"
    for row, name in enumerate(truths):
        drawn.append(words(left - 6, top + size * (row + 0.5) + 4, name, small))
    drawn.append(rectangle(left, top, size * columns, size * rows, "cell"))
    for row, column in zip(*np.nonzero(classes.counts), strict=True):
        drawn += _cell(classes, int(row), int(column), left, top, size, written)
    right = int(classes.counts.trace())
    label = f"confusion matrix of {rows} rows: {right:,} of {int(classes.counts.sum()):,} on the diagonal"
    return svg(left + size * columns + 8, top + size * rows + 8, *drawn, label=label)


def _column_name(x: float, y: float, name: str) -> Markup:
    return words(x + 4, y, name, "soft small", transform=f"rotate(-90 {number(x + 4)} {number(y)})")


def _cell(
    classes: ClassCounts, row: int, column: int, left: float, top: float, size: float, written: bool
) -> list[Markup]:
    count, total = int(classes.counts[row, column]), int(classes.counts[row].sum())
    share = count / total
    # The root lifts rare confusions out of the paper, which are what one looks for here.
    opacity = 0.12 + 0.88 * share**0.5
    title = f"{classes.truths[row]} answered as {classes.answers[column]}: {count:,} of {total:,} ({100 * share:.1f} %)"
    x, y = left + size * column, top + size * row
    style = "hit" if classes.truths[row] == classes.answers[column] else "off"
    drawn = [rectangle(x + 0.5, y + 0.5, size - 1, size - 1, style, title, fill_opacity=opacity)]
    if written:
        style = "mid small on" if opacity > 0.6 else "mid small"
        drawn.append(words(x + size / 2, y + size / 2 + 4, f"{count:,}", style, pointer_events="none"))
    return drawn
