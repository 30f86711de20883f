"""The fixture `autokey_seq2seq.tflite` and what it must answer; made by tools/regenerate_golden.py."""

from __future__ import annotations

import json
import pathlib

import numpy as np

DATA = pathlib.Path(__file__).resolve().parent / "data"
MODEL = DATA / "autokey_seq2seq.tflite"
REFUSED_MODEL = DATA / "dynamic_fully_connected_v12.tflite"
FACTS = json.loads(MODEL.with_suffix(".json").read_text(encoding="utf-8"))


def _padded(key: str, length: int) -> np.ndarray:
    rows = np.zeros((len(FACTS["cases"]), length), np.int32)
    for row, case in zip(rows, FACTS["cases"], strict=True):
        row[: len(case[key])] = case[key]
    return rows


SOURCES = _padded("source_ids", FACTS["max_source_length"])  # int32 (N, max_source_length)
EXPECTED = _padded("expected_ids", FACTS["max_target_length"])  # int32 (N, max_target_length)
