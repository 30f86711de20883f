"""Two more ways of `tfedge validate`: `--trace` (what was each text at every stage?) and `--compare` (where apart?)."""

from __future__ import annotations

import argparse
import json
import pathlib

from tfedge.cli import verb
from tfedge.errors import ConfigError, InputError

MAX_TEXT_BYTES = 2**24  # Of all texts together: 20,000 words are a tenth of a megabyte.


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of both."""
    trace = parser.add_argument_group("what each text was at every stage")
    trace.add_argument(
        "--trace",
        type=pathlib.Path,
        metavar="OUT.json",
        help="run the golden cases on one device and write its report: raw bytes, ids, encoder output, first logits, "
        "tokens and text of each",
    )
    trace.add_argument(
        "--device",
        metavar="D",
        help="with --trace: local, a target such as ai-edge-litert==2.3.0@aarch64, or ssh:HOST[:PYTHON] (default: "
        "local)",
    )
    trace.add_argument(
        "--runtime", metavar="R", help="with --trace: the interpreter, where the device has several (default: LiteRT)"
    )
    trace.add_argument(
        "--texts", type=pathlib.Path, metavar="FILE", help="with --trace: more texts to run, one a line, UTF-8"
    )
    trace.add_argument(
        "--threads", type=verb.positive_int, metavar="N", help="with --trace: interpreter threads (default: 1)"
    )
    verb.add_force(trace)
    compare = parser.add_argument_group("where two devices part ways")
    compare.add_argument(
        "--compare",
        type=pathlib.Path,
        nargs=2,
        metavar=("A.json", "B.json"),
        help="two device reports of one model: the first stage that differs, where, and by how many quantization "
        "steps; A is taken for right, and FILE.tflite, where it is named, tells near ties from wrong tokens",
    )


def check(args: argparse.Namespace) -> None:
    """Refuses arguments of one way without it; ConfigError."""
    given = [name for name in ("device", "runtime", "texts", "threads") if getattr(args, name) is not None]
    if args.trace is None and (given or args.force):
        first = f"--{given[0]}" if given else "--force"
        raise ConfigError(f"expected {first} with --trace OUT.json; there is none; add it")
    if args.trace is not None and args.compare is not None:
        raise ConfigError("expected --trace or --compare; got both; run them one after the other")
    if (args.trace is not None or args.compare is not None) and (args.targets or args.full or args.data is not None):
        raise ConfigError("expected no --target, --full and --data with --trace or --compare; leave them out")
    if args.model is None and args.compare is None:
        raise ConfigError("expected a packed model, FILE.tflite; got none; name one")


def run_trace(args: argparse.Namespace) -> int:
    """Writes the device report; exit code 1 where the golden cases differ by more than near ties."""
    from tfedge import artifacts
    from tfedge.cli.terminal import TerminalReporter
    from tfedge.modelfile.pack import read_pack
    from tfedge.reports.deploy_reading import golden_finding
    from tfedge.reports.device_report import write_device_report
    from tfedge.reports.schema import EXIT_CODES
    from tfedge.reports.stage_table import report_lines
    from tfedge.reports.stage_trace import stage_trace

    artifacts.check_writable(args.trace, args.force)
    texts = read_texts(args.texts) if args.texts is not None else ()
    report = stage_trace(
        args.model,
        device=args.device or "local",
        runtime=args.runtime,
        texts=texts,
        num_threads=args.threads or 1,
        reporter=TerminalReporter(),
    )
    finding = golden_finding(report, read_pack(args.model))
    write_device_report(args.trace, report, args.force)
    if args.json:
        summary = {**report.to_json(), "traces": len(report.traces), "verdict": finding.verdict}
        print(json.dumps({**summary, "finding": finding.to_json()}, indent=2, ensure_ascii=False))
    else:
        print("\n".join([*report_lines(report, finding), f"wrote {args.trace}"]))
    return EXIT_CODES[finding.verdict]


def run_compare(args: argparse.Namespace) -> int:
    """Prints the comparison; exit code 1 where the devices part ways."""
    from tfedge.reports.device_report import read_device_report
    from tfedge.reports.stage_comparison import compare_reports
    from tfedge.reports.stage_table import comparison_lines

    one, other = map(read_device_report, args.compare)
    compared = compare_reports(one, other, args.model)
    if args.json:
        print(json.dumps(compared.to_json(), indent=2, ensure_ascii=False))
    else:
        print("\n".join(comparison_lines(compared)))
    return compared.exit_code


def read_texts(path: pathlib.Path) -> tuple[str, ...]:
    """Reads texts, one a line, as they stand there: nothing is normalised; empty lines are left out.

    Raises:
        ArtifactError: the file cannot be read.
        InputError: not UTF-8, no text, or too many of them.
    """
    from tfedge.artifacts import read_bytes

    data = read_bytes(path, "file of texts")
    if len(data) > MAX_TEXT_BYTES:
        raise InputError(f"expected at most {MAX_TEXT_BYTES >> 20} MiB of texts in {path}; got {len(data) >> 20} MiB")
    texts = []
    for number, line in enumerate(data.split(b"\n"), start=1):
        try:
            text = line.removesuffix(b"\r").decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(
                f"expected UTF-8 in {path}; line {number} is not: {error.reason}; save it as UTF-8"
            ) from None
        if text:
            texts.append(text)
    if not texts:
        raise InputError(f"expected a text a line in {path}; there is none; write one")
    return tuple(texts)
