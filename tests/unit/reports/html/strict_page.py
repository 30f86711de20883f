"""Reads a page as strictly as no browser does: what a browser forgives is an error here."""

from __future__ import annotations

import html.parser
import re

VOID = {"meta", "img", "br", "wbr"}
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


class StrictPage(html.parser.HTMLParser):
    """A parsed page.

    Attributes:
        tags: every element, with its attributes, in order.
        texts: every text outside of style, escapes undone.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.problems: list[str] = []
        self._open: list[str] = []
        self._box = (0.0, 0.0)
        self.feed(text)
        self.close()
        self.problems += [f"never closed: {tag}" for tag in self._open]

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        if len(set(names)) < len(names):
            self.problems.append(f"attribute twice: {tag} {names}")
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "svg":
            _, _, width, height = dict(attrs)["viewbox"].split()
            self._box = (float(width), float(height))
        elif "svg" in self._open:
            self._check_place(tag, dict(attrs))

    def handle_endtag(self, tag):
        if not self._open or self._open.pop() != tag:
            self.problems.append(f"closed out of turn: {tag} at {self.getpos()}")

    def handle_data(self, data):
        if self._open and self._open[-1] != "style":
            self.texts.append(data)

    def handle_comment(self, data):
        self.problems.append(f"a comment: {data}")

    def all(self, tag: str, style: str = "") -> list[dict[str, str | None]]:
        """Returns the attributes of every element of a name, and of a class where one is named."""
        found = [attributes for name, attributes in self.tags if name == tag]
        return [each for each in found if not style or style in (each.get("class") or "").split()]

    def _check_place(self, tag, attributes):
        width, height = self._box
        points = []
        if tag == "rect":
            left, top, wide, high = (float(attributes[key]) for key in ("x", "y", "width", "height"))
            points = [(left, top), (left + wide, top + high)]
        elif tag == "polyline":
            numbers = [float(number) for number in _NUMBER.findall(attributes["points"])]
            points = list(zip(numbers[::2], numbers[1::2], strict=True))
        elif tag == "text":
            points = [(float(attributes["x"]), float(attributes["y"]))]
        elif tag == "path":
            across = [float(number) for number in re.findall(r"H(-?[\d.]+)", attributes["d"])]
            down = [float(number) for number in re.findall(r"V(-?[\d.]+)", attributes["d"])]
            points = [(x, 0.0) for x in across] + [(0.0, y) for y in down]
        # 0.01: coordinates are written with two digits.
        outside = [(x, y) for x, y in points if not (-0.01 <= x <= width + 0.01 and -0.01 <= y <= height + 0.01)]
        if outside:
            self.problems.append(f"outside of {self._box}: {tag} {outside[:2]}")


def problems(text: str) -> list[str]:
    """Returns what is wrong with a page: its form, what it would fetch, ids that are not its own."""
    page = StrictPage(text)
    found = list(page.problems)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    found += [f"id twice: {identity}" for identity in ids if ids.count(identity) > 1]
    targets = {(attributes["href"] or "").removeprefix("#") for attributes in page.all("a")}
    found += [f"a link to nothing: {target}" for target in targets - set(ids)]
    found += [f"a script: {tag}" for tag, _ in page.tags if tag in ("script", "iframe", "object", "link", "base")]
    for tag, attributes in page.tags:
        for name, value in attributes.items():
            if name.startswith("on") or (
                name in ("src", "href") and not (value or "").startswith(("#", "data:image/png;"))
            ):
                found.append(f"fetches or runs: {tag} {name}={value!r:.60}")
    found += [f"an address: {each}" for each in re.findall(r"(?:https?:|url\(|@import|//)[^\s\"<]{0,20}", text)]
    found += ["no number"] if re.search(r"\b(?:nan|NaN|inf)\b", text) else []
    return found
