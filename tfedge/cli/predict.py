"""`tfedge predict`: what does the model say to these texts, to these images, or to this signal?"""

from __future__ import annotations

import argparse
import json
import pathlib

from tfedge.cli import predict_stream, verb
from tfedge.errors import ConfigError
from tfedge.printable import printable

SUMMARY = "run a packed .tflite file on texts, on images, or on a sensor's rows as if live"
EXAMPLE = "tfedge predict out/g2p.tflite hello world"
NEEDS_TRAIN = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `tfedge predict`."""
    parser.add_argument("model", type=pathlib.Path, metavar="FILE.tflite", help="packed model; no other file is needed")
    parser.add_argument(
        "texts", nargs="*", metavar="TEXT", help="text to read, such as a word for g2p, or an image file"
    )
    parser.add_argument(
        "--target", metavar="RUNTIME", help="interpreter to run on, such as tflite-runtime (default: ai-edge-litert)"
    )
    parser.add_argument(
        "--nbest",
        type=verb.positive_int,
        metavar="N",
        help="the N best answers with scores, of a file converted with --beam-width N or more; of images N classes",
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
        raise ConfigError("expected texts, image files or --stream FILE.csv; got none; see tfedge predict --help")
    from tfedge.runtime import predict
    from tfedge.validation import predict_images

    if not predict_images.takes_texts(args.model):
        return _run_images(args)
    if args.nbest is not None:
        return _run_nbest(args)

    predictions = predict.predict(args.model, args.texts, runtime=args.target)
    pairs = list(zip(args.texts, predictions, strict=True))
    if args.json:
        print(json.dumps([{"text": text, "prediction": prediction} for text, prediction in pairs], ensure_ascii=False))
        return 0
    width = max(len(text) for text, _ in pairs)
    for text, prediction in pairs:
        print(f"{text:<{width}}  {prediction}")
    return 0


def _run_images(args: argparse.Namespace) -> int:
    from tfedge.validation.predict_images import predict_images

    answers, count = predict_images(args.model, args.texts, runtime=args.target), args.nbest or 1
    if args.json:
        print(json.dumps([each.to_json(count) for each in answers], ensure_ascii=False))
        return 0
    shown = {each.path: printable(each.path) for each in answers}
    wide = [max(map(len, shown.values())), max(len(printable(name)) for each in answers for name, _ in each.classes)]
    for each in answers:
        for name, probability in each.classes[:count]:
            print(f"{shown[each.path]:<{wide[0]}}  {printable(name):<{wide[1]}}  {probability:6.1%}")
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
