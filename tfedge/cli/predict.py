"""`tfedge predict`: what does the model say to these texts, or to this signal?"""

from __future__ import annotations

import argparse
import json
import pathlib

from tfedge.cli import predict_stream, verb
from tfedge.errors import ConfigError

SUMMARY = "run a packed .tflite file on texts, or on a sensor's rows as if live"
EXAMPLE = "tfedge predict out/g2p.tflite hello world"
NEEDS_TRAIN = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `tfedge predict`."""
    parser.add_argument("model", type=pathlib.Path, metavar="FILE.tflite", help="packed model; no other file is needed")
    parser.add_argument("texts", nargs="*", metavar="TEXT", help="text to read, such as a word for g2p")
    parser.add_argument(
        "--target", metavar="RUNTIME", help="interpreter to run on, such as tflite-runtime (default: ai-edge-litert)"
    )
    parser.add_argument(
        "--nbest",
        type=verb.positive_int,
        metavar="N",
        help="the N best answers with scores, of a file converted with --beam-width N or more",
    )
    parser.add_argument(
        "--stream",
        metavar="FILE.csv",
        help="rows of a sensor in place of texts, - for stdin: one line a window, as soon as it is complete",
    )
    verb.add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Predicts, and prints one text a line with its prediction, or one alternative a line with its score."""
    if args.stream is not None:
        return predict_stream.run(args)
    if not args.texts:
        raise ConfigError("expected texts or --stream FILE.csv; got neither; see tfedge predict --help")
    if args.nbest is not None:
        return _run_nbest(args)
    from tfedge.runtime import predict

    predictions = predict.predict(args.model, args.texts, runtime=args.target)
    pairs = list(zip(args.texts, predictions, strict=True))
    if args.json:
        print(json.dumps([{"text": text, "prediction": prediction} for text, prediction in pairs], ensure_ascii=False))
        return 0
    width = max(len(text) for text, _ in pairs)
    for text, prediction in pairs:
        print(f"{text:<{width}}  {prediction}")
    return 0


def _run_nbest(args: argparse.Namespace) -> int:
    from tfedge.runtime.alternatives import predict_nbest

    found = predict_nbest(args.model, args.texts, args.nbest, runtime=args.target)
    if args.json:
        each = [[{"prediction": one.text, "score": one.score} for one in answers] for answers in found]
        rows = [{"text": text, "nbest": answers} for text, answers in zip(args.texts, each, strict=True)]
        print(json.dumps(rows, ensure_ascii=False))
        return 0
    width = max(len(text) for text in args.texts)
    for text, answers in zip(args.texts, found, strict=True):
        for one in answers:
            print(f"{text:<{width}}  {one.score:8.3f}  {one.text}")
    return 0
