"""Rescues two recipes that fail, keeps what each step costs, and writes it into the README: evidence for `--rescue`.

    python tools/rescue_demo.py [--out FOLDER] [--case mask|int4] [--num-words N] [--max-points-lost P] [--runtime R]
    python tools/rescue_demo.py --readme-only

`mask`: the shipped network with an attention mask of -1e9, which `NetworkConfig` refuses, everything int8: broken on
purpose. `int4`: the shipped network as it is, every product in 4 bits with one min-max scale a matrix: honestly hard.
Dev words only; minutes a case. A search that was stopped goes on where it was; delete FOLDER for a new one. Reports are
kept in models/g2p/g2p.rescue.json, and `--readme-only` draws the README's tables anew from there.
"""

from __future__ import annotations

import argparse
import pathlib
import sys

from tfedge.cli.terminal import TerminalReporter
from tfedge.conversion.recipes import QUANTIZER, RECIPES, Recipe
from tfedge.conversion.scopes import DYNAMIC, TENSOR, Scope
from tfedge.errors import TfedgeError
from tfedge.pipeline.rescue_report import RescueConfig, RescueReport
from tfedge.pipeline.rescue_text import rescue_lines
from tools.rescue_evidence import Evidence, read_evidence, region, store_evidence
from tools.update_readme import README, write_region

ROOT = pathlib.Path(__file__).parents[1]
STORED = ROOT / "models" / "g2p" / "g2p.rescue.json"
MARKS = ("<!-- rescue: begin -->", "<!-- rescue: end -->")
BROKEN_MASK = -1e9
CASES = {
    "mask": RECIPES["static_wi8_ai8"],
    "int4": Recipe(
        "dynamic_wi4_min_max",
        "every product in 4 bits, one min-max scale a matrix",
        QUANTIZER,
        (Scope(DYNAMIC, weight_bits=4, granularity=TENSOR),),
    ),
}
# What each case is, for the README.
TITLES = {
    "mask": "Broken on purpose: the shipped network with an attention mask of -1e9, everything int8",
    "int4": "Honestly hard: the shipped network, every product in 4 bits with one min-max scale a matrix",
}


def update_readme(stored: pathlib.Path = STORED, readme: pathlib.Path = README) -> None:
    """Writes the tables of the stored reports between the marks."""
    write_region(readme, region(read_evidence(stored, tuple(CASES)), TITLES), *MARKS)


def main(arguments: list[str] | None = None) -> int:
    """Rescues; returns 0 where every case was rescued."""
    args = _parser().parse_args(arguments)
    config = RescueConfig(args.max_points_lost, args.budget_minutes, num_words=args.num_words, runtime=args.runtime)
    codes = [0]
    try:
        for case in () if args.readme_only else args.cases or CASES:
            report = _rescue(case, args.out, config)
            store_evidence(args.store, case, Evidence.of(report), tuple(CASES))
            codes.append(report.exit_code)
        update_readme(args.store, args.readme)
    except TfedgeError as error:
        print(f"rescue_demo: error: {error}", file=sys.stderr)
        return error.exit_code
    return max(codes)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("out/rescue"), help="default: out/rescue")
    parser.add_argument("--case", choices=CASES, action="append", dest="cases", help="default: both")
    parser.add_argument(
        "--num-words", type=int, default=2_500, help="dev words: half decide, half confirm (default: 2500)"
    )
    parser.add_argument("--max-points-lost", type=float, default=0.5, help="limit (default: 0.5)")
    parser.add_argument("--budget-minutes", type=float, default=30.0, help="of each case (default: 30)")
    parser.add_argument("--runtime", default="ai-edge-litert", help="default: ai-edge-litert")
    parser.add_argument("--readme-only", action="store_true", help="draw the tables from the stored reports")
    parser.add_argument("--store", type=pathlib.Path, default=STORED, help="default: models/g2p/g2p.rescue.json")
    parser.add_argument("--readme", type=pathlib.Path, default=README, help="default: README.md")
    return parser


def _rescue(case: str, out: pathlib.Path, config: RescueConfig) -> RescueReport:
    from tfedge.cli import wing_a

    wing_a.import_tensorflow()
    from tfedge.networks.trained_model import TrainedModel
    from tfedge.pipeline.rescue import rescue_model
    from tfedge.tasks.registry import load_task

    model = TrainedModel.load(ROOT / "models" / "g2p" / "g2p.keras")
    if case == "mask":
        model.network.mask_value = BROKEN_MASK
    data = load_task(model.spec.name)
    report = rescue_model(model, data, out, case, CASES[case], config, force=True, reporter=TerminalReporter())
    print("\n".join([f"{case}:", *rescue_lines(report), ""]))
    return report


if __name__ == "__main__":
    raise SystemExit(main())
