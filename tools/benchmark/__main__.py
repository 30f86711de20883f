"""Times whole decodes of tfedge's files and of other tools, and says what each costs in quality.

    pip install -c constraints.txt '.[train,benchmark]'
    python -m tools.benchmark --out out/benchmark [--rounds 40] [--words 12] [--quality-words 2000]
    python -m tools.benchmark --compare out/benchmark/benchmark.json earlier.json
    python -m tools.benchmark --readme

Two networks: the shipped G2P model, on real words with its word error rate, and one of random weights, 256 wide with
3 + 3 layers, that writes 32 tokens. One thread, batch 1, each contender in a process of its own, all in one
interleaved run. CTranslate2 and ONNX Runtime have the same weights; phonetisaurus is a joint n-gram of the same
training words, which takes minutes to train and is kept in `--out`. `--compare` sets two reports beside each other and
refuses unlike conditions; `--readme` draws the README's table from the kept report. Nothing is installed by itself.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import json
import pathlib
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfedge.artifacts import atomic_path, sha256_hex, write_bytes
from tfedge.errors import ConfigError, RuntimeUnavailableError, TfedgeError
from tfedge.progress import Reporter
from tfedge.runtime import cpu
from tools.benchmark import comparison, phonetisaurus_model
from tools.benchmark import report as reports
from tools.benchmark.measure import Contender, answers_of, measure

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "models" / "g2p" / "g2p.keras"
KEPT = pathlib.Path(__file__).with_name("measured.json")
MARKS = ("<!-- benchmark: begin -->", "<!-- benchmark: end -->")
# Each with the packages of the extra `benchmark` that it needs.
PEERS = {"ctranslate2": ("ctranslate2",), "onnxruntime": ("onnx", "onnxruntime"), "phonetisaurus": ("phonetisaurus",)}


def contenders_of(
    files: dict[str, pathlib.Path], max_target_length: int, others: Sequence[Contender] = ()
) -> list[Contender]:
    """Returns everyone who decodes one shape: by the files, and `others`."""
    found: list[Contender] = []
    for name, path in files.items():
        size = path.stat().st_size if path.is_file() else sum(each.stat().st_size for each in path.iterdir())
        if name.startswith("naive"):
            found.append(Contender(f"{name}, LiteRT", "greedy", {"kind": "naive", "path": str(path)}, size))
        elif name == "ctranslate2":
            for kind in ("float32", "int8"):
                for search, beam in (("greedy", 1), ("beam 4", 4)):
                    config = {"kind": name, "path": str(path), "compute_type": kind, "beam": beam}
                    config["max_target_length"] = max_target_length
                    found.append(Contender(f"CTranslate2 {kind}", search, config, size, is_peer=True))
        elif name.startswith("onnxruntime"):
            said, config = name.replace("onnxruntime", "ONNX Runtime"), {"kind": "onnxruntime", "path": str(path)}
            found.append(Contender(said, "greedy", config, size, is_peer=True))
        else:
            for search, signature in (("greedy", "greedy"), ("beam 4", "beam")):
                config = {"kind": "tflite", "path": str(path), "signature": signature}
                found.append(Contender(f"{name}, LiteRT", search, config, size))
    return sorted([*found, *others], key=lambda each: (each.search != "greedy", each.is_peer))


def check_peers(peers: Sequence[str]) -> None:
    """Looks for the peers before minutes are spent.

    Raises:
        RuntimeUnavailableError: packages are missing; all are named.
    """
    missing = [package for peer in peers for package in PEERS[peer] if importlib.util.find_spec(package) is None]
    if missing:
        raise RuntimeUnavailableError(
            f"expected the peers to be installed; {', '.join(missing)} is missing; "
            "run: pip install -c constraints.txt '.[train,benchmark]', or name fewer --peers"
        )


def phonetisaurus(data: Any, out: pathlib.Path, reporter: Reporter) -> Contender:
    """Returns the joint n-gram of the training words, trained first where `out` does not hold it yet."""
    pairs = [(example.text, phones) for example in data.train for phones in example.references]
    path = out / f"phonetisaurus-{phonetisaurus_model.fingerprint(pairs)[:12]}.fst"
    if not path.exists():
        reporter.stage("training phonetisaurus, about 5 minutes")
        with atomic_path(path, force=True) as temporary:
            phonetisaurus_model.write_model(pairs, temporary)
    config = {"kind": "phonetisaurus", "path": str(path), "spec": data.spec.to_json()}
    return Contender(
        "phonetisaurus, joint 8-gram", "greedy", config, path.stat().st_size, is_peer=True, has_our_weights=False
    )


def run(out: pathlib.Path, args: argparse.Namespace, reporter: Reporter) -> dict[str, Any]:
    """Measures both shapes and writes report, table and picture into `out`; returns the report."""
    from tfedge.cli import wing_a

    wing_a.import_tensorflow()
    from tfedge.networks.trained_model import TrainedModel
    from tfedge.tasks.registry import load_task
    from tools.benchmark import shapes

    shipped = TrainedModel.load(MODEL)
    data = load_task(shipped.spec.name, None)
    texts = [example.text for example in data.train]
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="tfedge-benchmark-") as name:
        for shape in (shapes.Shape("shipped G2P model", shipped, texts), shapes.wide(shipped, texts)):
            folder = pathlib.Path(name) / str(len(found))
            folder.mkdir()
            reporter.stage(f"files of {shape.name}")
            files = shapes.write_files(shape, folder, peers=args.peers)
            is_real = shape.model is shipped
            others = [phonetisaurus(data, out, reporter)] if is_real and "phonetisaurus" in args.peers else []
            contenders = contenders_of(files, shape.model.spec.max_target_length, others)
            result = _shape_report(shape, contenders, data if is_real else None, args, reporter)
            found.append({**result, "sha256": _hashes(contenders)})
    report = {
        "schema_version": comparison.SCHEMA_VERSION,
        "created_utc": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "conditions": {"cpu": cpu.this_cpu(), "threads": 1, "versions": reports.versions()},
        "shapes": found,
    }
    write_bytes(out / "benchmark.json", json.dumps(report).encode(), force=True)
    write_bytes(out / "benchmark.md", (reports.markdown_table(report) + "\n").encode(), force=True)
    reports.draw(report, out / "benchmark.png")
    return report


def _shape_report(
    shape: Any, contenders: Sequence[Contender], data: Any, args: argparse.Namespace, reporter: Reporter
) -> dict[str, Any]:
    spec = shape.model.spec
    if data is None:
        random = np.random.default_rng(11)
        high = len(spec.source_tokenizer.symbols) + 3
        sources = [[int(value) for value in random.integers(3, high, 31)] for _ in range(4)]
    else:
        examples = sorted(data.test[: args.quality_words], key=lambda each: len(each.text))
        places = np.linspace(0, len(examples) - 1, args.words).astype(int)
        sources = [list(spec.source_ids(examples[place].text))[:-1] for place in places]
    reporter.stage(f"{shape.name}: {len(contenders)} contenders, {args.rounds} rounds")
    timings = measure(contenders, sources, args.rounds, reporter)
    rows = []
    for timing in timings:
        search = timing.contender.search
        reference = next(
            each for each in timings if each.contender.search == search and "float32, " in each.contender.name
        )
        wer = None if data is None else _wer(timing.contender, spec, data.test[: args.quality_words], reporter)
        rows.append(reports.row(timing, timings, reference, wer))
    return {"name": shape.name, "num_sources": len(sources), "rounds": args.rounds, "rows": rows}


def _hashes(contenders: Sequence[Contender]) -> dict[str, str]:
    paths = {each.name: pathlib.Path(each.config["path"]) for each in contenders}
    return {name: sha256_hex(path.read_bytes()) for name, path in paths.items() if path.is_file()}


def _wer(contender: Contender, spec: Any, examples: Any, reporter: Reporter) -> float:
    answers = answers_of(contender, [list(spec.source_ids(example.text))[:-1] for example in examples], reporter)
    wrong = 0
    for example, answer in zip(examples, answers, strict=True):
        text = spec.target_tokenizer.decode([*answer])
        wrong += text not in {spec.target_tokenizer.separator.join(phones) for phones in example.references}
    return 100.0 * wrong / len(examples)


def update_readme(readme: pathlib.Path = ROOT / "README.md") -> None:
    """Draws the README's table from the kept report."""
    from tools.update_readme import write_region

    write_region(readme, region(json.loads(KEPT.read_text("utf-8"))), *MARKS)


def region(report: dict[str, Any]) -> str:
    """Returns what stands between the marks."""
    said = ", ".join(f"{name} {version}" for name, version in report["conditions"]["versions"].items())
    made = f"Measured {report['created_utc'][:10]} by `tools/benchmark` on {report['conditions']['cpu']}; {said}."
    return f"\n{reports.markdown_table(report)}\n\n{made}\n"


def main(arguments: list[str] | None = None) -> int:
    """Measures and prints, or draws the README's table."""
    from tfedge.cli.terminal import TerminalReporter

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("out/benchmark"))
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--words", type=int, default=12, help="real words to time")
    parser.add_argument("--quality-words", type=int, default=2000, help="test words to score")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS), help="other tools (default: all)")
    parser.add_argument("--compare", nargs=2, type=pathlib.Path, metavar=("REPORT", "EARLIER"))
    parser.add_argument("--readme", action="store_true", help="draw the README's table from the kept report")
    args = parser.parse_args(arguments)
    try:
        if args.readme:
            update_readme()
            return 0
        if args.compare:
            print(comparison.markdown(*map(comparison.read, args.compare)))
            return 0
        if min(args.rounds, args.words, args.quality_words) < 1:
            raise ConfigError("expected --rounds, --words and --quality-words of 1 or more; got less; name more")
        check_peers(args.peers)
        args.out.mkdir(parents=True, exist_ok=True)
        report = run(args.out, args, TerminalReporter())
    except TfedgeError as error:
        print(f"benchmark: error: {error}", file=sys.stderr)
        return error.exit_code
    print(reports.markdown_table(report))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
