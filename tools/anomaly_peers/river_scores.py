"""Scores of river's detectors, row by row as river documents it; run in a Python that has river, without tfedge.

Reads {"rows": [[...], ...], "seed": n, "version": "..."} from standard input and writes {"NAME": [score, ...]}: each
row is scored, then learned, from the first one on. river needs a newer NumPy than tflite-runtime takes, so it lives in
a Python of its own.
"""

from __future__ import annotations

import json
import sys


def main() -> int:
    """Returns 0, or 3 where river is missing or of another version."""
    asked = json.load(sys.stdin)
    try:
        import river
        from river import anomaly, preprocessing
    except ImportError as error:
        print(f"expected the package river in {sys.executable}; {error}", file=sys.stderr)
        return 3
    if river.__version__ != asked["version"]:
        print(f"expected river {asked['version']} in {sys.executable}; got {river.__version__}", file=sys.stderr)
        return 3
    seed = asked["seed"]
    detectors = {"HalfSpaceTrees": anomaly.HalfSpaceTrees(seed=seed), "LODA": anomaly.LODA(seed=seed)}
    found: dict[str, list[float]] = {}
    for name, detector in detectors.items():
        model = preprocessing.MinMaxScaler() | detector
        scores = found[name] = []
        for values in asked["rows"]:
            row = {f"f{place}": value for place, value in enumerate(values, 1)}
            scores.append(float(model.score_one(row)))
            model.learn_one(row)
    json.dump(found, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
