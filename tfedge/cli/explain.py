"""`tfedge explain`: what does this id or error mean, and what helps?"""

from __future__ import annotations

import argparse
import sys

from tfedge.cli import verb

SUMMARY = "explain a rule, a gate or an error line, offline: cause, fix, example"
EXAMPLE = "tfedge explain \"Didn't find op for builtin opcode 'FULLY_CONNECTED' version '12'\""
NEEDS_TRAIN = False

# Of a log on stdin: what is read at most, and what is kept of its beginning and of its end.
_READ_BYTES = 64 << 20
_KEPT_BYTES = 2 << 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `tfedge explain`."""
    parser.add_argument(
        "texts",
        nargs="*",
        metavar="ID-OR-TEXT",
        help="an id, an error line, or - for a log on stdin; without any, all ids are listed",
    )
    verb.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Explains, and prints."""
    from tfedge.checks import explanations
    from tfedge.cli import explanation_text

    if not args.texts:
        explanation_text.show_ids(as_json=args.json)
        return 0
    text = read_log() if args.texts == ["-"] else " ".join(args.texts)
    matches = explanations.find_ids(args.texts) or explanations.find(text)
    if matches or args.json:
        explanation_text.show_matches(matches, explanations.nearest(text), as_json=args.json)
    if not matches:
        raise explanation_text.unknown(text, explanations.nearest(text))
    return 0


def read_log() -> str:
    """Reads stdin to its end, 64 MiB at most; returns its first and last 2 MiB, whatever bytes they are."""
    stream = sys.stdin.buffer
    head = stream.read(_KEPT_BYTES)
    tail, left = b"", _READ_BYTES - len(head)
    while left > 0 and (piece := stream.read(min(_KEPT_BYTES, left))):
        tail = (tail + piece)[-_KEPT_BYTES:]
        left -= len(piece)
    # Windows tools write UTF-16; what is not text becomes marks that no phrase holds.
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") and not tail else "utf-8"
    return (head + tail).decode(encoding, errors="replace")
