"""`tfedge VERB ...`: parses, runs the verb, and turns every error into one line and an exit code."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence

from absl import app, flags, logging

from tfedge.cli import (
    bench,
    check,
    convert,
    deploy,
    explain,
    inspect,
    package,
    predict,
    report,
    run,
    targets,
    train,
    validate,
    wing_a,
)
from tfedge.cli.parser import build_parser
from tfedge.cli.verb import Verb
from tfedge.errors import EXIT_NOT_MEASURED, TfedgeError
from tfedge.printable import printable

# The order of `tfedge --help`: the order of the stages.
VERBS: dict[str, Verb] = {
    "run": run,
    "train": train,
    "convert": convert,
    "package": package,
    "inspect": inspect,
    "check": check,
    "validate": validate,
    "bench": bench,
    "deploy": deploy,
    "predict": predict,
    "report": report,
    "explain": explain,
    "targets": targets,
}

# 128 + the signal's number, what a shell reports for a program that the signal ended.
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command line and returns its exit code; `arguments` defaults to the process's own."""
    argv = list(sys.argv) if arguments is None else ["tfedge", *arguments]
    try:
        code = _run_to_exit_code(argv)
        sys.stdout.flush()  # Here and not at Python's exit, where a reader who left could not be answered.
        return code
    except BrokenPipeError:
        _discard_stdout()
        return EXIT_BROKEN_PIPE
    except OSError as error:
        return _refused_by_system(error)


def _run_to_exit_code(argv: list[str]) -> int:
    try:
        app.run(_run_verb, argv=argv, flags_parser=_parse)
    except SystemExit as end:  # How absl ends every run, and argparse --help and --version.
        return end.code if isinstance(end.code, int) else 0
    except TfedgeError as error:
        return _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        return _fail("interrupted", EXIT_INTERRUPTED)
    except BrokenPipeError:  # An OSError that is nobody's mistake: `main` answers it.
        raise
    except ModuleNotFoundError as error:
        root = (error.name or "").partition(".")[0]
        if root not in wing_a.TRAIN_PACKAGES:
            return _fail_unexpectedly()
        return _fail(str(wing_a.unavailable("this step", [root])), EXIT_NOT_MEASURED)
    except OSError as error:
        return _refused_by_system(error)
    except Exception:  # The last net: a defect of tfedge must not look like exit code 1, a failed gate.
        return _fail_unexpectedly()


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    args: argparse.Namespace = build_parser(VERBS).parse_args(argv[1:])
    if flags.FLAGS["verbosity"].using_default_value:  # absl would make it INFO: too talkative for a terminal.
        flags.FLAGS["verbosity"].value = logging.WARNING
        flags.FLAGS["verbosity"].using_default_value = False
    return args


def _run_verb(args: argparse.Namespace) -> int:
    verb = VERBS[args.verb]
    if verb.NEEDS_TRAIN:
        wing_a.require(args.verb)
    return verb.run(args)


def _fail(message: str, exit_code: int) -> int:
    print(f"tfedge: error: {printable(' '.join(message.split()))}", file=sys.stderr)
    return exit_code


def _fail_unexpectedly() -> int:
    traceback.print_exc()
    return _fail("a defect in tfedge, not in your input; please report the lines above", EXIT_NOT_MEASURED)


def _refused_by_system(error: OSError) -> int:
    try:
        sys.stdout.flush()
    except OSError:  # What was refused is still held; Python would try it again at exit and return 120.
        _discard_stdout()
    where = f": {error.filename}" if error.filename else ""
    return _fail(f"the system refused: {error.strerror or error}{where}", EXIT_NOT_MEASURED)


def _discard_stdout() -> None:
    # Python flushes stdout once more at exit; into the null device that cannot fail again.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
