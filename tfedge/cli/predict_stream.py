"""`tfedge predict --stream`: a sensor's rows as if live, one line a window."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TextIO

from tfedge.errors import ArtifactError, ConfigError, TfedgeError
from tfedge.printable import printable

if TYPE_CHECKING:
    from tfedge.validation.stream import StreamModel, WindowAnswer

STDIN = "-"
# Channels named behind an anomaly: where a person looks first.
_NUM_CHANNELS = 2


def run(args: argparse.Namespace) -> int:
    """Prints an answer a window as it comes; on stderr, what was taken for granted and what was left out."""
    if args.texts or args.nbest is not None:
        raise ConfigError("expected --stream alone; got texts or --nbest beside it; leave them out")
    from tfedge.validation.stream import StreamModel

    where = "stdin" if args.stream == STDIN else args.stream
    with _opened(args.stream) as text:
        model = StreamModel(args.model, args.target)
        stream, rate = model.stream(text, where), model.windows.rate_hz
        if rate is not None and not stream.has_clock:
            _note(f"no column `time` or `rate` in {where}: its rows are taken for {rate:g} a second")
        with model, _told_at_the_end(stream.skipped, where):
            for answer in model.answers(stream):
                print(json.dumps(answer.to_json(model.meaning)) if args.json else _line(answer, model), flush=True)
    return 0


@contextlib.contextmanager
def _opened(name: str) -> Iterator[TextIO]:
    """Opens a file or stdin as text of UTF-8, whatever the locale."""
    if name == STDIN:
        yield io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig")
        return
    try:
        file = open(name, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ArtifactError(f"expected a CSV file at {name!r}; {reason}; check the path") from None
    with file:
        yield file


def _line(answer: WindowAnswer, model: StreamModel) -> str:
    place = f"row {answer.row:>8}" if answer.time is None else f"{answer.time:10.2f} s"
    classes = getattr(model.meaning, "classes", None)
    if classes is not None:
        width = max(len(printable(name)) for name in classes)
        return f"{place}  {printable(answer.label):<{width}}  {answer.value:6.1%}"
    shown = ", ".join(printable(name) for name in list(answer.contributions)[:_NUM_CHANNELS])
    judged = {"anomaly": "ALARM", "usual": "     "}.get(answer.label, "")
    return f"{place}  {answer.value:10.4g}  {judged}  {shown if answer.label == 'anomaly' else ''}".rstrip()


@contextlib.contextmanager
def _told_at_the_end(skipped: Mapping[str, int], where: str) -> Iterator[None]:
    """Says what was left out when the rows end, or a person ends them; an error says it itself where it matters."""
    try:
        yield
    except TfedgeError:
        raise
    except BaseException:
        _tell(skipped, where)
        raise
    _tell(skipped, where)


def _tell(skipped: Mapping[str, int], where: str) -> None:
    if skipped:
        told = ", ".join(f"{why}: {number}" for why, number in skipped.items())
        _note(f"left out of {where}: {told}; no window spans one")


def _note(message: str) -> None:
    print(f"tfedge: {printable(message)}", file=sys.stderr)
