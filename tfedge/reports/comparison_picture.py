"""The error along the graph as a picture: SVG written as text, alone or in an HTML page, without any package."""

from __future__ import annotations

import html
import os
import pathlib

from tfedge.artifacts import write_bytes
from tfedge.errors import ConfigError
from tfedge.printable import shortened
from tfedge.reports.comparison import comparison_lines, decibel_text
from tfedge.validation.signature_comparison import SignatureComparison, TensorError
from tfedge.validation.tensor_comparison import Comparison
from tfedge.validation.tensor_error import EIGHT_BITS_DB, ONE_BIT_DB

SUFFIXES = (".html", ".svg")

_WIDTH, _PANEL, _PLOT = 1200, 330, 190
_LEFT, _RIGHT, _TOP = 60, 100, 46
_HIGH, _LOW = 60.0, -20.0  # dB: what is better or worse stands at the edge.
_MIN_LABEL = 14  # Pixels between two names of blocks.
_COLOURS = {"int8": "#1f6feb", "uint8": "#1f6feb", "int16": "#0a7d6c"}
_FLOAT, _WRONG, _GREY = "#8a8f98", "#c9302c", "#d8dbe0"


def write_picture(path: str | os.PathLike[str], comparison: Comparison, force: bool = False) -> pathlib.Path:
    """Writes the picture, completely or not at all: HTML with the report below it, or SVG alone.

    Raises:
        ConfigError: another suffix than .html or .svg.
        ArtifactError: as `artifacts.write_bytes`.
    """
    picture = picture_svg(comparison) if check_suffix(path) == ".svg" else picture_html(comparison)
    return write_bytes(path, picture.encode("utf-8"), force)


def check_suffix(path: str | os.PathLike[str]) -> str:
    """Returns ".html" or ".svg"; ConfigError for another suffix."""
    suffix = pathlib.Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise ConfigError(f"expected a picture named FILE.html or FILE.svg; got {os.fspath(path)!r}; rename it")
    return suffix


def picture_html(comparison: Comparison) -> str:
    """Returns one page: the picture, and the report below it."""
    report = html.escape("\n".join(comparison_lines(comparison)))
    title = html.escape(f"{pathlib.Path(comparison.second).name} against {pathlib.Path(comparison.first).name}")
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>\n'
        f'<body style="font-family:sans-serif;margin:16px">\n{picture_svg(comparison)}\n<pre>{report}</pre>\n'
        "</body></html>\n"
    )


def picture_svg(comparison: Comparison) -> str:
    """Returns a panel a signature: signal to noise of every tensor in graph order, higher is better."""
    first, second = pathlib.Path(comparison.first).name, pathlib.Path(comparison.second).name
    height = _TOP + _PANEL * max(len(comparison.signatures), 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        'font-family="sans-serif" font-size="11">',
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
        _text(_LEFT, 18, f"{second} against {first}: signal to noise of each tensor, dB", size=14),
    ]
    x = float(_LEFT)
    for label, colour in (("int8", _COLOURS["int8"]), ("float", _FLOAT), ("less than one bit left", _WRONG)):
        parts += [f'<circle cx="{x + 4}" cy="32" r="3.5" fill="{colour}"/>', _text(x + 12, 36, label)]
        x += 30 + 6.5 * len(label)
    for place, signature in enumerate(comparison.signatures):
        parts += _panel(signature, _TOP + place * _PANEL)
    return "\n".join([*parts, "</svg>"])


def _panel(signature: SignatureComparison, top: float) -> list[str]:
    count = max(len(signature.tensors), 1)
    step = (_WIDTH - _LEFT - _RIGHT) / count
    xs = [_LEFT + step * (place + 0.5) for place in range(count)]
    ys = [_y(tensor, top) for tensor in signature.tensors]
    parts = [_text(_LEFT, top + 12, f"{signature.name}, {signature.num_runs} runs", size=12, weight="bold")]
    parts += _grid(top) + _blocks(signature, xs, step, top)
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=False))
    parts.append(f'<polyline points="{line}" fill="none" stroke="{_GREY}"/>')
    parts += [_point(tensor, x, y) for tensor, x, y in zip(signature.tensors, xs, ys, strict=False)]
    if signature.wrong is not None:
        x, y = xs[signature.wrong.position], ys[signature.wrong.position]
        anchor = "end" if x > _WIDTH / 2 else "start"
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="7" fill="none" stroke="{_WRONG}" stroke-width="2"/>')
        label = f"{shortened(signature.wrong.title)} ({signature.wrong.op})"
        parts.append(_text(x, top + 30, label, colour=_WRONG, anchor=anchor, weight="bold"))
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top + 34}" y2="{y - 7:.1f}" stroke="{_WRONG}"/>')
    return parts


def _grid(top: float) -> list[str]:
    parts = []
    for tick in range(int(_LOW), int(_HIGH) + 1, 20):
        y = _height(float(tick), top)
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{_GREY}"/>')
        parts.append(_text(_LEFT - 6, y + 4, str(tick), anchor="end"))
    for value, label in ((ONE_BIT_DB, "1 bit"), (EIGHT_BITS_DB, "8 bits")):
        y = _height(value, top)
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{_WRONG}" '
            'stroke-dasharray="5 4" stroke-opacity="0.6"/>'
        )
        parts.append(_text(_LEFT - 6, y + 4, label, anchor="end", colour=_WRONG))
    return parts


def _blocks(signature: SignatureComparison, xs: list[float], step: float, top: float) -> list[str]:
    """Returns a line and a name where another block of layers begins."""
    parts, block, last = [], "", -float(_MIN_LABEL)
    bottom = top + _PLOT + 40
    for tensor, x in zip(signature.tensors, xs, strict=False):
        here = tensor.layer.split("/")[0]
        if not here or here == block:
            continue
        block, left = here, x - step / 2
        parts.append(f'<line x1="{left:.1f}" x2="{left:.1f}" y1="{top + 40}" y2="{bottom}" stroke="{_GREY}"/>')
        if left - last >= _MIN_LABEL:
            last = left
            parts.append(
                f'<text x="{left + 3:.1f}" y="{bottom + 10}" fill="#333" '
                f'transform="rotate(35 {left + 3:.1f} {bottom + 10})">{html.escape(shortened(here, 24))}</text>'
            )
    return parts


def _point(tensor: TensorError, x: float, y: float) -> str:
    colour = _WRONG if tensor.is_wrong else _COLOURS.get(tensor.dtype, _FLOAT)
    title = html.escape(f"{tensor.position} {tensor.op} {shortened(tensor.name)}: {decibel_text(tensor.snr_db)} dB")
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"><title>{title}</title></circle>'


def _y(tensor: TensorError, top: float) -> float:
    return _height(_HIGH if tensor.snr_db is None else tensor.snr_db, top)


def _height(value: float, top: float) -> float:
    share = (min(max(value, _LOW), _HIGH) - _LOW) / (_HIGH - _LOW)
    return top + 40 + _PLOT * (1 - share)


def _text(
    x: float, y: float, words: str, size: int = 11, anchor: str = "start", colour: str = "#333", weight: str = "normal"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}" '
        f'font-weight="{weight}">{html.escape(words)}</text>'
    )
