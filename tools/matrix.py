"""Checks every recipe of every shipped model on every target that is installed, and writes the table into the README.

    python tools/matrix.py [--model NAME ...] [--target T ...] [--readme-only]

Converts each `models/NAME/NAME.keras` by all recipes into a temporary folder (extra `train`), checks each file as
`tfedge check` does, and keeps the report as `models/NAME/NAME.check.json`. The file that ships is checked too, and its
pack then says on which targets it passed. `--readme-only` draws the table anew from the stored reports. Install targets
first: tfedge targets add T.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import pathlib
import sys
import tempfile

from tfedge.artifacts import write_bytes
from tfedge.cli.terminal import TerminalReporter
from tfedge.conversion.recipes import ALL_RECIPES
from tfedge.errors import TfedgeError, one_of
from tfedge.modelfile.strict_json import dump_object, load_object
from tfedge.reports.check_report import CheckReport, FileCheck, TargetCheck
from tools.update_readme import README, write_region

ROOT = README.parent
MARKS = ("<!-- matrix: begin -->", "<!-- matrix: end -->")
CORPUS_MARKS = ("<!-- corpus: begin -->", "<!-- corpus: end -->")
TRUTH = ROOT / "tests" / "golden" / "gate" / "truth.json"
# Recipe in a file's name of the corpus -> who made it, in words.
MAKERS = {
    "float32": "TFLiteConverter, float32",
    "float16": "TFLiteConverter, float16",
    "dynamic": "TFLiteConverter, dynamic int8 (its default)",
    "dynamic_per_tensor": "TFLiteConverter, dynamic int8, one scale a tensor",
    "static": "TFLiteConverter, static int8",
    "static_per_tensor": "TFLiteConverter, static int8, one scale a tensor",
    "int16x8": "TFLiteConverter, int16 activations",
    "lq_dynamic": "litert-quantizer, dynamic int8",
    "lq_int4": "litert-quantizer, dynamic int4",
    "lq_weight_only": "litert-quantizer, weight-only int8",
    "lq_products": "tfedge, static int8 products",
}
OUTCOMES = ("right", "wrong", "refused", "crashed")
# Where the corpus was measured beside the targets that tfedge runs on this machine: on emulators and on phones.
ANDROID_TARGETS = ("android-tflite==2.16.1@x86_64", "android-tflite==2.16.1@arm64-v8a:cortex-a76")
TARGETS = (
    "tflite-runtime==2.14.0@x86_64",
    "tflite-runtime==2.14.0@aarch64:cortex-a72",
    "tflite-runtime==2.14.0@aarch64:cortex-a76",
    "ai-edge-litert==2.3.0@x86_64",
    "ai-edge-litert==2.3.0@aarch64:cortex-a72",
    "ai-edge-litert==2.3.0@aarch64:cortex-a76",
)


def stored_reports() -> list[pathlib.Path]:
    """Returns the reports in models/, by name."""
    return sorted((ROOT / "models").glob("*/*.check.json"))


def read_stored(path: pathlib.Path) -> CheckReport:
    """Reads a stored report."""
    return CheckReport.from_json(load_object(path.read_bytes(), "a check report"))


def check_model(trained: pathlib.Path, targets: list[str]) -> CheckReport:
    """Returns what each recipe of a trained model is on each target."""
    from tfedge.cli import wing_a
    from tfedge.pipeline.convert import convert_model
    from tfedge.reports.check import check_files
    from tfedge.reports.claims import record_claims

    wing_a.import_tensorflow()
    reporter = TerminalReporter()
    with tempfile.TemporaryDirectory() as folder:
        packs = convert_model(trained, folder, list(ALL_RECIPES), reporter=reporter)
        shipped = trained.with_suffix(".tflite")
        report = check_files([shipped, *(pack.path for pack in packs)], targets, reporter=reporter)
        record_claims(dataclasses.replace(report, files=report.files[:1]))
    files = [dataclasses.replace(file, path=pathlib.Path(file.path).name) for file in report.files]
    return dataclasses.replace(report, files=tuple(files))


def matrix(reports: list[CheckReport]) -> str:
    """Returns the table: a row a file, a column a target."""
    targets = list(dict.fromkeys(target for report in reports for target in report.targets))
    lines = ["| file | " + " | ".join(_heading(target) for target in targets) + " |"]
    lines.append("| --- |" + " --- |" * len(targets))
    for report in reports:
        lines += [_row(file, targets) for file in report.files]
    when = ", ".join(sorted({report.created_utc[:10] for report in reports}))
    note = f"Checked {when} by `tools/matrix.py`; ARM is emulated. A failed cell names the gates that failed it."
    return "\n".join([*lines, "", note])


def _heading(target: str) -> str:
    runtime, _, where = target.partition("@")
    return f"{runtime.replace('==', ' ')}<br>{where.replace(':', ' ')}"


def _row(file: FileCheck, targets: list[str]) -> str:
    checks = {check.target: check for check in file.targets}
    cells = [_cell(checks[target]) if target in checks else "" for target in targets]
    return f"| `{file.path.removesuffix('.tflite')}` | " + " | ".join(cells) + " |"


def _cell(check: TargetCheck) -> str:
    reasons = list(dict.fromkeys(finding.gate for finding in check.findings if finding.verdict == check.verdict))
    return "pass" if check.verdict == "pass" else f"**{check.verdict.replace('_', ' ')}**: {', '.join(reasons[:2])}"


def corpus_table() -> str:
    """Returns what the gate's corpus does, a row a recipe, a column a target: counts of files."""
    truth = json.loads(TRUTH.read_text())
    targets = [target for target in (*TARGETS, *ANDROID_TARGETS) if target in next(iter(truth.values()))]
    lines = [
        "| made by | " + " | ".join(_heading(target) for target in targets) + " |",
        "| --- |" + " --- |" * len(targets),
    ]
    for recipe, maker in MAKERS.items():
        rows = [row for name, row in truth.items() if name.split(".")[1] == recipe]
        lines.append(
            f"| {maker} | " + " | ".join(_counts([row[target]["outcome"] for row in rows]) for target in targets) + " |"
        )
    measured = "measured by `tools/measure_gate_corpus.py`, ARM emulated"
    note = f"{len(truth)} files against Keras' own float answers; {measured}."
    return "\n".join([*lines, "", note])


def _counts(outcomes: list[str]) -> str:
    seen = ["wrong" if outcome == "not_finite" else outcome for outcome in outcomes]
    counted = [(seen.count(outcome), outcome) for outcome in OUTCOMES]
    words = [
        f"{count} {outcome}" if outcome == "right" else f"**{count} {outcome}**" for count, outcome in counted if count
    ]
    return ", ".join(words)


def update_readme(readme: pathlib.Path = README) -> None:
    """Writes the table of the stored reports between the marks."""
    region = f"\n{matrix([read_stored(path) for path in stored_reports()])}\n"
    write_region(readme, region, *MARKS)
    write_region(readme, f"\n{corpus_table()}\n", *CORPUS_MARKS)


def _trained(names: list[str] | None) -> list[pathlib.Path]:
    known = {path.stem: path for path in sorted((ROOT / "models").glob("*/*.keras"))}
    unknown = [name for name in names or () if name not in known]
    if unknown:
        raise one_of("--model", ", ".join(unknown), known)
    return [known[name] for name in names or known]


def main(arguments: list[str] | None = None) -> int:
    """Checks and writes; returns 0, whatever the verdicts: the table shows them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", action="append", dest="models", metavar="NAME", help="default: all that ship")
    parser.add_argument("--target", action="append", dest="targets", metavar="T", help="default: the six pinned ones")
    parser.add_argument("--readme-only", action="store_true", help="draw the table from the stored reports")
    args = parser.parse_args(arguments)
    try:
        for trained in () if args.readme_only else _trained(args.models):
            report = check_model(trained, args.targets or list(TARGETS))
            write_bytes(trained.with_suffix(".check.json"), dump_object(report.to_json(), "a check report"), force=True)
        update_readme()
    except TfedgeError as error:
        print(f"matrix: error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
