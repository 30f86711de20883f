from __future__ import annotations

import json

import pytest

from tests.golden import autokey
from tfedge.errors import ConfigError, WorkerError
from tfedge.runtime import targets
from tfedge.runtime.client import ENTRIES
from tfedge.validation.memory import MemoryReport, measure_memory
from tfedge.validation.workload import Decodes

DECODES = Decodes(autokey.SOURCES)
REPORT = MemoryReport(
    peak_memory_bytes=3_000_000,
    baseline_bytes=40_000_000,
    runtime="ai-edge-litert==2.3.0@x86_64",
    model_sha256="ab" * 32,
    entry="greedy",
    num_threads=1,
    num_sources=5,
    sources_sha256="cd" * 32,
)


@pytest.mark.parametrize("runtime", [target.name for target in targets.installed_targets()])
@pytest.mark.parametrize("entry", ENTRIES)
def test_measure_memory_when_run_is_above_the_bare_interpreter(runtime, entry):
    measured = measure_memory(runtime, autokey.MODEL, DECODES, entry)
    # The file alone is 15 KB; an interpreter with its delegate takes a few MB, never the size of the bare process.
    assert 15_000 < measured.peak_memory_bytes < measured.baseline_bytes
    assert measured.model_sha256 == autokey.FACTS["sha256"]
    assert measured.sources_sha256 == DECODES.sha256
    assert (measured.entry, measured.num_threads, measured.num_sources) == (entry, 1, len(autokey.SOURCES))


def test_measure_memory_when_the_file_holds_more_grows_only_by_what_is_read(tmp_path):
    # 32 MB appended to the file, as a pack is: the interpreter maps the file, and the kernel reads a few MB ahead.
    padded = tmp_path / "padded.tflite"
    padded.write_bytes(autokey.MODEL.read_bytes() + bytes(32_000_000))
    plain = measure_memory("ai-edge-litert", autokey.MODEL, DECODES)
    larger = measure_memory("ai-edge-litert", padded, DECODES)
    assert larger.peak_memory_bytes - plain.peak_memory_bytes < 8_000_000
    assert larger.model_sha256 != plain.model_sha256


def test_measure_memory_when_model_is_refused_raises_the_workers_error():
    with pytest.raises(WorkerError) as caught:
        measure_memory("ai-edge-litert", __file__, DECODES)
    assert caught.value.kind == "refused"


def test_report_when_written_and_read_is_equal():
    assert MemoryReport.from_json(json.loads(json.dumps(REPORT.to_json()))) == REPORT


def test_from_json_when_a_key_is_unknown_names_the_keys():
    with pytest.raises(ConfigError, match="must have the keys"):
        MemoryReport.from_json({**REPORT.to_json(), "peak": 1})


@pytest.mark.parametrize(
    "change",
    [
        {"peak_memory_bytes": -1},
        {"baseline_bytes": 0},
        {"num_threads": 0},
        {"num_sources": 0},
        {"entry": "gredy"},
        {"runtime": "litert"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_report_when_a_field_is_illegal_cannot_be_built(change):
    with pytest.raises(ConfigError):
        MemoryReport.from_json({**REPORT.to_json(), **change})
