"""Every interpreter loads a packed file as it is, and answers as without the pack."""

from __future__ import annotations

import importlib.util
import json
import pathlib
import subprocess
import sys
from typing import Any

import pytest

from tfedge.modelfile.golden import GoldenCase
from tfedge.modelfile.pack import write_pack

# tflite-runtime has no wheels for Python 3.12 and later; LiteRT is always installed.
RUNTIMES = [name for name in ("tflite_runtime", "ai_edge_litert") if importlib.util.find_spec(name)]

# A process of its own: two runtimes in one process crash.
RUN = """
import importlib, json, sys
import numpy as np
Interpreter = importlib.import_module(sys.argv[1] + ".interpreter").Interpreter
answers = []
for path in sys.argv[2:]:
    for arguments in ({"model_path": path}, {"model_content": open(path, "rb").read()}):
        runner = Interpreter(**arguments).get_signature_runner("greedy")
        source_ids = np.array([[3, 4, 5, 6, 7, 2, 0, 0, 0, 0]], np.int32)
        answers.append(runner(source_ids=source_ids)["target_ids"][0].tolist())
print(json.dumps(answers))
"""


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_interpreter_when_a_pack_follows_the_model_answers_the_same(
    runtime: str,
    tmp_path: pathlib.Path,
    seq2seq_bytes: bytes,
    task: dict[str, Any],
    golden: tuple[GoldenCase, ...],
    fields: dict[str, Any],
) -> None:
    plain, packed = tmp_path / "plain.tflite", tmp_path / "packed.tflite"
    plain.write_bytes(seq2seq_bytes)
    write_pack(packed, seq2seq_bytes, task, golden, fields)

    result = subprocess.run([sys.executable, "-c", RUN, runtime, plain, packed], capture_output=True, check=True)

    answers = json.loads(result.stdout)
    # By path and as bytes, without and with the pack; the ids are the fixture's own expectation of "all_letters".
    assert answers == [[3, 4, 6, 5, 3, 2, 0, 0]] * 4
