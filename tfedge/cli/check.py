"""`tfedge check`: will this file load, run and answer rightly where it is going? Of an app: is what is inside right?"""

from __future__ import annotations

import argparse
import math
import pathlib

from tfedge.cli import verb
from tfedge.errors import ConfigError

SUMMARY = "check any .tflite file for named runtimes: read it, run it there, compare its answers; or an Android APK"
EXAMPLE = "tfedge check models/g2p/g2p.tflite --target ai-edge-litert --target tflite-runtime==2.14.0@x86_64"
NEEDS_TRAIN = False

MAX_TIMEOUT_S, MAX_MEMORY_MB = 86_400, 2**20  # A day, a tebibyte: beyond it no clock or limit of a system follows.


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `tfedge check`."""
    parser.add_argument(
        "models",
        type=pathlib.Path,
        nargs="+",
        metavar="FILE.tflite",
        help="models, whoever made them, and Android packages (.apk), which are read and not run",
    )
    parser.add_argument(
        "--target",
        action="append",
        dest="targets",
        metavar="T",
        help="where it must run: RUNTIME==VERSION@ARCH[:CORE], a runtime beside this Python, or a board, "
        "ssh:HOST[:PYTHON]; may be repeated, and then runs side by side (default: all installed; see `tfedge targets`)",
    )
    parser.add_argument(
        "--inputs",
        type=pathlib.Path,
        metavar="CASES.npz",
        help="arrays by input name (or SIGNATURE/INPUT), cases along the first axis; expected_NAME for known outputs "
        "(default: realistic ones are made up)",
    )
    parser.add_argument(
        "--reference",
        type=pathlib.Path,
        metavar="FLOAT.tflite",
        help="model whose answers are right, run on LiteRT (default: LiteRT's reference kernels run FILE itself)",
    )
    parser.add_argument("--static", action="store_true", help="only read the file: no process is started")
    _add_packages(parser)
    _add_limits(parser)
    parser.add_argument(
        "--fix",
        type=pathlib.Path,
        metavar="OUT.tflite",
        help="write the file with the smallest safe rewrite that makes it right on every target, proved by running it "
        "and shown with its cost; nothing is written where there is none",
    )
    parser.add_argument("--junit", type=pathlib.Path, metavar="FILE.xml", help="write JUnit XML for a CI server too")
    parser.add_argument(
        "--claim",
        action="store_true",
        help="write into the pack of each FILE which of these targets it passed on; `tfedge inspect` shows them",
    )
    verb.add_force(parser)
    verb.add_json(parser)


def _add_packages(parser: argparse.ArgumentParser) -> None:
    """Declares what is asked of Android packages."""
    parser.add_argument(
        "--model",
        type=pathlib.Path,
        metavar="M.tflite",
        help="model that an APK must hold, byte by byte (default: any)",
    )
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="RULE",
        help="a rule on APKs whose failure is accepted and shown as a note, such as page_size_16kb; may be repeated",
    )


def _add_limits(parser: argparse.ArgumentParser) -> None:
    """Declares what bounds a run."""
    parser.add_argument(
        "--timeout",
        type=verb.positive_float,
        default=60.0,
        metavar="SECONDS",
        help="for one answer of an interpreter (default: 60)",
    )
    parser.add_argument(
        "--memory",
        type=verb.positive_int,
        default=2048,
        metavar="MB",
        help="that a file may take above the bare interpreter (default: 2048)",
    )
    parser.add_argument(
        "--seed", type=verb.natural, default=1, metavar="N", help="of inputs that are made up (default: 1)"
    )


def run(args: argparse.Namespace) -> int:
    """Checks, prints the report, and writes it as JUnit XML where that is asked for."""
    from tfedge import artifacts
    from tfedge.cli import output, terminal
    from tfedge.reports import check, claims, fix, junit
    from tfedge.runtime.limits import Limits

    if args.fix is not None and (args.static or len(args.models) != 1):
        raise ConfigError("expected one file, to be run, with --fix; name one and leave out --static")
    if args.timeout > MAX_TIMEOUT_S or args.memory > MAX_MEMORY_MB:
        raise ConfigError(
            f"expected --timeout up to {MAX_TIMEOUT_S} s and --memory up to {MAX_MEMORY_MB} MB; give less"
        )
    if args.claim and (args.static or args.fix is not None):
        raise ConfigError("expected files that are run as they are with --claim; leave out --static and --fix")
    if args.claim or args.fix is not None:
        _refuse_packages(args.models)
    if args.claim:
        claims.check_claimable([str(path) for path in args.models])
    if args.junit is not None:
        artifacts.check_writable(args.junit, args.force)
    # Processor time is for all that is done with a file, the time-out for one answer.
    seconds = max(Limits.cpu_seconds, 4 * math.ceil(args.timeout))
    options = {
        "inputs": args.inputs,
        "reference": args.reference,
        "limits": Limits(address_space_bytes=args.memory * 2**20, cpu_seconds=seconds),
        "timeout_s": args.timeout,
        "seed": args.seed,
        "reporter": terminal.TerminalReporter(),
    }
    fixed = None
    if args.fix is not None:
        fixed = fix.fix_file(args.models[0], args.targets, args.fix, force=args.force, **options)
        report = fixed.shown
    else:
        options |= {"run": not args.static, "model": args.model, "allowed": args.allow}
        report = check.check_files(args.models, args.targets, **options)
    if args.claim:
        claims.record_claims(report)
    if args.junit is not None:
        artifacts.write_bytes(args.junit, junit.junit_xml(report), args.force)
    return output.show_fix(fixed, as_json=args.json) if fixed else output.show_check(report, as_json=args.json)


def _refuse_packages(paths: list[pathlib.Path]) -> None:
    """Refuses what is done to models alone."""
    from tfedge.modelfile.apk.kind import is_package
    from tfedge.modelfile.model_file import open_model

    named = [str(path) for path in paths if is_package(open_model(path), path)]
    if named:
        raise ConfigError(f"expected .tflite files with --fix and --claim; got {', '.join(named)}; name the models")
